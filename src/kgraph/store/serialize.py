"""Quads as bytes of an RDF format, by the engine's own writers: datatypes and language tags stay what they are."""

from collections.abc import Iterable

import pyoxigraph as ox

from kgraph.canonical import ox_quad
from kgraph.formats import JSONLD, NTRIPLES, Format
from kgraph.terms import PREFIXES, Quad


def serialize(quads: Iterable[Quad], form: Format, *, base: str, named: bool) -> bytes:
    """Return `quads` in `form`, with their graphs where `named`; as triples, each once, otherwise."""
    chosen = ox.RdfFormat.from_media_type(form.media_type)
    assert chosen is not None
    found = sorted({ox_quad(quad) for quad in quads}, key=str)
    prefixes = None if form in {NTRIPLES, JSONLD} or chosen == ox.RdfFormat.N_QUADS else PREFIXES | {"data": base}
    items = found if named else sorted({quad.triple for quad in found}, key=str)
    body = ox.serialize(items, format=chosen, prefixes=prefixes)
    assert body is not None
    return body
