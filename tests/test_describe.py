"""What a release says of itself is so: each number is what a COUNT query over the whole release gives."""

import re
from collections.abc import Iterator

import pyoxigraph as ox
import pytest
from rdflib import SH, VOID, XSD, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, RDF
from rdflib.term import Node

from conftest import REPOSITORY
from kgraph import shapes
from kgraph.canonical import ox_quad
from kgraph.describe import describe
from kgraph.model import Origin
from kgraph.release import Release, current_release
from kgraph.settings import Settings
from kgraph.terms import KG, PREFIXES, SD, VOID_EXT, Iris, Quad

RIVER = Iris("https://example.org/river/")


@pytest.fixture(scope="module", params=["test corpus", "our corpus"])
def release(request: pytest.FixtureRequest) -> Release:
    """Return a release."""
    loaded: Settings = request.getfixturevalue("built" if request.param == "test corpus" else "real")
    return current_release(loaded.releases)


@pytest.fixture(scope="module")
def store(release: Release) -> ox.Store:
    """Return its store."""
    return ox.Store.read_only(str(release.store))


@pytest.fixture(scope="module")
def said(release: Release, store: ox.Store) -> Graph:
    """Return what it says of itself."""
    return _said(store, Iris(release.manifest.base_iri))


def _said(store: ox.Store, iris: Iris) -> Graph:
    quads = store.quads_for_pattern(None, None, None, ox.NamedNode(str(iris.graph("release"))))
    data = ox.serialize([quad.triple for quad in quads], format=ox.RdfFormat.N_TRIPLES)
    assert data is not None
    return Graph().parse(data=data, format="nt")


def _ask(store: ox.Store, pattern: str, what: str = "*") -> int:
    found = store.query(f"SELECT (COUNT({what}) AS ?n) {{ {pattern} }}", use_default_graph_as_union=True)
    assert isinstance(found, ox.QuerySolutions)
    [row] = found
    number = row["n"]
    assert isinstance(number, ox.Literal)
    return int(number.value)


def _number(said: Graph, subject: Node, predicate: URIRef) -> int:
    [number] = said.objects(subject, predicate)
    assert isinstance(number, Literal)
    assert number.datatype == XSD.integer
    return int(number)


def _part(said: Graph, node: Node, predicate: URIRef) -> str:
    [value] = said.objects(node, predicate)
    return value.n3()


def test_totals(release: Release, store: ox.Store, said: Graph) -> None:
    """Triples, entities, classes, properties, subjects and objects are those that COUNT finds."""
    dataset = URIRef(release.manifest.base_iri)
    every = "?s ?p ?o"
    assert _number(said, dataset, VOID.triples) == _ask(store, every) == release.manifest.quads
    assert _number(said, dataset, VOID.distinctSubjects) == _ask(store, every, "DISTINCT ?s")
    assert _number(said, dataset, VOID.distinctObjects) == _ask(store, every, "DISTINCT ?o")
    assert _number(said, dataset, VOID.properties) == _ask(store, every, "DISTINCT ?p")
    assert _number(said, dataset, VOID.classes) == _ask(store, "?s a ?c", "DISTINCT ?c")
    within = f'{every} FILTER(STRSTARTS(STR(?s), "{said.value(dataset, VOID.uriSpace)}"))'
    assert _number(said, dataset, VOID.entities) == _ask(store, within, "DISTINCT ?s")


def test_property_partitions(release: Release, store: ox.Store, said: Graph) -> None:
    """Each property has one partition, and its numbers are so."""
    nodes = list(said.objects(URIRef(release.manifest.base_iri), VOID.propertyPartition))
    assert len(nodes) == _ask(store, "?s ?p ?o", "DISTINCT ?p")
    for node in nodes:
        pattern = f"?s {_part(said, node, VOID.property)} ?o"
        assert _number(said, node, VOID.triples) == _ask(store, pattern)
        assert _number(said, node, VOID.distinctSubjects) == _ask(store, pattern, "DISTINCT ?s")
        for number in said.objects(node, VOID.distinctObjects):
            assert int(str(number)) == _ask(store, pattern, "DISTINCT ?o"), pattern
    without = [node for node in nodes if (node, VOID.distinctObjects, None) not in said]
    assert {str(said.value(node, VOID.property)).removeprefix(str(VOID)) for node in without} == {
        "triples", "entities", "classes", "properties", "distinctSubjects", "distinctObjects",
    }  # fmt: skip


def test_class_partitions(release: Release, store: ox.Store, said: Graph) -> None:
    """Each class has one partition; in it each property, with classes and datatypes of objects; all numbers are so."""
    nodes = list(said.objects(URIRef(release.manifest.base_iri), VOID.classPartition))
    assert len(nodes) == _ask(store, "?s a ?c", "DISTINCT ?c")
    for node in nodes:
        kind = f"?s a {_part(said, node, VOID['class'])}"
        assert _number(said, node, VOID.entities) == _ask(store, kind, "DISTINCT ?s")
        parts = list(said.objects(node, VOID.propertyPartition))
        assert len(parts) == _ask(store, f"{kind} ; ?p ?o", "DISTINCT ?p")
        for part in parts:
            pattern = f"{kind} ; {_part(said, part, VOID.property)} ?o ."
            assert _number(said, part, VOID.triples) == _ask(store, pattern)
            assert dict(_linked(said, part, VOID.classPartition, VOID["class"])) == _grouped(
                store, f"{pattern} ?o a ?d"
            )
            typed = f"{pattern} FILTER(ISLITERAL(?o)) BIND(DATATYPE(?o) AS ?d)"
            found = dict(_linked(said, part, VOID_EXT.datatypePartition, VOID_EXT.datatype))
            assert found == _grouped(store, typed)


def _linked(said: Graph, part: Node, into: URIRef, predicate: URIRef) -> Iterator[tuple[str, int]]:
    for node in said.objects(part, into):
        yield str(said.value(node, predicate)), _number(said, node, VOID.triples)


def _grouped(store: ox.Store, pattern: str) -> dict[str, int]:
    found = store.query(f"SELECT ?d (COUNT(*) AS ?n) {{ {pattern} }} GROUP BY ?d", use_default_graph_as_union=True)
    assert isinstance(found, ox.QuerySolutions)
    return {row["d"].value: int(row["n"].value) for row in found}


def test_graphs(release: Release, store: ox.Store, said: Graph) -> None:
    """Each shared graph is named with its size; those of claims fit the pattern, and nothing is left over."""
    dataset = URIRef(release.manifest.base_iri)
    names = {graph.value for graph in store.named_graphs() if isinstance(graph, ox.NamedNode)}
    shared = {}
    for node in said.objects(dataset, SD.namedGraph):
        name = said.value(node, SD.name)
        assert (node, SD.graph, name) in said
        assert name is not None
        shared[str(name)] = _number(said, name, VOID.triples)
    assert shared == {name: _ask(store, f"GRAPH <{name}> {{ ?s ?p ?o }}") for name in names if "#" not in name}
    assert str(Iris(release.manifest.base_iri).graph("release")) in shared
    [claims] = said.objects(dataset, VOID.subset)
    pattern = re.compile(str(said.value(claims, VOID.uriRegexPattern)))
    assert {name for name in names if pattern.match(name)} == names - set(shared)
    assert len(names - set(shared)) == 4 * release.manifest.claims
    total = _number(said, dataset, VOID.triples)
    assert _number(said, claims, VOID.triples) + sum(shared.values()) == total
    [default] = said.objects(dataset, SD.defaultGraph)
    assert _number(said, default, VOID.triples) == total


def test_prefixes_and_vocabularies(release: Release, said: Graph) -> None:
    """Every prefix of the project is declared; a vocabulary is named where a term of it is used."""
    dataset = URIRef(release.manifest.base_iri)
    declared = {}
    for node in said.objects(dataset, SH.declare):
        namespace = said.value(node, SH.namespace)
        assert isinstance(namespace, Literal)
        assert namespace.datatype == XSD.anyURI
        declared[str(said.value(node, SH.prefix))] = str(namespace)
    assert declared == PREFIXES
    terms = {str(term) for name in (VOID["class"], VOID.property) for term in said.objects(None, name)}
    used = {namespace for namespace in PREFIXES.values() if any(term.startswith(namespace) for term in terms)}
    assert {str(iri) for iri in said.objects(dataset, VOID.vocabulary)} == used


def test_what_it_is(release: Release, said: Graph) -> None:
    """Title, licence, digest and address space are there; nothing has a blank node, and there is one dataset."""
    dataset = URIRef(release.manifest.base_iri)
    assert set(said.subjects(RDF.type, VOID.Dataset)) == set(said.subjects(RDF.type, SD.Dataset)) == {dataset}
    assert said.value(dataset, DCTERMS.title) == Literal(release.manifest.title, lang="en")
    assert said.value(dataset, DCTERMS.license) == URIRef(release.manifest.licence)
    assert said.value(dataset, KG.releaseDigest) == Literal(release.digest)
    assert said.value(dataset, VOID.uriSpace) == Literal(release.manifest.base_iri)
    assert all(isinstance(node, URIRef | Literal) for triple in said for node in triple)


def _small(*values: int) -> ox.Store:
    store = ox.Store()
    for n, value in enumerate(values):
        claim = RIVER.of("claim", f"c{n}")
        store.add(ox_quad((claim, KG["count"], Literal(value), URIRef(f"{claim}#assertion"))))
        store.add(ox_quad((claim, RDF.type, KG.Claim, URIRef(f"{claim}#assertion"))))
    return store


def _describe(store: ox.Store) -> Graph:
    describe(store, RIVER, title="River", licence="https://example.org/licence", digest="0" * 64)
    return _said(store, RIVER)


def test_a_number_that_cannot_be_said() -> None:
    """Where every number of distinct objects would make itself wrong, it is left out; all others stand."""
    dataset = URIRef(RIVER.base)
    number = _number(_describe(_small(1, 2, 900)), dataset, VOID.distinctObjects)
    for value in range(number - 2, number + 3):
        store = _small(1, 2, value)
        said = _describe(store)
        for found in said.objects(dataset, VOID.distinctObjects):
            assert int(str(found)) == _ask(store, "?s ?p ?o", "DISTINCT ?o")
        assert _number(said, dataset, VOID.triples) == _ask(store, "?s ?p ?o")
        assert ((dataset, VOID.distinctObjects, None) in said) == (value != number)


def test_same_data_same_description() -> None:
    """The order in which quads came in, and whether the store was described before, do not matter."""
    one, other = _small(1, 2, 3), ox.Store()
    other.extend(sorted(one, key=str, reverse=True))
    first = set(_describe(one))
    assert set(_describe(other)) == set(_describe(one)) == first


def test_base_iri_with_an_apostrophe() -> None:
    """A base IRI may hold what ends a string in SPARQL, or means something in a regular expression."""
    iris = Iris("https://example.org/o'neill+(x)/")
    store = ox.Store()
    claim = iris.of("claim", "a")
    store.add(ox_quad((claim, RDF.type, KG.Claim, URIRef(f"{claim}#assertion"))))
    describe(store, iris, title="T", licence="https://example.org/licence", digest="0" * 64)
    said = _said(store, iris)
    assert _number(said, URIRef(iris.base), VOID.entities) > 1
    [pattern] = said.objects(None, VOID.uriRegexPattern)
    assert re.match(str(pattern), f"{claim}#assertion")
    assert not re.match(str(pattern), "https://example.org/o'neilll(x)/claim/a#assertion")


def _nowhere(_: str) -> Origin:
    return Origin("graph/release", 1)


@pytest.mark.parametrize(
    ("predicate", "message"),
    [
        (VOID.triples, "exactly one void:triples"),
        (SD.defaultGraph, "exactly one sd:defaultGraph"),
        (SD.name, "with an sd:name"),
        (SH.namespace, "an sh:namespace"),
        (VOID["class"], "with one void:class"),
        (VOID.property, "with one void:property"),
    ],
)
def test_shapes(predicate: URIRef, message: str) -> None:
    """The description conforms to the shapes, and what lacks a part does not."""
    home = RIVER.graph("release")
    quads: list[Quad] = [
        (s, URIRef(str(p)), o, home) for s, p, o in _describe(_small(1)) if s != RIVER.of("claim", "c0")
    ]
    assert shapes.check(quads, REPOSITORY / shapes.SHAPES, _nowhere) == []
    faulty = [quad for quad in quads if quad[1] != predicate]
    assert message in "\n".join(f.message for f in shapes.check(faulty, REPOSITORY / shapes.SHAPES, _nowhere))
