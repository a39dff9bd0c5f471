"""The embedded engine: reader processes and a snapshot over the current release, and the move to a newer one."""

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pyoxigraph as ox
from rdflib import Literal, URIRef
from rdflib.term import Node

from kgraph.canonical import ox_term
from kgraph.errors import KgraphError
from kgraph.release import Release, current_digest, current_release
from kgraph.store.base import Answer, Question, Statistics, Stream
from kgraph.store.guard import guard
from kgraph.store.pool import Pool
from kgraph.terms import PREFIXES, Quad


class _Generation:
    """One release being read: it is let go of when it is no longer current and nobody reads it."""

    def __init__(self, release: Release, *, readers: int, memory: int) -> None:
        self.release = release
        self.snapshot = ox.Store.read_only(str(release.store))
        base = release.manifest.base_iri
        prefixes = PREFIXES | {"": base}
        self.pool = Pool(
            release.store, digest=release.digest, base=base, prefixes=prefixes, readers=readers, memory=memory
        )
        self.users = 0
        self.retired = False


class Embedded:
    """Answers over the release that `releases/current` points to, as it is at the start of each request."""

    def __init__(self, releases: Path, *, readers: int = 4, memory: int = 1200, timeout: float = 30.0) -> None:
        self._releases, self._readers, self._memory, self._timeout = releases, readers, memory, timeout
        self._lock, self._moving = threading.Lock(), threading.Lock()
        self._outcomes: Counter[str] = Counter()
        self._killed = 0  # by generations that are gone
        self._generation = self._open(current_release(releases))

    def _open(self, release: Release) -> _Generation:
        return _Generation(release, readers=self._readers, memory=self._memory)

    def _enter(self) -> _Generation:
        """Return the generation that is current, one more user of it counted."""
        digest = current_digest(self._releases)
        if digest not in {None, self._generation.release.digest}:
            self._move()
        with self._lock:
            self._generation.users += 1
            return self._generation

    def _move(self) -> None:
        """Open the new release beside the old one; whoever comes meanwhile is answered from the old one."""
        if not self._moving.acquire(blocking=False):
            return
        try:
            release = current_release(self._releases)
            if release.digest == self._generation.release.digest:
                return
            new = self._open(release)
            with self._lock:
                old, self._generation = self._generation, new
                self._killed += old.pool.statistics().killed
                old.retired = True
                idle = old.users == 0
            if idle:
                old.pool.close()
        finally:
            self._moving.release()

    def _leave(self, generation: _Generation) -> None:
        with self._lock:
            generation.users -= 1
            over = generation.retired and generation.users == 0
        if over:
            generation.pool.close()

    def release(self) -> Release:
        """Return the release that is being read."""
        generation = self._enter()
        self._leave(generation)
        return generation.release

    def statistics(self) -> Statistics:
        """Return what the engine is doing now."""
        found = self._generation.pool.statistics()
        return replace(found, killed=found.killed + self._killed, outcomes=dict(self._outcomes))

    def query(self, question: Question) -> Answer:
        """Answer a query; see `Engine.query`. `timeout` may only lower the deadline of the engine."""
        try:
            answer = self._query(question)
        except KgraphError as error:
            self._outcomes[error.code] += 1
            raise
        self._outcomes["ok"] += 1
        return answer

    def _query(self, question: Question) -> Answer:
        own_dataset = guard(question.text)
        timeout = min(question.timeout or self._timeout, self._timeout)
        generation = self._enter()
        try:
            answer = generation.pool.query(question, timeout=timeout, own_dataset=own_dataset)
        except BaseException:
            self._leave(generation)
            raise

        def done() -> None:
            answer.chunks.close()
            self._leave(generation)

        return replace(answer, chunks=Stream(answer.chunks, done))

    def quads(
        self, subject: URIRef | None = None, predicate: URIRef | None = None, value: Node | None = None,
        graph: URIRef | None = None, *, limit: int | None = None,
    ) -> Sequence[Quad]:  # fmt: skip
        """Return the quads that fit a pattern, at most `limit`."""
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

    def close(self) -> None:
        """End all readers."""
        self._generation.pool.close()


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
