"""Media types on offer, and which one a client is given (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from werkzeug.http import parse_accept_header

from kgraph.errors import NotAcceptable


@dataclass(frozen=True)
class Format:
    """One form that an answer can take.

    `name` is its name in options and suffixes, `aliases` are other media types that clients ask for it by, and
    `names` are other names that they give it in the parameter `format`.
    """

    name: str
    media_type: str
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """Return the value of a Content-Type header: text types say that they are UTF-8."""
        if self.media_type.startswith("text/"):
            return f"{self.media_type}; charset=utf-8"
        return self.media_type


JSON = Format("json", "application/sparql-results+json", ("application/json", "text/json"))
XML = Format("xml", "application/sparql-results+xml", ("application/xml", "text/xml"))
CSV = Format("csv", "text/csv")
TSV = Format("tsv", "text/tab-separated-values", ("text/tsv", "text/plain"))
RESULTS = (JSON, XML, CSV, TSV)

TURTLE = Format(
    "ttl", "text/turtle", ("application/turtle", "application/x-turtle", "text/n3", "text/rdf+n3"), ("turtle", "n3")
)
NTRIPLES = Format("nt", "application/n-triples", ("text/plain",), ("ntriples", "n-triples"))
RDFXML = Format(
    "rdf", "application/rdf+xml", ("application/xml", "text/xml"), ("rdfxml", "rdf-xml", "rdf/xml", "rdf+xml", "xml")
)
JSONLD = Format("jsonld", "application/ld+json", ("application/json", "application/x-json+ld"), ("json-ld", "json"))
TRIG = Format("trig", "application/trig", ("application/x-trig",))
NQUADS = Format("nq", "application/n-quads", ("text/x-nquads", "text/nquads"), ("nquads", "n-quads"))
TRIPLES = (TURTLE, NTRIPLES, RDFXML, JSONLD)
GRAPHS = (*TRIPLES, TRIG, NQUADS)

SVG = Format("svg", "image/svg+xml")
PLAIN_JSON = Format("json", "application/json", ("text/json",))
HTML = Format("html", "text/html", ("application/xhtml+xml",))
RESOURCES = (HTML, TURTLE, JSONLD, NTRIPLES, NQUADS, TRIG, RDFXML)

_EXACT, _ALIAS, _TYPE, _ANYTHING = 3, 2, 1, 0


def choose(accept: str | None, offered: Sequence[Format]) -> Format | None:
    """Return the format of `offered` that an Accept header asks for, None where it takes none of them.

    The quality of a format is that of the most specific range that covers it, so `q=0` for a type holds against `*/*`.
    The best quality wins; of equals what is named more exactly, and then what is offered first. No header, or an empty
    one, gets the first. An alias counts only where the client names it: `application/json` is answered by SPARQL JSON
    without outranking what was named by its own type.
    """
    if accept is None or not accept.strip():
        return offered[0]
    ranges = _ranges(accept)
    best = max(offered, key=lambda item: _rank(item, ranges))  # the first of equals
    return best if _rank(best, ranges)[0] > 0 else None


def _ranges(accept: str) -> dict[str, float]:
    """Return the quality of each media range; parameters are let pass, but a range without them counts before."""
    plain: dict[str, float] = {}
    special: dict[str, float] = {}
    for value, quality in parse_accept_header(accept):
        name, semicolon, _ = value.partition(";")
        name = "*/*" if name.strip() == "*" else name.strip().lower()
        found = special if semicolon else plain
        found[name] = max(quality, found.get(name, 0.0))
    return special | plain


def _rank(item: Format, ranges: dict[str, float]) -> tuple[float, int]:
    """Return the quality of a format, and how exactly the range says it that gives this quality."""
    top = item.media_type.partition("/")[0]
    ladder = ((item.media_type, _EXACT), (f"{top}/*", _TYPE), ("*/*", _ANYTHING))
    own = next(((ranges[name], level) for name, level in ladder if name in ranges), (0.0, _ANYTHING))
    if own == (0.0, _EXACT):
        return own
    return max([own, *((ranges[alias], _ALIAS) for alias in item.aliases if alias in ranges)])


def require(accept: str | None, offered: Sequence[Format]) -> Format:
    """Do as `choose`, but raise `NotAcceptable`, with the list of what is on offer, instead of returning None."""
    found = choose(accept, offered)
    if found is None:
        raise not_acceptable(accept, offered)
    return found


def not_acceptable(accept: str | None, offered: Sequence[Format]) -> NotAcceptable:
    """Return the error for an Accept header that takes nothing of `offered`."""
    types = [item.media_type for item in offered]
    return NotAcceptable(f"nothing on offer fits Accept: {accept}", value=accept, accepted=types)


def by_name(name: str, offered: Sequence[Format]) -> Format | None:
    """Return the format of `offered` called `name` (`ttl`, `json`, ...), None where there is none."""
    return next((item for item in offered if item.name == name), None)


def by_parameter(value: str, offered: Sequence[Format]) -> Format | None:
    """Return the format of `offered` that the parameter `format` names, None where it names none of them.

    A name (`ttl`, `turtle`, `json`), a media type, or media ranges as in Accept; upper and lower case are one.
    """
    value = value.strip().lower()
    if "/" in value and value != "rdf/xml":
        return choose(value, offered)
    return next((item for item in offered if value in {item.name, *item.names}), None)
