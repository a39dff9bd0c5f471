"""Digests: a unit's over its canonical N-Quads lines, a release's over its units.

Lines are taken in the form that the store keeps (it rewrites some literals), so a digest of the data and a digest of
what the store gives back are the same.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

import pyoxigraph as ox
from rdflib import Literal, URIRef
from rdflib.term import Node

from kgraph import merkle
from kgraph.terms import KG, Iris, Quad


def ox_term(node: Node) -> ox.NamedNode | ox.Literal:
    """Return an IRI or a literal as a term of the store."""
    if isinstance(node, URIRef):
        return ox.NamedNode(str(node))
    assert isinstance(node, Literal)
    if node.language:
        return ox.Literal(str(node), language=node.language)
    if node.datatype:
        return ox.Literal(str(node), datatype=ox.NamedNode(str(node.datatype)))
    return ox.Literal(str(node))


def ox_quad(quad: Quad) -> ox.Quad:
    """Return a quad as the store takes it."""
    subject, predicate, value, graph = quad
    named = ox.NamedNode
    return ox.Quad(named(str(subject)), named(str(predicate)), ox_term(value), named(str(graph)))


def stored(quads: Iterable[Quad]) -> ox.Store:
    """Return an in-memory store of `quads`: what comes out of it has the form that every store keeps."""
    store = ox.Store()
    store.bulk_extend(map(ox_quad, quads))
    return store


def lines(quads: Iterable[ox.Quad]) -> list[bytes]:
    """Return canonical N-Quads lines (https://www.w3.org/TR/rdf12-n-quads/#canonical-quads), in code-point order.

    Each ends in a line feed and is UTF-8, whose order of bytes is that of code points.
    """
    text = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
    assert text is not None
    return sorted(text.splitlines(keepends=True))  # only at \n: \r is escaped, and bytes know no other line ends


def graphs_of_units(store: ox.Store, iris: Iris) -> dict[str, list[ox.NamedNode]]:
    """Return the named graphs of each unit (a claim with its four graphs, or a shared graph), `graph/release` too."""
    units: dict[str, list[ox.NamedNode]] = defaultdict(list)
    for graph in store.named_graphs():
        assert isinstance(graph, ox.NamedNode)
        units[str(iris.unit_of_graph(graph.value))].append(graph)
    return dict(sorted(units.items()))


def unit_quads(store: ox.Store, graphs: Iterable[ox.NamedNode]) -> Iterator[ox.Quad]:
    """Yield the quads of some graphs of a store."""
    for graph in graphs:
        yield from store.quads_for_pattern(None, None, None, graph)


def unit_digests(
    store: ox.Store, iris: Iris, *, through: Callable[[Iterable[ox.Quad]], Iterable[ox.Quad]] = lambda quads: quads
) -> dict[str, str]:
    """Return the digest of each unit of a store, by its IRI; `graph/release`, which is outside the digest, has none.

    One unit at a time is in memory; `through` sees its quads on their way.
    """
    release = str(iris.graph("release"))
    return {
        unit: digest_of(lines(through(unit_quads(store, graphs))))
        for unit, graphs in graphs_of_units(store, iris).items()
        if unit != release
    }


def digest_of(ordered: Iterable[bytes]) -> str:
    """Return the digest of canonical lines that are in order."""
    digest = hashlib.sha256()
    for line in ordered:
        digest.update(line)
    return digest.hexdigest()


def description_digest(ordered: Iterable[bytes]) -> tuple[str, list[str]]:
    """Return the digest over the lines of `graph/release`, but for those that state it; and what those state."""
    mark = f"<{KG.descriptionDigest}>".encode()
    said: list[str] = []
    rest: list[bytes] = []
    for line in ordered:
        if line.split(b" ", 2)[1] == mark:
            said.append(line.decode().split('"')[1] if line.count(b'"') > 1 else "")
        else:
            rest.append(line)
    return digest_of(rest), said


def release_digest(units: Mapping[str, str]) -> str:
    """Return the Merkle tree hash (RFC 9162, section 2.1.1) over the sorted lines `IRI SP digest`, in hex."""
    return merkle.root(units)
