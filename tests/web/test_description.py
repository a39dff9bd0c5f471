"""The service description, held against its standard, and what tools that write queries read from an endpoint.

The first three tests are those that the W3C's SPARQL 1.1 working group wrote for implementations
(https://www.w3.org/2009/sparql/docs/tests/data-sparql11/service-description/manifest.ttl), re-expressed.
"""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from rdflib import SH, VOID, Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCTERMS, RDF, RDFS
from rdflib.term import Node

from conftest import copy_corpus
from kgraph.build import build
from kgraph.examples import query_files
from kgraph.formats import GRAPHS, HTML, RESULTS, TRIPLES
from kgraph.saved.bind import unasked
from kgraph.saved.library import read_file
from kgraph.settings import Settings
from kgraph.store.embedded import Embedded
from kgraph.terms import PREFIXES, SCHEMA, SD
from kgraph.web import create_app

PARSERS = {"ttl": "turtle", "nt": "nt", "rdf": "xml", "jsonld": "json-ld"}
ENDPOINT = URIRef("http://localhost/sparql")
BASE = URIRef("https://w3id.org/kgraph/nk2020/")
FORMATS = "http://www.w3.org/ns/formats/"

# The vocabulary, as section 3 of https://www.w3.org/TR/sparql11-service-description/ defines it: classes, with what
# they are part of, and properties with domain and range (None: any IRI).
CLASSES = {
    "Service", "Feature", "Language", "Function", "Aggregate", "EntailmentRegime", "EntailmentProfile",
    "GraphCollection", "Dataset", "Graph", "NamedGraph",
}  # fmt: skip
INSTANCES = {
    "SPARQL10Query": "Language", "SPARQL11Query": "Language", "SPARQL11Update": "Language",
    "DereferencesURIs": "Feature", "UnionDefaultGraph": "Feature", "RequiresDataset": "Feature",
    "EmptyGraphs": "Feature", "BasicFederatedQuery": "Feature",
}  # fmt: skip
PROPERTIES = {
    "endpoint": ("Service", None),
    "feature": ("Service", "Feature"),
    "defaultEntailmentRegime": ("Service", None),
    "entailmentRegime": ("NamedGraph", None),
    "defaultSupportedEntailmentProfile": ("Service", None),
    "supportedEntailmentProfile": ("NamedGraph", None),
    "extensionFunction": ("Service", "Function"),
    "extensionAggregate": ("Service", "Aggregate"),
    "languageExtension": ("Service", "Feature"),
    "supportedLanguage": ("Service", "Language"),
    "propertyFeature": ("Service", "Feature"),
    "defaultDataset": ("Service", "Dataset"),
    "availableGraphs": ("Service", "GraphCollection"),
    "resultFormat": ("Service", None),
    "inputFormat": ("Service", None),
    "defaultGraph": ("Dataset", "Graph"),
    "namedGraph": ("GraphCollection", "NamedGraph"),
    "name": ("NamedGraph", None),
    "graph": ("NamedGraph", "Graph"),
}


@pytest.fixture
def ours(real: Settings, answers: Embedded) -> FlaskClient:
    """Return a client of our corpus: it has saved queries."""
    return create_app(real, answers).test_client()


def _described(client: FlaskClient, **options: str) -> Graph:
    answer = client.get("/sparql", headers={"Accept": "text/turtle"}, **options)
    assert answer.status_code == 200
    return Graph().parse(data=answer.data, format="turtle")


@pytest.mark.parametrize("accept", [None, "*/*", *(form.media_type for form in TRIPLES)])
def test_returns_rdf(ours: FlaskClient, accept: str | None) -> None:
    """GET of the endpoint without a query returns RDF."""
    answer = ours.get("/sparql", headers={"Accept": accept} if accept else {})
    assert answer.status_code == 200
    [form] = [form for form in TRIPLES if form.content_type == answer.headers["Content-Type"]]
    assert len(Graph().parse(data=answer.data, format=PARSERS[form.name])) > 1000


def test_has_endpoint_triple(ours: FlaskClient) -> None:
    """Some service has the endpoint that was asked, and is an sd:Service."""
    graph = _described(ours)
    [service] = graph.subjects(SD.endpoint, ENDPOINT)
    assert (service, RDF.type, SD.Service) in graph


def test_conforms_to_schema(ours: FlaskClient) -> None:
    """Each sd: term is one of the vocabulary, and stands between what it may stand between."""
    graph = _described(ours)

    def is_a(node: Node, kind: str) -> bool:
        if str(node).startswith(str(SD)):
            return INSTANCES.get(str(node).removeprefix(str(SD))) == kind
        subclass = (node, RDF.type, SD.Dataset) in graph and kind == "GraphCollection"
        return subclass or (node, RDF.type, SD[kind]) in graph

    used = 0
    for subject, predicate, value in graph:
        if predicate == RDF.type and str(value).startswith(str(SD)):
            assert str(value).removeprefix(str(SD)) in CLASSES
        if not str(predicate).startswith(str(SD)):
            continue
        used += 1
        domain, range_ = PROPERTIES[str(predicate).removeprefix(str(SD))]
        assert is_a(subject, domain), (subject, predicate)
        assert isinstance(value, URIRef)
        assert range_ is None or is_a(value, range_), (predicate, value)
    assert used > 20
    named = set(graph.subjects(RDF.type, SD.NamedGraph))
    assert named
    assert all(len(list(graph.objects(node, SD.name))) == 1 for node in named)


def test_what_the_service_does(ours: FlaskClient) -> None:
    """It says which language, formats and features it has, and claims none that it has not."""
    graph = _described(ours)
    service = graph.value(None, SD.endpoint, ENDPOINT)
    assert set(graph.objects(service, SD.supportedLanguage)) == {SD.SPARQL11Query}
    assert set(graph.objects(service, SD.feature)) == {SD.UnionDefaultGraph}
    formats = {str(value).removeprefix(FORMATS) for value in graph.objects(service, SD.resultFormat)}
    assert formats == {
        "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
        "Turtle", "N-Triples", "RDF_XML", "JSON-LD", "TriG", "N-Quads",
    }  # fmt: skip
    assert len(formats) == len(RESULTS) + len(GRAPHS)
    assert graph.value(service, SD.defaultDataset) == BASE
    assert set(graph.objects(BASE, VOID.sparqlEndpoint)) == {ENDPOINT}


def test_default_graph_is_the_union(ours: FlaskClient) -> None:
    """What stands in a named graph is found without naming it, as sd:UnionDefaultGraph says, and once."""
    graph = _described(ours)
    default = graph.value(BASE, SD.defaultGraph)
    [row] = _rows(ours, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    assert row["n"] == str(graph.value(default, VOID.triples)) == str(graph.value(BASE, VOID.triples))
    for node in graph.objects(BASE, SD.namedGraph):
        name = graph.value(node, SD.name)
        [row] = _rows(ours, f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{name}> {{ ?s ?p ?o }} }}")
        assert row["n"] == str(graph.value(name, VOID.triples))


def test_every_form_says_the_same(ours: FlaskClient) -> None:
    """RDFLib reads all forms, and they hold one graph."""
    first, *others = [
        Graph().parse(
            data=ours.get("/sparql", headers={"Accept": form.media_type}).data, format=PARSERS[form.name]
        )
        for form in TRIPLES
    ]  # fmt: skip
    assert all(isomorphic(first, other) for other in others)
    assert all(isinstance(node, URIRef | Literal) for triple in first for node in triple)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML.content_type),
        ("application/rdf+xml, text/turtle;q=0.5", "application/rdf+xml"),
        ("application/json", "application/ld+json"),
        ("application/n-triples;q=0.9, image/png", "application/n-triples"),
    ],
)
def test_by_accept(ours: FlaskClient, accept: str, media_type: str) -> None:
    """Browsers get the editor, programs what they name."""
    answer = ours.get("/sparql", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
    assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize("path", ["/sparql", "/.well-known/void", "/.well-known/sparql-examples"])
def test_not_acceptable(ours: FlaskClient, path: str) -> None:
    """Who takes none of the forms is told which there are."""
    answer = ours.get(path, headers={"Accept": "application/sparql-results+json"})
    assert answer.status_code == 406
    assert "text/turtle" in json.loads(answer.data)["accepted"]


@pytest.mark.parametrize("path", ["/sparql", "/.well-known/void", "/.well-known/sparql-examples"])
def test_head_and_etag(ours: FlaskClient, path: str) -> None:
    """HEAD says what GET would; who has the description is not sent it again; other forms have other tags."""
    answer = ours.get(path)
    head = ours.head(path)
    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Content-Type", "Content-Length", "Vary"):
        assert head.headers[name] == answer.headers[name]
    again = ours.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["Vary"]) == (304, b"", "Accept")
    assert ours.get(path, headers={"Accept": "application/rdf+xml"}).headers["ETag"] != answer.headers["ETag"]
    assert ours.get(path, base_url="https://other.example/").headers["ETag"] != answer.headers["ETag"]


@pytest.mark.parametrize("base", ["https://data.example/kg", "http://[::1]:8080", "http://localhost:1/a/b"])
def test_endpoint_is_where_it_was_asked(ours: FlaskClient, base: str) -> None:
    """Host, scheme, port and the prefix of a proxy are those of the request, in service, dataset and examples."""
    endpoint = URIRef(f"{base}/sparql")
    for path in ("/sparql", "/.well-known/void"):
        graph = Graph().parse(data=ours.get(path, base_url=base).data, format="turtle")
        assert set(graph.objects(None, SD.endpoint)) == {endpoint}
        assert set(graph.objects(None, VOID.sparqlEndpoint)) == {endpoint}
        assert set(graph.objects(None, SCHEMA.target)) == {endpoint}


@pytest.mark.parametrize("host", ["a b", 'x">', "a{b}", "a@b", "example.org:99999"])
def test_host_that_is_none(ours: FlaskClient, host: str) -> None:
    """A Host header that is no host is 400: no endpoint is made of it."""
    answer = ours.get("/sparql", headers={"Host": host})
    assert answer.status_code == 400
    assert json.loads(answer.data)["parameter"] == "Host"


def test_void(ours: FlaskClient) -> None:
    """/.well-known/void is the same description, to browsers too."""
    assert set(Graph().parse(data=ours.get("/.well-known/void").data, format="turtle")) == set(_described(ours))
    accept = "text/html,application/xhtml+xml,*/*;q=0.8"
    assert ours.get("/.well-known/void", headers={"Accept": accept}).headers["Content-Type"].startswith("text/turtle")


def test_examples(ours: FlaskClient, real: Settings) -> None:
    """/.well-known/sparql-examples holds each saved query: what it asks, its text, its endpoint, its prefixes."""
    graph = Graph().parse(data=ours.get("/.well-known/sparql-examples").data, format="turtle")
    assert set(graph) < set(_described(ours))
    files = {path.stem: read_file(path, path.name).query for path in query_files(real.root)}
    texts = {name: unasked(saved) for name, saved in files.items() if saved is not None}
    found = {}
    for query in graph.subjects(RDF.type, SH.SPARQLExecutable):
        found[str(query).removeprefix(f"{BASE}query/")] = str(graph.value(query, SH.select))
        comment = graph.value(query, RDFS.comment)
        assert isinstance(comment, Literal)
        assert comment.language == "en"
        assert graph.value(query, SCHEMA.target) == ENDPOINT
        assert {
            str(graph.value(node, SH.prefix)) for node in graph.objects(graph.value(query, SH.prefixes), SH.declare)
        }
    assert found == texts
    assert graph.value(URIRef(f"{BASE}query/party-only"), RDFS.comment) == Literal(
        "What rests on parties to the conflict alone: nobody else supports it, and no denial is recorded of it, or of a"
        " claim that it narrows.",
        lang="en",
    )


def test_every_example_runs(ours: FlaskClient) -> None:
    """Each example is answered by the endpoint that describes it."""
    for query in _rows(ours, f"{HEADS} SELECT ?text {{ ?q a sh:SPARQLExecutable ; sh:select ?text }}"):
        answer = ours.post("/sparql", data={"query": query["text"]})
        assert answer.status_code == 200
        assert json.loads(answer.data)["head"]["vars"]


HEADS = "PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>"


def _rows(client: FlaskClient, query: str) -> list[dict[str, str]]:
    answer = client.get("/sparql", query_string={"query": query})
    assert answer.status_code == 200, answer.text
    rows = json.loads(answer.data)["results"]["bindings"]
    return [{name: cell["value"] for name, cell in row.items()} for row in rows]


def test_tools_find_prefixes(ours: FlaskClient) -> None:
    """What a tool asks to learn the prefixes of an endpoint gives those of the project."""
    rows = _rows(ours, f"{HEADS} SELECT ?p ?n {{ ?s sh:declare ?d . ?d sh:prefix ?p ; sh:namespace ?n }}")
    assert {row["p"]: row["n"] for row in rows} == PREFIXES
    assert len(rows) == len(PREFIXES)


def test_tools_find_examples(ours: FlaskClient, real: Settings) -> None:
    """What a tool asks to learn examples gives each saved query once, with what it asks."""
    query = "?q a sh:SPARQLExecutable ; rdfs:comment ?c ; sh:select|sh:ask|sh:construct|sh:describe ?text"
    rows = _rows(ours, f"{HEADS} SELECT DISTINCT ?q ?c ?text {{ {query} }} ORDER BY ?q")
    assert len(rows) == len(query_files(real.root))
    assert all(row["c"] and "SELECT" in row["text"] for row in rows)


def test_tools_find_the_schema(ours: FlaskClient) -> None:
    """What a tool asks to learn classes, their properties and what those lead to gives the schema of claims."""
    rows = _rows(
        ours,
        """PREFIX void: <http://rdfs.org/ns/void#> PREFIX ext: <http://ldf.fi/void-ext#>
        SELECT DISTINCT ?class ?property ?leads {
          ?c void:class ?class ; void:propertyPartition ?p . ?p void:property ?property .
          { ?p void:classPartition/void:class ?leads } UNION { ?p ext:datatypePartition/ext:datatype ?leads }
        }""",
    )
    kg = PREFIXES["kg"]
    claims = {(row["property"], row["leads"]) for row in rows if row["class"] == f"{kg}Claim"}
    assert {
        (f"{kg}statement", str(RDF.langString)),
        (f"{kg}attestation", f"{kg}Attestation"),
        (f"{kg}event", f"{kg}Event"),
        (f"{kg}date", "http://id.loc.gov/datatypes/edtf/EDTF"),
        (f"{kg}start", "http://www.w3.org/2001/XMLSchema#date"),
    } <= claims
    [row] = _rows(
        ours,
        """PREFIX void: <http://rdfs.org/ns/void#> PREFIX kg: <https://w3id.org/kgraph/ns#>
        SELECT ?claims (COUNT(?claim) AS ?n) { ?d void:classPartition [ void:class kg:Claim ; void:entities ?claims ] .
        ?claim a kg:Claim } GROUP BY ?claims""",
    )
    assert row["claims"] == row["n"]


def test_another_release(tmp_path: Path) -> None:
    """When the release changes under a running server, so does the description, and its tag."""
    loaded = copy_corpus(tmp_path / "corpus")
    build(loaded)
    engine = Embedded(loaded.releases, readers=1)
    try:
        client = create_app(loaded, engine).test_client()
        first = client.get("/sparql")
        (loaded.root / "queries").mkdir()
        (loaded.root / "queries" / "all.rq").write_text("# All\nCONSTRUCT WHERE { ?s ?p ?o }", encoding="utf-8")
        build(loaded)
        second = client.get("/sparql", headers={"If-None-Match": first.headers["ETag"]})
        assert second.status_code == 200
        before, after = (Graph().parse(data=answer.data, format="turtle") for answer in (first, second))
        assert set(before.subjects(RDF.type, SH.SPARQLExecutable)) == set()
        [query] = after.subjects(RDF.type, SH.SPARQLConstructExecutable)
        assert after.value(query, RDFS.comment) == Literal("All", lang="en")
        assert after.value(URIRef(loaded.base_iri), DCTERMS.title) == Literal(loaded.title, lang="en")
    finally:
        engine.close()
