"""Digests: a unit's over its canonical N-Quads lines, a release's over its units.

Lines are taken in the form that the store keeps (it rewrites some literals), so a digest of the data and a digest of
what the store gives back are the same.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

import pyoxigraph as ox
from rdflib import Literal, URIRef
from rdflib.term import Node

from kgraph.terms import Iris, Quad


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


def lines(quads: Iterable[ox.Quad]) -> list[str]:
    """Return canonical N-Quads lines (https://www.w3.org/TR/rdf12-n-quads/#canonical-quads), in code-point order."""
    text = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
    assert text is not None
    return sorted(text.decode().split("\n")[:-1])


def unit_digests(store: ox.Store, iris: Iris) -> dict[str, str]:
    """Return the digest of each unit (a claim with its four graphs, or a shared graph) of a store, by its IRI."""
    units: dict[str, list[ox.Quad]] = defaultdict(list)
    for quad in store:
        units[str(iris.unit_of_graph(quad.graph_name.value))].append(quad)
    return {
        unit: hashlib.sha256("".join(f"{line}\n" for line in lines(quads)).encode()).hexdigest()
        for unit, quads in sorted(units.items())
        if unit != str(iris.graph("release"))
    }


def release_digest(units: Mapping[str, str]) -> str:
    """Return the Merkle tree hash (RFC 9162, section 2.1.1) over the sorted lines `IRI SP digest`, in hex."""
    return _tree([f"{unit} {digest}".encode() for unit, digest in sorted(units.items())]).hex()


def _tree(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + _tree(leaves[:split]) + _tree(leaves[split:])).digest()
