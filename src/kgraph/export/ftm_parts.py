"""What becomes which FollowTheMoney entity: schemata, properties, and the words that keep a claim a claim."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS

from kgraph.export.geojson import coordinates
from kgraph.export.reading import Node, Reader
from kgraph.terms import GEO, KG, OA, SCHEMA, Iris, local_name

AGENTS = {
    "Authority": "PublicBody", "ArmedForce": "Organization", "NGO": "Organization",
    "MediaOrganisation": "Organization", "IntergovernmentalOrganisation": "Organization",
    "AcademicInstitution": "Organization", "Court": "Organization", "Person": "Person",
}  # fmt: skip
_ORGANIZATIONS = {"Organization", "PublicBody"}
TYPES = {
    **dict.fromkeys(("name",), "name"),
    **dict.fromkeys(("notes", "description", "summary"), "text"),
    **dict.fromkeys(
        ("classification", "position", "role", "title", "publisher", "fileName", "recordId", "remarks", "keywords"),
        "string",
    ),
    **dict.fromkeys(("date", "startDate", "endDate", "publishedAt", "retrievedAt", "createdAt"), "date"),
    **dict.fromkeys(
        ("subject", "object", "entity", "document", "proof", "member", "organization", "agent", "client"), "entity"
    ),
    **dict.fromkeys(("latitude", "longitude"), "number"),
    "sourceUrl": "url",
    "language": "language",
    "full": "address",
}
WORDED = ("name", "text", "string", "address")
LANGUAGES = {
    "ar": "ara", "az": "aze", "de": "deu", "en": "eng", "es": "spa", "fa": "fas", "fr": "fra", "he": "heb",
    "hy": "hye", "it": "ita", "ka": "kat", "ku": "kur", "ru": "rus", "tr": "tur", "uk": "ukr", "zh": "zho",
}  # fmt: skip
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_LONGEST_ID = 200


@dataclass
class Entity:
    """An entity: every value with its language (ISO 639-3, empty for none); `origin` is what its values rest on."""

    id: str
    schema: str
    origin: str
    seen: str = ""
    properties: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, prop: str, value: str | None, language: str = "") -> None:
        """Add a value to a property, once."""
        held = self.properties.setdefault(prop, []) if value else []
        if value and value not in {text for text, _ in held}:
            held.append((value, LANGUAGES.get(language, language if len(language) == len("eng") else "")))

    def as_dict(self, dataset: str) -> dict[str, Any]:
        """Return the entity as it stands in a line of JSON."""
        properties = {prop: [value for value, _ in values] for prop, values in self.properties.items()}
        return {"id": self.id, "schema": self.schema, "properties": properties, "datasets": [dataset]}


@dataclass(frozen=True)
class Naming:
    """Names of entities: from the IRIs, so that they stay the same from release to release."""

    dataset: str
    iris: Iris

    @classmethod
    def of(cls, base: str) -> "Naming":
        """Return the naming of a corpus: its dataset is the last part of its base IRI, in FtM's letters."""
        name = re.sub(r"[^a-z0-9]+", "_", base.rstrip("/").rpartition("/")[2].lower()).strip("_")
        return cls(name or "kgraph", Iris(base))

    def entity(self, kind: str, ident: str) -> str:
        """Return the identifier of the entity that a thing became."""
        name = ".".join((self.dataset.replace("_", "-"), kind, ident.replace("/", ".")))
        return name if len(name) <= _LONGEST_ID else self.link(kind, ident)

    def thing(self, iri: str) -> str:
        """Return the identifier of the entity that the thing with an IRI of the corpus became."""
        kind, ident = self.iris.split(iri) or ("thing", hashlib.sha256(iri.encode()).hexdigest())
        return self.entity(kind, ident)

    def link(self, *parts: str) -> str:
        """Return the identifier of a link between entities."""
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]
        return f"{self.dataset.replace('_', '-')}.link.{digest}"


@dataclass(frozen=True)
class Parts:
    """Makes entities of the things of a release."""

    reader: Reader
    naming: Naming

    def shared(self, kind: str, node: Node) -> Iterator[Entity]:
        """Yield the entities that an agent, event, place or document becomes."""
        origin = node.iri_of(KG.source) or node.text(KG.gazetteerEntry) or node.iri
        entity = Entity(self.naming.thing(node.iri), "Event", origin)
        match kind:
            case "agent":
                entity.schema = self._schema(node)
                self._agent(entity, node)
            case "place":
                entity.schema = "Address"
                self._place(entity, node)
            case "document":
                entity.schema = "HyperText" if node.iris(SCHEMA.url) else "Document"
                self._document(entity, node)
            case _:
                self._worded(entity, "name", node, RDFS.label)
                entity.add("summary", "A heading under which claims are filed. It does not say what happened.", "en")
        if kind != "document":
            entity.add("sourceUrl", node.iri)
        yield entity
        yield from self._between(kind, node, origin)

    def note(self, claim: Node, seen: str) -> Entity:
        """Return the note that a claim becomes."""
        entity = Entity(self.naming.thing(claim.iri), "Note", f"{claim.iri}#assertion", seen)
        standing = self.reader.standing(claim).replace("-", " ") or "no standing"
        entity.add("description", f"Claim ({standing}): {claim.text(KG.statement)}", "en")
        for attestation in self.reader.parts(claim, KG.attestation):
            hedge = attestation.text(KG.hedge)
            entity.add("notes", self.reader.taken(attestation) + (f", hedged: {hedge}" if hedge else ""), "en")
        for iri in (*claim.iris(KG.attestedThrough), *claim.iris(KG.deniedThrough)):
            entity.add("notes", f"Through a related claim: {self.reader.taken(self.reader.node(iri))}", "en")
        for iri in claim.iris(KG.victim):
            entity.add("notes", f"Said to have been harmed: {self.reader.label(iri)}", "en")
        for toll in self.reader.parts(claim, KG.toll):
            entity.add("notes", f"Number claimed: {self._toll(toll)}", "en")
        when = claim.text(KG.date)
        entity.add("notes", when and f"Date claimed (EDTF): {when}", "en")
        for name in ("topic", "conduct", "weapon", "target", "attribution", "violation"):
            for iri in claim.iris(KG[name]):
                entity.add("keywords", f"{name} claimed: {self.reader.label(iri)}", "en")
        for words in claim.texts(KG.characterisedAs):
            entity.add("keywords", f"characterised by an attester as: {words}", "en")
        for name in (KG.reason, KG.timeNote):
            entity.add("summary", claim.text(name), "en")
        entity.add("sourceUrl", claim.iri)
        entity.add("createdAt", seen)
        return entity

    def attestation(self, node: Node, note: str, seen: str) -> Entity:
        """Return the link that says which stance an agent takes on a claim."""
        agent, stance = node.iri_of(KG.agent) or "", node.iri_of(KG.stance) or ""
        entity = Entity(self.naming.thing(node.iri), "UnknownLink", node.iri, seen)
        entity.add("subject", self.naming.thing(agent))
        entity.add("object", note)
        entity.add("role", self.reader.label(stance), "en")
        self.date(entity, node.text(KG.statedOn), None, None)
        hedge = node.text(KG.hedge)
        entity.add("summary", hedge and f"Hedged: {hedge}", "en")
        for name in ("method", "basis"):
            for iri in node.iris(KG[name]):
                entity.add("description", f"{name}: {self.reader.label(iri)}", "en")
        for iri in node.iris(KG.medium):
            entity.add("publisher", self.reader.label(iri), "en")
        read = [self.reader.shared(iri).iri_of(OA.hasSource) for iri in node.iris(KG.passage)]
        for document in sorted({iri for iri in (*read, *node.iris(KG.document)) if iri}):
            entity.add("proof", self.naming.thing(document))
        entity.add("sourceUrl", node.iri)
        return entity

    def documentation(self, passage: Node, note: str, seen: str) -> Entity:
        """Return the link that says in which document, and where there, a claim was read."""
        document = self.naming.thing(passage.iri_of(OA.hasSource) or "")
        entity = Entity(self.naming.link(note, passage.iri), "Documentation", passage.iri, seen)
        entity.add("document", document)
        entity.add("entity", note)
        entity.add("role", "where the claim was read", "en")
        start, end = passage.span()
        entity.add("recordId", f"{start}-{end}")
        entity.add("sourceUrl", passage.iri)
        return entity

    def link(self, subject: str, target: str, role: str, *, origin: str, seen: str = "") -> Entity:
        """Return a link between two entities with a role in words."""
        entity = Entity(self.naming.link(subject, role, target), "UnknownLink", origin, seen)
        entity.add("subject", subject)
        entity.add("object", target)
        entity.add("role", role, "en")
        return entity

    def date(self, entity: Entity, edtf: str | None, start: str | None, end: str | None) -> None:
        """Add a date as exact as it is known: FtM has no uncertain dates and no sets, whose bounds are given."""
        if edtf and _DATE.fullmatch(edtf):
            entity.add("date", edtf)
            return
        entity.add("startDate", start)
        entity.add("endDate", end)
        entity.add("summary", edtf and f"Date (EDTF): {edtf}", "en")

    def _schema(self, agent: Node) -> str:
        return AGENTS.get(local_name(agent.iri_of(RDF.type) or ""), "LegalEntity")

    def _worded(self, entity: Entity, prop: str, node: Node, predicate: str) -> None:
        for text, language in node.words(predicate):
            entity.add(prop, text, language)

    def _agent(self, entity: Entity, node: Node) -> None:
        for predicate in (RDFS.label, FOAF.name):
            self._worded(entity, "name", node, predicate)
        for iri in node.iris(RDF.type):
            entity.add("classification", self.reader.label(iri), "en")
        self._worded(entity, "position" if entity.schema == "Person" else "notes", node, KG.role)
        if node.text(KG.unnamed) == "true":
            entity.add("notes", "The source does not name this agent: the name is a description.", "en")
        count = node.text(KG.memberCount)
        entity.add("notes", count and f"Members: {count}", "en")

    def _place(self, entity: Entity, node: Node) -> None:
        for prop in ("full", "name"):
            self._worded(entity, prop, node, RDFS.label)
        geometry = node.iri_of(GEO.hasGeometry)
        if geometry is None:
            return
        position = self.reader.node(geometry)
        longitude, latitude = coordinates(position) or (None, None)
        entity.add("latitude", latitude)
        entity.add("longitude", longitude)
        precision, what = position.text(KG.precision), position.text(KG.positionOf)
        entity.add("remarks", f"position within {precision} m: {what}; {position.text(KG.gazetteerEntry)}", "en")

    def _document(self, entity: Entity, node: Node) -> None:
        self._worded(entity, "title", node, DCTERMS.title)
        entity.add("fileName", node.text(KG.archiveFile) or local_name(node.iri))
        for iri in node.iris(DCTERMS.publisher):
            entity.add("publisher", self.reader.label(iri), "en")
        issued = node.text(DCTERMS.issued)
        exact = issued is not None and _DATE.fullmatch(issued) is not None
        entity.add("publishedAt" if exact else "notes", issued if exact else issued and f"Date (EDTF): {issued}")
        entity.add("retrievedAt", node.text(KG.retrieved))
        entity.add("language", LANGUAGES.get(node.text(DCTERMS.language) or ""))
        entity.add("sourceUrl", node.iri_of(SCHEMA.url) or node.iri)

    def _between(self, kind: str, node: Node, origin: str) -> Iterator[Entity]:
        """Yield what the records of shared things say of their relations, which sources say and no claim disputes."""
        here = self.naming.thing(node.iri)
        for iri in node.iris(KG.memberOf) if kind == "agent" else ():
            if self._schema(self.reader.shared(iri)) in _ORGANIZATIONS:
                yield self._edge("Membership", ("member", here), ("organization", self.naming.thing(iri)), origin)
            else:
                yield self.link(here, self.naming.thing(iri), "member of", origin=origin)
        for iri in node.iris(KG.actsFor):
            yield self._edge("Representation", ("agent", here), ("client", self.naming.thing(iri)), origin)
        for predicate, role in ((KG.partyTo, "party to the conflict"), (KG.partOf, "part of")):
            for iri in node.iris(predicate):
                yield self.link(here, self.naming.thing(iri), role, origin=origin)

    def _edge(self, schema: str, source: tuple[str, str], target: tuple[str, str], origin: str) -> Entity:
        entity = Entity(self.naming.link(source[1], schema, target[1]), schema, origin)
        entity.add(*source)
        entity.add(*target)
        return entity

    def _toll(self, toll: Node) -> str:
        """Return a toll in words: what befell whom or what, how many, in which unit; a number is as printed."""
        named = [self.reader.label(iri) for name in ("harm", "qualifier") for iri in toll.iris(KG[name])]
        bounds = [text for name in ("count", "minCount", "maxCount") for text in toll.texts(KG[name])]
        counted = [self.reader.label(iri) for name in ("unit", "victim", "target") for iri in toll.iris(KG[name])]
        return ", ".join([*named, " to ".join(bounds), *counted] if bounds else [*named, *counted])
