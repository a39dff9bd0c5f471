"""The 34 entries of the W3C SPARQL 1.1 Protocol tests, by their names, over our own data and in our own words.

The originals (https://www.w3.org/2009/sparql/docs/tests/data-sparql11/protocol/) write to the endpoint and read back.
Ours takes no updates, so an update that is well formed in itself must be refused by 403, and change nothing; one that
is malformed must be refused for that. `docs/protocol.md` lists what each entry is answered.
"""

import json
import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import pytest
import rdflib
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from conftest import REPOSITORY

BASE = "https://example.org/river/"
PLACES, AGENTS, EVENTS, NOWHERE = (f"{BASE}graph/{name}" for name in ("places", "agents", "events", "nowhere"))
FORD, NORTHLAND, WAR = f"<{BASE}place/ford>", f"<{BASE}agent/northland>", f"<{BASE}event/war>"
FORM, QUERY, UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
BOTH = f"ASK {{ {FORD} a ?type . {NORTHLAND} a ?kind }}"
EACH = f"GRAPH ?g {{ {FORD} a ?type }} GRAPH ?h {{ {NORTHLAND} a ?kind }}"
WRITTEN = f"ASK {{ GRAPH <{NOWHERE}> {{ ?s ?p ?o }} }}"
INSERT = f"INSERT {{ GRAPH <{NOWHERE}> {{ ?s a <urn:seen> }} }} WHERE {{ ?s a ?type }}"


@dataclass(frozen=True)
class Entry:
    """A request and what it is answered: a status, and `true`, `table` or `graph` where it is a query that is fine."""

    name: str
    status: int
    gives: str = ""
    body: bytes | None = None
    kind: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    method: str = "POST"


def _default(*graphs: str) -> tuple[tuple[str, str], ...]:
    return tuple(("default-graph-uri", graph) for graph in graphs)


def _named(*graphs: str) -> tuple[tuple[str, str], ...]:
    return tuple(("named-graph-uri", graph) for graph in graphs)


def _get(name: str, status: int, gives: str, *parameters: tuple[str, str]) -> Entry:
    return Entry(name, status, gives, parameters=parameters, method="GET")


def _direct(name: str, text: str, gives: str, *parameters: tuple[str, str]) -> Entry:
    return Entry(name, 200, gives, text.encode(), QUERY, parameters)


def _update(name: str, *parameters: tuple[str, str], text: str = INSERT) -> Entry:
    return Entry(name, 403, "", text.encode(), UPDATE, parameters)


ENTRIES = [
    Entry("query_post_form", 200, "true", b"query=ASK%20%7B%7D", FORM, _default(NOWHERE)),
    _get("query_dataset_default_graphs_get", 200, "true", ("query", BOTH), *_default(PLACES, AGENTS)),
    _direct("query_dataset_default_graphs_post", BOTH, "true", *_default(PLACES, AGENTS)),
    _direct("query_dataset_named_graphs_post", f"ASK {{ {EACH} }}", "true", *_named(PLACES, AGENTS)),
    _get("query_dataset_named_graphs_get", 200, "true", ("query", f"ASK {{ {EACH} }}"), *_named(PLACES, AGENTS)),
    _direct(
        "query_dataset_full", f"ASK {{ {WAR} a ?e {EACH} }}", "true", *_default(EVENTS), *_named(PLACES, AGENTS)
    ),
    _direct("query_multiple_dataset", f"ASK FROM <{EVENTS}> {{ {EACH} }}", "true", *_named(PLACES, AGENTS)),
    _get("query_get", 200, "true", ("query", "ASK {}"), *_default(NOWHERE)),
    _direct("query_content_type_select", "SELECT (7 AS ?value) {}", "table", *_default(NOWHERE)),
    _direct("query_content_type_ask", "ASK {}", "true", *_default(NOWHERE)),
    _direct("query_content_type_describe", f"DESCRIBE {FORD}", "graph", *_default(NOWHERE)),
    _direct("query_content_type_construct", "CONSTRUCT { <s> <p> 7 } WHERE {}", "graph", *_default(NOWHERE)),
    _update("update_dataset_default_graph", ("using-graph-uri", PLACES)),
    _update("update_dataset_default_graphs", ("using-graph-uri", PLACES), ("using-graph-uri", AGENTS)),
    _update("update_dataset_named_graphs", ("using-named-graph-uri", PLACES), ("using-named-graph-uri", AGENTS)),
    _update("update_dataset_full", ("using-graph-uri", PLACES), ("using-named-graph-uri", AGENTS)),
    Entry("update_post_form", 403, "", b"update=CLEAR+ALL", FORM),
    _update("update_post_direct", text="CLEAR ALL"),
    _update("update_base_uri", text=f"INSERT DATA {{ GRAPH <{NOWHERE}> {{ <urn:s> <urn:p> <relative> }} }}"),
    _direct("query_post_direct", "ASK {}", "true"),
    Entry("bad_query_method", 405, "", None, FORM, (("query", "ASK {}"), *_default(NOWHERE)), "PUT"),
    _get("bad_multiple_queries", 400, "", ("query", "ASK {}"), ("query", "SELECT * {}")),
    Entry("bad_query_wrong_media_type", 415, "", b"ASK {}", "text/plain"),
    Entry("bad_query_missing_form_type", 415, "", b"query=ASK%20%7B%7D"),
    Entry("bad_query_missing_direct_type", 415, "", b"ASK {}"),
    Entry("bad_query_non_utf8", 415, "", "ASK {}".encode("utf-16"), f"{QUERY}; charset=UTF-16"),
    _get("bad_query_syntax", 400, "", ("query", "ASK {")),
    _get("bad_update_get", 403, "", ("update", "CLEAR ALL")),
    Entry("bad_multiple_updates", 400, "", b"update=CLEAR%20NAMED&update=CLEAR%20DEFAULT", FORM),
    Entry("bad_update_wrong_media_type", 415, "", b"CLEAR NAMED", "text/plain"),
    Entry("bad_update_missing_form_type", 415, "", b"update=CLEAR%20NAMED"),
    Entry("bad_update_non_utf8", 415, "", "CLEAR NAMED".encode("utf-16"), f"{UPDATE}; charset=UTF-16"),
    Entry("bad_update_syntax", 403, "", b"update=CLEAR%20XYZ", FORM),
    _update(
        "bad_update_dataset_conflict", ("using-named-graph-uri", PLACES),
        text=f"DELETE {{ ?s ?p ?o }} USING <{AGENTS}> WHERE {{ ?s ?p ?o }}",
    ),
]  # fmt: skip


def _ask(client: FlaskClient, entry: Entry) -> TestResponse:
    target = "/sparql?" + urlencode(entry.parameters, quote_via=quote)
    return client.open(target, method=entry.method, data=entry.body, content_type=entry.kind)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_entry(client: FlaskClient, entry: Entry) -> None:
    """The entry of this name is answered as the protocol asks, or refused; an update changes nothing."""
    answer = _ask(client, entry)
    assert answer.status_code == entry.status, answer.text
    if entry.gives == "true":
        assert answer.headers["Content-Type"] == "application/sparql-results+json"
        assert json.loads(answer.data)["boolean"] is True
    elif entry.gives == "table":
        assert answer.headers["Content-Type"] == "application/sparql-results+json"
        assert [row["value"]["value"] for row in json.loads(answer.data)["results"]["bindings"]] == ["7"]
    elif entry.gives == "graph":
        assert answer.headers["Content-Type"] == "text/turtle; charset=utf-8"
        rdflib.Graph().parse(data=answer.data, format="turtle")
    else:
        problem = json.loads(answer.data)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert (problem["status"], bool(problem["detail"])) == (entry.status, True)
    if entry.status == 405:
        assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
    assert json.loads(client.get("/sparql", query_string={"query": WRITTEN}).data)["boolean"] is False


def test_every_entry_is_here_and_documented() -> None:
    """All 34 entries are run, and the documentation says of each what it is answered."""
    text = (REPOSITORY / "docs" / "protocol.md").read_text(encoding="utf-8")
    documented = {
        name: int(status)
        for names, status in re.findall(r"^\| (`[a-z0-9_`, ]+`) \| (\d{3})", text, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", names)
    }
    assert len(ENTRIES) == len(documented) == 34
    assert documented == {entry.name: entry.status for entry in ENTRIES}


@pytest.mark.parametrize(
    ("query", "parameters", "expected"),
    [
        (BOTH, (), True),
        (BOTH, _default(PLACES), False),
        (BOTH, _named(PLACES, AGENTS), False),
        (f"ASK {{ {EACH} }}", _default(PLACES, AGENTS), False),
        (f"ASK {{ {EACH} }}", _named(PLACES), False),
        (f"ASK FROM <{PLACES}> {{ {FORD} a ?type }}", (), True),
        (f"ASK FROM <{PLACES}> {{ {FORD} a ?type }}", _default(AGENTS), False),
        (f"ASK FROM <{PLACES}> {{ {FORD} a ?type }}", _named(PLACES), False),
        (f"ASK FROM NAMED <{PLACES}> {{ GRAPH ?g {{ {FORD} a ?type }} }}", _default(PLACES), False),
        (f"ASK FROM NAMED <{PLACES}> {{ GRAPH ?g {{ {FORD} a ?type }} }}", _named(PLACES, AGENTS), True),
    ],
)
@pytest.mark.parametrize("way", ["get", "form", "direct"])
def test_dataset(
    client: FlaskClient, *, way: str, query: str, parameters: tuple[tuple[str, str], ...], expected: bool
) -> None:  # fmt: skip
    """The dataset of the request, wherever it stands, replaces the union and FROM, wholly (protocol, 2.1.4)."""
    if way == "get":
        answer = client.get("/sparql?" + urlencode([("query", query), *parameters]))
    elif way == "form":
        answer = client.post("/sparql", data=urlencode([("query", query), *parameters]), content_type=FORM)
    else:
        answer = client.post("/sparql?" + urlencode(parameters), data=query, content_type=QUERY)
    assert json.loads(answer.data)["boolean"] is expected
