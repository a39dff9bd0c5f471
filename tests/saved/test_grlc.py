"""Queries of grlc become ours, as far as they can."""

from pathlib import Path

import pytest

from kgraph.errors import BadRequest
from kgraph.saved.grlc import import_file, imported
from kgraph.saved.library import parse
from kgraph.saved.lint import lint

GRLC = """#+ summary: Claims by event
#+ tags:
#+   - events
#+   - Reports
#+ endpoint: http://example.org/sparql
#+ enumerate:
#+   - stance:
#+     - asserts
#+     - denies
#+ defaults:
#+   - event: https://example.org/event/flood
PREFIX : <https://example.org/>
SELECT ?claim ?date WHERE {
  ?claim :event ?_event_iri ; :date ?date . # ?_no
  ?claim :start ?__from_xsd_date .
  ?claim :count ?_least_integer ; :limit ?_limit ; :says "?_no" .
  OPTIONAL { ?claim :stance ?_stance }
  OPTIONAL { ?claim :label ?__label_en }
  FILTER(?__label_en > "a")
}
ORDER BY ?claim ?date
"""


def test_import() -> None:
    """Each variable gets a block with an example; a parameter that cannot be optional is required."""
    text, notes = imported(GRLC, "by-event")
    read = parse(text, "queries/by-event.rq")
    assert {(finding.code, finding.value) for finding in read.findings} >= {("missing-key", "description")}
    for line in (
        '  VALUES ?stance_ { "asserts" }',
        "  VALUES ?event_ { <https://example.org/event/flood> }",
        '  VALUES ?least_ { "1"^^<http://www.w3.org/2001/XMLSchema#integer> }',
        '  VALUES ?from_ { "2020-10-27"^^<http://www.w3.org/2001/XMLSchema#date> } ?claim :start ?from_ .',
        '  ?claim :count ?least_ ; :limit ?limit_value_ ; :says "?_no" .',
        '#+     values: ["asserts", "denies"]',
        "#+ tags: [events]",
    ):
        assert line in text.splitlines()
    said = "\n".join(notes)
    for note in (
        "endpoint: not carried over", "tag 'Reports'", "event: say with of:", "label: values were en",
        "label: required here", "least: no example was there", "tests: none were there",
    ):  # fmt: skip
        assert note in said


def test_completed_import_is_clean() -> None:
    """With what the notes ask for filled in, the query has no findings."""
    head = "#+ summary: What is told of an event?\n#+ tags: [events]\n"
    source = f"{head}SELECT DISTINCT ?s WHERE {{\n  ?s <urn:x:at> ?__day_date .\n}}\nORDER BY ?s\n"
    text, _ = imported(source, "told")
    text = text.replace('"2020-10-27"\n', '"2020-10-27"\n#+     description: Only this day.\n').replace(
        "type: string}", "type: iri, description: what is told}\n#+ tests:\n#+   - {with: {}, least: 1}"
    )
    read = parse(text, "queries/told.rq")
    assert read.findings == ()
    assert read.query is not None
    assert lint(read.query) == []


@pytest.mark.parametrize("text", ["#+ summary: [\nASK {}", "#+ summary: none\n", ""])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    """A header that is no YAML, or a text without a query, is refused."""
    with pytest.raises(BadRequest):
        imported(text, "bad")


def test_file_names_become_identifiers(tmp_path: Path) -> None:
    """The name of the file, in the form of identifiers, is that of the query."""
    path = tmp_path / "Claims_by Event.rq"
    path.write_text(GRLC, encoding="utf-8")
    assert import_file(path)[0].startswith("#+ id: claims-by-event\n")
