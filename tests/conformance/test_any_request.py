"""Whatever a request holds, the answer is one that the protocol knows."""

import json
from urllib.parse import quote_from_bytes

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from kgraph.formats import GRAPHS, HTML, RESULTS

QUERIES = {
    "SELECT (7 AS ?x) {}": RESULTS,
    "ASK {}": RESULTS,
    "CONSTRUCT { <urn:s> <urn:p#p> 7 } WHERE {}": GRAPHS,
    "DESCRIBE <https://example.org/river/place/ford>": GRAPHS,
}
NAMES = [name for form in (*RESULTS, *GRAPHS, HTML) for name in (form.media_type, *form.aliases)]
RANGE = st.builds(
    lambda name, parameter, quality: f"{name}{parameter}{quality}",
    st.sampled_from([*NAMES, "*/*", "*", "text/*", "application/*", "image/*", "a/b", "APPLICATION/JSON", ""]),
    st.sampled_from(["", "", ";charset=utf-8", ' ; a="b,c"', ";;"]),
    st.sampled_from(["", "", ";q=0", ";q=1", ";q=0.5", "; q=0.001", ";q=2", ";q=x", ";Q=0.3"]),
)
ACCEPT = st.one_of(
    st.lists(RANGE, max_size=6).map(", ".join),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f")),
)
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client that is told of an error by its status."""
    app.testing = False
    return app.test_client()


def _problem(answer: TestResponse) -> None:
    """Check that an answer is an error that the protocol knows, told as a problem document or as a page."""
    assert 400 <= answer.status_code < 500 or answer.status_code in {503, 504}, answer.text
    if answer.mimetype != HTML.media_type:
        assert answer.mimetype == "application/problem+json"
        problem = json.loads(answer.data)
        assert problem["status"] == answer.status_code
        assert problem["detail"]


def _ranges(accept: str) -> dict[str, float]:
    """Return the ranges of a header that `RANGE` made, as RFC 9110 reads it; what has no valid q is not there."""
    found: dict[str, float] = {}
    for item in accept.replace('"b,c"', "b").split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        if quality not in {"2", "x"}:
            found[name] = max(float(quality), found.get(name, 0.0))
    return found


@relaxed
@given(accept=ACCEPT, query=st.sampled_from(sorted(QUERIES)))
def test_any_accept(client: FlaskClient, accept: str, query: str) -> None:
    """Any Accept gives an answer in one of the forms for the query, or 406."""
    answer = client.get("/sparql", query_string={"query": query}, headers={"Accept": accept.encode("latin-1")})
    if answer.status_code != 200:
        assert answer.status_code == 406
        _problem(answer)
    else:
        assert answer.headers["Content-Type"] in {form.content_type for form in QUERIES[query]}
        assert "Accept" in answer.headers["Vary"]


@relaxed
@given(accept=st.lists(RANGE, min_size=1, max_size=6).map(", ".join), query=st.sampled_from(sorted(QUERIES)))
def test_the_type_is_one_that_accept_takes(client: FlaskClient, accept: str, query: str) -> None:
    """The type given is taken by a range, or by the client's naming an alias of it, or is a browser's; else 406."""
    named = [item.partition(";")[0].strip().lower() for item in accept.split(",")]
    assume(len(set(named)) == len(named))  # who takes a type and refuses it, with another parameter, may get either
    answer = client.get("/sparql", query_string={"query": query}, headers={"Accept": accept})
    ranges = _ranges(accept)
    if "*" in ranges:
        ranges["*/*"] = max(ranges["*"], ranges.get("*/*", 0.0))

    def taken(name: str) -> float:
        top = name.partition("/")[0]
        return next((ranges[item] for item in (name, f"{top}/*", "*/*") if item in ranges), 0.0)

    takes = {
        form.media_type
        for form in QUERIES[query]
        if taken(form.media_type) > 0
        or (ranges.get(form.media_type) != 0 and any(ranges.get(alias, 0) > 0 for alias in form.aliases))
    }
    browser = any(taken(name) > 0 for name in (HTML.media_type,)) or any(
        ranges.get(name, 0) > 0 for name in HTML.aliases
    )
    if answer.status_code == 200:
        assert browser or not accept.strip() or answer.mimetype in takes
    else:
        assert answer.status_code == 406
        assert not takes
        assert not browser


@relaxed
@given(
    body=st.binary(max_size=200),
    kind=st.sampled_from(
        [
            "application/sparql-query",
            "application/x-www-form-urlencoded",
            "application/sparql-update",
            "text/plain",
            None,
        ]
    ),
)
def test_any_body(client: FlaskClient, body: bytes, kind: str | None) -> None:
    """Any bytes as a body are an answer to a query, or a problem that says what is wrong; never a fault of ours."""
    answer = client.post("/sparql", data=body, content_type=kind)
    if answer.status_code != 200:
        _problem(answer)


WORDS = r"""
SELECT * { } ?s ?p ?o <urn:x> @en ^^ FROM ASK FILTER ( ) <http://x/f> BIND AS VALUES UNDEF GRAPH a ; . , [ ] <<( )>>
PREFIX x: :y 1e400 -1 LIMIT 99999999999999999999 SERVICE INSERT CONSTRUCT WHERE DESCRIBE COUNT IRI STRDT REGEX / | ^ +
! = \u0000 \uD800 \ ' é
"""
FRAGMENTS = [*WORDS.split(), '"a"', "'''", "\n", "#", "\x00", "\U0001f600", "\ufffe", "ORDER BY", "GROUP BY"]


@relaxed
@given(parts=st.lists(st.sampled_from(FRAGMENTS), max_size=20), accept=st.sampled_from(["*/*", "text/html"]))
def test_any_query(client: FlaskClient, parts: list[str], accept: str) -> None:
    """Any text as a query is answered or is the client's mistake, to browsers too."""
    answer = client.get("/sparql", query_string={"query": " ".join(parts), "timeout": "1"}, headers={"Accept": accept})
    if answer.status_code != 200:
        _problem(answer)


@relaxed
@given(
    pairs=st.lists(
        st.tuples(
            st.one_of(
                st.sampled_from([b"query", b"default-graph-uri", b"named-graph-uri", b"timeout", b"format", b"infer"]),
                st.binary(max_size=8),
            ),
            st.one_of(st.sampled_from([b"ASK {}", b"urn:x", b"1", b"json", b"true", b""]), st.binary(max_size=30)),
        ),
        max_size=6,
    ),
    raw=st.booleans(),
)
def test_any_query_string(client: FlaskClient, pairs: list[tuple[bytes, bytes]], raw: bool) -> None:  # noqa: FBT001 - drawn
    """Any bytes in the query string, percent-encoded or not, are answered or are the client's mistake."""
    joined = b"&".join(name + b"=" + value for name, value in pairs)
    encoded = "&".join(f"{quote_from_bytes(name)}={quote_from_bytes(value)}" for name, value in pairs)
    environ = {"QUERY_STRING": joined.decode("latin-1") if raw else encoded}
    answer = client.get("/sparql", environ_overrides=environ)
    if answer.status_code != 200:
        _problem(answer)


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
@pytest.mark.parametrize(
    "query",
    [
        "\\uD800 " + "{" * 200,
        "ASK { ?\\uDFFF",
        'SELECT ("\\uD800" AS ?x) {}',
        "SERVICE\\uD800",
        "ASK { \\uD800SERVICE <urn:x> {} }",
        "ASK {\n\x00\n}",
        "ASK { FILTER(<urn:\\uD800>()) }",
    ],
)
def test_half_a_character(client: FlaskClient, query: str, accept: str) -> None:
    """An escape of half a character, which no UTF-8 can hold, is the client's mistake wherever it stands."""
    answer = client.get("/sparql", query_string={"query": query}, headers={"Accept": accept})
    assert answer.status_code in {200, 400, 403}, answer.text
