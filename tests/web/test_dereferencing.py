"""Every IRI of the corpus answers: with the right status, headers and form, and with links that lead somewhere."""

import json
import re
from itertools import chain
from urllib.parse import urljoin

import pytest
import rdflib
from flask import Flask
from flask.testing import FlaskClient
from rdflib.namespace import FOAF, RDF
from werkzeug.http import parse_options_header
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Response

from kgraph import resource
from kgraph.formats import RESOURCES
from kgraph.resource import ONTOLOGY, address, describe, iri_at
from kgraph.store.embedded import Embedded
from kgraph.terms import KG, VOCAB

BASE = "https://example.org/river/"
CLAIM = f"{BASE}claim/ford-shelled"
PARSERS = {"ttl": "turtle", "jsonld": "json-ld", "nt": "nt", "nq": "nquads", "trig": "trig", "rdf": "xml"}
ACCEPTS = {
    None: "html",
    "": "html",
    "*/*": "html",
    "text/turtle": "ttl",
    "text/turtle;q=0.2, application/n-triples;q=0.9": "nt",
    "text/html;q=0, */*;q=0.1": "ttl",
    "application/*": "jsonld",
    "application/trig": "trig",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": "html",
}


def _links(answer: TestResponse) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for target, rest in re.findall(r"<([^>]*)>((?:; [^,]*)*)", answer.headers["Link"]):
        found.setdefault(parse_options_header(f"x{rest}")[1]["rel"], []).append(target)
    return found


def _parsed(client: FlaskClient, path: str) -> rdflib.Dataset:
    graph = rdflib.Dataset(default_union=True)
    graph.parse(data=client.get(path).data, format=PARSERS[path.partition("?")[0].rpartition(".")[2]])
    return graph


@pytest.mark.parametrize(("accept", "form"), ACCEPTS.items())
@pytest.mark.parametrize(
    "path", ["claim/ford-shelled", "agent/", "ns", "vocab/", "vocab/stance", "vocab/stance/denies"]
)
def test_by_accept(client: FlaskClient, path: str, accept: str | None, form: str) -> None:
    """A thing is answered 303 to the form that the client likes best, relative, and says that Accept chose it."""
    for method in (client.get, client.head):
        see = method(f"/{path}", headers={} if accept is None else {"Accept": accept})
        assert (see.status_code, see.headers["Vary"]) == (303, "Accept")
        assert "://" not in see.headers["Location"]
        where = urljoin(f"/{path}", see.headers["Location"])
        assert where == f"/{path.rstrip('/')}.{form}"
        assert client.get(where).status_code == 200


@pytest.mark.parametrize("form", RESOURCES, ids=lambda form: form.name)
@pytest.mark.parametrize("path", ["claim/ford-shelled", "agent", "ns", "vocab", "vocab/stance", "vocab/stance/denies"])
def test_suffix_over_accept(client: FlaskClient, path: str, form: object) -> None:
    """A suffix beats Accept; HEAD says what GET says, without a body; who has the document is told so."""
    name, media_type = form.name, form.media_type  # type: ignore[attr-defined]
    got = client.get(f"/{path}.{name}", headers={"Accept": "image/png"})
    head = client.head(f"/{path}.{name}", headers={"Accept": "image/png"})
    assert got.status_code == head.status_code == 200
    assert got.mimetype == head.mimetype == media_type
    assert head.data == b""
    assert head.headers["Link"] == got.headers["Link"]
    again = client.get(f"/{path}.{name}", headers={"If-None-Match": got.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", got.headers["ETag"])
    other = client.get(f"/{path}.{name}", headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/claim/ford-shelled.doc", 404), ("/ns.doc", 404), ("/vocab.doc", 404), ("/vocab/stance.doc", 404),
        ("/agent.doc", 404), ("/vocab/stance/denies.doc", 404), ("/claim/ford-shelled/", 404),
        ("/claim/ford%2Dshelled", 303), ("/attestation/ford-shelled%2Fwatch-group", 303),
        ("/attestation/ford-shelled/watch-group", 303), ("/claim/a%0Ab", 404), ("/claim/%7Fa.ttl", 404),
        ("/claim/ford-shelled%00", 404), ("/vocab/stance/%0d", 404), ("/vocab/nothing", 404), ("/ns/9.9.9", 404),
        ("/ns/0.1.0", 303), ("/claim/ford-shelled?page=0", 400), ("/claim/ford-shelled?page=x", 400),
        ("/claim/ford-shelled?page=1&page=2", 400), ("/claim/ford-shelled?page=%D9%A1", 400),
        ("/claim/ford-shelled.ttl?page=999", 404), ("/agent.ttl?page=999", 404), ("/graph/none", 404),
        ("/graph/agents?page=2", 404), ("/ns.ttl?page=2", 404),
    ],
)  # fmt: skip
def test_statuses(client: FlaskClient, path: str, status: int) -> None:
    """What has no IRI, form or page is answered as such, in one shape."""
    answer = client.get(path)
    assert answer.status_code == status
    if status >= 400:
        assert json.loads(answer.data)["status"] == status


def test_unknown_suffix_says_what_there_is(client: FlaskClient) -> None:
    """An unknown suffix is 404 with all that are known; an Accept that takes nothing is 406 with all types."""
    found = client.get("/claim/ford-shelled.doc").json
    assert found is not None
    assert found["accepted"] == [f".{form.name}" for form in RESOURCES]
    refused = client.get("/claim/ford-shelled", headers={"Accept": "image/png"})
    assert refused.status_code == 406
    assert json.loads(refused.data)["accepted"] == [form.media_type for form in RESOURCES]


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/claim/ford-sheled", "ford-shelled"), ("/agent/watchgroup", "watch-group"),
        ("/vocab/stance/denise", "denies"),
        ("/graph/agent", "agents"), ("/attestation/ford-shelled/watch-grop", "watch-group"), ("/place/frd.ttl", "ford"),
    ],
)  # fmt: skip
def test_nearest(client: FlaskClient, path: str, near: str) -> None:
    """Whoever mistypes an identifier is told the nearest, by an address that answers."""
    found = client.get(path).json
    assert found is not None
    assert found["nearest"][0].endswith(near)
    assert client.get(urljoin(path, found["nearest"][0])).status_code == 303


def test_link_headers(client: FlaskClient) -> None:
    """Thing and document name all forms, what describes them, how to cite the thing, and the licence."""
    for path in ("/claim/ford-shelled", "/claim/ford-shelled.html", "/claim/ford-shelled.nq"):
        found = _links(client.get(path))
        assert found["alternate"] == [f"ford-shelled.{form.name}" for form in RESOURCES]
        assert found["cite-as"] == [CLAIM]
        assert found["license"] == ["https://creativecommons.org/licenses/by/4.0/"]
        for target in (*found["alternate"], *found["describedby"]):
            assert client.get(urljoin(path, target)).status_code == 200
    assert _links(client.get("/ns.ttl"))["cite-as"] == [f"{ONTOLOGY}/0.1.0"]


def test_quads_stand_in_the_release(client: FlaskClient, engine: Embedded) -> None:
    """Documents with graphs hold quads of the release and no other, each in the graph where it stands."""
    release = {tuple(map(str, quad)) for quad in engine.quads()}
    for path in ("claim/ford-shelled", "agent/northland", "vocab/stance/denies", "agent", "ns"):
        for form in ("nq", "trig"):
            quads = {tuple(map(str, quad)) for quad in _parsed(client, f"/{path}.{form}").quads()}
            assert quads
            assert quads <= release


@pytest.mark.parametrize("path", ["claim/ford-shelled", "agent/northland", "place/ford", "vocab/stance", "ns", "agent"])
def test_forms_say_the_same(client: FlaskClient, path: str) -> None:
    """All forms hold the same triples; those without graphs also say what the document is about."""
    named = set(_parsed(client, f"/{path}.nq").triples((None, None, None)))
    for form in ("ttl", "nt", "rdf", "jsonld"):
        found = set(_parsed(client, f"/{path}.{form}").triples((None, None, None)))
        more = found - named
        assert named <= found
        assert {str(subject) for subject, _, _ in more} == {str(s) for s, p, _ in more if p == FOAF.primaryTopic}
        assert len(more) == 4


def test_neighbours_have_names(client: FlaskClient) -> None:
    """Each thing of the corpus that stands beside a claim has a type in its document, and parts are described."""
    graph = _parsed(client, "/claim/ford-shelled.ttl")
    claim = rdflib.URIRef(CLAIM)
    for value in graph.objects(claim):
        if isinstance(value, rdflib.URIRef) and str(value).startswith((BASE, str(VOCAB))):
            assert (value, RDF.type, None) in graph, value
    assert (rdflib.URIRef(f"{CLAIM}#np"), None, None) in graph
    place = _parsed(client, "/passage/report/20-115.ttl")
    assert (rdflib.URIRef(f"{BASE}passage/report/20-115#position"), None, None) in place


def test_parts_have_anchors(client: FlaskClient) -> None:
    """Whatever has a fragment of a claim's or a passage's IRI has an anchor of that name on its page."""
    page = client.get("/claim/ford-shelled.html").text
    for name in ("np", "head", "assertion", "provenance", "pubinfo", "toll-dead"):
        assert page.count(f'id="{name}"') == 1
    assert 'id="position"' in client.get("/passage/report/20-115.html").text


def test_rows(client: FlaskClient) -> None:
    """A page shows what is said of a thing: names with their language, numbers with their type, things by name."""
    agent = client.get("/agent/watch-group.html").text
    assert re.search(r'<span lang="en" dir="auto">Watch Group</span> <small[^>]*>en</small>', agent)
    assert "Watch Group asserts: Northland shelled Ford" in agent
    passage = client.get("/passage/report/20-115.html").text
    assert re.search(r"<span>20</span> <small[^>]*>xsd:integer</small>", passage)
    assert '<a href="../../document/report">' in passage
    assert '<a href="../../passage/">All passages</a>' in passage
    claim = client.get("/claim/ford-shelled.html").text
    assert re.search(r"2020-05-03</span> <small[^>]*>EDTF</small>", claim)
    assert '<link rel="alternate" type="text/turtle" href="ford-shelled.ttl">' in claim


def test_incoming_by_pages(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Incoming links come page by page, each once, with an honest total, whichever way they are counted."""
    found = {}
    for here in (2_000, 0):  # sorted, or as the store has it
        monkeypatch.setattr(resource, "_SORTED_HERE", here)
        monkeypatch.setattr(resource, "PAGE", 2)
        path, seen = "/agent/northland.nq", []
        iri = rdflib.URIRef(f"{BASE}agent/northland")
        while True:
            answer = client.get(path)
            quads = [line for line in answer.text.splitlines() if line.partition("> <")[0] != f"<{iri}"]
            seen.append(sorted(line for line in quads if f" <{iri}> " in line))
            links = _links(answer)
            if "next" not in links:
                break
            path = urljoin(path, links["next"][0])
        assert all(len(page) == 2 for page in seen[:-1])
        every = [line for page in seen for line in page]
        assert len(set(every)) == len(every) == int(answer.headers["X-Total-Count"]) > 3
        assert links["prev"]
        found[here] = seen
    assert sorted(chain.from_iterable(found[0])) == sorted(chain.from_iterable(found[2_000]))
    monkeypatch.setattr(resource, "DEEPEST", 2)
    assert client.get("/agent/northland.nq?page=2").status_code == 404
    html = client.get("/agent/northland.html").text
    assert 'rel="next" href="northland.html?page=2"' in html


def test_graph_by_pages(client: FlaskClient, engine: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shared graph comes page by page, whole and each quad once; pages too deep to turn to are not offered."""
    monkeypatch.setattr(resource, "GRAPH_PAGE", 50)
    graph = rdflib.URIRef(f"{BASE}graph/agents")
    quads: list[tuple[str, ...]] = []
    for page in range(1, describe(engine, graph).pages + 1):
        found = _parsed(client, f"/graph/agents.nq?page={page}").quads()
        quads += [tuple(map(str, quad)) for quad in found if str(quad[3]) == str(graph)]
    assert sorted(quads) == sorted(tuple(map(str, quad)) for quad in engine.quads(graph=graph))
    monkeypatch.setattr(resource, "DEEPEST", 50)
    assert client.get("/graph/ontology.nq?page=2").status_code == 404


def test_lists_of_kinds(client: FlaskClient) -> None:
    """The list of a kind holds every thing of it, by name, and the list of graphs every shared graph."""
    page = client.get("/claim.html").text
    for claim in ("ford-shelled", "bridge-hit", "northland-responsible"):
        assert f'href="claim/{claim}"' in page
        assert (rdflib.URIRef(f"{BASE}claim/{claim}"), RDF.type, KG.Claim) in _parsed(client, "/claim.ttl")
    for kind in ("attestation", "event", "agent", "victim", "place", "document", "passage", "graph"):
        links = re.findall(rf'href="({kind}/[^"]+)"', client.get(f"/{kind}.html").text)
        assert links
        assert len(links) == int(client.get(f"/{kind}.ttl").headers["X-Total-Count"])
        assert all(client.get(f"/{link}").status_code == 303 for link in links)


def test_every_term_has_an_anchor(client: FlaskClient, engine: Embedded) -> None:
    """The ontology's page tells of each term under an anchor of its name, and of each scheme there is a page."""
    page = client.get("/ns.html").text
    terms = {str(quad[0]) for quad in engine.quads(None, rdflib.RDFS.isDefinedBy, ONTOLOGY)}
    assert len(terms) > 100
    for term in terms:
        assert page.count(f'id="{term.rpartition("#")[2]}"') == 1
    claims = len(engine.quads(None, RDF.type, KG.Claim))
    told = page.partition('<section id="Claim">')[2].partition("</section>")[0]
    assert f"<dd>{claims} things" in told
    for scheme in resource.schemes(engine):
        name = scheme.rpartition("/")[2]
        concepts = engine.quads(None, rdflib.SKOS.inScheme, scheme)
        shown = client.get(f"/vocab/{name}.html").text
        assert all(f'href="../vocab/{name}/{quad[0].rpartition("/")[2]}"' in shown for quad in concepts)  # type: ignore[attr-defined]


def test_context_answers(client: FlaskClient) -> None:
    """The whole JSON-LD context has an address of its own."""
    found = client.get("/ns/context.jsonld")
    assert found.mimetype == "application/ld+json"
    assert json.loads(found.data)["@context"]["Claim"] == "kg:Claim"
    node = client.get("/claim/ford-shelled.jsonld").json
    assert node is not None
    claim = next(item for item in node["graph"] if item["id"] == CLAIM)
    assert (claim["type"], claim["statement"][:9], claim["date"]) == ("Claim", "Northland", "2020-05-03")


@pytest.mark.parametrize("prefix", ["", "/kg/x"])
def test_every_link_leads_on(app: Flask, prefix: str) -> None:
    """From the first page on, every relative link of every page answers, and none leaves the prefix of the service."""
    mounted = DispatcherMiddleware(Response("elsewhere", 404), {prefix: app}) if prefix else app
    client = Client(mounted)
    waiting, seen, broken = [f"{prefix}/", f"{prefix}/ns", *(f"{prefix}/{kind}/" for kind in KINDS)], set(), []
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path, headers={"Accept": "text/html"})
        if answer.status_code == 303:
            waiting.append(urljoin(path, answer.headers["Location"]))
        elif answer.status_code != 200:
            broken.append((path, answer.status_code))
        elif answer.mimetype == "text/html" and "?" not in path:
            for href in set(re.findall(r'(?:href|src)="([^"]+)"', answer.text)):
                there = urljoin(path, href.replace("&amp;", "&")).partition("#")[0]
                assert there.startswith((f"{prefix}/", "http://", "https://")), (path, href)
                if there.startswith("/") and "/static/" not in there:
                    waiting.append(there)
    assert not broken
    assert len(seen) > 1_000


KINDS = ("claim", "attestation", "event", "agent", "victim", "place", "document", "passage", "graph")


@pytest.mark.parametrize(
    ("iri", "path", "file"),
    [
        (BASE, "", ""), (f"{BASE}claim/a#toll-1", "claim/a#toll-1", "claim/a.html#toll-1"),
        (str(ONTOLOGY), "ns", "ns.html"), (str(KG.Claim), "ns#Claim", "ns.html#Claim"),
        (f"{VOCAB}stance", "vocab/stance", "vocab/stance.html"),
        (f"{VOCAB}stance/denies", "vocab/stance/denies", "vocab/stance/denies.html"),
        ("https://example.org/other", None, None), ("https://w3id.org/kgraph/nsx", None, None),
    ],
)  # fmt: skip
def test_address(iri: str, path: str | None, file: str | None) -> None:
    """An IRI of the corpus, the ontology or a vocabulary leads to a place here, or to its file; others do not."""
    assert address(iri, BASE) == path
    assert address(iri, BASE, suffix=".html") == file
    if path and "#" not in path:
        assert str(iri_at(path, BASE)) == iri
