"""The embedded engine on an event loop: readers and a snapshot of the current release, and the move to a newer one."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pyoxigraph as ox
from rdflib import Literal, URIRef
from rdflib.term import Node

from kgraph.canonical import ox_term
from kgraph.errors import KgraphError
from kgraph.release import Release, current_digest, current_release
from kgraph.store.base import Limits, Question, Statistics
from kgraph.store.guard import guard
from kgraph.store.iris import is_iri
from kgraph.store.pool import Pool, Running
from kgraph.terms import Quad

_LONG = 4_000


class _Generation:
    """One release being read: it is let go of when it is no longer current and nobody reads it."""

    def __init__(self, release: Release, limits: Limits) -> None:
        self.release = release
        self.snapshot = ox.Store.read_only(str(release.store))
        self.pool = Pool(release, limits)
        self.users = 0
        self.retired = False


class Core:
    """Answers over the release that `releases/current` points to, as it is at the start of each request.

    Queries run on the event loop that `open` was called on; `release`, `quads` and `statistics` on any thread.
    """

    def __init__(self, releases: Path, limits: Limits) -> None:
        self._releases, self.limits = releases, limits
        self._lock = threading.Lock()
        self._outcomes: Counter[str] = Counter()
        self._killed = 0  # by generations that are gone
        self._moving: asyncio.Task[None] | None = None
        self._generation = _Generation(current_release(releases), limits)
        self.loop: asyncio.AbstractEventLoop | None = None

    async def open(self) -> None:
        """Start the readers of the current release."""
        self.loop = asyncio.get_running_loop()
        await self._generation.pool.open()

    @property
    def stale(self) -> bool:
        """Return whether another release has become current."""
        return current_digest(self._releases) not in {None, self._generation.release.digest}

    def _enter(self) -> _Generation:
        """Return the generation that is read now, one more user of it counted."""
        with self._lock:
            self._generation.users += 1
            return self._generation

    def _leave(self, generation: _Generation) -> None:
        with self._lock:
            generation.users -= 1
            over = generation.retired and generation.users == 0
        if over and self.loop is not None:
            asyncio.run_coroutine_threadsafe(generation.pool.close(), self.loop)

    async def current(self) -> None:
        """Move to the current release, if it is another one. Whoever asks meanwhile is answered from the old one."""
        if self.stale and self._moving is None:
            self._moving = asyncio.ensure_future(self._move())
            try:
                await asyncio.shield(self._moving)
            finally:
                self._moving = None

    async def _move(self) -> None:
        loop = asyncio.get_running_loop()
        new = await loop.run_in_executor(None, lambda: _Generation(current_release(self._releases), self.limits))
        await new.pool.open()
        with self._lock:
            old, self._generation = self._generation, new
            self._killed += old.pool.statistics().killed
            old.retired = True
            idle = old.users == 0
        if idle:
            await old.pool.close()

    @property
    def release(self) -> Release:
        """Return the release that is being read."""
        return self._generation.release

    def statistics(self) -> Statistics:
        """Return what the engine is doing now."""
        found = self._generation.pool.statistics()
        return replace(found, killed=found.killed + self._killed, outcomes=dict(self._outcomes))

    async def query(self, question: Question, current: str | None = None) -> "Leased":
        """Answer a query; see `Engine.query`. `timeout` may only lower the deadline of the engine.

        `current`: the digest of the current release, where the caller has just looked.
        """
        try:
            answer = await self._query(question, current)
        except KgraphError as error:
            self._outcomes[error.code] += 1
            raise
        self._outcomes["ok"] += 1
        return answer

    async def _query(self, question: Question, current: str | None) -> "Leased":
        if len(question.text) > _LONG:  # what takes a while is not done on the loop
            own_dataset = await asyncio.to_thread(guard, question.text, self.limits.services)
        else:
            own_dataset = guard(question.text, self.limits.services)
        timeout = min(question.timeout or self.limits.timeout, self.limits.timeout)
        if current != self._generation.release.digest and self.stale:
            await self.current()
        generation = self._enter()
        try:
            running = await generation.pool.query(question, timeout=timeout, own_dataset=own_dataset)
        except BaseException:
            self._leave(generation)
            raise
        leased = Leased(running, lambda: self._leave(generation))
        if running.whole is not None:
            leased.release()
        return leased

    def quads(
        self, subject: URIRef | None = None, predicate: URIRef | None = None, value: Node | None = None,
        graph: URIRef | None = None, *, limit: int | None = None,
    ) -> Sequence[Quad]:  # fmt: skip
        """Return the quads that fit a pattern, at most `limit`; none for what is no IRI."""
        if not all(is_iri(iri) for iri in (subject, predicate, graph, value) if isinstance(iri, URIRef)):
            return []
        generation = self._enter()
        try:
            found = generation.snapshot.quads_for_pattern(
                ox.NamedNode(subject) if subject is not None else None,
                ox.NamedNode(predicate) if predicate is not None else None,
                ox_term(value) if value is not None else None,
                ox.NamedNode(graph) if graph is not None else None,
            )
            return [_quad(quad) for quad in islice(found, limit)]
        finally:
            self._leave(generation)

    async def close(self) -> None:
        """End all readers, once a move that is under way is done."""
        if self._moving is not None:
            await self._moving
        await self._generation.pool.close()


class Leased:
    """A running answer that keeps its release open until it is done or closed."""

    def __init__(self, running: Running, leave: Callable[[], None]) -> None:
        self.running = running
        self._leave = leave
        self.over = False

    def release(self) -> None:
        """Let go of the release."""
        if not self.over:
            self.over = True
            self._leave()

    async def close(self) -> None:
        """End what makes the answer, and let go of the release."""
        try:
            await self.running.close()
        finally:
            self.release()


def _quad(quad: ox.Quad) -> Quad:
    assert isinstance(quad.graph_name, ox.NamedNode)
    return _node(quad.subject), URIRef(quad.predicate.value), _node(quad.object), URIRef(quad.graph_name.value)


def _node(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Node:
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    assert isinstance(term, ox.Literal)
    if term.language:
        return Literal(term.value, lang=term.language)
    plain = term.datatype.value == "http://www.w3.org/2001/XMLSchema#string"
    return Literal(term.value, datatype=None if plain else URIRef(term.datatype.value), normalize=False)
