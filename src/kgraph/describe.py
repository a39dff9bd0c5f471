"""What a release says of itself, in `graph/release`.

The terms are those of VoID (https://www.w3.org/TR/void/) and of the dataset of a SPARQL service
(https://www.w3.org/TR/sparql11-service-description/); datatypes and classes of objects stand as the schema-aware tools
of query writers read them (https://github.com/JervenBolleman/void-generator).

Every number is what a COUNT query over the release gives, this description counted too. So what it adds is counted
anew until it says what is so; only the counting of the rest, once, grows with the data.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from string import Template

import pyoxigraph as ox
from rdflib import SH, VOID, XSD, Literal, URIRef
from rdflib.namespace import DCTERMS, RDF
from rdflib.term import Node

from kgraph.canonical import digest_of, lines, ox_quad
from kgraph.errors import KgraphError
from kgraph.terms import KG, NANOPUB_GRAPHS, PREFIXES, SD, VOID_EXT, Iris, Quad, fragment

Key = tuple[str, ...]
"""What is counted, and of what: `("class", IRI)`, `("link", class, property, class of the object)`, ..."""

# $triple and the like are patterns: of all that is in the store, or of what the description adds.
_COUNTS = {
    "triples": "SELECT (COUNT(*) AS ?n) { $triple }",
    "subjects": "SELECT (COUNT(DISTINCT ?s) AS ?n) { $triple }",
    "entities": "SELECT (COUNT(*) AS ?n) { { SELECT DISTINCT ?s { $triple } } FILTER(STRSTARTS(STR(?s), $base)) }",
    "objects": "SELECT (COUNT(DISTINCT ?o) AS ?n) { $triple $new }",
    "graph": "SELECT ?g (COUNT(*) AS ?n) { $shared } GROUP BY ?g",
    "class": "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { $type } GROUP BY ?c",
    "property": "SELECT ?p (COUNT(*) AS ?n) { $triple } GROUP BY ?p",
    "subjects of": "SELECT ?p (COUNT(DISTINCT ?s) AS ?n) { $triple } GROUP BY ?p",
    "objects of": "SELECT ?p (COUNT(DISTINCT ?o) AS ?n) { $triple $new_of_p } GROUP BY ?p",
    "inside": "SELECT ?c ?p (COUNT(*) AS ?n) { $typed } GROUP BY ?c ?p",
    "link": "SELECT ?c ?p ?d (COUNT(*) AS ?n) { $linked } GROUP BY ?c ?p ?d",
    "datatype": "SELECT ?c ?p ?d (COUNT(*) AS ?n)"
    " { $typed FILTER(ISLITERAL(?o)) BIND(DATATYPE(?o) AS ?d) } GROUP BY ?c ?p ?d",
}
_ALL = {
    "triple": "?s ?p ?o",
    "type": "?s a ?c",
    "typed": "?s a ?c ; ?p ?o .",
    "linked": "?s a ?c ; ?p ?o . ?o a ?d",
    "new": "",
    "new_of_p": "",
    "shared": "GRAPH ?g { ?s ?p ?o } FILTER(!CONTAINS(STR(?g), '#'))",
}
_ADDED = {
    "triple": "GRAPH $home { ?s ?p ?o }",
    "type": "GRAPH $home { ?s a ?c }",
    "typed": "GRAPH $home { ?s a ?c ; ?p ?o }",
    "linked": "{ GRAPH $home { ?s a ?c ; ?p ?o } ?o a ?d } UNION"
    " { GRAPH $home { ?o a ?d } ?s ?p ?o ; a ?c FILTER NOT EXISTS { GRAPH $home { ?s ?p ?o } } }",
    "new": "FILTER NOT EXISTS { GRAPH ?g { ?t ?q ?o } FILTER(?g != $home) }",
    "new_of_p": "FILTER NOT EXISTS { GRAPH ?g { ?t ?p ?o } FILTER(?g != $home) }",
    "shared": "GRAPH $home { ?s ?p ?o } BIND($home AS ?g)",
}
# What a property partition says of its objects would, for these, change the numbers that it counts.
_NUMBERS = {VOID.triples, VOID.entities, VOID.classes, VOID.properties, VOID.distinctSubjects, VOID.distinctObjects}
_ROUNDS = 10
_SPECIAL = re.compile(r"[.?+*^$(){}|\[\]\\]")  # in a regular expression of XPath, which has fewer escapes than Python

_DATASET = (
    "Claims and who attests or denies them, each with where that stands; nothing is asserted outside a claim."
    " The default graph is the union of all named graphs, and every triple stands in exactly one of them. Counts"
    " are of that union."
)
_CLAIMS = (
    "The graphs of the claims. The claim <C> has four: <C#head>, <C#assertion>, <C#provenance> and <C#pubinfo>, the"
    " parts of the nanopublication <C#np>."
)


def describe(store: ox.Store, iris: Iris, *, title: str, licence: str, digest: str) -> str:
    """Put `graph/release` into a store that holds all other graphs of the release `digest`.

    Return the digest over its canonical lines, which it states in one line more.
    """
    home = ox.NamedNode(iris.graph("release"))
    store.remove_graph(home)
    whole = _measure(store, _ALL, iris)
    for with_objects in (True, False):  # a number of distinct objects may itself be the object that makes it wrong
        for _ in range(_ROUNDS):
            counts = whole + _measure(store, _ADDED, iris)
            if not with_objects:
                del counts["objects",]
            release = _Release(iris, counts, title, licence, digest)
            said, found = set(map(ox_quad, release.quads())), set(store.quads_for_pattern(None, None, None, home))
            own = digest_of(lines(said))
            said.add(ox_quad((URIRef(iris.base), KG.descriptionDigest, Literal(own), iris.graph("release"))))
            if said == found:
                return own
            store.remove_graph(home)
            store.extend(said)
    raise KgraphError("the description of the release did not settle")


def _measure(store: ox.Store, parts: Mapping[str, str], iris: Iris) -> Counter[Key]:
    """Return the counts of a store, or of what its `graph/release` adds to them."""
    counts: Counter[Key] = Counter()
    names = {"home": iris.graph("release").n3(), "base": Literal(iris.base).n3()}
    for name, text in _COUNTS.items():
        query = Template(Template(text).safe_substitute(parts)).substitute(names)
        found = store.query(query, use_default_graph_as_union=True)
        assert isinstance(found, ox.QuerySolutions)
        of = [variable.value for variable in found.variables if variable.value != "n"]
        for row in found:
            counts[(name, *(row[variable].value for variable in of))] = int(row["n"].value)
    return counts


@dataclass(frozen=True)
class _Release:
    """A release, and its counts."""

    iris: Iris
    counts: Counter[Key]
    title: str
    licence: str
    digest: str

    def quads(self) -> Iterator[Quad]:
        """Yield the description."""
        home = self.iris.graph("release")
        for subject, predicate, value in self._triples():
            yield subject, predicate, Literal(value) if isinstance(value, int) else value, home

    def _triples(self) -> Iterator[tuple[URIRef, URIRef, Node | int]]:
        dataset = URIRef(self.iris.base)
        yield dataset, RDF.type, VOID.Dataset
        yield dataset, RDF.type, SD.Dataset
        yield dataset, DCTERMS.title, Literal(self.title, lang="en")
        yield dataset, DCTERMS.description, Literal(_DATASET, lang="en")
        yield dataset, DCTERMS.license, URIRef(self.licence)
        yield dataset, KG.releaseDigest, Literal(self.digest)
        yield dataset, VOID.uriSpace, Literal(self.iris.base)
        for name in ("triples", "entities"):
            yield dataset, VOID[name], self.counts[name,]
        yield dataset, VOID.classes, len(self._of("class"))
        yield dataset, VOID.properties, len(self._of("property"))
        yield dataset, VOID.distinctSubjects, self.counts["subjects",]
        if ("objects",) in self.counts:
            yield dataset, VOID.distinctObjects, self.counts["objects",]
        terms = [term for kind in ("class", "property") for (term,) in self._of(kind)]
        for namespace in PREFIXES.values():
            if any(term.startswith(namespace) for term in terms):
                yield dataset, VOID.vocabulary, URIRef(namespace)
        for prefix, namespace in PREFIXES.items():
            node = self._node("prefix", prefix)
            yield dataset, SH.declare, node
            yield node, RDF.type, SH.PrefixDeclaration
            yield node, SH.prefix, Literal(prefix)
            yield node, SH.namespace, Literal(namespace, datatype=XSD.anyURI)
        yield from self._graphs(dataset)
        yield from self._classes(dataset)
        yield from self._properties(dataset)

    def _graphs(self, dataset: URIRef) -> Iterator[tuple[URIRef, URIRef, Node | int]]:
        default, claims = self._node("default-graph"), self._node("claim-graphs")
        yield dataset, SD.defaultGraph, default
        yield default, RDF.type, SD.Graph
        yield default, VOID.triples, self.counts["triples",]
        of_claims = self.counts["triples",]
        for (iri,) in self._of("graph"):
            graph, named = URIRef(iri), self._node("graph", iri.rpartition("/")[2])
            yield dataset, SD.namedGraph, named
            yield named, RDF.type, SD.NamedGraph
            yield named, SD.name, graph
            yield named, SD.graph, graph
            yield graph, RDF.type, SD.Graph
            yield graph, VOID.triples, self.counts["graph", iri]
            of_claims -= self.counts["graph", iri]
        base = _SPECIAL.sub(r"\\\g<0>", self.iris.base)
        pattern = f"^{base}claim/[a-z0-9-]+#({'|'.join(NANOPUB_GRAPHS)})$"
        yield dataset, VOID.subset, claims
        yield claims, RDF.type, SD.GraphCollection
        yield claims, DCTERMS.description, Literal(_CLAIMS, lang="en")
        yield claims, VOID.uriRegexPattern, Literal(pattern)
        yield claims, VOID.triples, of_claims

    def _classes(self, dataset: URIRef) -> Iterator[tuple[URIRef, URIRef, Node | int]]:
        """Yield the partitions by class; in each those by property; in those the classes and datatypes of objects."""
        for (kind,) in self._of("class"):
            node = self._node("class", kind)
            yield dataset, VOID.classPartition, node
            yield node, VOID["class"], URIRef(kind)
            yield node, VOID.entities, self.counts["class", kind]
        for kind, name in self._of("inside"):
            node = self._node("class", kind, "property", name)
            yield self._node("class", kind), VOID.propertyPartition, node
            yield node, VOID.property, URIRef(name)
            yield node, VOID.triples, self.counts["inside", kind, name]
        for what, into, predicate in (
            ("link", VOID.classPartition, VOID["class"]),
            ("datatype", VOID_EXT.datatypePartition, VOID_EXT.datatype),
        ):
            for kind, name, of_object in self._of(what):
                node = self._node("class", kind, "property", name, what, of_object)
                yield self._node("class", kind, "property", name), into, node
                yield node, predicate, URIRef(of_object)
                yield node, VOID.triples, self.counts[what, kind, name, of_object]

    def _properties(self, dataset: URIRef) -> Iterator[tuple[URIRef, URIRef, Node | int]]:
        for (name,) in self._of("property"):
            node = self._node("property", name)
            yield dataset, VOID.propertyPartition, node
            yield node, VOID.property, URIRef(name)
            yield node, VOID.triples, self.counts["property", name]
            yield node, VOID.distinctSubjects, self.counts["subjects of", name]
            if URIRef(name) not in _NUMBERS:
                yield node, VOID.distinctObjects, self.counts["objects of", name]

    def _of(self, name: str) -> list[Key]:
        """Return of what there are counts called `name`."""
        return sorted(key[1:] for key in self.counts if key[0] == name)

    def _node(self, *parts: str) -> URIRef:
        return fragment(self.iris.graph("release"), "-".join(map(_short, parts)))


def _short(part: str) -> str:
    """Return `part`, an IRI as its prefix and local name, or else as a digest."""
    for prefix, namespace in PREFIXES.items():
        if part.startswith(namespace) and re.fullmatch(r"[\w-]+", part[len(namespace) :], re.ASCII):
            return f"{prefix}-{part[len(namespace) :]}"
    return sha256(part.encode()).hexdigest()[:16] if ":" in part else part
