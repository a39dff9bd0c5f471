"""Every IRI leads to the document about its thing, in the form that the client takes."""

import json

import pytest
import rdflib
from flask.testing import FlaskClient

from kgraph.formats import RESOURCES
from kgraph.store.embedded import Embedded

CLAIM = "https://example.org/river/claim/ford-shelled"
PARSERS = {"ttl": "turtle", "jsonld": "json-ld", "nt": "nt", "nq": "nquads", "trig": "trig", "rdf": "xml"}
THINGS = [
    "claim/ford-shelled",
    "attestation/ford-shelled/watch-group",
    "event/ford-shelling",
    "agent/watch-group",
    "victim/ford-people",
    "place/ford",
    "document/report",
    "passage/report/20-115",
    "graph/derived",
]


@pytest.mark.parametrize("thing", THINGS)
def test_303_and_then_the_document(client: FlaskClient, thing: str) -> None:
    """A thing's address redirects, by Accept, to a document that answers; the redirect is relative."""
    for form in RESOURCES:
        see = client.get(f"/{thing}", headers={"Accept": form.media_type})
        assert see.status_code == 303
        assert see.headers["Location"] == f"{thing.rpartition('/')[2]}.{form.name}"
        assert see.headers["Vary"] == "Accept"
        document = client.get(f"/{thing}.{form.name}")
        assert document.status_code == 200
        assert document.headers["Content-Type"].startswith(form.media_type)
        assert document.headers["ETag"]


@pytest.mark.parametrize("suffix", PARSERS)
def test_rdf_is_read_by_another_library(client: FlaskClient, suffix: str) -> None:
    """Each RDF form of a claim is read by rdflib and says the same of it, datatypes and languages included."""
    graph = rdflib.Dataset(default_union=True)
    graph.parse(data=client.get(f"/claim/ford-shelled.{suffix}").data, format=PARSERS[suffix])
    kg = rdflib.Namespace("https://w3id.org/kgraph/ns#")
    claim = rdflib.URIRef(CLAIM)
    statement = rdflib.Literal("Northland shelled Ford, and at least four people died.", lang="en")
    assert set(graph.objects(claim, kg.statement)) == {statement}
    edtf = rdflib.URIRef("http://id.loc.gov/datatypes/edtf/EDTF")
    assert set(graph.objects(claim, kg.date)) == {rdflib.Literal("2020-05-03", datatype=edtf)}
    assert len(set(graph.objects(claim, kg.attestation))) == 2


def test_claim_page(client: FlaskClient) -> None:
    """The page of a claim says who asserts and who denies it, and quotes the passage where the archive is at hand."""
    page = client.get("/claim/ford-shelled.html").text
    for words in ("Watch Group", "asserts", "Northland", "denies", "characters", "20–115", "four people"):
        assert words in page


def test_parts_of_a_thing_are_shown_with_it(client: FlaskClient) -> None:
    """A toll stands on the page of its claim, with number and qualifier, and not as a link that leads back."""
    page = client.get("/claim/ford-shelled.html").text
    assert "at least" in page
    assert "<span>4</span>" in page
    assert "ford-shelled#toll-dead" not in page.replace('href="../claim/ford-shelled#toll-dead">toll-dead</a>', "", 1)
    assert "<span>20</span>" in client.get("/passage/report/20-115.html").text


def test_unknown(client: FlaskClient) -> None:
    """What is not there is 404, as a problem or as a page."""
    for path in ("/claim/nope", "/claim/nope.ttl", "/agent/nope.html", "/nonsense/x", "/claim/ford-shelled.doc"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert json.loads(answer.data)["status"] == 404
    assert b"<h1>Not found</h1>" in client.get("/claim/nope", headers={"Accept": "text/html"}).data


@pytest.mark.parametrize(
    "path", ["/claim/a%00b", "/claim/%FF%FE", "/claim/%ED%A0%80.ttl", "/agent/a b", "/claim/<x>.html"]
)
def test_what_is_no_iri_is_not_there(client: FlaskClient, path: str) -> None:
    """A path that gives no IRI names nothing: 404, whatever characters it holds."""
    assert client.get(path).status_code == 404


def test_health(client: FlaskClient, engine: Embedded) -> None:
    """Health names the release and its size."""
    manifest = engine.release().manifest
    assert client.get("/health").json == {
        "status": "ok",
        "release": manifest.digest,
        "claims": 3,
        "quads": manifest.quads,
    }


def test_home_links_every_claim(client: FlaskClient) -> None:
    """From the first page there is a way to each claim, and each link answers."""
    page = client.get("/").text
    for claim in ("ford-shelled", "bridge-hit", "northland-responsible"):
        assert f'href="claim/{claim}"' in page
