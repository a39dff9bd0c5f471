"""Ready-made claims: a file of N-Quads, read as a stream and held to the graphs, terms and nodes of the design."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyoxigraph as ox

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
        self._iris = iris
        self._known = {str(subject) for subject, *_ in onto.quads}
        slug = SLUG.pattern
        self._claim = re.compile(rf"({re.escape(iris.base)}claim/({slug}))#(?:{'|'.join(NANOPUB_GRAPHS)})")
        self._homes = {f"{iris.base}graph/{name}": (f"{iris.base}{name[:-1]}/",) for name in GIVEN}
        self._home = lru_cache(1 << 12)(self._home_of)
        self._term = lru_cache(1 << 14)(self._is_known)

    def quads(self) -> Iterator[ox.Quad]:
        """Yield the quads; at the end, raise `InvalidData` where there were findings: nothing yielded may be kept."""
        findings: list[Finding] = []
        first = 1
        try:
            with self.path.open("rb") as stream:
                while lines := stream.readlines(_BATCH):
                    yield from self._batch(lines, first, findings)
                    first += len(lines)
                    if len(findings) >= MOST:
                        break
        except OSError as error:
            raise _unreadable(self.path, error) from error
        if findings:
            raise refused(findings, self.path.name)

    def lines_of(self, triples: set[ox.Triple]) -> dict[ox.Triple, int]:
        """Return the last line of each of `triples`, in the form in which a store keeps them."""
        found: dict[ox.Triple, int] = {}
        with self.path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                kept = ox.Store()
                kept.extend(_parsed([line]))
                found |= {quad.triple: number for quad in kept if quad.triple in triples}
        return found

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
                findings.append(
                    Finding(
                        code=fault.code, file=self.path.name, line=number, message=fault.message, value=fault.value,
                        accepted=fault.accepted,
                    )
                )  # fmt: skip
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


def _unreadable(path: Path, error: OSError) -> KgraphError:
    return KgraphError(f"{path} cannot be read: {error.strerror}", accepted="a file of N-Quads")


def refused(findings: list[Finding], name: str) -> InvalidData:
    """Return the error for the findings of a file of quads."""
    many = f"the first {MOST}" if len(findings) >= MOST else str(len(findings))
    return InvalidData(f"{name}: {many} findings; nothing was built", findings=[f.as_dict() for f in findings])


def _parsed(lines: list[bytes]) -> list[ox.Quad]:
    return list(ox.parse(b"".join(lines), format=ox.RdfFormat.N_QUADS))
