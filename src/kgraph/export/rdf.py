"""A release in the forms of RDF: with its graphs (N-Quads, TriG), or as one graph (N-Triples, Turtle, RDF/XML).

Each is written a batch at a time by the engine's own writers, behind one head; the same release gives the same bytes.
"""

import re
from collections.abc import Callable, Iterator
from xml.sax.saxutils import quoteattr

import pyoxigraph as ox

from kgraph.errors import KgraphError
from kgraph.export.lines import Batch, batches, marked
from kgraph.export.source import Source
from kgraph.terms import KINDS, PREFIXES, SCHEMES, VOCAB, Iris

_LINES = 2000
_NOT_IN_XML = re.compile(rb"\\u00(?:0[0-8BCEF]|1[0-9A-F])|\xef\xbf[\xbe\xbf]")


def nquads(source: Source) -> Iterator[bytes]:
    """Yield canonical N-Quads (https://www.w3.org/TR/rdf12-n-quads/#canonical-quads), in the order of `lines`."""
    yield marked(source)
    for batch in batches(source):
        yield b"".join(batch)


def ntriples(source: Source) -> Iterator[bytes]:
    """Yield canonical N-Triples (https://www.w3.org/TR/rdf12-n-triples/#canonical-ntriples) of the union."""
    yield marked(source)
    for batch in batches(source):
        yield b"".join(line[: line.rindex(b" <")] + b" .\n" for line in batch)


def trig(source: Source) -> Iterator[bytes]:
    """Yield TriG (https://www.w3.org/TR/trig/), unit by unit."""
    yield marked(source)
    yield from _text(source, ox.RdfFormat.TRIG)


def turtle(source: Source) -> Iterator[bytes]:
    """Yield Turtle (https://www.w3.org/TR/turtle/) of the union."""
    yield marked(source)
    yield from _text(source, ox.RdfFormat.TURTLE)


def _text(source: Source, form: ox.RdfFormat) -> Iterator[bytes]:
    names = prefixes(source.iris)
    yield head(names)
    for quads in gathered(source):
        yield body(quads, form, names)


def rdfxml(source: Source) -> Iterator[bytes]:
    """Yield RDF/XML (https://www.w3.org/TR/rdf-syntax-grammar/) of the union.

    Raises `KgraphError` at a character that XML cannot hold.
    """
    names = prefixes(source.iris)
    spaces = "".join(f"\n  xmlns:{name}={quoteattr(iri)}" for name, iri in sorted(names.items()))
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF{spaces}>\n'.encode()
    for quads in gathered(source, check=_refuse_control):
        text = ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.RDF_XML, prefixes=names)
        assert text is not None
        yield text[text.index(b">\n", text.index(b"<rdf:RDF")) + 2 : text.rindex(b"</rdf:RDF>")]
    yield b"</rdf:RDF>\n"


def _refuse_control(batch: Batch) -> None:
    for line in batch:
        if _NOT_IN_XML.search(line):
            shown = line.split(b" ", 2)
            raise KgraphError(
                f"XML cannot hold a character in the value of {shown[1].decode()} of {shown[0].decode()}",
                accepted="another form, such as turtle",
            )


def prefixes(iris: Iris) -> dict[str, str]:
    """Return the prefixes of exports: one for each vocabulary, kind of thing and scheme of concepts."""
    kinds = {kind: iris.base + f"{kind}/" for kind in KINDS}
    return PREFIXES | kinds | {scheme: f"{VOCAB}{scheme}/" for scheme in SCHEMES}


def head(names: dict[str, str]) -> bytes:
    """Return the declarations of prefixes, in order of their names."""
    return "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in sorted(names.items())).encode()


def body(quads: list[ox.Quad], form: ox.RdfFormat, names: dict[str, str]) -> bytes:
    """Return quads as TriG or, without their graphs, Turtle; the declarations of prefixes are left out.

    The writer gives those in another order each time, one a line, before all else.
    """
    items = quads if form == ox.RdfFormat.TRIG else [quad.triple for quad in quads]
    text = ox.serialize(items, format=form, prefixes=names)
    assert text is not None
    return text.split(b"\n", len(names))[-1]


def gathered(source: Source, check: Callable[[Batch], None] = lambda _: None) -> Iterator[list[ox.Quad]]:
    """Yield the quads that are meant, some thousand at a time, graph by graph, those of one subject together."""
    waiting: Batch = []
    for batch in batches(source):
        check(batch)
        waiting += batch
        if len(waiting) >= _LINES:
            yield _quads(waiting)
            waiting = []
    if waiting:
        yield _quads(waiting)


def _quads(lines: Batch) -> list[ox.Quad]:
    quads = list(ox.parse(b"".join(lines), format=ox.RdfFormat.N_QUADS))
    return sorted(quads, key=lambda quad: str(quad.graph_name))
