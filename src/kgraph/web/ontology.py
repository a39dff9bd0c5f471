"""The ontology and the vocabularies, as pages with an anchor for each term and as RDF.

Their IRIs lie outside the base IRI of a corpus; `/ns` and `/vocab/...` answer for them on every server.
"""

from dataclasses import dataclass

from flask import Blueprint, Response, jsonify
from rdflib import OWL, RDF, RDFS, SKOS, VOID, URIRef
from rdflib.namespace import DCTERMS
from rdflib.term import Node
from werkzeug.wrappers import Response as BaseResponse

from kgraph.errors import UnknownThing
from kgraph.export.jsonld import published
from kgraph.formats import HTML, JSONLD, RESOURCES, by_name
from kgraph.resource import ONTOLOGY, VOCABULARIES, Description, describe, iri_at
from kgraph.rows import short
from kgraph.store.base import Engine
from kgraph.terms import KG, SCHEMA, Quad, local_name
from kgraph.web import documents
from kgraph.web.context import conditional, engine
from kgraph.web.resources import answer

blueprint = Blueprint("ontology", __name__)
_LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
_SECTIONS = {
    "Classes": OWL.Class, "Properties whose values are things": OWL.ObjectProperty,
    "Properties whose values are literals": OWL.DatatypeProperty,
}  # fmt: skip
_TOLD = (
    ("is a", RDFS.subClassOf), ("is a", RDFS.subPropertyOf), ("domain", RDFS.domain), ("domain", SCHEMA.domainIncludes),
    ("range", RDFS.range), ("range", SCHEMA.rangeIncludes), ("close to", SKOS.closeMatch), ("see also", RDFS.seeAlso),
)  # fmt: skip


class Said:
    """What quads say, by subject."""

    def __init__(self, quads: tuple[Quad, ...]) -> None:
        self._found: dict[tuple[str, Node], list[Node]] = {}
        for subject, predicate, value, _ in quads:
            self._found.setdefault((str(subject), predicate), []).append(value)

    def all(self, subject: str, predicate: Node) -> list[str]:
        """Return the values of a property, in order."""
        return sorted(map(str, self._found.get((subject, predicate), ())))

    def one(self, subject: str, predicate: Node) -> str:
        """Return the first value of a property, nothing where there is none."""
        return next(iter(self.all(subject, predicate)), "")

    def of_type(self, kind: Node) -> list[str]:
        """Return the subjects of a class, in order."""
        return sorted(subject for (subject, name), found in self._found.items() if name == RDF.type and kind in found)


@dataclass(frozen=True, kw_only=True)
class Term:
    """A class or property; `told` are (what, [(IRI, short name)]), `used` is how many things or triples it has."""

    iri: str
    name: str
    label: str
    comment: str
    example: str
    told: list[tuple[str, list[tuple[str, str]]]]
    used: int


@dataclass(frozen=True, kw_only=True)
class Concept:
    """A concept of a scheme, `depth` steps below the top."""

    iri: str
    name: str
    label: str
    definition: str
    notes: list[str]
    depth: int


@blueprint.get("/ns")
def ontology() -> BaseResponse:
    """Lead to the document about the ontology."""
    return documents.see("ns", _version_iri(describe(engine(), ONTOLOGY)), _LICENCE)


@blueprint.get("/ns.<suffix>")
def ontology_document(suffix: str) -> Response:
    """Show the ontology."""
    form = by_name(suffix, RESOURCES)
    if form is None:
        raise documents.unknown_suffix(suffix)
    described = describe(engine(), ONTOLOGY, documents.page_asked())
    if form is HTML:
        body: str | bytes = documents.html("ontology.html", "ns", [], **_ontology(described))
    else:
        body = documents.rdf(described.all(), form, about=ONTOLOGY, licence=_LICENCE)
    return documents.respond(body, form, path="ns", cite=_version_iri(described), licence=_LICENCE)


@blueprint.get("/ns/<version>")
def ontology_version(version: str) -> BaseResponse:
    """Lead to the ontology where `version` is the one that this release was built with."""
    found = describe(engine(), ONTOLOGY)
    current = Said(found.quads).one(str(ONTOLOGY), OWL.versionInfo)
    if version != current:
        raise UnknownThing(f"version {version} is not served here", value=version, accepted=[current])
    return documents.see("ns", _version_iri(found), _LICENCE)


@blueprint.get("/ns/context.jsonld")
def context() -> Response:
    """Give the JSON-LD context with our short names."""
    response = jsonify({"@context": published()})
    response.content_type = JSONLD.media_type
    return conditional(response, engine().release().digest[:32], "context")


def _version_iri(described: Description) -> str:
    version = Said(described.quads).one(str(ONTOLOGY), OWL.versionInfo)
    return f"{ONTOLOGY}/{version}" if version else str(ONTOLOGY)


def _ontology(described: Description) -> dict[str, object]:
    said, used = Said(described.quads), _used(engine())
    sections = {name: [_term(said, iri, used) for iri in said.of_type(kind)] for name, kind in _SECTIONS.items()}
    about = {name: said.one(str(ONTOLOGY), term) for name, term in (
        ("title", DCTERMS.title), ("description", DCTERMS.description), ("version", OWL.versionInfo),
    )}  # fmt: skip
    return {"sections": sections, "iri": ONTOLOGY, **about}


def _term(said: Said, iri: str, used: dict[str, int]) -> Term:
    told: dict[str, list[tuple[str, str]]] = {}
    for what, predicate in _TOLD:
        for value in said.all(iri, predicate):
            told.setdefault(what, []).append((value, short(value)))
    return Term(
        iri=iri, name=local_name(iri), label=said.one(iri, RDFS.label), comment=said.one(iri, RDFS.comment),
        example=said.one(iri, SKOS.example), told=list(told.items()), used=used.get(iri, 0),
    )  # fmt: skip


def _used(source: Engine) -> dict[str, int]:
    """Return how many things a class has, and how many triples a property, as the release's description says."""
    dataset = URIRef(source.release().manifest.base_iri)
    found = {}
    for into, term, number in (
        (VOID.classPartition, VOID["class"], VOID.entities), (VOID.propertyPartition, VOID.property, VOID.triples),
    ):  # fmt: skip
        for _, _, node, _ in source.quads(dataset, into):
            told = {predicate: str(value) for _, predicate, value, _ in source.quads(URIRef(str(node)))}
            if told.get(term, "").startswith(str(KG)):
                found[told[term]] = int(told.get(number, "0"))
    return found


@blueprint.get("/vocab/")
def vocabularies() -> BaseResponse:
    """Lead to the list of concept schemes."""
    return documents.see("vocab", f"{VOCABULARIES}/", _LICENCE)


@blueprint.get("/vocab.<suffix>")
def vocabularies_document(suffix: str) -> Response:
    """List the concept schemes."""
    form = by_name(suffix, RESOURCES)
    if form is None:
        raise documents.unknown_suffix(suffix)
    described = describe(engine(), VOCABULARIES, documents.page_asked())
    if form is HTML:
        said = Said(described.quads)
        schemes = [
            (iri, said.one(iri, DCTERMS.title), said.one(iri, DCTERMS.description))
            for iri in said.of_type(SKOS.ConceptScheme)
        ]
        body: bytes | str = documents.html("vocabularies.html", "vocab", [], title="Vocabularies", schemes=schemes)
    else:
        body = documents.rdf(described.all(), form, about=VOCABULARIES, licence=_LICENCE)
    return documents.respond(body, form, path="vocab", cite=f"{VOCABULARIES}/", licence=_LICENCE)


@blueprint.get("/vocab/<path:ident>")
def concept(ident: str) -> BaseResponse:
    """Answer for a scheme, for one of its concepts, or for the document about it."""
    if "/" in ident:
        return answer("vocab", ident)
    name, form, foreign = documents.split(ident)
    described = describe(engine(), iri_at(f"vocab/{name}", ""), documents.page_asked())
    if foreign is not None:
        raise documents.unknown_suffix(foreign)
    said, iri = Said(described.quads), str(described.iri)
    licence = said.one(iri, DCTERMS.license) or _LICENCE
    if form is None:
        return documents.see(f"vocab/{name}", iri, licence)
    page = None
    if form is HTML:
        shown = {"title": said.one(iri, DCTERMS.title), "description": said.one(iri, DCTERMS.description), "iri": iri}
        crumbs = [("vocab/", "Vocabularies")]
        page = documents.html("vocabulary.html", f"vocab/{name}", crumbs, concepts=_concepts(said, iri), **shown)
    return documents.document(described, form, f"vocab/{name}", licence, page)


def _concepts(said: Said, scheme: str) -> list[Concept]:
    """Return the concepts of a scheme, each followed by those that are narrower."""
    below: dict[str, list[str]] = {}
    for iri in said.of_type(SKOS.Concept):
        for broader in said.all(iri, SKOS.broader) or [scheme]:
            below.setdefault(broader, []).append(iri)
    found: list[Concept] = []

    def add(iri: str, depth: int, above: frozenset[str]) -> None:
        notes = [note for kind in (SKOS.scopeNote, SKOS.editorialNote) for note in said.all(iri, kind)]
        found.append(
            Concept(
                iri=iri,
                name=local_name(iri),
                label=said.one(iri, SKOS.prefLabel),
                definition=said.one(iri, SKOS.definition),
                notes=notes,
                depth=depth,
            )
        )
        for narrower in below.get(iri, ()):
            if narrower not in above:
                add(narrower, depth + 1, above | {narrower})

    for top in below.get(scheme, ()):
        add(top, 0, frozenset({top}))
    return found
