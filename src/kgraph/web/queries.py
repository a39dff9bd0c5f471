"""Saved queries over HTTP: the list, and each query as rows, as its text, as its description, as a form."""

import json
from collections.abc import Sequence

from flask import Blueprint, Response, redirect, render_template, request
from rdflib import URIRef
from werkzeug.wrappers import Response as BaseResponse

from kgraph.errors import BadRequest, NotAcceptable, UnknownThing
from kgraph.formats import HTML, JSON, RESULTS, TRIPLES, TURTLE, Format, by_name, require
from kgraph.release import Release
from kgraph.saved.library import SavedQuery
from kgraph.store.serialize import serialize
from kgraph.terms import SCHEMA, Iris
from kgraph.web import geojson, queries_page
from kgraph.web.answers import respond, unchanged
from kgraph.web.asking import Asked, ask, asked, fingerprint, gathered, key, library, saved, steady, total
from kgraph.web.context import conditional, engine, settings
from kgraph.web.protocol import Parameters, parameters
from kgraph.web.turning import links, root

blueprint = Blueprint("queries", __name__)

RQ = Format("rq", "application/sparql-query")
GEOJSON = Format("geojson", "application/geo+json")
LIST = Format("json", "application/json")
_SUFFIXES = (*RESULTS, *TRIPLES, HTML, RQ, GEOJSON)
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Accept-Language, Cache-Control, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


@blueprint.after_request
def _preflight(response: Response) -> Response:
    if request.method == "OPTIONS":
        response.headers.update(_PREFLIGHT)
    return response


@blueprint.get("/queries", strict_slashes=True)
@blueprint.get("/queries.json", endpoint="listed")
def queries() -> Response:
    """List the saved queries: what each asks, its parameters and columns."""
    suffix = request.path.endswith(".json")
    form = LIST if suffix else require(request.headers.get("Accept"), (LIST, HTML))
    return steady(lambda release: _list(release, form))


def _list(release: Release, form: Format) -> Response:
    known = library(release).all()
    if form is HTML:
        response = Response(queries_page.listing(release, known), mimetype=HTML.media_type)
    else:
        told = [
            {key: value for key, value in query.as_dict(whole=True).items() if key != "text"}
            for query in known.values()
        ]
        response = Response(json.dumps({"queries": told}, ensure_ascii=False) + "\n", content_type=LIST.content_type)
    response.headers["Vary"] = "Accept"
    response.headers["Link"] = (
        '<queries.json>; rel="alternate"; type="application/json", <openapi.json>; rel="service-desc"'
    )
    return conditional(response, release.digest[:32], "queries", form.name)


@blueprint.get("/queries/", endpoint="slash", strict_slashes=True)
def slash() -> BaseResponse:
    """Lead to the list of saved queries."""
    return _see("../queries")


@blueprint.get("/editor")
def editor() -> Response:
    """Show a query (parameter `query`) in the editor, without asking it."""
    text = parameters(request.query_string).get("query", [""])[0]
    page = render_template("sparql.html", title=settings().title, query=text)
    return Response(page, mimetype=HTML.media_type)


@blueprint.get("/query/<path:name>")
def query_iri(name: str) -> BaseResponse:
    """Answer for the IRI of a saved query (303)."""
    stem, _ = _split(name)
    saved(engine().release(), stem)
    given = request.query_string.decode("ascii", "replace")
    return _see(f"../queries/{name}{'?' if given else ''}{given}")


def _see(where: str) -> BaseResponse:
    response = redirect(where, 303)
    response.autocorrect_location_header = False
    return response


@blueprint.get("/queries/<name>", strict_slashes=True)
def query(name: str) -> Response:
    """Answer a saved query, in the form that its suffix or Accept asks for; give browsers its page."""
    stem, form = _split(name)
    given = parameters(request.query_string)
    return steady(lambda release: _query(saved(release, stem), release, form, given))


def _split(name: str) -> tuple[str, Format | None]:
    """Return the name of a query, and the form that its suffix asks for; raise for a suffix that asks for none."""
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        return name, None
    form = by_name(suffix, _SUFFIXES)
    if form is None:
        known = [f".{item.name}" for item in _SUFFIXES]
        raise UnknownThing(f"nothing is served with the suffix .{suffix}", value=f".{suffix}", accepted=known)
    return stem, form


def offered(query: SavedQuery) -> tuple[Format, ...]:
    """Return the forms that a saved query has; the first is given to who takes anything."""
    if query.form in {"CONSTRUCT", "DESCRIBE"}:
        return (*TRIPLES, HTML, RQ)
    placed = any(column.type == "wkt" for column in query.header.columns)
    return (*RESULTS, *([GEOJSON] if placed else []), HTML, RQ, TURTLE)


def _query(query: SavedQuery, release: Release, form: Format | None, given: Parameters) -> Response:
    forms = offered(query)
    if form is None:
        form = require(request.headers.get("Accept"), forms)
    elif form not in forms:
        known = [f"{query.id}.{item.name}" for item in forms]
        raise NotAcceptable(f"the query {query.id} has no form .{form.name}", value=f".{form.name}", accepted=known)
    if form is HTML:
        return queries_page.answer(query, release, given, forms)
    if form is TURTLE and form in forms and query.form in {"SELECT", "ASK"}:
        return _description(query, release, given, forms)
    this = asked(query, release, given)
    if form is RQ:
        text = this.text(this.bound())
        response = Response(text, content_type=f"{RQ.media_type}; charset=utf-8")
        response.headers["Vary"], response.headers["Link"] = "Accept", links(this, None, forms)
        return conditional(response, release.digest[:32], fingerprint(query.version, text), RQ.name)
    return _rows(this, form, forms)


def _rows(this: Asked, form: Format, forms: Sequence[Format]) -> Response:
    """Answer with the rows, or with the triples that the query makes."""
    bound = this.bound()
    text = this.text(bound)
    tag = key(this, text, form)
    response = unchanged(tag)
    if response is None:
        count = total(this, bound)
        found = ask(this, text, JSON if form is GEOJSON else form)
        response = _features(this, gathered(found), tag) if form is GEOJSON else respond(found, tag)
        response.headers["Link"] = links(this, count, forms)
        if count is not None:
            response.headers["X-Total-Count"] = str(count)
    return response


def _features(this: Asked, body: bytes, tag: str | None) -> Response:
    rows = json.loads(body)["results"]["bindings"]
    release, query = this.release.digest, this.query
    made = geojson.collection(rows, query.header.columns, query=query.id, version=query.version, release=release)
    response = Response(made, content_type=GEOJSON.content_type, headers={"Vary": "Accept"})
    if tag is None:
        response.headers["Cache-Control"] = "no-store"
        return response
    return conditional(response, release[:32], tag, GEOJSON.name)


def _description(query: SavedQuery, release: Release, given: Parameters, forms: Sequence[Format]) -> Response:
    """Describe a query in RDF, as it stands in `graph/queries`, with the endpoint that it is for."""
    this = asked(query, release, given)
    if this.values or this.limit is not None or this.offset:
        name = next(iter(this.values), "limit" if this.limit is not None else "offset")
        raise BadRequest(f"the description of a query takes no {name}", parameter=name, accepted=["version", "release"])
    base = release.manifest.base_iri
    iri = Iris(base).of("query", query.id)
    quads = list(engine().quads(iri))
    parts = sorted({str(value) for _, _, value, _ in quads if str(value).startswith(f"{iri}#")})
    quads += [quad for part in parts for quad in engine().quads(URIRef(part))]
    home = Iris(base).graph("queries")
    endpoint = URIRef(f"{root()}sparql")
    body = serialize([*quads, (iri, SCHEMA.target, endpoint, home)], TURTLE, base=base, named=False)
    response = Response(body, content_type=TURTLE.content_type, headers={"Vary": "Accept"})
    response.headers["Link"] = links(this, None, forms)
    return conditional(response, release.digest[:32], fingerprint(query.version, str(endpoint)), TURTLE.name)
