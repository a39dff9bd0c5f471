"""What a request of the SPARQL 1.1 Protocol asks (https://www.w3.org/TR/sparql11-protocol/)."""

import re
from binascii import a2b_qp
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from werkzeug.http import parse_options_header

from kgraph.errors import BadRequest, QueryRefused, UnsupportedMediaType
from kgraph.formats import GRAPHS, HTML, RESULTS, Format, by_parameter, choose, not_acceptable
from kgraph.store.base import Question
from kgraph.store.iris import is_iri

_FORM, _QUERY, _UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
_FORMATS = ("format", "output", "results")  # what clients call it; they often send all three
_GRAPHS = ("default-graph-uri", "named-graph-uri")
_PARAMETERS = {"query", *_GRAPHS, "timeout", *_FORMATS, "infer"}
_UTF8 = {"", "utf-8", "utf8", "us-ascii"}
_ONCE = ("query", "update", "timeout", "infer")
_MAX_PARAMETERS = 1000
_LONG = 500
_MALFORMED = re.compile(rb"%(?![0-9A-Fa-f]{2})|[\r\n]")


Parameters = dict[str, list[str]]


class Body(NamedTuple):
    """The body of a POST, and what its headers say of it; without them, its type is empty and it is not coded."""

    data: bytes
    content_type: str
    coding: str


def question(parameters: Parameters, accept: str | None, *, most: float) -> Question:
    """Return what is asked; raise where a parameter is missing, unknown, doubled or malformed, or updates are asked.

    `most` is the deadline of the server, in seconds.
    """
    for name in _ONCE:
        if len(parameters.get(name, ())) > 1:
            raise BadRequest(f"the parameter {name} is given more than once", parameter=name, accepted="it once")
    if "update" in parameters:
        if "query" in parameters:
            raise BadRequest("both query and update are given", parameter="update", accepted="query alone")
        raise QueryRefused("this endpoint is read-only: updates are refused", parameter="update")
    for name in parameters:
        if name not in _PARAMETERS:
            raise BadRequest(f"unknown parameter {name!r}", parameter=name, accepted=sorted(_PARAMETERS))
    if "query" not in parameters:
        raise BadRequest("the parameter query is missing", parameter="query", accepted="a SPARQL 1.1 query")
    if parameters.get("infer", ["true"]) != ["true"]:
        accepted = "true: what is derived stands in a graph of its own, to be left out by default-graph-uri"
        raise BadRequest("infer is not accepted", parameter="infer", value=parameters["infer"][0], accepted=accepted)
    results, graph = _formats(parameters, accept)
    return Question(
        text=parameters["query"][0], results=results, graph=graph,
        default_graphs=_iris(parameters, "default-graph-uri"), named_graphs=_iris(parameters, "named-graph-uri"),
        timeout=_timeout(parameters["timeout"][0], most) if "timeout" in parameters else None,
    )  # fmt: skip


def _formats(parameters: Parameters, accept: str | None) -> tuple[Format | None, Format | None]:
    """Return the form for SELECT and ASK, and that for CONSTRUCT and DESCRIBE: by `format`, otherwise by Accept."""
    named = [(name, value) for name in _FORMATS for value in parameters.get(name, ()) if value.strip()]
    if named:
        return _named(named)
    return _accepted(accept) if accept is None or len(accept) > _LONG else _accepted_before(accept)


def _accepted(accept: str | None) -> tuple[Format | None, Format | None]:
    results, graph = choose(accept, RESULTS), choose(accept, GRAPHS)
    if (results is None or graph is None) and choose(accept, (HTML,)) is not None:
        return results or RESULTS[0], graph or GRAPHS[0]  # to a browser, what it can show at least as text
    if results is None and graph is None:
        raise not_acceptable(accept, (*RESULTS, *GRAPHS))
    return results, graph


_accepted_before = lru_cache(maxsize=1024)(_accepted)


def _named(named: list[tuple[str, str]]) -> tuple[Format | None, Format | None]:
    """Return the forms that the parameters `format`, `output` and `results` name, which must agree."""
    found: tuple[Format | None, Format | None] = (None, None)
    accepted = [name for item in (*RESULTS, *GRAPHS) for name in (item.name, *item.names)]
    for name, value in named:
        text = value.replace(" ", "+") if "," not in value else value  # `rdf+xml` typed into an address bar
        results, graph = by_parameter(text, RESULTS), by_parameter(text, GRAPHS)
        if results is None and graph is None:
            raise BadRequest(
                f"{name}: {value!r} is not accepted", parameter=name, value=value, accepted=sorted(set(accepted))
            )
        if (results or found[0], graph or found[1]) != (found[0] or results, found[1] or graph):
            raise BadRequest(f"{name}: {value!r} contradicts {named[0][1]!r}", parameter=name, value=value)
        found = (results or found[0], graph or found[1])
    return found


def _iris(parameters: Parameters, name: str) -> tuple[str, ...]:
    """Return the graphs of the dataset that the request asks for; they count before FROM in the query (2.1.4)."""
    values = parameters.get(name, ())
    for value in values:
        if not is_iri(value):
            raise BadRequest(f"{name}: {value!r} is no IRI", parameter=name, value=value, accepted="an absolute IRI")
    return tuple(values)


def parameters(query_string: bytes, body: Body | None = None) -> Parameters:
    """Return the parameters of the query string, and of the body of a POST, each decoded exactly once."""
    pairs = _pairs(query_string, "query string")
    if body is not None:
        pairs += _of_body(body)
    found: Parameters = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _of_body(body: Body) -> list[tuple[str, str]]:
    """Return the parameters in a body; raise where it is of a type, or coded in a way, that is not taken here."""
    kind, options = parse_options_header(body.content_type)
    charset = options.get("charset", "")
    if charset.lower() not in _UTF8:
        raise UnsupportedMediaType(f"the body is in {charset}", value=charset, accepted=["utf-8"])
    if body.coding.lower() not in {"", "identity"}:
        raise UnsupportedMediaType(f"the body is coded as {body.coding}", value=body.coding, accepted=["identity"])
    kind = kind.lower()
    if kind == _FORM:
        return _pairs(body.data, "form")
    if kind == _QUERY:
        return [("query", _text(body.data, "body"))]
    if kind == _UPDATE:
        _text(body.data, "body")
        raise QueryRefused("this endpoint is read-only: updates are refused", value=kind)
    raise UnsupportedMediaType(f"the body is of type {kind or '(none)'}", value=kind, accepted=[_QUERY, _FORM])


def _pairs(encoded: bytes, where: str) -> list[tuple[str, str]]:
    """Return names and values of application/x-www-form-urlencoded."""
    fields = [field for field in encoded.split(b"&", _MAX_PARAMETERS) if field]
    if len(fields) >= _MAX_PARAMETERS:
        raise BadRequest(f"the {where} has too many parameters", accepted=f"fewer than {_MAX_PARAMETERS}")
    halves = [field.replace(b"+", b" ").partition(b"=") for field in fields]
    return [(_text(decoded(name), where), _text(decoded(value), where)) for name, _, value in halves]


def decoded(data: bytes) -> bytes:
    """Return what `unquote_to_bytes` does, in a tenth of the time where nothing in it is malformed.

    Quoted-printable (RFC 2045, section 6.7) says with = what percent-encoding says with %, and is decoded in C.
    """
    if b"%" not in data:
        return data
    if _MALFORMED.search(data):
        return unquote_to_bytes(data)
    return a2b_qp(data.replace(b"=", b"=3D").replace(b"%", b"="))


def _text(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"the {where} is not UTF-8: byte {data[error.start]:#04x} at {error.start}"
        raise BadRequest(detail, accepted="UTF-8") from None


def _timeout(value: str, most: float) -> float:
    accepted = f"seconds, from 0.01 to {most:g}"
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0.01 <= seconds <= 3600:  # noqa: PLR2004 - what lies above the server's own deadline is lowered to it
        raise BadRequest(f"timeout: {value!r} is not accepted", parameter="timeout", value=value, accepted=accepted)
    return seconds
