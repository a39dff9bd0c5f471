"""Vocabularies and IRIs: the only place where an IRI is made or taken apart."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from rdflib import DCTERMS, FOAF, OWL, PROV, RDF, RDFS, SH, SKOS, VOID, XSD, Namespace, URIRef
from rdflib.term import Node

KG = Namespace("https://w3id.org/kgraph/ns#")
VOCAB = Namespace("https://w3id.org/kgraph/vocab/")
NP = Namespace("http://www.nanopub.org/nschema#")
NPX = Namespace("http://purl.org/nanopub/x/")
OA = Namespace("http://www.w3.org/ns/oa#")
SCHEMA = Namespace("https://schema.org/")
GEO = Namespace("http://www.opengis.net/ont/geosparql#")
SEM = Namespace("http://semanticweb.cs.vu.nl/2009/11/sem/")
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
SPEX = Namespace("https://purl.expasy.org/sparql-examples/ontology#")
VOID_EXT = Namespace("http://ldf.fi/void-ext#")
EDTF = URIRef("http://id.loc.gov/datatypes/edtf/EDTF")
SKOLEM = "https://w3id.org/kgraph/.well-known/genid/"

PREFIXES: dict[str, str] = {
    "kg": str(KG),
    "np": str(NP),
    "npx": str(NPX),
    "prov": str(PROV),
    "oa": str(OA),
    "sem": str(SEM),
    "skos": str(SKOS),
    "foaf": str(FOAF),
    "dcterms": str(DCTERMS),
    "schema": str(SCHEMA),
    "geo": str(GEO),
    "void": str(VOID),
    "void-ext": str(VOID_EXT),
    "sd": str(SD),
    "sh": str(SH),
    "spex": str(SPEX),
    "owl": str(OWL),
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "xsd": str(XSD),
}

SCHEMES = (
    "stance", "conduct", "violation", "weapon", "target", "topic", "attribution", "method", "harm", "unit", "qualifier",
    "victim-category", "basis", "standing", "exclusion", "step",
)  # fmt: skip
KINDS = ("claim", "attestation", "event", "agent", "victim", "place", "document", "passage", "query", "graph")
SHARED_GRAPHS = (
    "agents", "victims", "places", "events", "documents", "passages", "ontology", "vocabularies", "queries", "derived",
)  # fmt: skip
NANOPUB_GRAPHS = ("head", "assertion", "provenance", "pubinfo")

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

Quad = tuple[Node, URIRef, Node, URIRef]


def concept(scheme: str, slug: str) -> URIRef:
    """Return the IRI of a concept in one of `SCHEMES`."""
    return VOCAB[f"{scheme}/{slug}"]


def fragment(iri: str, name: str) -> URIRef:
    """Return the IRI of a part of a thing, such as a toll of a claim."""
    return URIRef(f"{iri}#{name}")


def local_name(iri: str) -> str:
    """Return the part of `iri` behind its last slash or hash: a last resort where there is no label."""
    return re.split(r"[/#]", iri.rstrip("/#"))[-1]


@dataclass(frozen=True)
class Iris:
    """The IRIs of one corpus, under its base IRI (which ends in a slash)."""

    base: str

    def of(self, kind: str, ident: str) -> URIRef:
        """Return the IRI of the thing of `kind` (one of `KINDS`) called `ident`."""
        return URIRef(f"{self.base}{kind}/{ident}")

    def graph(self, name: str) -> URIRef:
        """Return the IRI of a shared graph."""
        return self.of("graph", name)

    def attestation(self, claim: str, agent: str, ident: str | None = None) -> URIRef:
        """Return the IRI of an agent's attestation of a claim; `ident` tells a second one from the first."""
        return self.of("attestation", "/".join(filter(None, (claim, agent, ident))))

    def passage(self, document: str, start: int, end: int) -> URIRef:
        """Return the IRI of a passage: code points from `start` to `end`, exclusive."""
        return self.of("passage", f"{document}/{start}-{end}")

    def split(self, iri: str) -> tuple[str, str] | None:
        """Return (kind, identifier) of a thing's IRI, None where it is not of this corpus."""
        if not iri.startswith(self.base) or "#" in iri:
            return None
        kind, _, ident = iri[len(self.base) :].partition("/")
        return (kind, ident) if kind in KINDS and ident else None

    def unit_of_graph(self, graph: str) -> URIRef:
        """Return the unit that a named graph belongs to: a claim for its four graphs, else the graph itself."""
        head, mark, _ = graph.partition("#")
        return URIRef(head if mark else graph)


def text_fragment(url: str, first: str, last: str) -> str:
    """Return `url` with a text fragment that points at a passage (WICG Scroll to Text Fragment)."""

    def encode(words: str) -> str:
        return quote(words, safe="").replace("-", "%2D")

    ends = [first] if first == last else [first, last]
    return f"{url}#:~:text={','.join(map(encode, ends))}"
