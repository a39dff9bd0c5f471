"""The SPARQL 1.1 Protocol (https://www.w3.org/TR/sparql11-protocol/), its query operation; updates are refused."""

import hashlib

from flask import Blueprint, Response, render_template, request
from werkzeug.datastructures import MultiDict

from kgraph.errors import BadRequest, QueryRefused, UnsupportedMediaType
from kgraph.formats import GRAPHS, HTML, RESULTS, choose, not_acceptable, require
from kgraph.store.base import Question
from kgraph.web import description
from kgraph.web.context import Streamed, conditional, engine, settings

blueprint = Blueprint("sparql", __name__)

_FORM, _QUERY, _UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
_PARAMETERS = {"query", "default-graph-uri", "named-graph-uri", "timeout"}


@blueprint.route("/sparql", methods=["GET", "POST", "OPTIONS"], provide_automatic_options=False)
def sparql() -> Response:
    """Answer a query by GET, by POST of a form, or by POST of the query itself; without one, describe the service."""
    if request.method == "OPTIONS":
        allowed = "GET, HEAD, OPTIONS, POST"
        headers = {
            "Allow": allowed,
            "Access-Control-Allow-Methods": allowed,
            "Access-Control-Allow-Headers": "Accept, Content-Type",
        }
        return Response(status=204, headers=headers)
    if request.method != "POST" and not request.args:
        return _without_query()
    question = _question()
    answer = engine().query(question)
    response = Streamed(answer.chunks, content_type=answer.format.content_type)
    response.headers["Vary"] = "Accept"
    response.call_on_close(answer.chunks.close)
    asked = hashlib.sha256(request.full_path.encode() + request.get_data(cache=True)).hexdigest()
    return conditional(response, answer.release[:32], asked[:32], answer.format.name)


def _without_query() -> Response:
    """Describe the service to programs, and give browsers the editor."""
    form = require(request.headers.get("Accept"), (*GRAPHS, HTML))
    if form is HTML:
        page = render_template("sparql.html", title=settings().title)
        return Response(page, mimetype="text/html", headers={"Vary": "Accept"})
    return description.answer(form, request.base_url)


def _question() -> Question:
    parameters = _parameters()
    for name in parameters:
        if name == "update":
            raise QueryRefused("this endpoint is read-only: updates are refused", parameter=name)
        if name not in _PARAMETERS:
            raise BadRequest(f"unknown parameter {name!r}", parameter=name, accepted=sorted(_PARAMETERS))
    for name in ("query", "timeout"):
        if len(parameters.getlist(name)) > 1:
            raise BadRequest(f"the parameter {name} is given more than once", parameter=name, accepted="it once")
    if "query" not in parameters:
        raise BadRequest("the parameter query is missing", parameter="query", accepted="a SPARQL 1.1 query")
    accept = request.headers.get("Accept")
    results, graph = choose(accept, RESULTS), choose(accept, GRAPHS)
    if results is None and graph is None:
        if choose(accept, (HTML,)) is None:
            raise not_acceptable(accept, (*RESULTS, *GRAPHS))
        results, graph = RESULTS[0], GRAPHS[0]
    return Question(
        text=parameters["query"], results=results, graph=graph,
        default_graphs=tuple(parameters.getlist("default-graph-uri")),
        named_graphs=tuple(parameters.getlist("named-graph-uri")),
        timeout=_timeout(parameters.get("timeout")),
    )  # fmt: skip


def _parameters() -> MultiDict[str, str]:
    if request.method != "POST":
        return request.args
    kind = request.mimetype
    if kind == _FORM:
        return MultiDict([*request.args.items(multi=True), *request.form.items(multi=True)])
    if kind == _QUERY:
        try:
            text = request.get_data().decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadRequest(f"the body is not UTF-8: byte {error.start}", accepted="UTF-8") from None
        return MultiDict([*request.args.items(multi=True), ("query", text)])
    if kind == _UPDATE:
        raise QueryRefused("this endpoint is read-only: updates are refused", value=kind)
    raise UnsupportedMediaType(f"the body is of type {kind or '(none)'}", value=kind, accepted=[_QUERY, _FORM])


def _timeout(value: str | None) -> float | None:
    if value is None:
        return None
    accepted = f"seconds, from 0.01 to {settings().timeout:g}"
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0.01 <= seconds <= 3600:  # noqa: PLR2004 - what lies above the server's own deadline is lowered to it
        raise BadRequest(f"timeout: {value!r} is not accepted", parameter="timeout", value=value, accepted=accepted)
    return seconds
