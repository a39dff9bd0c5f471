"""Saved queries become examples: what each asks, of which form it is, and its text."""

from pathlib import Path

import pytest
from rdflib import SH, SKOS, XSD, BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, RDFS

from conftest import REPOSITORY
from kgraph import shapes
from kgraph.build import check
from kgraph.examples import check_headers, check_names, examples, query_files, query_form
from kgraph.model import Origin
from kgraph.saved.library import leading_comment
from kgraph.settings import Settings
from kgraph.terms import KG, SCHEMA, SPEX, Iris

RIVER = Iris("https://example.org/river/")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * {}", "SELECT"),
        ("# select\n#\n\nPREFIX ask: <http://x/construct#> # describe\nask {}", "ASK"),
        ("base <http://x/>\nprefix : <select>\nPREFIX\n# gap\nconstruct:<http://x/>CONSTRUCT WHERE {}", "CONSTRUCT"),
        ("DESCRIBE <http://x/SELECT>", "DESCRIBE"),
        ("PREFIX select: <http://x/>", None),
        ("SELECTED", None),
        ("", None),
        ("#" * 100_000, None),
        ("PREFIX a: <b> " * 10_000, None),
    ],
)
def test_form(text: str, form: str | None) -> None:
    """The form is the first word behind the prologue, whatever stands in comments, prefixes and IRIs."""
    assert query_form(text) == form


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("# Who says\n#  what?\nASK {} # no", "Who says what?"),
        ("\n## Heading\n\n# later\nASK {}", "Heading"),
        ("ASK {}\n# late", ""),
        ("#\n#\nASK {}", ""),
    ],
)
def test_comment(text: str, comment: str) -> None:
    """The comment that a query begins with is one line; what comes later is no part of it."""
    assert leading_comment(text) == comment


def _nowhere(_: str) -> Origin:
    return Origin("queries", 1)


def test_examples(tmp_path: Path) -> None:
    """Each form has its class and its property; a query that says nothing of itself is called by its name."""
    texts = {"a": "# What?\nSELECT * {}\n", "b": "ASK {}", "c": "CONSTRUCT WHERE {}", "d-e": "DESCRIBE <http://x/>"}
    for name, text in texts.items():
        (tmp_path / f"{name}.rq").write_text(text, encoding="utf-8")
    quads = list(examples(sorted(tmp_path.glob("*.rq")), RIVER))
    assert {quad[3] for quad in quads} == {RIVER.graph("queries")}
    graph = Graph()
    for subject, predicate, value, _ in quads:
        graph.add((subject, predicate, value))
    found = {
        (str(query).rpartition("/")[2], kind, predicate, str(graph.value(query, predicate)))
        for kind, predicate in (
            (SH.SPARQLSelectExecutable, SH.select),
            (SH.SPARQLAskExecutable, SH.ask),
            (SH.SPARQLConstructExecutable, SH.construct),
            (SPEX.SPARQLDescribeExecutable, SPEX.describe),
        )
        for query in graph.subjects(RDF.type, kind)
        if (query, RDF.type, SH.SPARQLExecutable) in graph and (query, SH.prefixes, URIRef(RIVER.base)) in graph
    }
    assert {(name, text) for name, _, _, text in found} == set(texts.items())
    assert graph.value(RIVER.of("query", "a"), RDFS.comment) == Literal("What?", lang="en")
    assert graph.value(RIVER.of("query", "a"), RDFS.label) is None
    assert graph.value(RIVER.of("query", "d-e"), RDFS.comment) == Literal("d e", lang="en")
    assert shapes.check(quads, REPOSITORY / shapes.SHAPES, _nowhere) == []
    without = [quad for quad in quads if quad[1] != SH.ask]
    [finding] = shapes.check(without, REPOSITORY / shapes.SHAPES, _nowhere)
    assert "an sh:select, an sh:ask" in finding.message


DESCRIBED = """#+ id: floods
#+ summary: What is said of floods?
#+ tags: [events, places and time]
#+ params:
#+   - {name: event, type: iri, of: kg:Event, example: event/flood, description: Only this event.}
#+   - {name: weapon, type: iri, of: weapon, required: true, example: weapon/knife, description: This weapon.}
#+   - {name: day, type: date, example: 2020-01-01, description: Only this day.}
#+ columns:
#+   - {name: claim, type: iri, of: kg:Claim, description: the claim}
#+ tests:
#+   - {with: {weapon: knife}, least: 1}
PREFIX kg: <https://w3id.org/kgraph/ns#>
SELECT DISTINCT ?claim WHERE {
  VALUES ?event { <https://example.org/river/event/flood> } ?claim kg:event ?event .
  VALUES ?weapon { <https://w3id.org/kgraph/vocab/weapon/knife> }
  VALUES ?day { "2020-01-01"^^<http://www.w3.org/2001/XMLSchema#date> } ?claim kg:start ?day .
  ?claim kg:weapon ?weapon .
} ORDER BY ?claim
"""


def test_described(tmp_path: Path) -> None:
    """A header becomes label, comment, keywords and parameters; the text is what is asked where nothing is given."""
    (tmp_path / "floods.rq").write_text(DESCRIBED, encoding="utf-8")
    quads = list(examples([tmp_path / "floods.rq"], RIVER))
    assert len({quad[:3] for quad in quads}) == len(quads)
    assert not [term for quad in quads for term in quad if isinstance(term, BNode)]
    graph = Graph()
    for subject, predicate, value, _ in quads:
        graph.add((subject, predicate, value))
    query = RIVER.of("query", "floods")
    assert graph.value(query, RDFS.label) == Literal("What is said of floods?", lang="en")
    assert graph.value(query, RDFS.comment) == Literal("What is said of floods?", lang="en")
    assert {str(tag) for tag in graph.objects(query, SCHEMA.keywords)} == {"events", "places and time"}
    text = str(graph.value(query, SH.select))
    assert text == (
        "PREFIX kg: <https://w3id.org/kgraph/ns#>\nSELECT DISTINCT ?claim WHERE {\n"
        "  VALUES ?weapon { <https://w3id.org/kgraph/vocab/weapon/knife> }\n"
        "  ?claim kg:weapon ?weapon .\n} ORDER BY ?claim\n"
    )
    found = {
        str(graph.value(node, SH.name)): (
            graph.value(node, SH["class"]) or graph.value(node, SH.datatype),
            str(graph.value(node, SH.optional)),
            graph.value(node, SH.path),
        )
        for node in graph.objects(query, SH.parameter)
    }
    assert found == {
        "event": (KG.Event, "true", URIRef(f"{query}#event")),
        "weapon": (SKOS.Concept, "false", URIRef(f"{query}#weapon")),
        "day": (XSD.date, "true", URIRef(f"{query}#day")),
    }
    assert shapes.check(quads, REPOSITORY / shapes.SHAPES, _nowhere) == []


def test_names(corpus: Settings) -> None:
    """A query that no IRI can name is a finding, and so is a text without a query form."""
    folder = corpus.root / "queries"
    folder.mkdir()
    (folder / "Who says.rq").write_text("ASK {}", encoding="utf-8")
    (folder / "nothing.rq").write_text("# nothing\n", encoding="utf-8")
    found = {(finding.code, finding.file) for finding in check_names(query_files(corpus.root), corpus.root)}
    assert found == {("query-name", "queries/Who says.rq"), ("query-form", "queries/nothing.rq")}
    assert found <= {(finding.code, finding.file) for finding in check(corpus).errors}


def test_ours_say_what_they_ask() -> None:
    """Every saved query of this repository has a name that fits, and a header without a mistake."""
    paths = query_files(REPOSITORY)
    assert check_names(paths, REPOSITORY) == []
    assert check_headers(paths, REPOSITORY) == []
