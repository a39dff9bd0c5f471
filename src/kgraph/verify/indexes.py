"""Whether a store on disk says the same whichever way it is asked: it keeps its quads once for each way."""

from collections.abc import Iterator

import pyoxigraph as ox

from kgraph.verify.faults import Fault

_WAYS = ("subject", "predicate", "object", "predicate in a graph", "object in a graph")
Pattern = tuple[ox.NamedNode | None, ox.NamedNode | None, ox.NamedNode | ox.Literal | None, ox.NamedNode | None]


def index_faults(store: ox.Store) -> list[Fault]:
    """Return a fault for each way to look quads up that gives others than the way by graph, which digests are of.

    Queries are answered from all of them. Sums of hashes are compared: that finds damage, in the memory of the terms.
    """
    whole = 0
    patterns: tuple[set[Pattern], ...] = tuple(set() for _ in _WAYS)
    for quad in _by_graph(store):
        whole += hash(quad)
        subject, predicate, value, graph = quad.subject, quad.predicate, quad.object, quad.graph_name
        assert isinstance(subject, ox.NamedNode)
        assert isinstance(value, ox.NamedNode | ox.Literal)
        assert isinstance(graph, ox.NamedNode)
        found = ((subject, None, None, None), (None, predicate, None, None), (None, None, value, None))
        found += ((None, predicate, None, graph), (None, None, value, graph))  # type: ignore[assignment]
        for pattern, known in zip(found, patterns, strict=True):
            known.add(pattern)
    return [
        Fault(kind="damaged", message=f"the store gives other quads by {way} than by graph")
        for way, known in zip(_WAYS, patterns, strict=True)
        if sum(hash(quad) for pattern in known for quad in _by_pattern(store, pattern)) != whole
    ]


def _by_graph(store: ox.Store) -> Iterator[ox.Quad]:
    for graph in store.named_graphs():
        yield from store.quads_for_pattern(None, None, None, graph)


def _by_pattern(store: ox.Store, pattern: Pattern) -> Iterator[ox.Quad]:
    """Yield what fits a pattern: pyoxigraph 0.5.13 gives more than that for an integer whose last byte is 255."""
    value = pattern[2]
    for quad in store.quads_for_pattern(*pattern):
        if value is None or quad.object == value:
            yield quad
