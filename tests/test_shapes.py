"""The shapes: what the corpora emit conforms, and each fault is named at the record that it came from."""

from collections.abc import Callable

import pytest
from rdflib import SH, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, RDF, RDFS, XSD, Namespace
from rdflib.term import Node

from conftest import REPOSITORY, copy_corpus
from kgraph import shapes
from kgraph.build import check
from kgraph.model import Corpus, Finding, Origin
from kgraph.nanopub import Writer
from kgraph.settings import Settings
from kgraph.terms import KG, NP, OA, SCHEMA, Iris, Quad, concept

SHAPES = REPOSITORY / shapes.SHAPES
RIVER = Namespace("https://example.org/river/")
CLAIM = RIVER["claim/ford-shelled"]
DEAD = RIVER["claim/ford-shelled#toll-dead"]
DENIAL = RIVER["attestation/ford-shelled/northland"]
Quads = frozenset[Quad]
Fault = Callable[[Quads], Quads]


def _emitted(loaded: Settings) -> tuple[Corpus, Quads]:
    """Return the records of a corpus and its quads, with those of the ontology and the vocabularies."""
    checked = check(loaded, with_archive=False)
    assert checked.errors == []
    writer = Writer(checked.corpus, checked.lock, Iris(loaded.base_iri), loaded.licence, loaded.curator)
    return checked.corpus, frozenset([*checked.ontology.quads, *writer.quads()])


@pytest.fixture(scope="module")
def river(tmp_path_factory: pytest.TempPathFactory) -> tuple[Corpus, Quads]:
    """Return the records and quads of the test corpus."""
    return _emitted(copy_corpus(tmp_path_factory.mktemp("shapes") / "corpus"))


def _without(subject: Node, predicate: Node) -> Fault:
    return lambda quads: frozenset(quad for quad in quads if quad[:2] != (subject, predicate))


def _with(subject: Node, predicate: URIRef, value: Node) -> Fault:
    return lambda quads: quads | {(subject, predicate, value, RIVER["graph/faults"])}


def _instead(subject: Node, predicate: URIRef, value: Node) -> Fault:
    return lambda quads: _with(subject, predicate, value)(_without(subject, predicate)(quads))


def _of_class(quads: Quads, kind: URIRef) -> URIRef:
    """Return the first node of a class."""
    found = sorted(str(quad[0]) for quad in quads if quad[1:3] == (RDF.type, kind))
    return URIRef(found[0])


def _passage(fault: Callable[[URIRef], Fault]) -> Fault:
    """Return a fault in the first passage, whose IRI depends on offsets."""
    return lambda quads: fault(_of_class(quads, KG.Passage))(quads)


FAULTS: dict[str, tuple[Fault, str, str]] = {
    "claim without statement": (
        _without(CLAIM, KG.statement), "exactly one kg:statement", "claims/ford.yaml",
    ),
    "statement without language": (
        _instead(CLAIM, KG.statement, Literal("Northland shelled Ford.")),
        "exactly one kg:statement", "claims/ford.yaml",
    ),
    "two statements": (
        _with(CLAIM, KG.statement, Literal("Another.", lang="en")), "exactly one kg:statement", "claims/ford.yaml",
    ),
    "claim without attestation": (
        _without(CLAIM, KG.attestation), "at least one kg:attestation", "claims/ford.yaml",
    ),
    "claim on an event that is not there": (
        _instead(CLAIM, KG.event, RIVER["event/no-such"]), "a kg:Event that exists", "claims/ford.yaml",
    ),
    "victim that is not there": (
        _with(CLAIM, KG.victim, RIVER["victim/no-such"]), "another agent that exists", "claims/ford.yaml",
    ),
    "start after end": (
        _instead(CLAIM, KG.start, Literal("2020-05-04", datatype=XSD.date)), "not after kg:end", "claims/ford.yaml",
    ),
    "date without datatype": (
        _instead(CLAIM, KG.date, Literal("2020-05-03")), "an EDTF date", "claims/ford.yaml",
    ),
    "status without reason": (
        _with(CLAIM, KG.status, Literal("retracted")), "has a kg:reason as well", "claims/ford.yaml",
    ),
    "count as text": (
        _instead(DEAD, KG["count"], Literal("four")), "at most one kg:count, a number", "claims/ford.yaml",
    ),
    "count below zero": (
        _instead(DEAD, KG["count"], Literal(-4)), "at most one kg:count, a number", "claims/ford.yaml",
    ),
    "toll without harm": (
        _without(DEAD, KG.harm), "exactly one kg:harm", "claims/ford.yaml",
    ),
    "toll without number": (
        _without(DEAD, KG["count"]), "a kg:qualifier that stands for a number", "claims/ford.yaml",
    ),
    "stance of another scheme": (
        _instead(DENIAL, KG.stance, concept("harm", "killed")), "a concept of the scheme stance", "claims/ford.yaml",
    ),
    "group for a stance": (
        _instead(DENIAL, KG.stance, concept("stance", "opposing")), "that is no group", "claims/ford.yaml",
    ),
    "attestation without agent": (
        _without(DENIAL, KG.agent), "exactly one kg:agent", "claims/ford.yaml",
    ),
    "attestation without passage": (
        _without(DENIAL, KG.passage), "at least one kg:passage", "claims/ford.yaml",
    ),
    "long hedge": (
        _with(DENIAL, KG.hedge, Literal("one two three four five six seven", lang="en")), "one to six words",
        "claims/ford.yaml",
    ),
    "event without label": (
        _without(RIVER["event/war"], RDFS.label), "an event has exactly one rdfs:label", "events.yaml",
    ),
    "agent without label": (
        _without(RIVER["agent/northland"], RDFS.label), "an agent has exactly one rdfs:label", "agents.yaml",
    ),
    "agent without source": (
        _without(RIVER["agent/northland"], KG.source), "where its details come from", "agents.yaml",
    ),
    "place without label": (
        _without(RIVER["place/ford"], RDFS.label), "a place has at least one rdfs:label", "places.yaml",
    ),
    "document without title": (
        _without(RIVER["document/report"], DCTERMS.title), "exactly one dcterms:title", "documents.yaml",
    ),
    "short digest": (
        _instead(RIVER["document/report"], KG.sha256, Literal("ca0e795f")),
        "64 lower-case hexadecimal", "documents.yaml",
    ),
    "passage without position": (
        _passage(lambda iri: _without(iri, OA.hasSelector)), "exactly one oa:hasSelector", "documents.yaml",
    ),
    "passage without digest": (
        _passage(lambda iri: _without(iri, KG.sha256)), "a passage has a digest", "documents.yaml",
    ),
    "position that ends before it starts": (
        _passage(lambda iri: _instead(iri + "#position", OA.start, Literal(99999))), "below oa:end", "documents.yaml",
    ),
    "words of a restricted document": (
        _instead(RIVER["document/report"], KG.access, Literal("restricted")), "of a restricted document has no words",
        "documents.yaml",
    ),
    "nanopublication without provenance": (
        _without(CLAIM + "#np", NP.hasProvenance), "exactly one np:hasProvenance", "claims/ford.yaml",
    ),
    "address that is none": (
        _instead(RIVER["document/report"], SCHEMA.url, Literal("a report")),
        "an http or https address", "documents.yaml",
    ),
}  # fmt: skip


def _check(corpus: Corpus, quads: Quads) -> list[Finding]:
    return shapes.check(quads, SHAPES, shapes.locate(corpus, Iris(str(RIVER))))


def test_the_test_corpus_conforms(river: tuple[Corpus, Quads]) -> None:
    """What the test corpus emits breaks no shape."""
    assert _check(*river) == []


@pytest.mark.parametrize("name", FAULTS)
def test_fault(river: tuple[Corpus, Quads], name: str) -> None:
    """A seeded fault gives findings that say what is wrong, what is accepted, and in which file."""
    fault, message, file = FAULTS[name]
    corpus, quads = river
    faulty = fault(quads)
    assert faulty != quads
    found = [finding for finding in _check(corpus, faulty) if message in finding.message]
    assert found
    assert {(finding.code, finding.severity, finding.file) for finding in found} == {("shape", "error", f"data/{file}")}
    assert all(message in finding.accepted for finding in found)


def test_where_and_what(river: tuple[Corpus, Quads]) -> None:
    """A finding names the node, the value and the line of the attestation or toll, not only of the claim."""
    corpus, quads = river
    wrong = concept("harm", "killed")
    [finding] = _check(corpus, _instead(DENIAL, KG.stance, wrong)(quads))
    assert (finding.file, finding.line) == _place(corpus.where("claims", "ford-shelled", "attestations", 1))
    assert finding.value == str(wrong)
    assert str(DENIAL) in finding.message
    [finding] = _check(corpus, _without(DEAD, KG.harm)(quads))
    assert (finding.file, finding.line) == _place(corpus.where("claims", "ford-shelled", "tolls", 0))
    assert finding.value == str(DEAD)


def _place(origin: Origin) -> tuple[str, int]:
    return origin.file, origin.line


def test_places_of_nodes(river: tuple[Corpus, Quads]) -> None:
    """Every node that a record makes leads to that record; any other to the shapes."""
    corpus, _ = river
    where = shapes.locate(corpus, Iris(str(RIVER)))
    relation = corpus.where("claims", "bridge-hit", "relations", 0)
    assert where(str(RIVER["claim/bridge-hit#relation-1"])) == relation
    assert where(str(RIVER["attestation/bridge-hit/aid-union"])) == corpus.where(
        "claims", "bridge-hit", "attestations", 0
    )
    assert where(str(RIVER["agent/northland"])) == corpus.where("agents", "northland")
    assert where(str(RIVER["claim/no-such#toll-1"])) == Origin("ontology/shapes.ttl", 1)
    assert where(str(concept("harm", "killed"))) == Origin("ontology/shapes.ttl", 1)


def test_no_blank_nodes_and_a_message_for_each_property() -> None:
    """Every node of the shapes has an IRI, and each property shape of a class says what is accepted."""
    graph = Graph().parse(SHAPES)
    assert all(isinstance(node, URIRef | Literal) for triple in graph for node in triple)
    targets = {*graph.subjects(SH.targetClass), *graph.subjects(SH.targetObjectsOf)}
    for shape in targets:
        for part in [*graph.objects(shape, SH.property)] or [shape]:
            assert graph.value(part, SH.message), part
