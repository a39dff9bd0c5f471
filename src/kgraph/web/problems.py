"""Errors as problem documents (RFC 9457) to programs, and as a page that says the same to browsers."""

import json

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException

from kgraph.errors import BadRequest, KgraphError
from kgraph.formats import HTML, Format, choose
from kgraph.web.observe import seen

_PROBLEM = Format("json", "application/problem+json", ("application/json",))


def register(app: Flask) -> None:
    """Let `app` answer every error in one shape, and every answer be read from other origins."""
    app.register_error_handler(KgraphError, _answer)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)
    app.after_request(_open_to_all)


def _answer(error: KgraphError) -> Response:
    problem = error.problem()
    found = seen()
    if found is not None:
        found.outcome, problem["requestId"] = error.code, found.id
    accept = request.headers.get("Accept")
    if choose(accept, (_PROBLEM, HTML)) is HTML:
        response = Response(render_template("problem.html", problem=problem), error.status, mimetype="text/html")
    else:
        body = json.dumps(problem, ensure_ascii=False, default=str) + "\n"
        response = Response(body, error.status, mimetype=_PROBLEM.media_type)
    response.headers["Vary"] = "Accept"
    if "retry_after" in error.extra:
        response.headers["Retry-After"] = str(error.extra["retry_after"])
    return response


def _http(error: HTTPException) -> Response:
    """Answer an error of the framework: its status and headers stay."""
    problem = BadRequest(error.description or error.name)
    problem.status, problem.title = error.code or 500, error.name  # type: ignore[misc]
    problem.code = error.name.lower().replace(" ", "-")  # type: ignore[misc]
    response = _answer(problem)
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            response.headers[name] = value
    return response


def _unforeseen(error: Exception) -> Response:
    found = seen()
    current_app.logger.error("unforeseen error in request %s", found and found.id, exc_info=error)
    return _answer(KgraphError("an unforeseen error; the server's log says more"))


def _open_to_all(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = (
        "ETag, Link, Retry-After, Server-Timing, X-Request-Id, X-Total-Count"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
