"""Content negotiation: q-values, specificity, wildcards, aliases."""

import re

import pytest

from conftest import REPOSITORY
from kgraph.errors import NotAcceptable
from kgraph.formats import GRAPHS, RESOURCES, RESULTS, by_parameter, choose, require


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        (None, "json"),
        ("", "json"),
        ("*/*", "json"),
        ("text/csv", "csv"),
        ("application/sparql-results+xml;q=0.5, text/csv;q=0.9", "csv"),
        ("text/*;q=0.9, application/sparql-results+xml", "xml"),
        ("application/json", "json"),
        ("application/sparql-results+json;q=0, */*", "xml"),
        ("image/png", None),
        ("text/turtle", None),
        ("*", "json"),
        ("application/xml;q=0.9, application/json;q=0.8", "xml"),
        ("application/xml, text/csv", "csv"),
        ("text/csv;q=0.5, text/*;q=0.9", "tsv"),
        ("text/csv;header=present", "csv"),
        ("text/csv; charset=utf-8; q=0.3, application/sparql-results+xml;q=0.2", "csv"),
        ("text/csv;header=present;q=0.9, text/csv;q=0.1, text/tab-separated-values;q=0.5", "tsv"),
        ("text/plain", "tsv"),
        ("TEXT/CSV", "csv"),
        ("*/*;q=0", None),
        ("text/csv;q=0", None),
        ("application/sparql-results+json;q=0, application/json", None),
        ("application/*;q=0, */*", "csv"),
        ("text/csv;q=nonsense", None),
        (",;=,/", None),
    ],
)
def test_results(accept: str | None, name: str | None) -> None:
    """A SELECT is answered in the form that the client ranks highest, or in none."""
    found = choose(accept, RESULTS)
    assert (found and found.name) == name


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        ("*/*", "ttl"),
        ("application/*", "nt"),
        ("application/trig", "trig"),
        ("application/n-quads, text/csv", "nq"),
        ("application/trig;q=0.9, application/rdf+xml", "rdf"),
        ("application/json", "jsonld"),
        ("text/plain", "nt"),
        ("text/n3, */*;q=0.1", "ttl"),
        ("text/csv", None),
    ],
)
def test_graphs(accept: str, name: str | None) -> None:
    """A CONSTRUCT is answered in the form that the client ranks highest; TriG and N-Quads are there for the asking."""
    found = choose(accept, GRAPHS)
    assert (found and found.name) == name


@pytest.mark.parametrize(
    ("value", "results", "graph"),
    [
        ("json", "json", "jsonld"),
        ("XML", "xml", "rdf"),
        ("csv", "csv", None),
        ("turtle", None, "ttl"),
        ("rdf/xml", None, "rdf"),
        ("rdf+xml", None, "rdf"),
        ("text/tab-separated-values", "tsv", None),
        ("application/ld+json,application/x-json+ld", None, "jsonld"),
        ("html", None, None),
        ("image/png", None, None),
    ],
)
def test_by_parameter(value: str, results: str | None, graph: str | None) -> None:
    """The parameter `format` names a form by its name, another name, or its media type."""
    found = by_parameter(value, RESULTS), by_parameter(value, GRAPHS)
    assert tuple(form and form.name for form in found) == (results, graph)


def test_documented() -> None:
    """The table of forms in the documentation says what the code says, in its order."""
    text = (REPOSITORY / "docs" / "protocol.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?:SELECT|CONSTRUCT)[^|]+\|([^|]+)\|([^|]+)\|([^|]+)\|$", text, re.MULTILINE)
    documented = [tuple(re.findall(r"`([^`]+)`", cell)) for row in rows for cell in row]
    expected = [
        cell for form in (*RESULTS, *GRAPHS)
        for cell in ((form.media_type,), form.aliases, (form.name, *form.names))
    ]  # fmt: skip
    assert documented == expected


@pytest.mark.parametrize(
    ("accept", "name"),
    [("text/html,application/xhtml+xml,*/*;q=0.8", "html"), ("application/ld+json", "jsonld"), ("*/*", "html")],
)
def test_resources(accept: str, name: str) -> None:
    """A browser gets the page, a program the RDF that it names."""
    assert require(accept, RESOURCES).name == name


def test_nothing_fits() -> None:
    """Where nothing fits, the error lists what there is."""
    with pytest.raises(NotAcceptable) as caught:
        require("image/png", GRAPHS)
    assert "text/turtle" in caught.value.extra["accepted"]
