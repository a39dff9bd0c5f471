"""Faults that other endpoints have been seen to have, each named; ours must have none of them."""

import gzip
import json
import socket
import time
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient

from conftest import running
from kgraph.settings import Settings

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
PLACES = "https://example.org/river/graph/places"
MANY = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 30000"
ENDLESS = "SELECT * { ?a ?b ?c . ?d ?e ?f }"


@pytest.fixture(scope="module")
def server(built: Settings) -> Iterator[str]:
    """Return the address of a running endpoint."""
    with running(built) as (_, url):
        yield f"{url}sparql"


def _number(client: FlaskClient, **parameters: str) -> int:
    rows = json.loads(client.get("/sparql", query_string={"query": COUNT, **parameters}).data)["results"]["bindings"]
    return int(rows[0]["n"]["value"])


def test_rdflib_endpoint_ignores_the_default_graph(client: FlaskClient) -> None:
    """The parameter default-graph-uri chooses the default graph."""
    assert 0 < _number(client, **{"default-graph-uri": PLACES}) < _number(client)
    assert _number(client, **{"default-graph-uri": "urn:none"}) == 0


def test_rdflib_endpoint_decodes_forms_twice(client: FlaskClient) -> None:
    """A plus that was sent as %2B is a plus, and %252B is %2B; the same by GET."""
    query = 'SELECT ("1+1" AS ?plus) ("%2B" AS ?percent) ("a b" AS ?blank) {}'
    for answer in (
        client.post("/sparql", data=urlencode({"query": query}), content_type="application/x-www-form-urlencoded"),
        client.get("/sparql?" + urlencode({"query": query})),
    ):
        row = json.loads(answer.data)["results"]["bindings"][0]
        assert {name: term["value"] for name, term in row.items()} == {"plus": "1+1", "percent": "%2B", "blank": "a b"}


def test_rdflib_endpoint_has_no_tsv(client: FlaskClient) -> None:
    """TSV is written as its specification says, with terms as in Turtle."""
    answer = client.get(
        "/sparql", query_string={"query": 'SELECT ("a\\tb"@en AS ?x) (7 AS ?y) {}'},
        headers={"Accept": "text/tab-separated-values"},
    )  # fmt: skip
    assert answer.text == '?x\t?y\n"a\\tb"@en\t7\n'


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data; boundary=x", None])
def test_rdflib_endpoint_answers_wrong_types_by_200(client: FlaskClient, kind: str | None) -> None:
    """A body of a type that the protocol does not know is 415, with those that it knows."""
    answer = client.post("/sparql?query=ASK%7B%7D", data=b"ASK {}", content_type=kind)
    assert (answer.status_code, json.loads(answer.data)["accepted"][0]) == (415, "application/sparql-query")


def test_rdflib_endpoint_and_oxigraph_refuse_head(server: str) -> None:
    """HEAD has the status and headers of GET, no body, and no length that would be wrong."""
    address = f"{server}?{urlencode({'query': MANY})}"
    with (
        urlopen(Request(address, method="HEAD"), timeout=20) as head,
        urlopen(address, timeout=20) as get,
    ):
        assert (head.status, head.read()) == (200, b"")
        size = len(get.read())
        assert head.headers.get("Content-Length", str(size)) == str(size)
        names = ("Content-Type", "ETag", "Vary", "Cache-Control", "Access-Control-Allow-Origin")
        assert [head.headers[name] for name in names] == [get.headers[name] for name in names]


@pytest.mark.parametrize("accept", ["application/sparql-results+json", "application/sparql-results+xml"])
def test_prez_loses_datatypes_and_languages(client: FlaskClient, accept: str) -> None:
    """Datatypes and language tags come through every form that has them."""
    query = 'SELECT ("x"@en-GB AS ?l) (7.50 AS ?d) ("2020-05"^^<http://id.loc.gov/datatypes/edtf/EDTF> AS ?e) {}'
    text = client.get("/sparql", query_string={"query": query}, headers={"Accept": accept}).text
    text = text.replace("en-GB", "en-gb")  # language tags are the same in upper and lower case
    for part in ("en-gb", "http://www.w3.org/2001/XMLSchema#decimal", "http://id.loc.gov/datatypes/edtf/EDTF"):
        assert part in text


def test_prez_loses_datatypes_and_languages_in_graphs(client: FlaskClient) -> None:
    """And through every form of a graph."""
    query = 'CONSTRUCT { <urn:s> <urn:p#p> "x"@en-GB, "2020-05"^^<http://id.loc.gov/datatypes/edtf/EDTF> } {}'
    for accept in ("text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"):
        text = client.get("/sparql", query_string={"query": query}, headers={"Accept": accept}).text
        assert "en-gb" in text.lower()
        assert "http://id.loc.gov/datatypes/edtf/EDTF" in text


def test_grlc_splices_parameters_into_the_query(client: FlaskClient) -> None:
    """What a parameter holds never becomes part of the query."""
    sly = f"{PLACES}> {{}} UNION {{ ?s ?p ?o }} #"
    answer = client.get("/sparql", query_string={"query": COUNT, "default-graph-uri": sly})
    assert (answer.status_code, json.loads(answer.data)["parameter"]) == (400, "default-graph-uri")


def test_oxigraph_calls_other_servers(client: FlaskClient) -> None:
    """SERVICE is refused, and nobody is called."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.3)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        for text in (f"ASK {{ SERVICE <{address}> {{ ?s ?p ?o }} }}", f"ASK {{ SERVICE SILENT <{address}> {{}} }}"):
            assert client.get("/sparql", query_string={"query": text}).status_code == 403
        assert client.get("/sparql", query_string={"query": "ASK {}", "default-graph-uri": address}).status_code == 200
        with pytest.raises(TimeoutError):
            listener.accept()


def test_oxigraph_writes_xml_that_is_none(client: FlaskClient) -> None:
    """XML results are well-formed whatever characters a literal holds."""
    query = 'SELECT ("a\\u0000b\\u001Fc\\uFFFEd\\re" AS ?x) {}'
    answer = client.get("/sparql", query_string={"query": query}, headers={"Accept": "application/xml"})
    assert "".join(ET.fromstring(answer.data).itertext()) == "a\ufffdb\ufffdc\ufffdd\re"  # noqa: S314 - our own answer


def test_oxigraph_answers_an_unknown_function_by_500(client: FlaskClient) -> None:
    """An unknown function is the client's mistake, and is named."""
    answer = client.get("/sparql", query_string={"query": "SELECT (<urn:f>(1) AS ?x) {}"})
    assert (answer.status_code, "urn:f" in json.loads(answer.data)["detail"]) == (400, True)


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_oxigraph_ends_a_cancelled_answer_as_if_whole(server: str, coding: str) -> None:
    """An answer that its deadline cuts off after the first byte ends in a broken connection, compressed or not."""
    address = f"{server}?{urlencode({'query': ENDLESS, 'timeout': '0.5'})}"
    with urlopen(Request(address, headers={"Accept-Encoding": coding}), timeout=20) as answer:
        assert answer.status == 200
        assert answer.headers.get("Content-Encoding", "identity") == coding
        with pytest.raises(Exception, match=r"IncompleteRead|reset|aborted"):
            answer.read()


def test_oxigraph_ends_a_cancelled_answer_as_if_whole_to_http_1_0(server: str) -> None:
    """HTTP/1.0 cannot show that a body broke off, so there the answer is whole and has its length, or is an error."""
    host, port = server.split("/")[2].split(":")
    heads = []
    for parameters in ({"query": MANY}, {"query": ENDLESS, "timeout": "0.5"}):
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(f"GET /sparql?{urlencode(parameters)} HTTP/1.0\r\n\r\n".encode())
            head, _, body = b"".join(iter(lambda: connection.recv(1 << 16), b"")).partition(b"\r\n\r\n")
        heads.append(head.decode().lower())
        assert f"content-length: {len(body)}" in heads[-1]
        json.loads(body)
    assert heads[0].split(" ")[1] == "200"
    assert heads[1].split(" ")[1] in {"413", "504"}


def test_virtuoso_answers_a_part(server: str) -> None:
    """An answer of 30,000 rows has 30,000 rows; whoever reads it slowly, or compressed, gets them too."""
    address = f"{server}?{urlencode({'query': MANY})}"
    bodies = []
    for coding in ("identity", "gzip"):
        headers = {"Accept": "text/csv", "Accept-Encoding": coding}
        with urlopen(Request(address, headers=headers), timeout=20) as answer:
            first = answer.read(10)
            time.sleep(0.3)
            bodies.append(first + answer.read())
    assert gzip.decompress(bodies[1]) == bodies[0]
    assert bodies[0].count(b"\r\n") == 30_001


def test_no_update_slips_through(server: str) -> None:
    """No way in: updates are refused by POST, in a query, and by methods that write."""
    for body, kind in ((b"CLEAR ALL", "application/sparql-update"), (b"CLEAR ALL", "application/sparql-query")):
        with pytest.raises(HTTPError) as caught:
            urlopen(Request(server, data=body, headers={"Content-Type": kind}), timeout=20)
        assert caught.value.status == 403
        caught.value.close()
    for method in ("PUT", "DELETE", "PATCH"):
        with pytest.raises(HTTPError) as caught:
            urlopen(Request(server, data=b"", method=method), timeout=20)
        assert (caught.value.status, "GET" in caught.value.headers["Allow"]) == (405, True)
        caught.value.close()
