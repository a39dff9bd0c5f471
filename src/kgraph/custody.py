"""Custody of documents as PROV: what was done with an archived text, by whom and when.

The steps are named as the Berkeley Protocol on Digital Open Source Investigations names them (OHCHR, HR/PUB/20/2).
"""

from collections.abc import Iterator

from rdflib import DCAT, Literal, URIRef
from rdflib.namespace import DCTERMS, PROV, RDF, RDFS, XSD

from kgraph.model import CustodyStep, Document
from kgraph.terms import KG, Iris, Quad, concept, fragment

MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
COLLECTED = "collected"


def quads(document: Document, iris: Iris) -> Iterator[Quad]:
    """Yield size, media type and chain of custody of a document; nothing that its record does not say."""
    iri, home = iris.of("document", document.id), iris.graph("documents")
    if document.size is not None:
        yield iri, DCAT.byteSize, Literal(document.size), home
    if document.media_type is not None:
        yield iri, DCAT.mediaType, URIRef(MEDIA_TYPES + document.media_type), home
    for number, step in enumerate(document.custody, start=1):
        node = fragment(iri, f"custody-{number}")
        yield iri, KG.custody, node, home
        if step.step == COLLECTED:
            yield iri, PROV.wasGeneratedBy, node, home
        yield from _step(document, step, node, iris)


def _step(document: Document, step: CustodyStep, node: URIRef, iris: Iris) -> Iterator[Quad]:
    home = iris.graph("documents")
    yield node, RDF.type, KG.CustodyStep, home
    yield node, KG.step, concept("step", step.step), home
    if step.step != COLLECTED:
        yield node, PROV.used, iris.of("document", document.id), home
    elif document.url is not None:
        yield node, PROV.used, URIRef(document.url), home
    for agent in step.by:
        yield node, PROV.wasAssociatedWith, iris.of("agent", agent), home
    if step.at is not None:
        timed = "T" in step.at
        term, datatype = (PROV.endedAtTime, XSD.dateTime) if timed else (DCTERMS.date, XSD.date)
        yield node, term, Literal(step.at, datatype=datatype), home
    if step.how is not None:
        yield node, RDFS.comment, Literal(step.how, lang="en"), home
    if step.sha256 is not None:
        yield node, KG.sha256, Literal(step.sha256), home
