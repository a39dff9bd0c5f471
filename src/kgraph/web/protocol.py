"""What a request of the SPARQL 1.1 Protocol asks (https://www.w3.org/TR/sparql11-protocol/), read from WSGI."""

from urllib.parse import unquote_to_bytes

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from kgraph.errors import BadRequest, QueryRefused, UnsupportedMediaType
from kgraph.formats import GRAPHS, HTML, RESULTS, Format, by_parameter, choose, not_acceptable
from kgraph.store.base import Question
from kgraph.store.iris import is_iri

_FORM, _QUERY, _UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
_FORMATS = ("format", "output", "results")  # what clients call it; they often send all three
_GRAPHS = ("default-graph-uri", "named-graph-uri")
_PARAMETERS = {"query", *_GRAPHS, "timeout", *_FORMATS, "infer"}
_UTF8 = {"", "utf-8", "utf8", "us-ascii"}
_MAX_PARAMETERS = 1000


def question(parameters: MultiDict[str, str], accept: str | None, *, most: float) -> Question:
    """Return what is asked; raise where a parameter is missing, unknown, doubled or malformed, or updates are asked.

    `most` is the deadline of the server, in seconds.
    """
    for name in ("query", "update", "timeout", "infer"):
        if len(parameters.getlist(name)) > 1:
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
    if parameters.get("infer", "true") != "true":
        accepted = "true: what is derived stands in a graph of its own, to be left out by default-graph-uri"
        raise BadRequest("infer is not accepted", parameter="infer", value=parameters["infer"], accepted=accepted)
    results, graph = _formats(parameters, accept)
    return Question(
        text=parameters["query"], results=results, graph=graph,
        default_graphs=_iris(parameters, "default-graph-uri"), named_graphs=_iris(parameters, "named-graph-uri"),
        timeout=_timeout(parameters.get("timeout"), most),
    )  # fmt: skip


def _formats(parameters: MultiDict[str, str], accept: str | None) -> tuple[Format | None, Format | None]:
    """Return the form for SELECT and ASK, and that for CONSTRUCT and DESCRIBE: by `format`, otherwise by Accept."""
    named = [(name, value) for name in _FORMATS for value in parameters.getlist(name) if value.strip()]
    if named:
        return _named(named)
    results, graph = choose(accept, RESULTS), choose(accept, GRAPHS)
    if (results is None or graph is None) and choose(accept, (HTML,)) is not None:
        return results or RESULTS[0], graph or GRAPHS[0]  # to a browser, what it can show at least as text
    if results is None and graph is None:
        raise not_acceptable(accept, (*RESULTS, *GRAPHS))
    return results, graph


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


def _iris(parameters: MultiDict[str, str], name: str) -> tuple[str, ...]:
    """Return the graphs of the dataset that the request asks for; they count before FROM in the query (2.1.4)."""
    values = parameters.getlist(name)
    for value in values:
        if not is_iri(value):
            raise BadRequest(f"{name}: {value!r} is no IRI", parameter=name, value=value, accepted="an absolute IRI")
    return tuple(values)


def parameters(request: Request) -> MultiDict[str, str]:
    """Return the parameters of the query string, and of the body of a POST, each decoded exactly once."""
    pairs = _pairs(request.query_string, "query string")
    if request.method == "POST":
        kind, body = request.mimetype, _body(request)
        if kind == _FORM:
            pairs += _pairs(body, "form")
        elif kind == _QUERY:
            pairs.append(("query", _text(body, "body")))
        elif kind == _UPDATE:
            _text(body, "body")
            raise QueryRefused("this endpoint is read-only: updates are refused", value=kind)
        else:
            raise UnsupportedMediaType(f"the body is of type {kind or '(none)'}", value=kind, accepted=[_QUERY, _FORM])
    return MultiDict(pairs)


def _body(request: Request) -> bytes:
    """Return the body of a POST; raise `UnsupportedMediaType` where it is encoded in a way that is not taken here."""
    charset = request.mimetype_params.get("charset", "")
    if charset.lower() not in _UTF8:
        raise UnsupportedMediaType(f"the body is in {charset}", value=charset, accepted=["utf-8"])
    coding = request.headers.get("Content-Encoding", "identity")
    if coding.lower() != "identity":
        raise UnsupportedMediaType(f"the body is coded as {coding}", value=coding, accepted=["identity"])
    return request.get_data()


def _pairs(encoded: bytes, where: str) -> list[tuple[str, str]]:
    """Return names and values of application/x-www-form-urlencoded."""
    fields = [field for field in encoded.split(b"&", _MAX_PARAMETERS) if field]
    if len(fields) >= _MAX_PARAMETERS:
        raise BadRequest(f"the {where} has too many parameters", accepted=f"fewer than {_MAX_PARAMETERS}")
    halves = [field.replace(b"+", b" ").partition(b"=") for field in fields]
    return [(_text(unquote_to_bytes(name), where), _text(unquote_to_bytes(value), where)) for name, _, value in halves]


def _text(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"the {where} is not UTF-8: byte {data[error.start]:#04x} at {error.start}"
        raise BadRequest(detail, accepted="UTF-8") from None


def _timeout(value: str | None, most: float) -> float | None:
    if value is None:
        return None
    accepted = f"seconds, from 0.01 to {most:g}"
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0.01 <= seconds <= 3600:  # noqa: PLR2004 - what lies above the server's own deadline is lowered to it
        raise BadRequest(f"timeout: {value!r} is not accepted", parameter="timeout", value=value, accepted=accepted)
    return seconds
