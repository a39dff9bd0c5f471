"""The embedded engine for threads: the core on an event loop, its own or that of a server."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rdflib import URIRef
from rdflib.term import Node

from kgraph.release import Release
from kgraph.store.base import Answer, Limits, Question, Statistics, Stream
from kgraph.store.core import Core, Leased
from kgraph.terms import Quad

T = TypeVar("T")


class Embedded:
    """An engine over the current release of a folder, within `limits` (the members of `Limits`).

    Without a `core`, it opens one on an event loop of its own.
    """

    def __init__(self, releases: Path, *, core: Core | None = None, **limits: Any) -> None:
        self._thread: threading.Thread | None = None
        if core is not None:
            assert core.loop is not None
            self.core, self._loop = core, core.loop
            return
        self.core = Core(releases, Limits(**limits))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kgraph-engine", daemon=True)
        self._thread.start()
        try:
            self._wait(self.core.open())
        except BaseException:
            self.close()
            raise

    def _wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def release(self) -> Release:
        """Return the release that is being read."""
        if self.core.stale:
            self._wait(self.core.current())
        return self.core.release

    def statistics(self) -> Statistics:
        """Return what the engine is doing now."""
        return self.core.statistics()

    def query(self, question: Question) -> Answer:
        """Answer a query; see `Engine.query`. `timeout` may only lower the deadline of the engine."""
        leased = self._wait(self.core.query(question))
        running = leased.running
        chunks = Stream(self._parts(leased), lambda: self._end(leased))
        return Answer(running.kind, running.format, running.release, chunks)

    def _end(self, leased: Leased) -> None:
        """End an answer; on the loop's own thread, or after the engine was closed, nobody waits for it."""
        if leased.over or self._loop.is_closed():
            return
        ending = asyncio.run_coroutine_threadsafe(leased.close(), self._loop)
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop()
            return
        ending.result()

    def _parts(self, leased: Leased) -> Iterator[bytes]:
        whole = leased.running.whole
        if whole is not None:
            yield whole
            return
        parts = leased.running.parts()
        while (part := self._wait(_next(parts))) is not None:
            yield part

    def quads(
        self, subject: URIRef | None = None, predicate: URIRef | None = None, value: Node | None = None,
        graph: URIRef | None = None, *, limit: int | None = None,
    ) -> Sequence[Quad]:  # fmt: skip
        """Return the quads that fit a pattern, at most `limit`."""
        return self.core.quads(subject, predicate, value, graph, limit=limit)

    def close(self) -> None:
        """End all readers; the loop goes on where it is not the engine's own."""
        if self._thread is None:
            return
        self._wait(self.core.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._thread = None


async def _next(parts: AsyncIterator[bytes]) -> bytes | None:
    return await anext(parts, None)
