"""Clients that other people wrote, against a running server: what they ask for they get, and errors reach them as such.

roqet and curl are Debian's, Comunica runs in node: `npm ci` in `tests/clients` installs it. Each is skipped where it is
not at hand, and CI installs all of them.
"""

import csv
import io
import json
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, JSON, JSONLD, N3, POST, POSTDIRECTLY, RDFXML, TSV, TURTLE, URLENCODED, XML, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

from conftest import running
from kgraph.settings import Settings

KG = rdflib.Namespace("https://w3id.org/kgraph/ns#")
SELECT = f"SELECT ?n {{ ?t <{KG['count']}> ?n }}"
ASK = f"ASK {{ ?t <{KG['count']}> 4 }}"
CONSTRUCT = f"CONSTRUCT {{ ?t <{KG.harm}> ?n }} WHERE {{ ?t <{KG['count']}> ?n }}"
DESCRIBE = "DESCRIBE <https://example.org/river/place/ford>"
TOLL = rdflib.URIRef("https://example.org/river/claim/ford-shelled#toll-dead")
UNICODE = "Ağdərə Մարտակերտ 🏚 ‘+’ %2B"
ECHO = f'SELECT ("{UNICODE}" AS ?x) ("{UNICODE}"@hy AS ?y) {{}}'
ROWS = 20_000
BIG = f"SELECT * {{ ?a ?b ?c . ?d ?e ?f }} LIMIT {ROWS}"
NONE = "SELECT * {\n  ?s ?p"
DENIED = "ASK { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }"
COMUNICA = Path(__file__).parent.parent / "clients" / "node_modules" / ".bin" / "comunica-sparql"


@pytest.fixture(scope="module")
def server(built: Settings) -> Iterator[str]:
    """Return the address of a running endpoint."""
    with running(built) as (_, url):
        yield f"{url}sparql"


def _run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([command, *arguments], capture_output=True, text=True, timeout=60, check=False)


# SPARQLWrapper


@pytest.fixture(params=["GET", "form", "direct"])
def wrapper(request: pytest.FixtureRequest, server: str) -> SPARQLWrapper:
    """Return a SPARQLWrapper that asks by each way of the protocol."""
    made = SPARQLWrapper(server)
    if request.param != "GET":
        made.setMethod(POST)
        made.setRequestMethod(URLENCODED if request.param == "form" else POSTDIRECTLY)
    return made


def _wrapped(wrapper: SPARQLWrapper, query: str, form: str) -> object:
    wrapper.setQuery(query)
    wrapper.setReturnFormat(form)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of rdflib, of what it uses
        return wrapper.query().convert()


def test_sparqlwrapper_select(wrapper: SPARQLWrapper) -> None:
    """SELECT in JSON, XML, CSV and TSV, which it asks for by Accept and by three parameters at once."""
    found = _wrapped(wrapper, SELECT, JSON)
    assert isinstance(found, dict)
    assert [row["n"]["value"] for row in found["results"]["bindings"]] == ["4"]
    document = _wrapped(wrapper, SELECT, XML)
    assert ">4</literal>" in document.toxml()  # type: ignore[attr-defined]
    assert _wrapped(wrapper, SELECT, CSV) == b"n\r\n4\r\n"
    assert _wrapped(wrapper, SELECT, TSV) == b"?n\n4\n"


def test_sparqlwrapper_ask(wrapper: SPARQLWrapper) -> None:
    """ASK, in JSON."""
    assert _wrapped(wrapper, ASK, JSON) == {"head": {}, "boolean": True}


@pytest.mark.parametrize("form", [XML, RDFXML, TURTLE, N3, JSONLD])
def test_sparqlwrapper_graphs(wrapper: SPARQLWrapper, form: str) -> None:
    """CONSTRUCT and DESCRIBE in every form of RDF that it knows."""
    for query, triple in (
        (CONSTRUCT, (TOLL, KG.harm, rdflib.Literal(4))),
        (DESCRIBE, (None, rdflib.RDFS.label, rdflib.Literal("Furt", lang="de"))),
    ):
        found = _wrapped(wrapper, query, form)
        graph = rdflib.Graph().parse(data=found, format="turtle") if isinstance(found, bytes) else found
        assert triple in graph  # type: ignore[operator]


def test_sparqlwrapper_unicode_and_big(wrapper: SPARQLWrapper) -> None:
    """Every character comes back as it went, and a long answer comes whole."""
    found = _wrapped(wrapper, ECHO, JSON)
    assert isinstance(found, dict)
    row = found["results"]["bindings"][0]
    assert (row["x"]["value"], row["y"]["value"], row["y"]["xml:lang"]) == (UNICODE, UNICODE, "hy")
    big = _wrapped(wrapper, BIG, JSON)
    assert isinstance(big, dict)
    assert len(big["results"]["bindings"]) == ROWS


def test_sparqlwrapper_errors(wrapper: SPARQLWrapper) -> None:
    """A syntax error is what it calls one, with our line and column; a refusal is 403."""
    with pytest.raises(QueryBadFormed, match='"line": 2'):
        _wrapped(wrapper, NONE, JSON)
    with pytest.raises(HTTPError, match="403") as caught:
        _wrapped(wrapper, DENIED, JSON)
    caught.value.close()


def test_sparqlwrapper_dataset(wrapper: SPARQLWrapper) -> None:
    """Its default graphs are the default graph."""
    wrapper.addDefaultGraph("https://example.org/river/graph/places")
    assert _wrapped(wrapper, ASK, JSON) == {"head": {}, "boolean": False}


# rdflib


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
@pytest.mark.parametrize("form", ["xml", "json"])
def test_rdflib(server: str, method: str, form: str) -> None:
    """The store of rdflib reads SELECT, ASK, CONSTRUCT and single patterns, with languages and datatypes."""
    store = SPARQLStore(server, method=method, returnFormat=form)
    graph = rdflib.Graph(store)
    assert [tuple(row) for row in graph.query(SELECT)] == [(rdflib.Literal(4),)]  # type: ignore[arg-type]
    assert graph.query(ASK).askAnswer is True
    if form == "xml":  # for JSON it takes nothing that a graph can be written in
        assert (TOLL, KG.harm, rdflib.Literal(4)) in graph.query(CONSTRUCT).graph  # type: ignore[operator]
    assert [tuple(row) for row in graph.query(ECHO)] == [(rdflib.Literal(UNICODE), rdflib.Literal(UNICODE, lang="hy"))]  # type: ignore[arg-type]
    assert set(graph.objects(TOLL, KG["count"])) == {rdflib.Literal(4)}
    assert len(list(graph.query(BIG))) == ROWS


def test_rdflib_errors(server: str) -> None:
    """What is not SPARQL is an error to rdflib as well."""
    with pytest.raises(ValueError, match="something wrong"):
        rdflib.Graph(SPARQLStore(server)).query(NONE)


# curl


@pytest.fixture
def curl() -> str:
    """Return the name of curl, where it is at hand."""
    return _needed("curl")


def _needed(name: str) -> str:
    if shutil.which(name) is None:
        pytest.skip(f"NO {name.upper()}: it is not installed")
    return name


def test_curl(curl: str, server: str) -> None:
    """By GET and POST, plain and compressed, by HTTP/1.0 too, in the form that is asked for."""
    for options in (["-G"], [], ["--compressed"], ["--http1.0"], ["-G", "--compressed", "--http1.0"]):
        done = _run(curl, "-sSf", *options, server, "-H", "Accept: text/csv", "--data-urlencode", f"query={BIG}")
        assert len(list(csv.reader(io.StringIO(done.stdout)))) == ROWS + 1, done.stderr
    body = _run(curl, "-sSf", server, "-H", "Content-Type: application/sparql-query", "--data-binary", ECHO)
    assert json.loads(body.stdout)["results"]["bindings"][0]["x"]["value"] == UNICODE


def test_curl_head_and_options(curl: str, server: str) -> None:
    """-I shows the headers and does not wait for a body."""
    head = _run(curl, "-sSfI", "-G", server, "--data-urlencode", f"query={SELECT}").stdout
    assert head.startswith("HTTP/1.1 200")
    assert "etag: w/" in head.lower()
    assert "access-control-max-age" in _run(curl, "-sSfi", "-X", "OPTIONS", server).stdout.lower()


def test_curl_errors(curl: str, server: str) -> None:
    """-f fails on an error; without it, the problem says what is wrong; an answer that breaks off is an error too."""
    assert _run(curl, "-sf", server, "--data-urlencode", f"query={NONE}").returncode == 22
    problem = json.loads(_run(curl, "-s", server, "--data-urlencode", f"query={NONE}").stdout)
    assert (problem["status"], problem["line"]) == (400, 2)
    endless = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
    for options in ([], ["--compressed"]):
        done = _run(curl, "-sS", *options, server, "-d", "timeout=0.5", "--data-urlencode", f"query={endless}")
        assert done.returncode in {18, 56}, done.stderr


# roqet


@pytest.fixture
def roqet() -> str:
    """Return the name of roqet, where it is at hand."""
    return _needed("roqet")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (SELECT, '[n=string("4"^^<http://www.w3.org/2001/XMLSchema#integer>)]'),
        ('SELECT ("é☃"@fr AS ?x) {}', r'[x=string("\u00E9\u2603"@fr)]'),
    ],
)
def test_roqet(roqet: str, server: str, query: str, expected: str) -> None:
    """The protocol client of roqet reads our XML."""
    done = _run(roqet, "-q", "-p", server, "-e", query)
    assert (done.returncode, done.stdout.strip().removeprefix("row: ")) == (0, expected), done.stderr


def test_roqet_big(roqet: str, server: str) -> None:
    """It reads all of a long answer."""
    done = _run(roqet, "-q", "-p", server, "-e", BIG)
    assert done.stdout.count("\n") == ROWS, done.stderr


def test_roqet_errors(roqet: str, server: str) -> None:
    """It is told of an error by the status."""
    done = _run(roqet, "-q", "-p", server, "-e", NONE)
    assert done.returncode != 0
    assert "400" in done.stderr


# Comunica


@pytest.fixture
def comunica() -> str:
    """Return the way to Comunica's command, where it is at hand."""
    if shutil.which("node") is None or not COMUNICA.exists():
        pytest.skip("NO COMUNICA: run `npm ci` in tests/clients, with node 18 or newer")
    return str(COMUNICA)


def test_comunica_finds_out_by_itself(comunica: str, server: str) -> None:
    """Given nothing but the address, it finds an endpoint there and reads SELECT."""
    done = _run(comunica, server, SELECT, "-t", "application/sparql-results+json")
    found = json.loads(done.stdout)["results"]["bindings"]
    assert [row["n"]["value"] for row in found] == ["4"], done.stderr


def test_comunica(comunica: str, server: str) -> None:
    """SELECT with every character, ASK and CONSTRUCT."""
    source = f"sparql@{server}"
    echo = json.loads(_run(comunica, source, ECHO, "-t", "application/sparql-results+json").stdout)
    assert echo["results"]["bindings"][0]["y"] == {"type": "literal", "value": UNICODE, "xml:lang": "hy"}
    assert _run(comunica, source, ASK).stdout.strip() == "true"
    graph = _run(comunica, source, CONSTRUCT, "-t", "application/n-triples").stdout
    assert (TOLL, KG.harm, rdflib.Literal(4)) in rdflib.Graph().parse(data=graph, format="nt")


def test_comunica_big(comunica: str, server: str) -> None:
    """It reads all of a long answer."""
    done = _run(comunica, f"sparql@{server}", BIG, "-t", "text/csv")
    assert len(list(csv.reader(io.StringIO(done.stdout)))) == ROWS + 1, done.stderr


def test_comunica_joins(comunica: str, server: str) -> None:
    """A join of two sources, ours and ours again, is asked for in many small queries."""
    query = f"SELECT ?n {{ ?c <{KG.toll}> ?t . ?t <{KG['count']}> ?n }}"
    done = _run(comunica, f"sparql@{server}", f"sparql@{server}/", query, "-t", "application/sparql-results+json")
    assert {row["n"]["value"] for row in json.loads(done.stdout)["results"]["bindings"]} == {"4"}, done.stderr


def test_comunica_errors(comunica: str, server: str) -> None:
    """What our endpoint refuses is an error to Comunica."""
    done = _run(comunica, f"sparql@{server}", "SELECT (<urn:nothing>(1) AS ?x) { ?s ?p ?o }")
    assert done.returncode != 0 or "400" in done.stderr or "urn:nothing" in done.stderr
