"""The guard tells keywords from comments, strings, IRIs and names, and stops what would hurt a reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.errors import KgraphError, QueryRefused, QuerySyntaxError, TooLarge
from kgraph.store.guard import guard

HARMLESS = [
    'SELECT ("SERVICE" AS ?x) {}',
    "SELECT ?service { ?service ?p '''LOAD \\' \" SERVICE''' }",
    "# SERVICE <http://x>\nASK {}",
    "PREFIX service: <http://SERVICE/> ASK { service:load service:drop ?o }",
    "ASK { <http://x/SERVICE> ?p 'a'@en }",
    "SELECT $insert { $insert ?p 'it\\'s' }",
    "ASK { ?s ?p '#' } # INSERT",
]
REFUSED = [
    "ASK { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
    "ASK { sErViCe SILENT ?x { ?s ?p ?o } }",
    "ASK { #x\nSERVICE<http://x>{} }",
    "ASK { \\u0053ERVICE <http://x> {} }",
    "ASK { ?s ?p 'a\\\\' . SERVICE <http://x> {} }",
    "ASK { { ?s ?p ?o FILTER(1<2) SERVICE <http://x> {} } }",
    "LOAD <http://x>",
    "PREFIX a: <http://a> INSERT DATA { a:a a:a a:a }",
    "BASE <http://x/> drop all",
    "WITH <g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless(text: str) -> None:
    """A word inside a comment, string, IRI or name is no keyword."""
    assert guard(text) is False


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    """SERVICE and updates are refused however they are written."""
    with pytest.raises(QueryRefused):
        guard(text)


def test_own_dataset() -> None:
    """A query that says FROM brings its own dataset; the word in a string does not."""
    assert guard("SELECT * FROM <http://g> { ?s ?p ?o }") is True
    assert guard("SELECT * { ?s ?p 'FROM' }") is False


@pytest.mark.parametrize(
    "bomb", ["ASK " + "{" * 10_000, "SELECT (" + "ABS(" * 900 + "1", "ASK {" + "OPTIONAL {}" * 500]
)
def test_nesting(bomb: str) -> None:
    """What would overflow a parser's or planner's stack never reaches it."""
    with pytest.raises(QuerySyntaxError):
        guard(bomb)


def test_too_long() -> None:
    """A query of megabytes is refused by its size."""
    with pytest.raises(TooLarge):
        guard("ASK {} #" + "x" * 5_000_000)


@given(st.text(alphabet="{}()[]<>\"'\\#?:@ \nSERVICEaskuU0053|+*", max_size=200))
def test_any_text(text: str) -> None:
    """Whatever the text, the guard answers, or refuses by name."""
    try:
        guard(text)
    except KgraphError as error:
        assert error.status in {400, 403}
