"""Content negotiation: q-values, specificity, wildcards, aliases."""

import pytest

from kgraph.errors import NotAcceptable
from kgraph.formats import GRAPHS, RESOURCES, RESULTS, choose, require


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
    ],
)
def test_results(accept: str | None, name: str | None) -> None:
    """A SELECT is answered in the form that the client ranks highest, or in none."""
    found = choose(accept, RESULTS)
    assert (found and found.name) == name


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
