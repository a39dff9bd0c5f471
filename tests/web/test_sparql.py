"""The SPARQL 1.1 Protocol, and the faults of other endpoints that ours must not have."""

import json

import pytest
from flask.testing import FlaskClient

SELECT = "PREFIX kg: <https://w3id.org/kgraph/ns#> SELECT ?n { ?t kg:count ?n }"
ASK = "ASK {}"


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
    assert answers[0].headers["Vary"] == "Accept"
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
    """HEAD and OPTIONS are answered; other methods are 405 with Allow."""
    assert client.head("/sparql", query_string={"query": ASK}).status_code == 200
    assert "POST" in client.options("/sparql").headers["Allow"]
    answer = client.put("/sparql")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


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


def test_editor_for_browsers(client: FlaskClient) -> None:
    """Without a query, a browser gets a form to write one in."""
    answer = client.get("/sparql", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert b"<textarea" in answer.data
