"""The SPARQL 1.1 Protocol (https://www.w3.org/TR/sparql11-protocol/), its query operation; updates are refused."""

from flask import Blueprint, Response, render_template, request

from kgraph.formats import HTML, TRIPLES, require
from kgraph.web import description, protocol
from kgraph.web.answers import key_of, respond, unchanged
from kgraph.web.context import engine, settings

blueprint = Blueprint("sparql", __name__)

_METHODS = "GET, HEAD, OPTIONS, POST"
_PREFLIGHT = {
    "Allow": _METHODS,
    "Access-Control-Allow-Methods": _METHODS,
    "Access-Control-Allow-Headers": "Accept, Accept-Language, Cache-Control, Content-Type, If-None-Match, User-Agent",
    "Access-Control-Max-Age": "86400",
}


@blueprint.route("/sparql", methods=["GET", "POST", "OPTIONS"], provide_automatic_options=False)
def sparql() -> Response:
    """Answer a query by GET, by POST of a form, or by POST of the query itself; without one, describe the service."""
    if request.method == "OPTIONS":
        return Response(status=204, headers=_PREFLIGHT)
    given = protocol.parameters(request.query_string, _body())
    if request.method != "POST" and not given:
        return _without_query()
    question = protocol.question(given, request.headers.get("Accept"), most=settings().timeout)
    key = key_of(question)
    return unchanged(key) or respond(engine().query(question), key)


def _body() -> protocol.Body | None:
    if request.method != "POST":
        return None
    return protocol.Body(
        request.get_data(), request.headers.get("Content-Type", ""), request.headers.get("Content-Encoding", "")
    )


def _without_query() -> Response:
    """Describe the service to programs, and give browsers the editor."""
    form = require(request.headers.get("Accept"), (*TRIPLES, HTML))
    if form is HTML:
        page = render_template("sparql.html", title=settings().title)
        return Response(page, mimetype="text/html", headers={"Vary": "Accept"})
    return description.answer(form, request.base_url)
