"""All things of a kind, page by page, and the nearest identifier to one that is not there."""

from rapidfuzz.process import extract
from rdflib import Literal, URIRef
from rdflib.namespace import SKOS

from kgraph.resource import VOCABULARIES, solutions
from kgraph.store.base import Engine
from kgraph.terms import KG, SHARED_GRAPHS, Iris

SIZE = 200
"""Things on a page."""

KINDS = ("claim", "attestation", "event", "agent", "victim", "place", "document", "passage", "graph")
_SEARCHED = 20_000
_KEPT = 32
_near: dict[tuple[str, str], list[str]] = {}


def count(engine: Engine, kind: str) -> int:
    """Return how many things of `kind` (one of `KINDS`) the release has."""
    if kind == "graph":
        return len(_graphs(engine))
    return int(solutions(engine, f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ {_pattern(engine, kind)} }}")[0]["n"])


def listed(engine: Engine, kind: str, page: int) -> list[URIRef]:
    """Return the IRIs on a page (from 1) of the things of `kind`, in their order."""
    if kind == "graph":
        return _graphs(engine) if page == 1 else []
    found = _select(engine, kind, f"ORDER BY ?s LIMIT {SIZE} OFFSET {(page - 1) * SIZE}")
    return [URIRef(iri) for iri in found]


def nearest(engine: Engine, kind: str, ident: str) -> list[str]:
    """Return at most three identifiers of `kind` that look like `ident`; `vocab` counts as a kind."""
    key = (engine.release().digest, kind)
    if key not in _near:
        if len(_near) >= _KEPT:
            _near.clear()
        start = f"{VOCABULARIES}/" if kind == "vocab" else Iris(engine.release().manifest.base_iri).of(kind, "")
        known = listed(engine, kind, 1) if kind == "graph" else _select(engine, kind, f"LIMIT {_SEARCHED}")
        _near[key] = [iri.removeprefix(start) for iri in known]
    return [found for found, _, _ in extract(ident, _near[key], limit=3, score_cutoff=70)]


def _graphs(engine: Engine) -> list[URIRef]:
    """Return the shared graphs that hold something."""
    iris = Iris(engine.release().manifest.base_iri)
    named = [iris.graph(name) for name in sorted((*SHARED_GRAPHS, "release"))]
    return [graph for graph in named if engine.quads(graph=graph, limit=1)]


def _select(engine: Engine, kind: str, rest: str) -> list[str]:
    text = f"SELECT DISTINCT ?s {{ {_pattern(engine, kind)} }} {rest}"
    return [row["s"] for row in solutions(engine, text)]


def _pattern(engine: Engine, kind: str) -> str:
    iris = Iris(engine.release().manifest.base_iri)
    if kind == "vocab":
        return f"?s a {SKOS.Concept.n3()}"
    if kind in {"agent", "victim"}:  # these are of several classes
        own = f"STRSTARTS(STR(?s), {Literal(iris.of(kind, '')).n3()}) && !CONTAINS(STR(?s), '#')"
        return f"GRAPH {iris.graph(f'{kind}s').n3()} {{ ?s a ?type }} FILTER({own})"
    return f"?s a {KG[kind.capitalize()].n3()}"
