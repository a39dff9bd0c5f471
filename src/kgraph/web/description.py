"""What this service is and what it holds: the release's own description, and what only the server knows.

See https://www.w3.org/TR/sparql11-service-description/. The endpoint is the address of the request, the prefix of a
proxy included.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator

from flask import Blueprint, Response, current_app, request, url_for
from rdflib import SH, URIRef
from rdflib.namespace import RDF, VOID, Namespace

from kgraph.errors import BadRequest
from kgraph.formats import GRAPHS, RESULTS, Format, require
from kgraph.store.base import Engine
from kgraph.store.serialize import serialize
from kgraph.terms import SCHEMA, SD, Iris, Quad, fragment
from kgraph.web.context import conditional, engine

blueprint = Blueprint("description", __name__)

_ENTAILMENT = Namespace("http://www.w3.org/ns/entailment/")
_FORMATS = Namespace("http://www.w3.org/ns/formats/")
_NAMES = {
    "json": "SPARQL_Results_JSON", "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV", "tsv": "SPARQL_Results_TSV",
    "ttl": "Turtle", "nt": "N-Triples", "rdf": "RDF_XML", "jsonld": "JSON-LD", "trig": "TriG", "nq": "N-Quads",
}  # fmt: skip
_KEPT = 16


@blueprint.get("/.well-known/void")
def void() -> Response:
    """Describe the dataset, and the service, in RDF."""
    return answer(require(request.headers.get("Accept"), GRAPHS), _endpoint())


@blueprint.get("/.well-known/sparql-examples")
def sparql_examples() -> Response:
    """Describe the saved queries, and the prefixes that they may use, in RDF."""
    return _respond(examples, require(request.headers.get("Accept"), GRAPHS), _endpoint())


def answer(form: Format, endpoint: str) -> Response:
    """Return the description of the service at `endpoint` in `form`."""
    return _respond(describe, form, endpoint)


def describe(source: Engine, endpoint: URIRef) -> Iterator[Quad]:
    """Yield what the release says of itself, its saved queries, and the service at `endpoint` that answers over it."""
    base = source.release().manifest.base_iri
    home = Iris(base).graph("release")
    service = fragment(endpoint, "service")
    yield service, RDF.type, SD.Service, home
    yield service, SD.endpoint, endpoint, home
    yield service, SD.supportedLanguage, SD.SPARQL11Query, home
    for form in (*RESULTS, *GRAPHS):
        yield service, SD.resultFormat, _FORMATS[_NAMES[form.name]], home
    yield service, SD.feature, SD.UnionDefaultGraph, home
    yield service, SD.defaultEntailmentRegime, _ENTAILMENT.Simple, home
    yield service, SD.defaultDataset, URIRef(base), home
    yield URIRef(base), VOID.sparqlEndpoint, endpoint, home
    yield from source.quads(graph=home)
    yield from _examples(source, endpoint)


def examples(source: Engine, endpoint: URIRef) -> Iterator[Quad]:
    """Yield the saved queries as examples for `endpoint`, and the prefixes of the release."""
    for quad in source.quads(None, SH.declare):
        yield quad
        yield from source.quads(URIRef(str(quad[2])))
    yield from _examples(source, endpoint)


def _examples(source: Engine, endpoint: URIRef) -> Iterator[Quad]:
    home = Iris(source.release().manifest.base_iri).graph("queries")
    for quad in source.quads(graph=home):
        yield quad
        if quad[1:3] == (RDF.type, SH.SPARQLExecutable):
            yield quad[0], SCHEMA.target, endpoint, home


def _endpoint() -> str:
    return url_for("sparql.sparql", _external=True)


def _respond(what: Callable[[Engine, URIRef], Iterable[Quad]], form: Format, endpoint: str) -> Response:
    if not request.host:
        raise BadRequest("the request does not say to which host it goes", parameter="Host", accepted="a host")
    digest, body = _body(what, form, endpoint)
    response = Response(body, content_type=form.content_type, headers={"Vary": "Accept"})
    place = hashlib.sha256(endpoint.encode()).hexdigest()[:16]
    return conditional(response, digest[:32], what.__name__, place, form.name)


def _body(what: Callable[[Engine, URIRef], Iterable[Quad]], form: Format, endpoint: str) -> tuple[str, bytes]:
    """Return the digest of a release, and what is to be said of it; kept, since that changes with the release only."""
    kept: dict[tuple[str, ...], bytes] = current_app.extensions.setdefault("kgraph-descriptions", {})
    while True:
        release = engine().release()
        key = (what.__name__, release.digest, endpoint, form.name)
        body = kept.get(key)
        if body is None:
            body = serialize(what(engine(), URIRef(endpoint)), form, base=release.manifest.base_iri, named=False)
        if engine().release().digest == release.digest:  # or else the half of it may be of another release
            if len(kept) >= _KEPT:
                kept.clear()
            kept[key] = body
            return release.digest, body
