"""Claims as nanopublications (https://nanopub.net/guidelines/) with trusty URIs, each complete in itself.

The assertion is that of the claim, unchanged. The provenance brings along the passages, documents and agents that its
attestations name, the publication info the labels of everything else. `{base}np/RA...` names the nanopublication: so it
changes with any word in it, where `{claim}#np`, of which it is a version, stays.
"""

import io
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from kgraph.errors import BrokenRelease
from kgraph.export.lines import require_intact
from kgraph.export.part import SHARED, home
from kgraph.export.rdf import body, head, prefixes
from kgraph.export.source import Source
from kgraph.export.trusty import code_of
from kgraph.terms import NANOPUB_GRAPHS, Iris, fragment, local_name

Read = Callable[[str | None, str], Iterable[ox.Quad]]
"""What gives the quads with a subject (any, for None) in a graph."""

Names = dict[Any, ox.NamedNode]

_MARK = "RA-CODE-IS-NOT-KNOWN-YET"
_LABELS = frozenset({
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "http://www.w3.org/2000/01/rdf-schema#label",
    "http://www.w3.org/2004/02/skos/core#prefLabel", "http://purl.org/dc/terms/title",
})  # fmt: skip
_VERSION_OF = ox.NamedNode("http://purl.org/dc/terms/isVersionOf")
_WHOLE = ("passage", "document")


@dataclass(frozen=True)
class Nanopub:
    """The nanopublication of a claim: its IRI, which ends in its artifact code, and its quads, graph by graph."""

    iri: str
    claim: str
    quads: tuple[ox.Quad, ...]

    @property
    def code(self) -> str:
        """Return the artifact code."""
        return local_name(self.iri)


def nanopub(read: Read, iris: Iris, claim: str) -> Nanopub | None:
    """Return the nanopublication of the claim with an IRI, None where there is no such claim."""
    graphs = {name: list(read(None, str(fragment(claim, name)))) for name in NANOPUB_GRAPHS}
    if not all(graphs.values()):
        return None  # a withheld one has only its publication info
    blank = f"{iris.base}np/{_MARK}"
    names: Names = {_named(claim, name): ox.NamedNode(f"{blank}#{name}") for name in NANOPUB_GRAPHS}
    names[_named(claim, "np")] = this = ox.NamedNode(blank)
    told = [quad for found in graphs.values() for quad in found]
    for name, found in _beside(read, iris, graphs).items():
        told += [ox.Quad(quad.subject, quad.predicate, quad.object, _named(claim, name)) for quad in found]
    quads = [_renamed(quad, names) for quad in told]
    quads.append(ox.Quad(this, _VERSION_OF, _named(claim, "np"), names[_named(claim, "pubinfo")]))
    code = code_of(quads, _MARK)
    known = {term: ox.NamedNode(term.value.replace(_MARK, code)) for term in names.values()}
    done = sorted((_renamed(quad, known) for quad in quads), key=_place)
    return Nanopub(f"{iris.base}np/{code}", claim, tuple(done))


def _named(claim: str, name: str) -> ox.NamedNode:
    return ox.NamedNode(str(fragment(claim, name)))


def _renamed(quad: ox.Quad, names: Names) -> ox.Quad:
    subject: Any = names.get(quad.subject, quad.subject)
    value: Any = names.get(quad.object, quad.object)
    graph: Any = names.get(quad.graph_name, quad.graph_name)
    return ox.Quad(subject, quad.predicate, value, graph)


def _place(quad: ox.Quad) -> tuple[int, str]:
    """Return where a quad comes in a file: head, assertion, provenance, publication info."""
    return NANOPUB_GRAPHS.index(local_name(str(quad.graph_name)[1:-1])), str(quad)


def _beside(read: Read, iris: Iris, graphs: dict[str, list[ox.Quad]]) -> dict[str, list[ox.Quad]]:
    """Return what the graphs name, and what passages and documents name in turn, for the two graphs that bring it."""
    found: dict[str, list[ox.Quad]] = {"provenance": [], "pubinfo": []}
    seen: set[str] = set()
    for name, into in (("provenance", "provenance"), ("assertion", "pubinfo"), ("pubinfo", "pubinfo")):
        waiting = sorted(_objects(graphs[name]))
        for iri in waiting:
            graph = None if iri in seen else home(iris, iri)
            if graph is None:
                continue
            seen.add(iri)
            kind, _ = iris.split(iri) or ("", "")
            told = [quad for quad in read(iri, graph) if kind in _WHOLE or quad.predicate.value in _LABELS]
            parts = {value for value in _objects(told) if value.startswith(f"{iri}#")}
            told += [quad for part in sorted(parts) for quad in read(part, graph)]
            found[into] += told
            if kind in _WHOLE:
                waiting += sorted(_objects(told))
    return found


def _objects(quads: Iterable[ox.Quad]) -> set[str]:
    return {quad.object.value for quad in quads if isinstance(quad.object, ox.NamedNode)}


def reader(store: ox.Store) -> Read:
    """Return what reads a store."""

    def read(subject: str | None, graph: str) -> Iterable[ox.Quad]:
        named = ox.NamedNode(subject) if subject is not None else None
        return store.quads_for_pattern(named, None, None, ox.NamedNode(graph))

    return read


def made(source: Source) -> Iterator[Nanopub]:
    """Yield the nanopublication of each claim that is meant; raise `BrokenRelease` where a unit was altered."""
    read = reader(source.store)
    for name in ("vocabularies", *(f"{kind}s" for kind in SHARED)):
        require_intact(source, str(source.iris.graph(name)))
    for claim in source.claims():
        require_intact(source, claim)
        found = nanopub(read, source.iris, claim)
        if found is None:
            raise BrokenRelease(f"release {source.release.digest}: {claim} is not whole: `kgraph verify` says more")
        yield found


def written(found: Nanopub, iris: Iris) -> bytes:
    """Return a nanopublication as a TriG file of its own."""
    return head(prefixes(iris)) + _body(found, prefixes(iris))


def _body(found: Nanopub, names: dict[str, str]) -> bytes:
    own = {"sub": f"{found.iri}#"}
    return head(own) + body(list(found.quads), ox.RdfFormat.TRIG, names | own)


def nanopubs(source: Source) -> Iterator[bytes]:
    """Yield all nanopublications as one TriG file."""
    names = prefixes(source.iris)
    yield head(names)
    for found in made(source):
        yield b"\n" + _body(found, names)


def files(source: Source) -> Iterator[bytes]:
    """Yield a tar archive with one TriG file for each claim, called by the name of the claim."""
    with _Parts() as parts, tarfile.open(fileobj=parts, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for found in made(source):
            data = written(found, source.iris)
            member = tarfile.TarInfo(f"{found.claim.removeprefix(source.iris.base)}.trig")
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))
            archive.members = []  # type: ignore[attr-defined]  # or else it keeps them all
            yield parts.taken()
        archive.close()
        yield parts.taken()


class _Parts(io.BytesIO):
    """What is written, to be taken a part at a time."""

    def taken(self) -> bytes:
        part = self.getvalue()
        self.seek(0)
        self.truncate()
        return part


def index(source: Source) -> Iterator[bytes]:
    """Yield a line for each nanopublication: its IRI, a tab, the IRI of its claim."""
    for found in made(source):
        yield f"{found.iri}\t{found.claim}\n".encode()
