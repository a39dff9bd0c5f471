"""Errors as problem documents (RFC 9457) to programs, and as a page that says the same to browsers."""

import json
import logging

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from kgraph.errors import BadRequest, KgraphError
from kgraph.formats import HTML, Format, choose
from kgraph.web.observe import seen

# What every response says: pages of other origins may read it, and it is what its type says.
OPEN_TO_ALL = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Retry-After, Server-Timing, X-Request-Id, X-Total-Count",
    "X-Content-Type-Options": "nosniff",
}
_LOG = logging.getLogger("kgraph.server")  # to standard error: the framework's own goes where its server likes
_PROBLEM = Format("json", "application/problem+json", ("application/json",))


def register(app: Flask) -> None:
    """Let `app` answer every error in one shape, and every answer be read from other origins."""
    app.register_error_handler(KgraphError, answer)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)
    app.after_request(_open_to_all)


def answer(error: KgraphError) -> Response:
    """Return the problem document of an error, or the page, as the request in hand takes them."""
    problem = error.problem()
    found = seen()
    if found is not None:
        found.outcome, problem["requestId"] = error.code, found.id
    accept = request.headers.get("Accept")
    if choose(accept, (_PROBLEM, HTML)) is HTML:
        body, media_type = render_template("problem.html", problem=problem), HTML.media_type
    else:
        body, media_type = json.dumps(problem, ensure_ascii=False, default=str) + "\n", _PROBLEM.media_type
    encoded = body.encode("utf-8", "backslashreplace")  # a query may hold half a character, as an escape
    response = Response(encoded, error.status, mimetype=media_type)
    response.headers["Vary"] = "Accept"
    if "retry_after" in error.extra:
        response.headers["Retry-After"] = str(error.extra["retry_after"])
    return response


def _http(error: HTTPException) -> Response:
    """Answer an error of the framework: its status and headers stay."""
    response = answer(of_http(error))
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            response.headers[name] = value
    return response


def of_http(error: HTTPException) -> KgraphError:
    """Return an error of the framework as one of ours."""
    problem = BadRequest(error.description or error.name)
    problem.status, problem.title = error.code or 500, error.name  # type: ignore[misc]
    problem.code = error.name.lower().replace(" ", "-")  # type: ignore[misc]
    return problem


def _unforeseen(error: Exception) -> Response:
    found = seen()
    _LOG.error("unforeseen error in request %s", found and found.id, exc_info=error)
    return answer(KgraphError("an unforeseen error; the server's log says more"))


def _open_to_all(response: Response) -> Response:
    response.headers.update(OPEN_TO_ALL)
    response.headers.pop("Date", None)  # each server adds its own
    return response
