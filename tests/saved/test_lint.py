"""Each mistake in a saved query is found, by its code, on its line."""

import re

import pytest
from sample import SAMPLE, Anything, sample

from conftest import REPOSITORY
from kgraph.saved.library import parse
from kgraph.saved.lint import lint
from kgraph.saved.names import Names
from kgraph.saved.trial import run
from kgraph.store.embedded import Embedded

NAMES = Anything()


def _found(text: str) -> list[tuple[str, str]]:
    """Return the codes of the findings on a text, each with the line that it names."""
    read = parse(text, "queries/sample.rq")
    findings = [*read.findings, *(lint(read.query, NAMES) if read.query else ())]
    assert all(finding.file == "queries/sample.rq" and finding.accepted for finding in findings), findings
    return [(finding.code, text.split("\n")[finding.line - 1].strip()) for finding in findings]


def test_the_sample_is_clean() -> None:
    """The sample has no findings."""
    assert lint(sample(), NAMES) == []
    assert parse(SAMPLE, "queries/sample.rq").findings == ()


FAULTS = [
    # what is said of parameters
    ("unused-parameter", "VALUES ?whole { 1 } ?s :c ?whole .\n", "?s :c 1 .\n", "#+   - {name: whole,"),
    ("no-values-block", "VALUES ?whole { 1 } ?s :c ?whole .\n", "?s :c ?whole .\n", "#+   - {name: whole,"),
    ("values-over-lines", "VALUES ?whole { 1 }", "VALUES ?whole {\n 1 }", "VALUES ?whole {"),
    ("undeclared-parameter", "VALUES (?s) { (", "VALUES ?other { 1 } VALUES (?s) { (", "VALUES ?other { 1 }"),
    ("undeclared-parameter", "{with: {choice: all}", "{with: {choice: all, chose: x}", "#+   - {with:"),
    ("missing-key", "type: integer, ", "", "#+   - {name: whole"),
    ("missing-key", "example: 1.5, description: Only this number.", "example: 1.5", "#+   - {name: part"),
    ("missing-key", "example: 1.5, ", "", "#+   - {name: part"),
    ("bad-value", "type: date", "type: day", "#+   - {name: day"),
    ("bad-value", "of: kg:Event", "of: kg:Evnt", "#+   - {name: thing"),
    ("wrong-type", "of: kg:Event, ", "", "#+   - {name: thing"),
    ("wrong-type", "required: true, ", "required: true, default: all, ", "#+   - {name: choice"),
    ("reserved-name", "{name: day,", "{name: limit,", "#+   - {name: limit"),
    ("example-names-nothing", "example: event/flood", "example: agent/flood", "#+   - {name: thing"),
    ("example-names-nothing", "example: 2020-01-01", "example: 2020-02-30", "#+   - {name: day"),
    ("example-names-nothing", "{choice: all}", "{choice: none}", "#+   - {with:"),
    ("example-differs", "VALUES ?whole { 1 }", "VALUES ?whole { 2 }", "VALUES ?whole { 2 }"),
    ("example-differs", "VALUES ?flag { true }\n", "VALUES ?flag { false }\n", "VALUES ?flag { false }"),
    # optional parameters
    ("optional-outside", "?s :a ?thing .", "?s :a ?thing .\n  ?x :f ?thing .", "?x :f ?thing ."),
    ("optional-line", "?s :b ?day .", "{ ?s :b ?day .\n }", "VALUES ?day {"),
    ("optional-shared", "?s :b ?day .\n", "?s :b ?day . ", "VALUES ?day {"),
    ("not-distinct", "SELECT DISTINCT", "SELECT", "VALUES ?thing {"),
    # the rest of the header
    ("no-tests", "#+ tests:\n#+   - {with: {choice: all}, least: 1}\n", "", "#+ id: sample"),
    ("empty-test", ", least: 1}", "}", "#+   - {with: {choice: all}}"),
    ("unknown-column", "least: 1", "rows: [{t: x}]", "#+   - {with:"),
    ("columns-differ", "name: s, type", "name: t, type", "#+ columns:"),
    ("id-differs", "id: sample", "id: simple", "#+ id: simple"),
    ("unknown-tag", "[events]", "[evnts]", "#+ tags: [evnts]"),
    ("unknown-key", "#+ summary", "#+ sumary", "#+ sumary"),
    ("missing-key", "#+ summary: What is what?\n", "", "#+ id: sample"),
    ("yaml-syntax", "[events]", "[events", "#+ params:"),
    ("said-twice", "{name: day, type", "{name: thing, type", "#+ id: sample"),
    ("header-place", "ORDER BY", "#+ late\nORDER BY", "#+ late"),
    # pages
    ("own-limit", "ORDER BY ?s ?flag ?choice", "ORDER BY ?s ?flag ?choice\nLIMIT 5", "LIMIT 5"),
    ("no-order", "ORDER BY ?s ?flag ?choice\n", "", "}"),
    ("order-not-total", "ORDER BY ?s ?flag ?choice", "ORDER BY ?s ?flag", "ORDER BY ?s ?flag"),
    # the query
    ("query-syntax", "?s :c ?whole .", "?s ?whole .", "VALUES ?whole"),
    ("select-star", "SELECT DISTINCT ?s ?flag ?choice", "SELECT DISTINCT *", "SELECT DISTINCT *"),
    ("own-dataset", "?choice WHERE {", "?choice\nFROM :x\nWHERE {", "FROM :x"),
    ("slow-exists", "}\nORDER", "  FILTER EXISTS { ?s :a ?x . ?x :b ?y }\n}\nORDER", "FILTER EXISTS"),
    ("slow-exists", "}\nORDER", "  FILTER NOT EXISTS { ?s :a/:b ?x }\n}\nORDER", "FILTER NOT EXISTS"),
    ("slow-filter", "}\nORDER", "  FILTER(?s = :x)\n}\nORDER", "FILTER(?s = :x)"),
    ("slow-graph", "}\nORDER", "  GRAPH ?g { ?s :a ?x }\n}\nORDER", "GRAPH ?g"),
    ("many-optionals", "}\nORDER", "  OPTIONAL { ?s :a ?x }\n" * 21 + "}\nORDER", "OPTIONAL { ?s"),
    ("late-parameter", "  VALUES ?day", "  OPTIONAL { ?s :a ?x }\n  VALUES ?day", "VALUES ?day"),
    ("late-pattern", "}\nORDER", "  OPTIONAL { ?s :a ?x }\n  ?s :q ?q .\n}\nORDER", "?s :q ?q"),
    ("zero-length-path", "}\nORDER", "  ?s :a* :c .\n}\nORDER", "?s :a* :c ."),
    ("zero-length-path", "}\nORDER", "  ?s :a? ?c .\n}\nORDER", "?s :a? ?c ."),
]  # fmt: skip


@pytest.mark.parametrize(("code", "old", "new", "line"), FAULTS, ids=[f"{n}-{f[0]}" for n, f in enumerate(FAULTS)])
def test_faults(code: str, old: str, new: str, line: str) -> None:
    """A fault gives the code that it is named by, on the line where it stands."""
    assert SAMPLE.count(old) >= 1
    text = SAMPLE.replace(old, new, 1)
    found = _found(text)
    assert code in [name for name, _ in found], found
    assert any(name == code and at.startswith(line) for name, at in found), found


def test_fitting_shapes_are_left_alone() -> None:
    """One pattern in EXISTS, a path between variables, and a parameter above OPTIONAL are no findings."""
    more = "  FILTER EXISTS { ?s :a ?x }\n  FILTER NOT EXISTS { ?s :a ?y . FILTER(?y < 3) }\n  ?s :a/:b* ?c .\n"
    assert _found(SAMPLE.replace("}\nORDER", f"{more}  OPTIONAL {{ ?s :z ?z }}\n}}\nORDER")) == []


def test_prefixed_examples_are_read() -> None:
    """An example may stand in the block as a prefixed name."""
    assert (
        _found(
            SAMPLE.replace(f"<{NAMES.base}event/flood>", "e:flood").replace(
                "PREFIX :", f"PREFIX e: <{NAMES.base}event/> PREFIX :", 1
            )
        )
        == []
    )


def test_without_a_header() -> None:
    """A query that says nothing of itself is a warning, and is not held to what headers promise."""
    read = parse("# Who?\nSELECT * { ?s ?p ?o } LIMIT 5", "queries/plain.rq")
    assert [(finding.code, finding.severity) for finding in read.findings] == [("no-header", "warning")]
    assert read.query is not None
    assert (read.query.header.summary, read.query.header.params) == ("Who?", ())
    assert lint(read.query) == []


def test_the_documents_list_every_code() -> None:
    """Each code that is found here stands in docs/queries.md."""
    text = (REPOSITORY / "docs" / "queries.md").read_text(encoding="utf-8")
    assert {fault[0] for fault in FAULTS} <= set(re.findall(r"`([a-z-]+)`", text))


def test_the_example_of_the_documents_holds(answers: Embedded) -> None:
    """The query that docs/queries.md shows has no findings, and its tests pass."""
    text = (REPOSITORY / "docs" / "queries.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```sparql\n(.*?)```", text, re.DOTALL)
    read = parse(shown, "queries/killed-at-a-place.rq")
    assert read.findings == ()
    assert read.query is not None
    names = Names(answers)
    assert lint(read.query, names) == []
    assert all(outcome.passed for outcome in run(read.query, answers, names))
