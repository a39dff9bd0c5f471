"""Saved queries over HTTP: their list, their rows in every form, pages, pins and mistakes."""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient
from queries_corpus import built_with_queries
from rdflib import RDFS, SH, Graph, Literal, URIRef
from rdflib.namespace import RDF
from werkzeug.http import parse_options_header

from kgraph.errors import Busy
from kgraph.saved.library import Library
from kgraph.store.embedded import Embedded
from kgraph.terms import SCHEMA
from kgraph.web import create_app
from kgraph.web.asking import MovedOnError, steady
from kgraph.web.geojson import geometry

BASE = "https://w3id.org/kgraph/nk2020/"
EVERY = "/queries/every-type.json?claim=ford-shelled"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Return a client of the application over a corpus with queries of every form."""
    loaded = built_with_queries(tmp_path_factory.mktemp("small") / "corpus")
    engine = Embedded(loaded.releases, readers=1, timeout=5.0)
    yield create_app(loaded, engine).test_client()
    engine.close()


def _links(answer: Any) -> dict[str, str]:
    """Return the addresses in a Link header by relation; of several alternates, the last."""
    found = re.findall(r'<([^>]*)>; rel="([^"]*)"', answer.headers["Link"])
    return {rel: where for where, rel in found}


def _rows(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.data
    rows: list[dict[str, Any]] = json.loads(answer.data)["results"]["bindings"]
    return rows


@pytest.mark.parametrize(
    ("path", "accept"), [("/queries", "*/*"), ("/queries.json", "text/html"), ("/queries", "application/json")]
)
def test_list(ours: FlaskClient, answers: Embedded, path: str, accept: str) -> None:
    """The list has every query, with summary, groups and typed parameters."""
    answer = ours.get(path, headers={"Accept": accept})
    assert answer.headers["Content-Type"] == "application/json"
    listed = json.loads(answer.data)["queries"]
    assert [query["id"] for query in listed] == Library(answers.release()).names()
    [killed] = [query for query in listed if query["id"] == "killed"]
    assert killed["tags"] == ["counts", "victims"]
    assert {"name", "type", "required", "default", "example"} <= set(killed["params"][0])
    assert ours.get(path, headers={"Accept": accept, "If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_list_page(ours: FlaskClient) -> None:
    """Browsers get the queries by group, each with a link to its form; a slash behind the address does no harm."""
    page = ours.get("/queries", headers={"Accept": "text/html"}).text
    assert '<h2 id="alleged-perpetrators">Alleged perpetrators</h2>' in page
    assert '<a href="queries/killed">How many people are said to have been killed?</a>' in page
    assert ours.get("/queries/").headers["Location"] == "../queries"
    assert 'href="queries"' in ours.get("/").text


@pytest.mark.parametrize(
    ("suffix", "media_type"),
    [
        ("json", "application/sparql-results+json"), ("csv", "text/csv; charset=utf-8"),
        ("tsv", "text/tab-separated-values; charset=utf-8"), ("xml", "application/sparql-results+xml"),
        ("rq", "application/sparql-query; charset=utf-8"), ("ttl", "text/turtle; charset=utf-8"),
        ("html", "text/html; charset=utf-8"),
    ],
)  # fmt: skip
def test_forms(ours: FlaskClient, suffix: str, media_type: str) -> None:
    """Each form is had by its suffix, and by Accept; with a tag, for HEAD too, readable from other origins."""
    by_suffix = ours.get(f"/queries/killed.{suffix}")
    accept = parse_options_header(media_type)[0]
    by_accept = ours.get("/queries/killed", headers={"Accept": accept})
    release = ours.get("/health").json["release"]  # type: ignore[index]
    for answer in (by_suffix, by_accept):
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
        assert release[:32] in answer.headers["ETag"]
        assert "Accept" in answer.headers["Vary"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert by_suffix.data == by_accept.data or suffix == "html"
    head = ours.head(f"/queries/killed.{suffix}")
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", by_suffix.headers["ETag"])
    again = ours.get(f"/queries/killed.{suffix}", headers={"If-None-Match": by_suffix.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_options(ours: FlaskClient) -> None:
    """A preflight of another origin is told what it may send."""
    answer = ours.options("/queries/killed.csv")
    assert answer.status_code == 200
    assert {"GET", "HEAD", "OPTIONS"} == set(answer.headers["Allow"].split(", "))
    assert "If-None-Match" in answer.headers["Access-Control-Allow-Headers"]


def test_tags_tell_what_differs(ours: FlaskClient) -> None:
    """Another form, value or page has another tag, so that none is taken for another."""
    paths = [
        "killed.json",
        "killed.csv",
        "killed.json?place=ganja",
        "killed.json?limit=2",
        "killed.json?limit=2&offset=1",
    ]
    tags = [ours.get(f"/queries/{path}").headers["ETag"] for path in paths]
    assert len(set(tags)) == len(tags)
    assert ours.get("/queries/killed.json", headers={"If-None-Match": tags[1]}).status_code == 200


def test_values_restrict(ours: FlaskClient) -> None:
    """A value in any of its three forms gives the same rows; several values give the rows of each."""
    forms = ["ganja", "place/ganja", f"{BASE}place/ganja"]
    found = [_rows(ours.get("/queries/killed.json", query_string={"place": form})) for form in forms]
    assert found[0] == found[1] == found[2] != []
    both = _rows(ours.get("/queries/killed.json?place=ganja&place=barda"))
    assert len(both) == len(found[0]) + len(_rows(ours.get("/queries/killed.json?place=barda")))


def test_iri_of_a_query(ours: FlaskClient) -> None:
    """The IRI of a query leads to it, values and suffix included; one that is not there does not."""
    answer = ours.get("/query/killed.csv?place=ganja")
    assert (answer.status_code, answer.headers["Location"]) == (303, "../queries/killed.csv?place=ganja")
    assert ours.get("/query/killed").headers["Location"] == "../queries/killed"
    assert ours.get("/query/nope").status_code == 404


def test_csv_is_that_of_the_standard(small: FlaskClient) -> None:
    """No BOM, CRLF, quotes doubled, and nothing put before what a spreadsheet might take for a formula."""
    body = small.get("/queries/formulas.csv").data
    assert body.startswith(b"text\r\n")
    assert list(csv.reader(io.StringIO(body.decode(), newline=""))) == [["text"], ["=1+1"], ['a,"b"\n'], ["é"]]


def test_description_in_rdf(ours: FlaskClient) -> None:
    """The description of a query in RDF has its text, its parameters and the endpoint; it takes no values."""
    graph = Graph().parse(data=ours.get("/queries/killed.ttl").data, format="turtle")
    iri = URIRef(f"{BASE}query/killed")
    assert (iri, RDF.type, SH.SPARQLExecutable) in graph
    assert (iri, SCHEMA.target, URIRef("http://localhost/sparql")) in graph
    assert {str(name) for name in graph.objects(None, SH.name)} == {"event", "agent", "place", "from", "to"}
    refused = ours.get("/queries/killed.ttl?place=ganja")
    assert (refused.status_code, json.loads(refused.data)["parameter"]) == (400, "place")


def test_text_as_bound(ours: FlaskClient) -> None:
    """The text of a query holds the values that were given, and gives the same rows at /sparql."""
    text = ours.get("/queries/killed.rq?place=ganja&limit=1").text
    assert f"<{BASE}place/ganja>" in text
    assert "LIMIT 1" in text
    rows = _rows(ours.get("/sparql", query_string={"query": text}))
    assert rows == _rows(ours.get("/queries/killed.json?place=ganja&limit=1"))
    assert text in ours.get("/editor", query_string={"query": text}).text.replace("&lt;", "<").replace(
        "&gt;", ">"
    ).replace("&#34;", '"')


def test_geojson(ours: FlaskClient) -> None:
    """Rows with a position are features, with their precision; those without are there, without a geometry."""
    answer = ours.get("/queries/places.geojson")
    assert answer.headers["Content-Type"] == "application/geo+json"
    found = json.loads(answer.data)
    assert found["type"] == "FeatureCollection"
    assert found["release"] == ours.get("/health").json["release"]  # type: ignore[index]
    assert (
        len(found["features"]) == len(_rows(ours.get("/queries/places.json"))) == int(answer.headers["X-Total-Count"])
    )
    [barda, *_] = [f for f in found["features"] if f["properties"]["name"] == "Barda"]
    assert barda["geometry"] == {"type": "Point", "coordinates": [47.12619, 40.37577]}
    assert barda["properties"]["precision"] == 5000
    assert any(f["geometry"] is None for f in found["features"])
    by_accept = ours.get("/queries/places", headers={"Accept": "application/geo+json"})
    assert by_accept.data == answer.data
    again = ours.get("/queries/places.geojson", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_geojson_only_of_places(ours: FlaskClient) -> None:
    """A query without positions has no GeoJSON: 406, with what there is."""
    answer = ours.get("/queries/killed.geojson")
    assert answer.status_code == 406
    assert "killed.csv" in json.loads(answer.data)["accepted"]
    assert ours.get("/queries/killed", headers={"Accept": "application/geo+json"}).status_code == 406


@pytest.mark.parametrize(
    ("wkt", "shape", "coordinates"),
    [
        ("POINT(1.5 -2)", "Point", [1.5, -2.0]),
        ("<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POINT (1 2 3)", "Point", [1.0, 2.0, 3.0]),
        ("LINESTRING(1 2, 3 4)", "LineString", [[1.0, 2.0], [3.0, 4.0]]),
        ("POLYGON((0 0, 1 0, 1 1, 0 0))", "Polygon", [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]]),
    ],
)  # fmt: skip
def test_geometry(wkt: str, shape: str, coordinates: Any) -> None:
    """A WKT becomes the geometry of the same shape, longitude first."""
    assert geometry(wkt) == {"type": shape, "coordinates": coordinates}


@pytest.mark.parametrize(
    "wkt", ["POINT EMPTY", "POINT(1)", "CIRCLE(1 2)", "<http://x/EPSG/4326> POINT(1 2)", "POINT(1 2", ""]
)
def test_no_geometry(wkt: str) -> None:
    """What is none of the shapes, or in other coordinates, has no geometry rather than a wrong one."""
    assert geometry(wkt) is None


def test_pages(ours: FlaskClient) -> None:
    """Following `next` gives all rows, each once, in order; the total is the same and true on every page."""
    whole = _rows(ours.get("/queries/who-says-what.json"))
    where, found, seen = "/queries/who-says-what.json?limit=100", [], 0
    while where:
        answer = ours.get(where)
        found += _rows(answer)
        assert answer.headers["X-Total-Count"] == str(len(whole))
        links, seen = _links(answer), seen + 1
        assert ("prev" in links) == (seen > 1)
        last, where = urljoin(where, links["last"]), urljoin(where, links["next"]) if "next" in links else ""
    assert found == whole
    assert _rows(ours.get(last)) == whole[len(whole) // 100 * 100 :]
    beyond = ours.get("/queries/who-says-what.json?limit=100&offset=100000")
    assert _rows(beyond) == []
    assert _links(beyond)["prev"] == _links(beyond)["last"]


def test_total_without_pages(ours: FlaskClient) -> None:
    """All rows have a total, and no links to pages; other forms are linked with the same values."""
    answer = ours.get("/queries/killed.csv?place=ganja")
    assert answer.headers["X-Total-Count"] == "2"
    links = _links(answer)
    assert "next" not in links
    assert "<killed.json?place=ganja>" in answer.headers["Link"]


def test_permalink(ours: FlaskClient, answers: Embedded) -> None:
    """The link that pins query and release gives the same bytes; a pin that does not hold is refused, never ignored."""
    answer = ours.get("/queries/killed.csv?place=ganja&limit=1")
    pinned = _links(answer)["cite-as"]
    assert f"release={answers.release().digest}" in pinned
    assert ours.get(f"/queries/{pinned}").data == answer.data
    short = f"/queries/killed.csv?release={answers.release().digest[:12]}"
    assert ours.get(short).status_code == 200
    for name in ("release", "version"):
        gone = ours.get(f"/queries/killed.csv?{name}={'0' * 64}")
        problem = json.loads(gone.data)
        assert (gone.status_code, problem["parameter"]) == (404, name)
        assert problem["served"]["release"] == answers.release().digest
        assert problem["accepted"] == problem["served"][name]
        assert ours.get(f"/queries/killed.csv?{name}=abc").status_code == 400


@pytest.mark.parametrize(
    ("given", "parameter", "nearest"),
    [
        ("place=ganjaa", "place", "place/ganja"), ("plce=ganja", "plce", "place"), ("from=2020-13-01", "from", None),
        ("place=", "place", None), ("limit=0", "limit", None), ("limit=x", "limit", None),
        ("offset=-1", "offset", None),
        ("timeout=0", "timeout", None), ("limit=1&limit=2", "limit", None),
        ("from=2020-10-01&from=2020-10-02", "from", None),
        ("limit=%C2%B2", "limit", None), ("timeout=nan", "timeout", None), ("format=csv", "format", None),
    ],
)  # fmt: skip
def test_mistakes(ours: FlaskClient, given: str, parameter: str, nearest: str | None) -> None:
    """A parameter that is unknown, doubled or wrong is refused with its name and what is accepted, or near."""
    for suffix in (".json", ".csv", ".rq", ""):
        answer = ours.get(f"/queries/killed{suffix}?{given}")
        problem = json.loads(answer.data)
        assert (answer.status_code, problem["parameter"]) == (400, parameter)
        assert problem["accepted"]
        assert nearest is None or nearest in problem["nearest"]


def test_no_such_query(ours: FlaskClient) -> None:
    """A query that is not there is 404, with those that are near; so is a suffix that means nothing."""
    problem = json.loads(ours.get("/queries/kiled.csv").data)
    assert (problem["status"], problem["nearest"][0]) == (404, "killed")
    assert json.loads(ours.get("/queries/killed.pdf").data)["status"] == 404
    assert ours.get("/queries/killed/").status_code == 404


def test_every_type_of_value(small: FlaskClient) -> None:
    """Values of every type are bound as terms; quotes and braces in a text stay a text."""
    text = 'it"} . ?s ?p ?o { #'
    given = {
        "claim": "ford-shelled",
        "day": "2020-05-03",
        "whole": ["1", "-7"],
        "flag": "false",
        "choice": "one-of",
        "text": text,
    }
    rows = _rows(small.get("/queries/every-type.json", query_string=given))
    assert [row["whole"]["value"] for row in rows] == ["-7", "1"]
    assert rows[0]["text"] == {"type": "literal", "value": text}
    assert rows[0]["flag"]["value"] == "false"
    assert rows[0]["choice"]["value"] == "one-of"
    assert _rows(small.get(EVERY))[0]["choice"]["value"] == "all"
    missing = json.loads(small.get("/queries/every-type.json").data)
    assert (missing["status"], missing["parameter"]) == (400, "claim")
    wrong = json.loads(small.get(f"{EVERY}&choice=one").data)
    assert wrong["accepted"] == ["all", "one-of"]


def test_ask(small: FlaskClient) -> None:
    """An ASK is answered by a boolean, without a total; it has no pages."""
    answer = small.get("/queries/is-there.json")
    assert json.loads(answer.data)["boolean"] is True
    assert "X-Total-Count" not in answer.headers
    assert "Yes." in small.get("/queries/is-there.html").text
    assert small.get("/queries/is-there.json?limit=1").status_code == 400


def test_construct(small: FlaskClient) -> None:
    """A CONSTRUCT is answered in RDF: `.ttl` is the result; rows it has none."""
    graph = Graph().parse(data=small.get("/queries/made.ttl").data, format="turtle")
    assert len(graph) == 3
    assert small.get("/queries/made", headers={"Accept": "*/*"}).headers["Content-Type"].startswith("text/turtle")
    assert small.get("/queries/made.csv").status_code == 406
    assert "made.ttl" in small.get("/queries/made.html").text
    assert small.get("/queries/made.ttl?limit=1").status_code == 400


def test_what_changes_has_no_tag(small: FlaskClient) -> None:
    """A query that is answered otherwise each time is not kept by anybody."""
    for suffix in ("json", "html"):
        answer = small.get(f"/queries/when.{suffix}")
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers
    assert small.get("/queries/when.rq").headers["ETag"]


def test_another_release_meanwhile(small: FlaskClient) -> None:
    """What was begun with one release is begun anew with the next, a few times, and then refused for now."""
    tried = []

    def make(release: Any) -> str:
        tried.append(release)
        if len(tried) < 3:
            raise MovedOnError
        return "made"

    def never(release: Any) -> str:
        raise MovedOnError

    with small.application.test_request_context():
        assert steady(make) == "made"
        with pytest.raises(Busy):
            steady(never)


def test_all_queries_have_comments(ours: FlaskClient) -> None:
    """Every query that is listed is among the examples, under the same summary."""
    graph = Graph().parse(data=ours.get("/.well-known/sparql-examples").data, format="turtle")
    for query in json.loads(ours.get("/queries.json").data)["queries"]:
        assert (URIRef(f"{BASE}query/{query['id']}"), RDFS.label, Literal(query["summary"], lang="en")) in graph


def test_no_cell_is_a_formula(ours: FlaskClient, answers: Embedded) -> None:
    """No cell of our own queries begins as what a spreadsheet would take for a formula."""
    for name in Library(answers.release()).names():
        rows = csv.reader(io.StringIO(ours.get(f"/queries/{name}.csv").text, newline=""))
        assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


@pytest.mark.parametrize("path", ["/openapi.json", "/queries/killed.ttl", "/queries/killed.html"])
def test_host_that_is_none(ours: FlaskClient, path: str) -> None:
    """What names the address of the service is refused to a request that names no host."""
    assert ours.get(path, headers={"Host": "%"}).status_code == 400
