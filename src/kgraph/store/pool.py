"""A pool of reader processes over one release: queries go to whoever is free, within a deadline kept from outside.

pyoxigraph cannot cancel a query, so the process that passes the deadline is killed and replaced. One reader is
reserved for short work. A query of unknown length that finds all others busy may have that one for a moment
(`EXPRESS`), when no short one wants it; if it is not done by then, it waits for another and starts anew.
"""

import asyncio
import contextlib
import json
import marshal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import lru_cache

from kgraph.errors import (
    Busy,
    DeadlinePassed,
    KgraphError,
    NotAcceptable,
    ReaderDied,
)
from kgraph.formats import GRAPHS, RESULTS, Format
from kgraph.release import Release
from kgraph.store import wire
from kgraph.store.base import Kind, Limits, Question, Statistics
from kgraph.store.failures import failure
from kgraph.store.lane import Lane, first_free
from kgraph.store.processes import ForkServer, Reader
from kgraph.terms import PREFIXES

EXPRESS = 0.25
WAITING = 0.75
PATIENCE = 2.0
WITHHELD = 1 << 20
_AT_ONCE = 0.05
_UNLIMITED = 1 << 62


@dataclass
class Running:
    """An answer under way. Its parts come from `parts`, once; `whole` holds all of it where it is done already."""

    kind: Kind
    format: Format
    release: str
    run: "_Run"
    held: list[bytes]
    text: str = field(repr=False)
    _handed: float = 0.0
    _slow: bool = False

    @property
    def whole(self) -> bytes | None:
        """Return all of the answer where it is done, else None."""
        return b"".join(self.held) if self.run.done else None

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield what was withheld, then the rest as it comes; a failure raises, and nothing more comes."""
        watch = asyncio.get_running_loop().create_task(self._watch())
        try:
            for part in filter(None, self.held):
                self._hand()
                yield part
                self._taken()
            while not self.run.done:
                frame, payload = await self.run.next()
                if frame == wire.DATA:
                    self._hand()
                    yield payload
                    self._taken()
                    continue
                self.run.finish(usable=True)
                if frame == wire.FAILED:
                    raise failure(payload, self.text)
        finally:
            watch.cancel()
            self.run.finish(usable=False)

    def _hand(self) -> None:
        self._handed = asyncio.get_running_loop().time()

    def _taken(self) -> None:
        """Go on, unless it took the client so long that somebody else has the reader now."""
        self._handed = 0.0
        if self._slow:
            raise Busy("the client took its time while others waited for a reader", retry_after=1)

    async def _watch(self) -> None:
        """Take the reader from a client that takes its time, when others wait for one."""
        clock = asyncio.get_running_loop().time
        while not self.run.done:
            await asyncio.sleep(PATIENCE / 4)
            if self._handed and clock() - self._handed > PATIENCE and self.run.lane.waiting:
                self._slow = True
                self.run.finish(usable=False)

    async def close(self) -> None:
        """End what makes the answer, and wait until it is gone; nothing happens where it was done."""
        if not self.run.done:
            self.run.finish(usable=False)
            await self.run.lane.settle()


@dataclass
class _Run:
    """One query on one reader. Time counts only while the parent waits for the reader, not for a slow client."""

    lane: Lane
    reader: Reader
    left: float
    limit: float
    done: bool = False

    async def next(self) -> tuple[bytes, bytes]:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            frame = await self.reader.frames.next(self.left)
        except TimeoutError:
            raise DeadlinePassed(
                f"the query was not done after {self.limit:g} seconds and was ended", timeout=self.limit
            ) from None
        except (EOFError, OSError) as error:
            raise ReaderDied("the query used more memory than it may, or broke its reader, and was ended") from error
        self.left -= clock() - began
        return frame

    def finish(self, *, usable: bool) -> None:
        if not self.done:
            self.done = True
            self.lane.give(self.reader, usable=usable)


class Pool:
    """The readers of one release, used from one event loop."""

    def __init__(self, release: Release, limits: Limits) -> None:
        base = release.manifest.base_iri
        self._digest = release.digest
        always = {
            "base": base, "prefixes": PREFIXES | {"": base}, "memory": limits.memory, "calls": bool(limits.services),
            "max_bytes": limits.max_bytes or _UNLIMITED, "max_rows": limits.max_rows or _UNLIMITED,
        }  # fmt: skip
        self._server = ForkServer(release.store, memory=release.manifest.quads <= limits.in_memory)
        general, reserved = ({**always, "niceness": niceness} for niceness in (10, 0))
        self._general = Lane(lambda: self._server.fork(general), limits.readers, most=limits.queue)
        self._reserved = Lane(lambda: self._server.fork(reserved), 1, most=limits.queue)

    async def open(self) -> None:
        """Start the readers; raise `ReaderDied` where they do not start."""
        await asyncio.gather(self._general.open(), self._reserved.open())

    async def query(self, question: Question, *, timeout: float, own_dataset: bool = False) -> Running:  # noqa: ASYNC109
        """Answer a query within `timeout` seconds, of which it waits at most three quarters; see `Engine.query`.

        `own_dataset`: the query says FROM. Where its reader is gone at once, it may have been before: another is asked.
        """
        payload = _payload(question, timeout, own_dataset=own_dataset)
        clock = asyncio.get_running_loop().time
        until = clock() + timeout
        try:
            return await self._ask(question, payload, until, timeout)
        except ReaderDied:
            if clock() > until - timeout + _AT_ONCE:
                raise
        return await self._ask(question, payload, until, timeout)

    async def _ask(self, question: Question, payload: bytes, until: float, timeout: float) -> Running:  # noqa: ASYNC109
        clock = asyncio.get_running_loop().time
        if question.short:
            reader = await self._reserved.take(timeout * WAITING)
            return await self._run(question, payload, self._reserved, reader, until - clock(), timeout)
        latest = until - timeout * (1 - WAITING)
        lane, reader = await first_free(self._general, self._reserved, max(0.0, latest - clock()))
        if lane is self._reserved:
            with contextlib.suppress(DeadlinePassed):
                left = min(EXPRESS, timeout / 4)
                return await self._run(question, payload, lane, reader, left, timeout)
            reader = await self._general.take(max(0.0, latest - clock()))
        return await self._run(question, payload, self._general, reader, until - clock(), timeout)

    async def _run(
        self, question: Question, payload: bytes, lane: Lane, reader: Reader | None, left: float, limit: float
    ) -> Running:
        if reader is None:
            raise Busy("every reader is at work", retry_after=max(1, round(limit / 2)))
        run = _Run(lane, reader, left, limit)
        try:
            reader.ask(payload)
            return await self._begin(run, question)
        except KgraphError as error:
            run.finish(usable=not isinstance(error, DeadlinePassed | ReaderDied))
            raise
        except BaseException:
            run.finish(usable=False)
            raise

    async def _begin(self, run: _Run, question: Question) -> Running:
        """Return the answer when it is whole, or has grown so long that it is sent while it is made."""
        frame, payload = await run.next()
        if frame == wire.FAILED:
            raise failure(payload, question.text)
        held: list[bytes] = []
        size, ended = 0, frame == wire.WHOLE
        if ended:
            payload, body = wire.unfold(payload)
            held.append(body)
        kind, media_type = _started(payload)
        while size < WITHHELD and not ended:
            frame, payload = await run.next()
            if frame == wire.FAILED:
                raise failure(payload, question.text)
            ended = frame == wire.END
            held.append(payload)
            size += len(payload)
        if ended:
            run.finish(usable=True)
        elif run.lane is self._reserved and not question.short:
            raise DeadlinePassed("an answer of this length is not for the reader of short work")
        chosen = _format(kind, media_type)
        if chosen is None:
            run.finish(usable=True)
            types = [item.media_type for item in (GRAPHS if kind == "graph" else RESULTS)]
            raise NotAcceptable("Accept takes no form that an answer to this query has", accepted=types)
        return Running(kind, chosen, self._digest, run, held, question.text)

    def statistics(self) -> Statistics:
        """Return what the readers are doing, and how many were ended; outcomes are counted by the engine."""
        lanes = (self._general, self._reserved)
        return Statistics(
            readers=sum(lane.count for lane in lanes), busy=sum(lane.busy for lane in lanes),
            starting=sum(lane.starting for lane in lanes),
            waiting=sum(lane.waiting - lane.guests for lane in lanes), killed=sum(lane.killed for lane in lanes),
        )  # fmt: skip

    async def close(self) -> None:
        """End all readers, also those at work."""
        await asyncio.gather(self._general.close(), self._reserved.close())
        await self._server.close()


def _payload(question: Question, limit: float, *, own_dataset: bool) -> bytes:
    payload = {
        "text": question.text,
        "results": question.results and question.results.media_type,
        "graph": question.graph and question.graph.media_type,
        "default_graphs": question.default_graphs,
        "named_graphs": question.named_graphs,
        "own_dataset": own_dataset,
        "timeout": limit,
    }
    return marshal.dumps(payload)


@lru_cache(maxsize=64)
def _started(payload: bytes) -> tuple[Kind, str | None]:
    """Return what kind of answer a reader says it gives, and in which form."""
    told = json.loads(payload)
    return told["kind"], told["media_type"]


def _format(kind: str, media_type: str | None) -> Format | None:
    offered = GRAPHS if kind == "graph" else RESULTS
    return next((item for item in offered if item.media_type == media_type), None)
