"""Values become terms between the braces of their block, and nothing else; what is none is refused by name."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rdflib import XSD, Literal, URIRef
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parserutils import CompValue
from sample import BASE, Anything, sample

from kgraph.errors import BadRequest
from kgraph.saved.bind import bind, unasked
from kgraph.saved.values import Term, fits_iri, written
from kgraph.store.base import Question
from kgraph.store.embedded import Embedded
from kgraph.store.guard import guard
from kgraph.store.iris import is_iri
from kgraph.store.tokens import tokens

QUERY = sample()
NAMES = Anything()
budget = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

NASTY = st.lists(
    st.sampled_from([
        '"', "'", '"""', "\\", "\\u0022", "\\U0000007D", "\\\\u0027", "u0022", "{", "}", "} #", "#", "\n", "\r\n", "\t",
        "<", ">", " ", "?x", "VALUES", "} UNION { ?s ?p ?o", "é", "\U0001f600", "%20", "^^", "@en", ";", "DROP", "a",
    ])
).map("".join)  # fmt: skip
TEXT = st.one_of(NASTY, st.text())


def _shape(node: Any) -> Any:
    """Return the algebra of a query with each term of data replaced by its kind."""
    if isinstance(node, CompValue):
        return node.name, sorted((key, _shape(value)) for key, value in node.items() if key not in {"_vars", "_data"})
    if isinstance(node, (list, tuple)):
        return [_shape(item) for item in node]
    if isinstance(node, dict):
        return sorted((str(key), type(value).__name__) for key, value in node.items())
    return type(node).__name__


def _same(bound: str, like: str) -> bool:
    return bool(_shape(prepareQuery(bound).algebra) == _shape(prepareQuery(like).algebra))


WITH_TEXT = bind(QUERY, {"choice": ["all"], "text": ["it"]}, NAMES).text
WITH_THING = bind(QUERY, {"choice": ["all"], "thing": ["flood"]}, NAMES).text


@given(TEXT)
@example("\\u0022 } #")
@example("\\\\u0022")
@budget
def test_no_text_changes_the_structure(value: str) -> None:
    """Whatever a string holds, the query stays the same but for that one string."""
    try:
        bound = bind(QUERY, {"choice": ["all"], "text": [value]}, NAMES)
    except BadRequest as error:
        assert error.extra["parameter"] == "text"
        assert any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 or ord(c) in {0xFFFE, 0xFFFF} for c in value)
        return
    assert bound.terms["text"] == (Literal(value),)
    assert _same(bound.text, WITH_TEXT)
    guard(bound.text)
    assert [t.kind for t in tokens(bound.text)] == [t.kind for t in tokens(WITH_TEXT)]


@given(TEXT, st.sampled_from(["", "event/", BASE, f"{BASE}event/"]))
@budget
def test_no_iri_changes_the_structure(value: str, start: str) -> None:
    """Whatever is given for an IRI, it is refused, or it is one IRI in the text."""
    try:
        bound = bind(QUERY, {"choice": ["all"], "thing": [start + value]}, NAMES)
    except BadRequest as error:
        assert error.extra["nearest"] == ["event/flood"]
        return
    [term] = bound.terms["thing"]
    assert isinstance(term, URIRef)
    assert _same(bound.text, WITH_THING)


@given(TEXT, st.sampled_from(["day", "whole", "part", "flag", "choice"]))
@budget
def test_no_other_value_changes_the_structure(value: str, name: str) -> None:
    """Whatever is given for a date, a number, a boolean or a choice, it is refused, or it is one term in the text."""
    like = {"day": "2020-01-01", "whole": "1", "part": "1.5", "flag": "true", "choice": "all"}
    try:
        bound = bind(QUERY, {"choice": ["all"], name: [value]}, NAMES)
    except BadRequest as error:
        assert error.extra["parameter"] == name
        assert error.extra["accepted"]
        return
    assert _same(bound.text, bind(QUERY, {"choice": ["all"], name: [like[name]]}, NAMES).text)


@given(st.one_of(
    TEXT.filter(lambda text: all(c in "\t\n\r" or ord(c) >= 32 for c in text)).map(Literal),
    st.dates().map(lambda day: Literal(day.isoformat(), datatype=XSD.date)),
    st.integers(-(10**18) + 1, 10**18 - 1).map(lambda n: Literal(str(n), datatype=XSD.integer)),
    st.booleans().map(lambda flag: Literal(str(flag).lower(), datatype=XSD.boolean)),
    TEXT.map(lambda text: f"{BASE}event/{text}").filter(lambda text: fits_iri(text) and is_iri(text)).map(URIRef),
))  # fmt: skip
@budget
def test_terms_come_back(engine: Embedded, term: Term) -> None:
    """A term that is written into a query comes back from the engine as the same term."""
    try:
        text = written(term).encode().decode()
    except UnicodeEncodeError:
        return
    cell = json.loads(engine.query(Question(text=f"SELECT ?v {{ VALUES ?v {{ {text} }} }}")).read())["results"][
        "bindings"
    ][0]["v"]
    assert cell["value"] == str(term)
    datatype = getattr(term, "datatype", None)
    assert cell.get("datatype") == (None if datatype is None else str(datatype))
    assert cell["type"] == ("uri" if isinstance(term, URIRef) else "literal")


@pytest.mark.parametrize(
    ("name", "value", "term"),
    [
        ("whole", "+007", Literal("7", datatype=XSD.integer)),
        ("whole", "-0", Literal("0", datatype=XSD.integer)),
        ("part", "12.50", Literal("12.5", datatype=XSD.decimal, normalize=False)),
        ("part", "12.0", Literal("12", datatype=XSD.decimal, normalize=False)),
        ("part", "100", Literal("100", datatype=XSD.decimal, normalize=False)),
        ("part", "-0.0", Literal("0", datatype=XSD.decimal, normalize=False)),
        ("day", "2020-02-29", Literal("2020-02-29", datatype=XSD.date)),
        ("thing", "flood", URIRef(f"{BASE}event/flood")),
        ("thing", "event/flood", URIRef(f"{BASE}event/flood")),
        ("thing", f"{BASE}event/flood", URIRef(f"{BASE}event/flood")),
    ],
)
def test_values_are_canonical(name: str, value: str, term: Term) -> None:
    """Numbers are in the form that the store keeps; IRIs are given in full, relative to the base, or by identifier."""
    assert bind(QUERY, {"choice": ["all"], name: [value]}, NAMES).terms[name] == (term,)


@pytest.mark.parametrize(
    ("given", "parameter", "accepted"),
    [
        ({}, "choice", "such as all"),
        ({"choice": ["some"]}, "choice", "one-of"),
        ({"choice": ["all", "one-of"]}, "choice", "one value"),
        ({"choice": ["all"], "chioce": ["all"]}, "chioce", "choice"),
        ({"choice": ["all"], "day": ["2021-02-29"]}, "day", "2020-10-27"),
        ({"choice": ["all"], "day": ["20201027"]}, "day", "2020-10-27"),
        ({"choice": ["all"], "whole": ["1.5"]}, "whole", "whole number"),
        ({"choice": ["all"], "whole": ["١"]}, "whole", "whole number"),
        ({"choice": ["all"], "part": ["1e5"]}, "part", "12.5"),
        ({"choice": ["all"], "flag": ["yes"]}, "flag", "true or false"),
        ({"choice": ["all"], "thing": ["drought/of 1990"]}, "thing", "identifier"),
        ({"choice": ["all"], "thing": ["https://example.org/else"]}, "thing", "identifier"),
        ({"choice": ["all"], "text": ["x" * 2001]}, "text", "2000"),
        ({"choice": ["all"], "text": ["x\x00"]}, "text", "control"),
        ({"choice": ["all"], "text": ["x"] * 201}, "text", "200"),
    ],
)
def test_errors(given: dict[str, list[str]], parameter: str, accepted: str) -> None:
    """What is unknown, missing, doubled or unfit is refused with the parameter, and with what is accepted."""
    with pytest.raises(BadRequest) as caught:
        bind(QUERY, given, NAMES)
    assert caught.value.extra["parameter"] == parameter
    assert accepted in str(caught.value.extra["accepted"])


@pytest.mark.parametrize(
    ("given", "near"),
    [
        ({"choice": ["all"], "chioce": ["all"]}, "choice"),
        ({"choice": ["one of"]}, "one-of"),
        ({"choice": ["all"], "thing": ["a flod"]}, "event/flood"),
    ],
)
def test_errors_name_the_nearest(given: dict[str, list[str]], near: str) -> None:
    """A misspelt parameter, choice or name is answered with what it may mean."""
    with pytest.raises(BadRequest) as caught:
        bind(QUERY, given, NAMES)
    assert caught.value.extra["nearest"][0] == near


def test_what_is_left_out_goes() -> None:
    """Without values, the lines of optional parameters go, defaults stay, and what looks like a block is left alone."""
    text = bind(QUERY, {"choice": ["one-of"]}, NAMES).text
    lines = text.splitlines()
    assert not any(f"?{name} " in line for line in lines[1:] for name in ("thing", "day", "whole", "part", "text"))
    assert '  VALUES ?choice { "one-of" }' in lines
    assert f'  VALUES ?flag {{ "true"^^<{XSD.boolean}> }}' in lines
    assert "('''a" in text
    assert "VALUES ?flag { false }''')" in text
    assert lines[0] == f"PREFIX : <{BASE}>  # VALUES ?thing {{ :no }}"
    assert 'VALUES ?choice { "all" }' in unasked(QUERY)
    assert "?thing }" not in unasked(QUERY)


def test_several_values() -> None:
    """Several values stand in one block, each once."""
    bound = bind(QUERY, {"choice": ["all"], "text": ["a", "b", "a"]}, NAMES)
    assert '  VALUES ?text { "a" "b" } ?s :e ?text .' in bound.text
