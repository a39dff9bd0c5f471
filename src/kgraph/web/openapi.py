"""What can be asked over HTTP, as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1.html)."""

import json
from collections.abc import Iterable

from flask import Blueprint, Response

import kgraph
from kgraph.formats import GRAPHS, HTML, JSON, RESOURCES, RESULTS, TURTLE
from kgraph.release import Release
from kgraph.saved.library import SavedQuery
from kgraph.saved.names import Names
from kgraph.terms import KINDS
from kgraph.web import openapi_parts as parts
from kgraph.web.asking import fingerprint, library, names, steady, still
from kgraph.web.context import conditional
from kgraph.web.openapi_parts import Json
from kgraph.web.queries import GEOJSON, LIST, RQ, offered
from kgraph.web.turning import root

blueprint = Blueprint("openapi", __name__)
_EVERYWHERE = ("NotAcceptable", "Unavailable")
_BOOLEAN = {
    "type": "object",
    "required": ["head", "boolean"],
    "properties": {"head": {}, "boolean": {"type": "boolean"}},
}


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """Describe what can be asked, in OpenAPI 3.1: each saved query with its parameters and columns."""
    return steady(_answer)


def _answer(release: Release) -> Response:
    body = json.dumps(document(release, library(release).all().values(), names(), root()), ensure_ascii=False)
    still(release)
    response = Response(body, content_type="application/json")
    return conditional(response, release.digest[:32], fingerprint("openapi", root()), "json")


def document(release: Release, known: Iterable[SavedQuery], names: Names, base: str) -> Json:
    """Return the description of the service at `base`, an address that ends in a slash."""
    manifest = release.manifest
    components = parts.components()
    told = (
        "Claims, who attests and who denies each, and exactly where that stands. Every answer comes from one release "
        "and never changes with it. The operations on queries choose the form of the answer by Accept; a suffix behind "
        "the name of the query (`.json`, `.csv`, `.tsv`, `.xml`, `.rq`, `.ttl`, `.geojson`) does the same."
    )
    queries = {f"/queries/{query.id}": {"get": _query(query, names, components["schemas"])} for query in known}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": manifest.title,
            "version": kgraph.__version__,
            "description": told,
            "license": {"name": "Licence of the claims", "url": manifest.licence},
            "x-release": manifest.digest,
        },
        "servers": [{"url": base.rstrip("/")}],
        "tags": [{"name": name, "description": said} for name, said in _TAGS.items()],
        "paths": {"/queries": {"get": _list()}, **queries, **_rest()},
        "components": components,
    }


_TAGS = {
    "queries": "Saved queries: questions with parameters.",
    "sparql": "The SPARQL 1.1 Protocol.",
    "things": "Documents about things.",
    "service": "The service itself.",
}


def _list() -> Json:
    query = {
        "type": "object",
        "required": ["id", "summary", "tags", "params", "columns", "form", "version"],
        "properties": {
            "id": {"type": "string"},
            "summary": {"type": "string"},
            "description": {"type": ["string", "null"]},
            "tags": {"type": "array", "items": {"type": "string"}},
            "form": {"type": "string", "enum": ["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"]},
            "version": {"type": "string"},
            "params": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["name", "type", "required"],
                    "properties": {
                        "name": {"type": "string"},
                        "type": {"type": "string"},
                        "required": {"type": "boolean"},
                    },
                },
            },
            "columns": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["name", "type"],
                    "properties": {"name": {"type": "string"}, "type": {"type": "string"}},
                },
            },
        },
    }
    schema = {"type": "object", "required": ["queries"], "properties": {"queries": {"type": "array", "items": query}}}
    content = {LIST.media_type: {"schema": schema}, HTML.media_type: {"schema": {"type": "string"}}}
    return _operation("queries", "listQueries", "The saved queries", _ok("All of them.", content, "ETag", "Link"))


def _query(query: SavedQuery, names: Names, schemas: Json) -> Json:
    header = query.header
    name = "".join(part.capitalize() for part in query.id.split("-"))
    rows = query.form in {"SELECT", "ASK"}
    content: Json = {}
    for form in offered(query):
        content[form.media_type] = {"schema": {"type": "string"}}
    if rows:
        schemas[f"{name}Answer"] = _rows(query, name, schemas) if query.form == "SELECT" else _BOOLEAN
        content[JSON.media_type] = {"schema": {"$ref": f"#/components/schemas/{name}Answer"}}
    if GEOJSON.media_type in content:
        content[GEOJSON.media_type] = {"schema": {"type": "object", "required": ["type", "features"]}}
    if rows:
        content.pop(TURTLE.media_type)  # a description of the query, which takes no parameters: GET its name with .ttl
    own = [parts.parameter(one, names, schemas) for one in header.params]
    cut = ("limit", "offset") if query.form == "SELECT" else ()
    reserved = parts.reserved(*cut, "timeout", "version", "release")
    responses = _ok("The answer.", content, "ETag", "Link", "X-Total-Count", "X-Request-Id")
    responses |= parts.problems("BadRequest", "NotFound", *_EVERYWHERE, "TooLarge", "DeadlinePassed")
    found = _operation("queries", f"ask{name}", header.summary, responses, [*own, *reserved])
    return found | {"description": header.description or header.summary, "x-query-version": query.version}


def _rows(query: SavedQuery, name: str, schemas: Json) -> Json:
    """Return the schema of SPARQL 1.1 Query Results JSON with these columns; that of a row goes to `schemas`."""
    columns = query.header.columns
    schemas[f"{name}Row"] = {
        "type": "object",
        "description": "A cell is missing where the row has nothing in that column.",
        "properties": {column.name: parts.cell(column) for column in columns},
        "additionalProperties": False,
    }
    head = {"vars": {"type": "array", "items": {"type": "string", "enum": [column.name for column in columns]}}}
    bindings = {"type": "array", "items": {"$ref": f"#/components/schemas/{name}Row"}}
    return {
        "type": "object",
        "required": ["head", "results"],
        "properties": {
            "head": {"type": "object", "required": ["vars"], "properties": head},
            "results": {"type": "object", "required": ["bindings"], "properties": {"bindings": bindings}},
        },
    }


def _rest() -> Json:
    """Return the paths that are no query's own."""
    return {
        "/sparql": {"get": _sparql("askByGet", body=False), "post": _sparql("askByPost", body=True)},
        "/health": {"get": _health()},
        "/{kind}/{id}": {"get": _thing()},
    }


def _sparql(ident: str, *, body: bool) -> Json:
    content: Json = {form.media_type: {"schema": {"type": "string"}} for form in (*RESULTS, *GRAPHS)}
    content[JSON.media_type] = {"schema": {"type": "object", "required": ["head"]}}
    responses = _ok("The answer, in a form for the query's own form.", content, "ETag", "X-Request-Id")
    more = ["UnsupportedMediaType"] if body else []
    responses |= parts.problems("BadRequest", "Refused", *_EVERYWHERE, "TooLarge", "DeadlinePassed", *more)
    query = {"type": "string", "minLength": 1, "description": "SPARQL 1.1 Query", "examples": ["ASK {}"]}
    if not body:
        content[HTML.media_type] = {"schema": {"type": "string"}}
        given = [{"name": "query", "in": "query", "schema": query}, *parts.reserved("timeout")]
        return _operation("sparql", ident, "Ask a query; without one, the service describes itself", responses, given)
    form = {"type": "object", "required": ["query"], "properties": {"query": query}}
    bodies = {RQ.media_type: {"schema": query}, "application/x-www-form-urlencoded": {"schema": form}}
    found = _operation("sparql", ident, "Ask a query in the body", responses, parts.reserved("timeout"))
    return found | {"requestBody": {"required": True, "content": bodies}}


def _health() -> Json:
    schema = {
        "type": "object",
        "required": ["status", "release", "claims", "quads"],
        "properties": {
            "status": {"type": "string", "enum": ["ok"]},
            "release": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "claims": {"type": "integer"},
            "quads": {"type": "integer"},
        },
    }
    responses = _ok("All is well.", {"application/json": {"schema": schema}})
    return _operation("service", "health", "Whether all is well", responses | parts.problems("Unavailable"))


def _thing() -> Json:
    kinds = [kind for kind in KINDS if kind != "query"]
    given = [
        {"name": "kind", "in": "path", "required": True, "schema": {"type": "string", "enum": kinds}},
        {
            "name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1},
            "description": "May hold slashes. With a suffix: the document in that form; else 303 to one, by Accept.",
        },
    ]  # fmt: skip
    content = {form.media_type: {"schema": {"type": "string"}} for form in RESOURCES}
    content["application/ld+json"] = {"schema": {}}
    responses = _ok("The document about the thing.", content, "ETag", "Link")
    responses["303"] = {"description": "The document about the thing is there.", "headers": parts.headers("Link")}
    responses |= parts.problems("NotFound", "NotAcceptable")
    return _operation("things", "thing", "A thing: a claim, an agent, a place, ...", responses, given)


def _ok(said: str, content: Json, *headers: str) -> Json:
    return {"200": {"description": said, "headers": parts.headers(*headers), "content": content}}


def _operation(tag: str, ident: str, summary: str, responses: Json, parameters: list[Json] | None = None) -> Json:
    found = {"tags": [tag], "operationId": ident, "summary": summary, "responses": responses}
    return found | ({"parameters": parameters} if parameters else {})
