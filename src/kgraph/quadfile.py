"""Ready-made claims: a file of N-Quads or TriG, read as a stream, held to the graphs, terms and nodes of the design."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import pyoxigraph as ox

from kgraph import quadtext
from kgraph.errors import InvalidData, KgraphError
from kgraph.model import Finding
from kgraph.ontology import Ontology
from kgraph.terms import KG, NANOPUB_GRAPHS, SHARED_GRAPHS, SKOLEM, SLUG, VOCAB, Iris

MADE = frozenset({"ontology", "vocabularies", "queries", "derived"})  # by the build: never taken from a file
GIVEN = tuple(name for name in SHARED_GRAPHS if name not in MADE)
MOST = 100  # findings: a file of another base IRI has one a line
_BATCH = 1 << 20
_PLACE = re.compile(r"^Parser error at line \d+ (?=column \d+)")


@dataclass(frozen=True)
class _Fault:
    code: str
    message: str
    value: str
    accepted: str


class QuadFile:
    """The quads of one file, for a corpus with the base IRI of `iris` and the terms of `onto`.

    Memory stays flat: a megabyte of lines at a time. Reading raises `InvalidData` with findings (file, line, value,
    what is accepted) where a line is not N-Quads (https://www.w3.org/TR/n-quads/), has a blank node, stands in no graph
    of the corpus or in one that the build makes itself, or uses a term that the ontology does not declare.
    """

    def __init__(self, path: Path, onto: Ontology, iris: Iris) -> None:
        self.path = path
        self.stated: str | None = None  # the digest of the release that the file says it is, once it was read
        self._iris = iris
        self._is_trig = path.name.removesuffix(".gz").endswith(".trig")
        self._made = {ox.NamedNode(str(iris.graph(name))) for name in (*MADE, "release")}
        self._known = {str(subject) for subject, *_ in onto.quads}
        slug = SLUG.pattern
        self._claim = re.compile(rf"({re.escape(iris.base)}claim/({slug}))#(?:{'|'.join(NANOPUB_GRAPHS)})")
        self._homes = {f"{iris.base}graph/{name}": (f"{iris.base}{name[:-1]}/",) for name in GIVEN}
        self._home = lru_cache(1 << 12)(self._home_of)
        self._term = lru_cache(1 << 14)(self._is_known)

    def quads(self) -> Iterator[ox.Quad]:
        """Yield the quads; at the end, raise `InvalidData` where there were findings: nothing yielded may be kept."""
        findings: list[Finding] = []
        try:
            with quadtext.opened(self.path) as stream:
                found = self._by_graph(stream, findings) if self._is_trig else self._by_line(stream, findings)
                yield from filter(self._is_given, found)
        except quadtext.DAMAGE as error:
            raise _unreadable(self.path, error) from error
        if findings:
            raise refused(findings, self.path.name)

    def lines_of(self, triples: set[ox.Triple]) -> dict[ox.Triple, int]:
        """Return the last line of each of `triples`, in the form in which a store keeps them."""
        found: dict[ox.Triple, int] = {}
        with quadtext.opened(self.path) as stream:
            for number, quad in self._numbered(stream):
                kept = ox.Store()
                kept.add(quad)
                found |= {quad.triple: number for quad in kept if quad.triple in triples}
        return found

    def _numbered(self, stream: BinaryIO) -> Iterator[tuple[int, ox.Quad]]:
        if self._is_trig:
            yield from quadtext.trig(stream)
            return
        for number, line in enumerate(stream, 1):
            for quad in _parsed([line]):
                yield number, quad

    def _is_given(self, quad: ox.Quad) -> bool:
        """Return whether a quad is of the file's own, and not of a graph that the build makes itself."""
        if quad.predicate.value == str(KG.releaseDigest):
            self.stated = str(quad.object)[1:-1]
        return quad.graph_name not in self._made

    def _by_graph(self, stream: BinaryIO, findings: list[Finding]) -> Iterator[ox.Quad]:
        """Yield the quads of TriG; it has no lines to go on with, so it ends where it is not TriG."""
        number = 1
        try:
            for number, quad in quadtext.trig(stream):
                fault = self._fault(quad)
                if fault is None:
                    yield quad
                    continue
                findings.append(self._finding(fault, number))
                if len(findings) >= MOST:
                    return
        except SyntaxError as error:
            message = f"not TriG: {_PLACE.sub('', str(error))}"
            fault = _Fault("quads-syntax", message, self.path.name, "TriG (https://www.w3.org/TR/trig/)")
            findings.append(self._finding(fault, error.lineno or number))

    def _by_line(self, stream: BinaryIO, findings: list[Finding]) -> Iterator[ox.Quad]:
        first = 1
        while lines := stream.readlines(_BATCH):
            yield from self._batch(lines, first, findings)
            first += len(lines)
            if len(findings) >= MOST:
                return

    def _finding(self, fault: _Fault, line: int) -> Finding:
        return Finding(
            code=fault.code, file=self.path.name, line=line, message=fault.message, value=fault.value,
            accepted=fault.accepted,
        )  # fmt: skip

    def _batch(self, lines: list[bytes], first: int, findings: list[Finding]) -> list[ox.Quad]:
        """Return the quads of `lines`; where one is bad, each line is looked at by itself."""
        try:
            quads = _parsed(lines)
            if not any(map(self._fault, quads)):
                return quads
        except (SyntaxError, ValueError):
            pass
        for number, line in enumerate(lines, first):
            fault = self._line_fault(line)
            if fault is not None and len(findings) < MOST:
                findings.append(self._finding(fault, number))
        return []

    def _line_fault(self, line: bytes) -> _Fault | None:
        try:
            quads = _parsed([line])
        except (SyntaxError, ValueError) as error:
            shown = line[:120].decode("utf-8", errors="replace").strip()
            message = f"not N-Quads: {_PLACE.sub('', str(error))}"
            return _Fault("quads-syntax", message, shown, "one quad a line: <s> <p> <o> <graph> .")
        return next(filter(None, map(self._fault, quads)), None)

    def _fault(self, quad: ox.Quad) -> _Fault | None:
        """Return what is wrong with a quad."""
        graph = quad.graph_name
        if graph in self._made:
            return None
        starts = self._home(graph.value) if isinstance(graph, ox.NamedNode) else None
        if starts is None:
            accepted = f"{self._iris.base}claim/ID#{{{','.join(NANOPUB_GRAPHS)}}}, graph/{{{','.join(GIVEN)}}}"
            return _Fault("unknown-graph", f"{graph} is no graph of this corpus", str(graph), accepted)
        subject, value = quad.subject, quad.object
        if not isinstance(subject, ox.NamedNode) or not isinstance(value, ox.NamedNode | ox.Literal):
            return _Fault("blank-node", "a node without an IRI", str(quad), "IRIs, and literals as objects")
        if not subject.value.startswith(starts) and subject.value != starts[0][:-1]:
            message = f"{subject} does not belong into {graph}"
            return _Fault("wrong-graph", message, subject.value, f"what starts with {' or '.join(starts)}")
        for term in (quad.predicate, value):
            if isinstance(term, ox.NamedNode) and not self._term(term.value):
                return _Fault("unknown-term", f"{term} is not declared", term.value, "terms of ontology/")
        return None

    def _home_of(self, graph: str) -> tuple[str, ...] | None:
        """Return what the subjects of a graph start with, None where the graph is not one that a file may fill."""
        match = self._claim.fullmatch(graph)
        if match is None:
            return self._homes.get(graph)
        return f"{match[1]}#", f"{self._iris.base}attestation/{match[2]}/"

    def _is_known(self, iri: str) -> bool:
        """Return whether an IRI is of somebody else's, or a term that the ontology declares."""
        return not iri.startswith((str(KG), str(VOCAB), SKOLEM)) or iri in self._known


def sha256(path: Path) -> str:
    """Return the digest of a file, in hex; raise `KgraphError` where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> KgraphError:
    said = getattr(error, "strerror", None) or error
    return KgraphError(f"{path} cannot be read: {said}", accepted="a file of N-Quads, or of TriG called .trig")


def refused(findings: list[Finding], name: str) -> InvalidData:
    """Return the error for the findings of a file of quads."""
    many = f"the first {MOST}" if len(findings) >= MOST else str(len(findings))
    return InvalidData(f"{name}: {many} findings; nothing was built", findings=[f.as_dict() for f in findings])


def _parsed(lines: list[bytes]) -> list[ox.Quad]:
    return list(ox.parse(b"".join(lines), format=ox.RdfFormat.N_QUADS))
