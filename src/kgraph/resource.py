"""What a release says of one thing: its own quads, those that point at it (a page of them), and names for the rest.

Free of any framework: pages, RDF documents and a static site are made from it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from rdflib import URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS, SKOS, VOID

from kgraph.errors import UnknownThing
from kgraph.formats import JSON
from kgraph.store.base import Engine, Question
from kgraph.terms import KG, NANOPUB_GRAPHS, OA, VOCAB, Iris, Quad, fragment
from kgraph.things import require_published

ONTOLOGY = URIRef(str(KG).rstrip("#"))
VOCABULARIES = URIRef(str(VOCAB).rstrip("/"))

PAGE = 100
"""Incoming links on a page."""

GRAPH_PAGE = 1_000
"""Quads of a shared graph on a page."""

DEEPEST = 100_000
"""What can be turned to page by page; whoever wants all of a larger graph, or of more links, takes an export."""

_SORTED_HERE = 2_000
_OUTSIDE = f"{ONTOLOGY.rpartition('/')[0]}/"
_NAMING = {
    RDF.type, SKOS.prefLabel, RDFS.label, FOAF.name, DCTERMS.title, KG.statement, KG.agent, KG.stance, OA.hasSource,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Description:
    """A thing: `quads` of its own and of its parts, `incoming` from elsewhere, `names` of its neighbours.

    There are `total` incoming quads (for a shared graph: quads in it), and this is `page` (from 1) of `pages`.
    """

    iri: URIRef
    quads: tuple[Quad, ...]
    incoming: tuple[Quad, ...] = ()
    names: tuple[Quad, ...] = ()
    total: int = 0
    page: int = 1
    pages: int = 1

    def all(self) -> list[Quad]:
        """Return all quads, each once; every one of them stands in the release."""
        return list(dict.fromkeys((*self.quads, *self.incoming, *self.names)))


def address(iri: str, base: str, *, suffix: str = "") -> str | None:
    """Return where an IRI leads on a server or site of the corpus at `base`, relative to its root; None for others.

    The base IRI itself leads to the root. A `suffix`, such as `.html`, goes to the document and not to the thing; it
    stands before the fragment.
    """
    document, mark, part = iri.partition("#")
    if document.startswith(base):
        path = document.removeprefix(base)
    elif document in {str(ONTOLOGY), str(VOCABULARIES)} or document.startswith((f"{ONTOLOGY}/", str(VOCAB))):
        path = document.removeprefix(_OUTSIDE)
    else:
        return None
    return f"{path}{suffix if path else ''}{mark}{part}"


def iri_at(path: str, base: str) -> URIRef:
    """Return the IRI whose address is `path` (without suffix): the other way of `address`."""
    outside = path in {"ns", "vocab"} or path.startswith("vocab/")
    return URIRef(f"{_OUTSIDE if outside else base}{path}")


def describe(engine: Engine, iri: URIRef, page: int = 1) -> Description:
    """Describe the thing `iri`; raise `UnknownThing` where the release has none, or no such page, and `Withheld`."""
    iris = Iris(engine.release().manifest.base_iri)
    kind, ident = iris.split(iri) or ("", "")
    if kind == "graph":
        return _graph(engine, iri, page)
    require_published(engine, iris, kind, ident)
    if iri == ONTOLOGY:
        quads = engine.quads(graph=iris.graph("ontology"))
    elif iri == VOCABULARIES:
        quads = [quad for scheme in schemes(engine) for quad in engine.quads(scheme)]
    elif _is_scheme(iri):
        quads = _scheme(engine, iri)
    elif kind == "claim":
        quads = _claim(engine, iris, iri)
    else:
        quads = _with_parts(engine, engine.quads(iri), iri)
    if not quads:
        raise UnknownThing(f"there is no {kind or 'term'} called {ident or str(iri)!r}", value=ident or str(iri))
    if iri in {ONTOLOGY, VOCABULARIES} or _is_scheme(iri):
        _require_page(page, 1)
        return Description(iri=iri, quads=tuple(quads))
    incoming, total = _incoming(engine, iri, page)
    pages = max(1, -(-total // PAGE))
    _require_page(page, pages)
    names = tuple(_names(engine, iri, [*quads, *incoming]))
    return Description(
        iri=iri, quads=tuple(quads), incoming=tuple(incoming), names=names, total=total, page=page, pages=pages
    )


def schemes(engine: Engine) -> list[URIRef]:
    """Return the concept schemes of the release, in order."""
    return sorted({URIRef(str(quad[0])) for quad in engine.quads(None, RDF.type, SKOS.ConceptScheme)})


def names_of(engine: Engine, iris: Sequence[URIRef]) -> list[Quad]:
    """Return the quads by which things are named, and their types."""
    return [quad for iri in iris for quad in engine.quads(iri) if quad[1] in _NAMING]


def solutions(engine: Engine, text: str) -> list[dict[str, str]]:
    """Return the rows of a SELECT query of ours, values as text."""
    found = json.loads(engine.query(Question(text=text, results=JSON, short=True)).read())
    return [{name: cell["value"] for name, cell in row.items()} for row in found["results"]["bindings"]]


def _is_scheme(iri: str) -> bool:
    return iri.startswith(str(VOCAB)) and "/" not in iri.removeprefix(str(VOCAB))


def _scheme(engine: Engine, iri: URIRef) -> list[Quad]:
    concepts = sorted({URIRef(str(quad[0])) for quad in engine.quads(None, SKOS.inScheme, iri)})
    return [quad for node in (iri, *concepts) for quad in engine.quads(node)]


def _claim(engine: Engine, iris: Iris, iri: URIRef) -> list[Quad]:
    """Return the four graphs of a claim, and what is derived of it."""
    found = [quad for name in NANOPUB_GRAPHS for quad in engine.quads(graph=fragment(iri, name))]
    return [*found, *engine.quads(iri, graph=iris.graph("derived"))]


def _with_parts(engine: Engine, quads: Sequence[Quad], iri: URIRef) -> list[Quad]:
    """Return quads with those of the parts that they lead to, and of the parts of those."""
    found, seen, waiting = list(quads), {str(iri)}, list(quads)
    while waiting:
        value = str(waiting.pop()[2])
        if value.startswith(f"{iri}#") and value not in seen:
            seen.add(value)
            more = engine.quads(URIRef(value))
            found += more
            waiting += more
    return found


def _graph(engine: Engine, iri: URIRef, page: int) -> Description:
    said = engine.quads(iri)
    total = next((int(str(quad[2])) for quad in said if quad[1] == VOID.triples), 0)
    first, last = (page - 1) * GRAPH_PAGE, page * GRAPH_PAGE
    pages = max(1, -(-total // GRAPH_PAGE))
    if total and first < total:
        _require_page(page, min(pages, DEEPEST // GRAPH_PAGE))
    quads = engine.quads(graph=iri, limit=last)[first:]
    if not quads and page == 1:
        ident = iri.rpartition("/")[2]
        raise UnknownThing(f"there is no graph called {ident!r}", value=ident)
    _require_page(page, pages)
    return Description(iri=iri, quads=tuple(quads), names=tuple(said), total=total, page=page, pages=pages)


def _require_page(page: int, pages: int) -> None:
    if page > pages:
        raise UnknownThing(f"there is no page {page}", parameter="page", value=page, accepted=f"1 to {pages}")


def _incoming(engine: Engine, iri: URIRef, page: int) -> tuple[list[Quad], int]:
    """Return a page of what points at a thing from outside of it, and how much that is in all.

    By property and subject; where there is very much, as the store has it, which is the same for one release.
    """
    found = engine.quads(None, None, iri, limit=_SORTED_HERE + 1)
    first, last = (page - 1) * PAGE, page * PAGE
    if len(found) <= _SORTED_HERE:
        outside = sorted(_outside(found, iri), key=lambda quad: (str(quad[1]), str(quad[0]), str(quad[3])))
        return outside[first:last], len(outside)
    count = int(solutions(engine, f"SELECT (COUNT(*) AS ?n) {{ ?s ?p {iri.n3()} }}")[0]["n"])
    own = sum(quad[2] == iri for quad in _with_parts(engine, engine.quads(iri), iri))
    _require_page(page, min(-(-(count - own) // PAGE), DEEPEST // PAGE))
    return _outside(engine.quads(None, None, iri, limit=last + own), iri)[first:last], count - own


def _outside(quads: Sequence[Quad], iri: URIRef) -> list[Quad]:
    own = f"{iri}#"
    return [quad for quad in quads if quad[0] != iri and not str(quad[0]).startswith(own)]


def _names(engine: Engine, iri: URIRef, quads: Sequence[Quad]) -> list[Quad]:
    """Return the quads that name what stands beside a thing: subjects, properties and values of its quads."""
    nodes = {node for quad in quads for node in quad[:3] if isinstance(node, URIRef)}
    return names_of(engine, sorted(node for node in nodes if node.partition("#")[0] != str(iri)))
