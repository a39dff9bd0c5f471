"""The SPARQL 1.1 Protocol, and the faults of other endpoints that ours must not have."""

import gzip
import json
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from kgraph.store.embedded import Embedded
from kgraph.web.answers import volatile

SELECT = "PREFIX kg: <https://w3id.org/kgraph/ns#> SELECT ?n { ?t kg:count ?n }"
ASK = "ASK {}"
GRAPH = "CONSTRUCT { <urn:s> <urn:p#p> 7 } WHERE {}"
LONG = "SELECT * { ?s ?p ?o }"


def test_three_ways_to_ask(client: FlaskClient) -> None:
    """GET, POST of a form and POST of the query give the same answer."""
    answers = [
        client.get("/sparql", query_string={"query": SELECT}),
        client.post("/sparql", data={"query": SELECT}),
        client.post("/sparql", data=SELECT, content_type="application/sparql-query"),
        client.post("/sparql", data=SELECT, content_type="application/sparql-query; charset=utf-8"),
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    assert answers[0].headers["Vary"] == "Accept, Accept-Encoding"
    assert answers[0].headers["Access-Control-Allow-Origin"] == "*"


def test_form_bodies_are_decoded_once(client: FlaskClient) -> None:
    """A %2B in a form is a plus, and a plus is a blank; nothing is decoded twice."""
    answer = client.post("/sparql", data={"query": 'SELECT ("1+1%2B" AS ?x) {}'})
    assert json.loads(answer.data)["results"]["bindings"][0]["x"]["value"] == "1+1%2B"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/html,application/xhtml+xml", "application/sparql-results+json"),
        ("*/*", "application/sparql-results+json"),
    ],
)
def test_formats(client: FlaskClient, accept: str, media_type: str) -> None:
    """The answer has the form that Accept names."""
    answer = client.get("/sparql", query_string={"query": SELECT}, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)


@pytest.mark.parametrize(
    ("parameters", "status", "member"),
    [
        ({"query": "ASK {"}, 400, "line"),
        ({"query": [ASK, ASK]}, 400, "parameter"),
        ({"query": ASK, "qurey": "x"}, 400, "accepted"),
        ({"query": ASK, "timeout": "soon"}, 400, "accepted"),
        ({"timeout": "1"}, 400, "parameter"),
        ({"query": "DROP ALL"}, 403, "value"),
        ({"query": "ASK { SERVICE <http://127.0.0.1/> {} }"}, 403, "value"),
        ({"update": "DROP ALL"}, 403, "parameter"),
        ({"query": "ASK {} #" + "x" * 300_000}, 413, "accepted"),
    ],
)
def test_errors_are_problems(client: FlaskClient, parameters: dict[str, str], status: int, member: str) -> None:
    """What cannot be answered is a problem document with its status and what is accepted."""
    answer = client.post("/sparql", data=parameters)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.data)
    assert problem["status"] == status
    assert member in problem


def test_problem_as_a_page(client: FlaskClient) -> None:
    """A browser is shown the same as a page, with the line and a mark under the column, escaped."""
    answer = client.get("/sparql?query=ASK+{<script>", headers={"Accept": "text/html"})
    assert answer.status_code == 400
    assert b"&lt;script&gt;" in answer.data
    assert b"<script>" not in answer.data


def test_deadline_is_504(client: FlaskClient) -> None:
    """A query that passes its deadline is 504; timeout may lower the deadline."""
    query = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
    answer = client.get("/sparql", query_string={"query": query, "timeout": "0.5"})
    assert answer.status_code == 504
    assert json.loads(answer.data)["timeout"] == 0.5


def test_body_of_another_type(client: FlaskClient) -> None:
    """A body that is neither a form nor a query is 415; an update body is refused."""
    assert client.post("/sparql", data="x", content_type="text/plain").status_code == 415
    assert client.post("/sparql", data="CLEAR ALL", content_type="application/sparql-update").status_code == 403
    assert client.post("/sparql", data=b"ASK \xff", content_type="application/sparql-query").status_code == 400


def test_methods(client: FlaskClient) -> None:
    """HEAD is answered as GET without a body; other methods are 405 with Allow."""
    for query, status in ((ASK, 200), ("ASK {", 400)):
        head = client.head("/sparql", query_string={"query": query})
        get = client.get("/sparql", query_string={"query": query})
        assert (head.status_code, head.data) == (status, b"")
        for name in ("Content-Length", "Server-Timing", "X-Request-Id"):
            head.headers.pop(name, None)
            get.headers.pop(name, None)
        assert dict(head.headers) == dict(get.headers)
    answer = client.put("/sparql")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_preflight(client: FlaskClient) -> None:
    """A page of another origin is told that it may GET and POST, with which headers, and for how long that holds."""
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    answer = client.options("/sparql", headers=asked)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert {"GET", "HEAD", "POST"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
    assert {"Accept", "Content-Type"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert int(answer.headers["Access-Control-Max-Age"]) > 0
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("target", "body", "kind", "status"),
    [
        ("/sparql?query=ASK%20%7B%7D%FF", None, None, 400),
        ("/sparql", b"query=ASK%20%7B%7D%20%23%C3", "application/x-www-form-urlencoded", 400),
        ("/sparql", b"query=ASK{}&%ff=1", "application/x-www-form-urlencoded", 400),
        ("/sparql", b"query=ASK{}", "application/x-www-form-urlencoded; charset=iso-8859-1", 415),
        ("/sparql", b"query=ASK{}", "application/x-www-form-urlencoded; charset=UTF-8", 200),
        ("/sparql", b"query=ASK{}", 'Application/X-WWW-Form-URLencoded; charset="utf-8"', 200),
        ("/sparql", "ASK {} # é".encode("latin-1"), "application/sparql-query", 400),
        ("/sparql?query=ASK%20%7B%7D", b"", "application/x-www-form-urlencoded", 200),
        ("/sparql?query=ASK%20%7B%7D", b"query=ASK{}", "application/x-www-form-urlencoded", 400),
        ("/sparql?query=ASK%20%7B%7D", b"ASK {}", "application/sparql-query", 400),
        ("/sparql/?query=ASK%20%7B%7D", None, None, 200),
        ("/sparql?&&query=ASK%20%7B%7D&", None, None, 200),
        ("/sparql?query=ASK%20%7B%7D&using-graph-uri=urn:x", None, None, 400),
        ("/sparql?query=ASK%20%7B%7D&update=CLEAR%20ALL", None, None, 400),
        ("/sparql?query=ASK%20%7B%7D&default-graph-uri=places", None, None, 400),
        ("/sparql?query=ASK%20%7B%7D&named-graph-uri=http://[", None, None, 400),
        ("/sparql?query=ASK%20%7B%7D&infer=true", None, None, 200),
        ("/sparql?query=ASK%20%7B%7D&infer=false", None, None, 400),
        ("/sparql?query=ASK%20%7B%7D&timeout=nan", None, None, 400),
        ("/sparql?" + "&".join(["query=ASK%20%7B%7D"] * 2000), None, None, 400),
    ],
)
def test_requests(client: FlaskClient, target: str, body: bytes | None, kind: str | None, status: int) -> None:
    """Requests are read strictly: UTF-8, decoded once, every parameter known and in its place."""
    answer = client.open(target, method="GET" if body is None else "POST", data=body, content_type=kind)
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert json.loads(answer.data)["accepted"]


def test_a_coded_body(client: FlaskClient) -> None:
    """A compressed body is refused by its coding, not taken for a query."""
    answer = client.post(
        "/sparql", data=gzip.compress(b"ASK {}"), content_type="application/sparql-query",
        headers={"Content-Encoding": "gzip"},
    )  # fmt: skip
    assert (answer.status_code, json.loads(answer.data)["value"]) == (415, "gzip")


@pytest.mark.parametrize(
    ("query", "parameters", "media_type"),
    [
        (SELECT, "format=csv", "text/csv; charset=utf-8"),
        (SELECT, "output=xml", "application/sparql-results+xml"),
        (SELECT, "format=json&output=json&results=json", "application/sparql-results+json"),
        (SELECT, "format=tsv&format=text/tab-separated-values&output=", "text/tab-separated-values; charset=utf-8"),
        (SELECT, "format=application/sparql-results+xml", "application/sparql-results+xml"),
        (GRAPH, "format=xml", "application/rdf+xml"),
        (GRAPH, "format=n-quads", "application/n-quads"),
        (GRAPH, "format=json-ld&format=application%2Fld%2Bjson,application%2Fx-json%2Bld", "application/ld+json"),
        (SELECT, "format=", "text/csv; charset=utf-8"),
    ],
)
def test_format_parameter(client: FlaskClient, query: str, parameters: str, media_type: str) -> None:
    """`format`, `output` and `results` come before Accept, and an empty one says nothing."""
    answer = client.get(f"/sparql?{parameters}&{urlencode({'query': query})}", headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)


@pytest.mark.parametrize(
    ("query", "parameters", "status"),
    [
        (SELECT, "format=html", 400),
        (SELECT, "format=json&output=xml", 400),
        (SELECT, "format=json&format=csv", 400),
        (SELECT, "format=turtle", 406),
        (GRAPH, "output=csv", 406),
    ],
)
def test_format_parameter_that_does_not_fit(client: FlaskClient, query: str, parameters: str, status: int) -> None:
    """An unknown form is 400 with those that are known, contradictory ones are 400, one of the other sort is 406."""
    answer = client.get(f"/sparql?{parameters}&{urlencode({'query': query})}")
    assert answer.status_code == status
    if "html" in parameters:
        assert {"json", "turtle"} <= set(json.loads(answer.data)["accepted"])


def test_not_acceptable(client: FlaskClient) -> None:
    """A form that is not on offer is 406 with the list."""
    answer = client.get("/sparql", query_string={"query": ASK}, headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert "text/csv" in json.loads(answer.data)["accepted"]


def test_etag(client: FlaskClient) -> None:
    """The same query of the same release is 304 to who has it; another form has another tag."""
    answer = client.get("/sparql", query_string={"query": ASK})
    again = client.get("/sparql", query_string={"query": ASK}, headers={"If-None-Match": answer.headers["ETag"]})
    csv = client.get("/sparql", query_string={"query": ASK}, headers={"Accept": "text/csv"})
    assert (again.status_code, again.data) == (304, b"")
    assert csv.headers["ETag"] != answer.headers["ETag"]


def test_etag_spares_the_query(client: FlaskClient, engine: Embedded) -> None:
    """Who names the tag of an answer gets 304 without a query being run; another query has another tag."""
    answer = client.get("/sparql", query_string={"query": SELECT})
    before = engine.statistics().outcomes["ok"]
    tags = f'"x", {answer.headers["ETag"]}'
    for method in ("GET", "HEAD"):
        again = client.open("/sparql", method=method, query_string={"query": SELECT}, headers={"If-None-Match": tags})
        assert (again.status_code, again.data) == (304, b"")
        for name in ("ETag", "Vary", "Cache-Control", "Access-Control-Allow-Origin"):
            assert again.headers[name] == answer.headers[name]
    assert engine.statistics().outcomes["ok"] == before
    for changed in ({"query": SELECT + " "}, {"query": SELECT, "default-graph-uri": "urn:x"}):
        assert client.get("/sparql", query_string=changed, headers={"If-None-Match": tags}).status_code == 200
    assert client.post("/sparql", data={"query": SELECT}, headers={"If-None-Match": tags}).status_code == 200
    assert client.get("/sparql", query_string={"query": ASK}, headers={"If-None-Match": "*"}).status_code == 304


@pytest.mark.parametrize("function", ["NOW()", "rand ()", "STRUUID()", "UUID #\n ()"])
def test_what_changes_each_time_is_not_kept(client: FlaskClient, function: str) -> None:
    """An answer that is another each time has no tag, and nobody may store it."""
    answer = client.get("/sparql", query_string={"query": f"SELECT ({function} AS ?x) {{}}"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert "ETag" not in answer.headers


def test_what_changes_each_time_is_seen_through_escapes() -> None:
    """A codepoint escape, which some engines undo before they parse, hides no function."""
    assert volatile("SELECT (\\u004EOW() AS ?x) {}")
    assert not volatile("SELECT ?known ?knowledge { ?s ?p ?o }")


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "gzip"),
        ("*", "gzip"),
        ("identity;q=0.5, gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("", None),
        (None, None),
        ("br", None),
        ("gzip;q=0, *", None),
        ("identity, gzip;q=0.5", None),
    ],
)
def test_gzip(client: FlaskClient, accept: str | None, coding: str | None) -> None:
    """A long answer is compressed for whom that suits, with the same tag; a short one is not."""
    headers = {} if accept is None else {"Accept-Encoding": accept}
    plain = client.get("/sparql", query_string={"query": LONG})
    answer = client.get("/sparql", query_string={"query": LONG}, headers=headers)
    assert answer.headers.get("Content-Encoding") == coding
    assert (gzip.decompress(answer.data) if coding else answer.data) == plain.data
    assert answer.headers["ETag"] == plain.headers["ETag"]
    assert answer.headers["ETag"].startswith("W/")
    assert "Content-Encoding" not in client.get("/sparql", query_string={"query": ASK}, headers=headers).headers


def test_editor_for_browsers(client: FlaskClient) -> None:
    """Without a query, a browser gets a form to write one in."""
    answer = client.get("/sparql", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert b"<textarea" in answer.data
