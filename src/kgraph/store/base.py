"""The store interface: what every engine does, in bytes of the standards, so that no result is written twice."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from rdflib import URIRef
from rdflib.term import Node

from kgraph.formats import GRAPHS, RESULTS, Format
from kgraph.release import Release
from kgraph.terms import Quad

Kind = Literal["select", "ask", "graph"]


@dataclass(frozen=True, kw_only=True)
class Question:
    """A query and how it is to be answered.

    `results` and `graph` are the formats for SELECT and ASK, and for CONSTRUCT and DESCRIBE; None where the client
    takes none of that sort. Empty graph lists mean the union of all graphs, and all named graphs. `timeout` is in
    seconds.
    """

    text: str
    results: Format | None = RESULTS[0]
    graph: Format | None = GRAPHS[0]
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    timeout: float | None = None
    short: bool = False


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What queries may take: seconds, megabytes for each reader, readers (one more is reserved for short work).

    At most `queue` queries wait for a reader. A result has at most `max_bytes` and `max_rows`, 0 for as many as there
    are. `services` are the addresses that SERVICE may call: with any, readers may open connections. A release of at
    most `in_memory` quads is read from memory.
    """

    readers: int = 4
    memory: int = 1200
    timeout: float = 30.0
    queue: int = 100
    max_bytes: int = 2_000_000_000
    max_rows: int = 0
    services: tuple[str, ...] = ()
    in_memory: int = 500_000


class Stream:
    """The parts of an answer, once. At the end, at `close`, or when it is dropped, `done` is called, exactly once."""

    def __init__(self, parts: Iterator[bytes], done: Callable[[], None]) -> None:
        self._parts, self._done = parts, done
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._parts)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End what makes the parts, done or not."""
        if not self._closed:
            self._closed = True
            self._done()

    def __del__(self) -> None:
        self.close()


@dataclass
class Answer:
    """An answer under way. `chunks` gives its bytes once; close it, or read it to its end, to free what makes it.

    The answer exists only when its status is certain so far: an error before the first part raises instead.
    """

    kind: Kind
    format: Format
    release: str
    chunks: Stream = field(repr=False)

    def read(self) -> bytes:
        """Return all of it."""
        return b"".join(self.chunks)


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """What an engine is doing and has done since it was opened; readers are processes, `killed` those that were ended.

    Readers that take the place of those are `starting`. `waiting` queries have no reader yet. `outcomes` counts queries
    by how they ended (`ok`, or the code of the error).
    """

    readers: int = 0
    busy: int = 0
    starting: int = 0
    waiting: int = 0
    killed: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)


class Engine(Protocol):
    """Answers SPARQL over one release at a time."""

    def statistics(self) -> Statistics:
        """Return what the engine is doing now."""

    def release(self) -> Release:
        """Return the release that is being read."""

    def query(self, question: Question) -> Answer:
        """Answer a query; raise `QuerySyntaxError`, `QueryRefused`, `DeadlinePassed`, `Busy`, ..."""

    def quads(
        self, subject: URIRef | None = None, predicate: URIRef | None = None, value: Node | None = None,
        graph: URIRef | None = None, *, limit: int | None = None,
    ) -> Sequence[Quad]:  # fmt: skip
        """Return the quads that fit a pattern, at most `limit`."""

    def close(self) -> None:
        """Let go of processes and files."""
