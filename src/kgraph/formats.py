"""Media types on offer, and which one a client is given (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from kgraph.errors import NotAcceptable


@dataclass(frozen=True)
class Format:
    """One form that an answer can take: `name` as in options and suffixes, its media type, and other names of that."""

    name: str
    media_type: str
    aliases: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """Return the value of a Content-Type header: text types say that they are UTF-8."""
        if self.media_type.startswith("text/"):
            return f"{self.media_type}; charset=utf-8"
        return self.media_type


JSON = Format("json", "application/sparql-results+json", ("application/json",))
XML = Format("xml", "application/sparql-results+xml", ("application/xml", "text/xml"))
CSV = Format("csv", "text/csv")
TSV = Format("tsv", "text/tab-separated-values")
RESULTS = (JSON, XML, CSV, TSV)

TURTLE = Format("ttl", "text/turtle", ("application/x-turtle", "text/plain"))
NTRIPLES = Format("nt", "application/n-triples")
RDFXML = Format("rdf", "application/rdf+xml", ("application/xml", "text/xml"))
JSONLD = Format("jsonld", "application/ld+json", ("application/json",))
TRIG = Format("trig", "application/trig")
NQUADS = Format("nq", "application/n-quads")
GRAPHS = (TURTLE, NTRIPLES, RDFXML, JSONLD)

HTML = Format("html", "text/html", ("application/xhtml+xml",))
RESOURCES = (HTML, TURTLE, JSONLD, NTRIPLES, NQUADS, TRIG, RDFXML)


def choose(accept: str | None, offered: Sequence[Format]) -> Format | None:
    """Return the format of `offered` that an Accept header asks for, None where it takes none of them.

    No header, an empty one, or one that takes everything alike gets the first. An alias counts only where the client
    names it, so `application/json` is answered by SPARQL JSON without outranking what was named exactly.
    """
    if accept is None or not accept.strip():
        return offered[0]
    header = parse_accept_header(accept, MIMEAccept)
    by_type: dict[str, Format] = {}
    for item in offered:
        by_type.setdefault(item.media_type, item)
    named = {value.partition(";")[0].strip().lower() for value in header.values()}
    for item in offered:
        for alias in item.aliases:
            if alias in named:
                by_type.setdefault(alias, item)
    best = header.best_match(by_type)
    return by_type[best] if best else None


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
