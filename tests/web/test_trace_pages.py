"""Traces over HTTP: every form, by suffix or Accept, and what a program reads out of one of them."""

import json
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from pyld import jsonld
from rdflib import Graph
from rdflib.compare import isomorphic

from conftest import REPOSITORY
from kgraph.store.embedded import Embedded

CLAIM = "/claim/barda-armenia-responsible/trace"
BASE = "https://w3id.org/kgraph/nk2020/"
ASKED = """
PREFIX kg: <https://w3id.org/kgraph/ns#>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?attester ?stance ?start ?end ?digest ?curator ?release WHERE {
  ?claim kg:attestation ?attestation .
  ?attestation a prov:Activity ; prov:wasAssociatedWith/rdfs:label ?attester ; kg:stance/skos:prefLabel ?stance ;
    kg:passage ?passage .
  ?passage oa:hasSelector [ oa:start ?start ; oa:end ?end ] ; prov:wasQuotedFrom/kg:sha256 ?digest .
  ?np prov:wasGeneratedBy/prov:wasAssociatedWith/rdfs:label ?curator .
  ?corpus prov:hadMember ?np ; kg:releaseDigest ?release .
}
"""


def test_one_get_answers_by_sparql(ours: FlaskClient, answers: Embedded) -> None:
    """One GET of a trace as JSON-LD, read without a network, tells attester, stance, offsets, digests and curator."""
    graph = Graph().parse(data=ours.get(f"{CLAIM}.jsonld").data, format="json-ld")
    [row] = [tuple(map(str, row)) for row in graph.query(ASKED)]  # type: ignore[arg-type]
    sha256 = "1d55eb6798df019a496b33016c03aaee34ac62c47e2f20c1399c98f2b3be7a09"
    expected = ("Armenia", "denies", "7051", "7080", sha256, "Curators of this corpus", answers.release().digest)
    assert row == expected


@pytest.mark.parametrize("claim", ["barda-armenia-responsible", "tartar-cemetery-shelled", "ganja-airport-fired-at"])
def test_forms_say_the_same(ours: FlaskClient, claim: str) -> None:
    """Turtle and JSON-LD are one graph, to rdflib and to pyld, with no blank nodes."""
    turtle = Graph().parse(data=ours.get(f"/claim/{claim}/trace.ttl").data, format="turtle")
    text = ours.get(f"/claim/{claim}/trace.jsonld").data
    assert isomorphic(turtle, Graph().parse(data=text, format="json-ld"))
    quads = jsonld.to_rdf(json.loads(text), {"format": "application/n-quads"})
    assert isomorphic(turtle, Graph().parse(data=quads, format="nt"))
    assert "_:" not in quads


def test_terms_are_real(ours: FlaskClient) -> None:
    """Every term of PROV-O that a trace uses is one."""
    from rdflib.namespace import PROV  # noqa: PLC0415 - a closed namespace: asking for what it has not raises

    graph = Graph().parse(data=ours.get(f"{CLAIM}.ttl").data, format="turtle")
    used = {str(term) for triple in graph for term in triple if str(term).startswith(str(PROV))}
    assert len(used) > 8
    for term in used:
        assert PROV[term.removeprefix(str(PROV))]


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "html"),
        ("text/turtle", "ttl"),
        ("application/ld+json", "jsonld"),
        ("application/json", "json"),
        ("image/svg+xml", "svg"),
        ("text/turtle;q=0.5, image/svg+xml;q=0.9", "svg"),
        ("*/*", "html"),
    ],
)
def test_negotiated(ours: FlaskClient, accept: str, suffix: str) -> None:
    """The address without a suffix leads, relative to itself, to the form that the client takes best."""
    answer = ours.get(CLAIM, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"trace.{suffix}")
    assert answer.headers["Vary"] == "Accept"
    there = ours.get(f"{CLAIM}.{suffix}")
    assert there.status_code == 200
    assert there.headers["ETag"]
    assert ours.get(f"{CLAIM}.{suffix}", headers={"If-None-Match": there.headers["ETag"]}).status_code == 304
    head = ours.head(f"{CLAIM}.{suffix}")
    assert (head.status_code, head.data) == (200, b"")


def test_refusals(ours: FlaskClient) -> None:
    """What there is not is 404 with what there is, a form that nobody has 406."""
    assert ours.get(CLAIM, headers={"Accept": "audio/ogg"}).status_code == 406
    assert ours.get("/claim/no-such/trace").status_code == 404
    assert ours.get("/claim/no-such/trace.svg").status_code == 404
    answer = ours.get(f"{CLAIM}.pdf", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert ".svg" in answer.get_json()["accepted"]
    assert ours.get("/agent/armenia/trace.svg").status_code == 404
    bad = ours.get("/agent/armenia/trace.json?limit=x", headers={"Accept": "application/json"})
    assert (bad.status_code, bad.get_json()["parameter"]) == (400, "limit")


def test_page(ours: FlaskClient) -> None:
    """The page says who denies, how the claim stands, where to verify, and carries the picture with links that work."""
    page = ours.get(f"{CLAIM}.html").get_data(as_text=True)
    for words in (
        "Who denies or disputes it",
        "Contested: supported by",
        "kgraph verify",
        "<svg",
        "Through other claims",
    ):
        assert words in page
    assert 'href="../../agent/armenia"' in page
    assert 'href="../../vocab/basis/context"' in page
    for there in ("/agent/armenia", "/vocab/basis/context"):
        assert ours.get(there).status_code == 303


def test_picture(ours: FlaskClient) -> None:
    """The picture is an SVG by itself, with a title."""
    answer = ours.get(f"{CLAIM}.svg")
    assert answer.mimetype == "image/svg+xml"
    root = ET.fromstring(answer.data)  # noqa: S314 - our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root[0].text
    assert "Armenia is responsible" in root[0].text


def test_mentions(ours: FlaskClient) -> None:
    """Of anything else the trace is the claims that mention it, a page at a time, with an honest total."""
    told = ours.get("/event/barda-strikes/trace.json").get_json()
    assert told["total"] == len(told["mentions"]) > 10
    page = ours.get("/event/barda-strikes/trace.json?limit=3&offset=2").get_json()
    assert page["mentions"] == told["mentions"][2:5]
    assert page["total"] == told["total"]
    turtle = Graph().parse(data=ours.get("/event/barda-strikes/trace.ttl").data, format="turtle")
    text = ours.get("/event/barda-strikes/trace.jsonld").data
    assert isomorphic(turtle, Graph().parse(data=text, format="json-ld"))
    html = ours.get("/agent/human-rights-watch/trace.html").get_data(as_text=True)
    assert 'rel="next"' in html
    assert ours.get("/attestation/barda-armenia-responsible/armenia/trace").status_code == 303


def test_page_is_documented() -> None:
    """docs/trace.md names every form."""
    text = (REPOSITORY / "docs" / "trace.md").read_text(encoding="utf-8")
    for suffix in (".html", ".jsonld", ".ttl", ".svg", ".json"):
        assert f"`{suffix}`" in text
