"""The guard tells keywords from comments, strings, IRIs and names, and stops what would hurt a reader."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.errors import KgraphError, QueryRefused, QuerySyntaxError, TooLarge
from kgraph.store.guard import _judge, guard, ordinary
from kgraph.store.tokens import tokens

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
    "SELECT * { ?s ?p trueSERVICE <http://x> {} }",
    "SELECT * { ?s ?p 1SERVICE <http://x> {} }",
    "SELECT * { ?s ?p 'a'@enSERVICE . SERVICE <http://x> {} }",
    'SELECT * { ?s <http://x/\\u0022> ?o . SERVICE <http://x> {} } #"',
    "SELECT * { ?s ?p '\\u0027 . SERVICE <http://x> {} #' }",
    "ASK { SERVICEex:sparql { ?s ?p ?o } }",
    "ASK { SERVICESILENTex:sparql{ } }",
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


def test_services_that_the_operator_allows() -> None:
    """SERVICE passes to an address that is allowed, written in full; to no other, and not by a name or a variable."""
    allowed = {"https://example.org/sparql"}
    for text in (
        "ASK { SERVICE <https://example.org/sparql> {} }",
        "ASK { SERVICE SILENT <https://example.org/sparql> {} }",
    ):
        assert guard(text, allowed) is False
    for called in ("<https://example.org/sparql/>", "?x", "SILENT ?x", "ex:sparql", "<https://example.com/>", ""):
        with pytest.raises(QueryRefused, match="calls only <https://example"):
            guard(f"ASK {{ SERVICE {called} {{}} }}", allowed)


TERMINALS = [
    ("<http://x/#y>", "iri"), ("'it\\'s'", "string"), ("""'''a'b'''""", "string"), ("_:b.c", "blank"),
    ("ex:a%20b\\-c", "name"), (":", "name"), ("?x1", "variable"), ("$\u00e9", "variable"), ("@en-GB", "language"),
    ("1.5e-3", "number"), (".5", "number"), ("optional", "word"), ("<<(", "open"), ("^^", "operator"), (";", "mark"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), TERMINALS)
def test_terminals(text: str, kind: str) -> None:
    """Each terminal of the grammar is one token, alone and between others."""
    assert [(token.kind, token.text) for token in tokens(text)] == [(kind, text)]
    around = list(tokens(f"ASK {{ {text} }} # {text}"))
    assert [token.kind for token in around] == ["word", "open", kind, "close"]
    assert around[2].start == len("ASK { ")


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


@pytest.mark.parametrize(
    "unit",
    ["a.", ":a.", "_:a.", "?", "'", '"', "<", "<<(", "1.", "\\", "'''", "@a-", "a:", "#\n", "1", '\\"', "\U0001d4b3"],
)
def test_no_text_is_slow(unit: str) -> None:
    """A text as long as is taken is read in one pass: what would take minutes is done before the test's time is up."""
    with contextlib.suppress(KgraphError):
        guard("ASK {" + unit * (250_000 // len(unit)))


@pytest.mark.parametrize(
    "bomb",
    ["ASK { " + "?s ?p ?o . " * 5000 + "}", "ASK { (" + " 1" * 3000 + ") ?p ?o }", "ASK { ?s ?p " + "1" * 2000 + " }",
     "ASK { ?s ?p '" + "\\'" * 20_000 + "' }", "ASK { " + "FILTER(true) " * 300 + "}", "ASK { " + "\\ " * 60 + "}"],
)  # fmt: skip
def test_long_chains(bomb: str) -> None:
    """What is flat but so long that the engine breaks on it is refused, with the place."""
    with pytest.raises(QuerySyntaxError) as caught:
        guard(bomb)
    assert caught.value.extra["line"] == 1


def test_many_rows_pass() -> None:
    """Ten thousand rows of VALUES, or a thousand members of a list, are no chain."""
    assert guard("SELECT * { VALUES ?x {" + " 1" * 10_000 + " } }") is False
    assert guard("SELECT * { VALUES (?x ?y) {" + " (1 2)" * 5_000 + " } }") is False
    assert guard("ASK { FILTER(1 IN (1" + ", 2" * 1000 + ")) }") is False


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


FRAGMENTS = [
    "SERVICE", "service", "ſervice", "LOAD", "FROM", "from", "INSERT", "with", "{", "}", "(", ")", "[", "]", "<<", ">>",
    "<http://x>", "?s", "a:b", "'", '"', "\\", "\\u0053", "#", "\n", " ", ".", ",", "BIND", "OPTIONAL", "FILTER", "1",
    "||", "+", "^", "true", "@en", "\x00", "é",
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=60), st.integers(1, 150))
def test_what_is_ordinary_would_pass_the_whole_judgement(parts: list[str], times: int) -> None:
    """What the short way lets pass, the long way lets pass too, but for characters that SPARQL has not."""
    text = "".join(parts) * times
    if ordinary(text):
        with contextlib.suppress(QuerySyntaxError):
            assert _judge(text, ()) is False
            return
        with pytest.raises(QuerySyntaxError, match="characters that SPARQL has not"):
            _judge(text, ())


@pytest.mark.parametrize("text", ["ASK {}", "SELECT * { ?s ?p ?o }", "PREFIX a: <http://a/> ASK { a:b a:c 'd' }"])
def test_ordinary(text: str) -> None:
    """Queries as people write them take the short way."""
    assert ordinary(text)
