"""How a claim's trace is read from a release: by subject and by graph name, a few quads at a time."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from rdflib import Literal, URIRef
from rdflib.namespace import DCAT, DCTERMS, PROV, RDFS
from rdflib.term import Node

from kgraph.errors import UnknownThing
from kgraph.passages import Archive
from kgraph.release import open_release
from kgraph.standing import explain
from kgraph.store.base import Engine
from kgraph.terms import KG, OA, SCHEMA, local_name
from kgraph.things import Subject, refuse_withheld
from kgraph.trace.look import Look
from kgraph.trace.model import (
    AttestationTrace,
    DocumentTrace,
    PassageTrace,
    RelationTrace,
    ReleaseTrace,
    StepTrace,
    Through,
    Trace,
    Version,
)
from kgraph.trace.source import quoted

_WORDS = {
    "narrows": ("narrows", "is narrowed by"),
    "contradicts": ("contradicts", "is contradicted by"),
    "supports": ("supports", "is supported by"),
    "partOf": ("is part of", "has as a part"),
}
_THROUGH = (KG.attestedThrough, KG.deniedThrough)


def read(engine: Engine, iri: URIRef, archive: Archive | None) -> Trace:
    """Return the trace of a claim; raise `UnknownThing` where there is none, `Withheld` where it is withheld."""
    return _Reading(Look(engine), archive).claim(iri)


@lru_cache(maxsize=2)
def _records(release: Path) -> dict[str, Any]:
    """Return the records of a release: kept, since a release never changes and holds those of all its claims."""
    return open_release(release).records()


def _number(step: Node) -> int:
    """Return which step of its custody `{document}#custody-N` is."""
    return int(str(step).rpartition("-")[2])


class _Reading:
    """The reading of one trace."""

    def __init__(self, look: Look, archive: Archive | None) -> None:
        self.look, self.archive = look, archive
        self.documents: dict[str, DocumentTrace] = {}

    def claim(self, iri: URIRef) -> Trace:
        look = self.look
        claim = look.subject(iri)
        statement = claim.text(KG.statement)
        refuse_withheld(claim)
        if statement is None:
            ident = str(iri).removeprefix(look.iris.of("claim", ""))
            raise UnknownThing(f"there is no claim {ident!r} in release {look.release.digest[:12]}", value=ident)
        curation = look.subject(URIRef(f"{iri}#np"))
        records = _records(look.release.path)
        attestations = [self._attestation(node) for node in claim.all(KG.attestation)]
        return Trace(
            iri=str(iri), statement=statement, status=claim.text(KG.status), status_date=claim.text(KG.statusDate),
            reason=claim.text(KG.reason), successor=look.thing(claim.one(KG.supersededBy)),
            standing=look.thing(claim.one(KG.standing)), explanation=explain(look.engine, iri),
            attestations=attestations,
            through=[self._through(node) for term in _THROUGH for node in claim.all(term)],
            relations=self._relations(claim), documents=list(self.documents.values()),
            curator=look.thing(curation.one(DCTERMS.creator)), curated=curation.text(DCTERMS.created),
            licence=curation.text(DCTERMS.license), commit=records["commit"], release=self._release(str(iri)),
            record=records["claims"].get(str(iri).removeprefix(look.iris.of("claim", "")), {}),
        )  # fmt: skip

    def _release(self, iri: str) -> ReleaseTrace:
        manifest = self.look.release.manifest
        ident = iri.removeprefix(self.look.iris.of("claim", ""))
        return ReleaseTrace(
            digest=manifest.digest, unit_digest=manifest.units.get(iri), predecessor=manifest.predecessor,
            software=manifest.software, verify=[f"kgraph verify {manifest.digest[:12]} --claim {ident}"],
        )  # fmt: skip

    def _attestation(self, iri: Node) -> AttestationTrace:
        look, node = self.look, self.look.subject(iri)
        agent, stance = node.one(KG.agent), node.one(KG.stance)
        assert agent is not None
        assert stance is not None
        published = node.one(KG.document)
        passages = [self._passage(passage) for passage in node.all(KG.passage)]
        if published is not None:
            self._document(published)
        return AttestationTrace(
            iri=node.iri, agent=look.agent(agent), stance=look.named(stance), side=look.side(stance),
            method=look.things(node.all(KG.method)), hedge=node.text(KG.hedge), stated_on=node.text(KG.statedOn),
            medium=look.thing(node.one(KG.medium)), document=look.thing(published),
            relays=look.thing(node.one(KG.relays)), basis=look.thing(node.one(KG.basis)), passages=passages,
        )  # fmt: skip

    def _passage(self, iri: Node) -> PassageTrace:
        node = self.look.subject(iri)
        source = node.one(OA.hasSource)
        assert source is not None
        about, (start, end) = self.look.subject(source), self._span(node)
        document, digest = self._document(source), node.text(KG.sha256)
        public = document.access == "public"
        name = about.one(KG.archiveFile)
        found = None
        if public and isinstance(name, Literal):
            found = quoted(self.archive, str(name), (document.sha256 or "", digest or ""), (start, end))
        return PassageTrace(
            iri=node.iri, document=self.look.named(source), document_sha256=document.sha256, access=document.access,
            section=node.text(KG.section), start=start, end=end,
            first_words=node.text(KG.firstWords) if public else None,
            last_words=node.text(KG.lastWords) if public else None,
            sha256=digest or node.text(KG.hmacSha256), keyed=digest is None, why_long=node.text(KG.whyLong),
            live=node.text(SCHEMA.url) if public else None, newer=self._newer(iri),
            before=found.before if found else None, text=found.text if found else None,
            after=found.after if found else None,
        )  # fmt: skip

    def _span(self, passage: Subject) -> tuple[int, int]:
        position = self.look.subject(passage.one(OA.hasSelector) or URIRef(passage.iri))
        return int(str(position.one(OA.start))), int(str(position.one(OA.end)))

    def _newer(self, iri: Node) -> list[Version]:
        """Return the passages with the same words in newer versions of the document, nearest version first."""
        found: list[Version] = []
        waiting, seen = [iri], {str(iri)}
        for older in waiting:  # grows while it is read
            for newer in self.look.subjects(PROV.wasRevisionOf, older):
                node = self.look.subject(newer)
                source = node.one(OA.hasSource)
                if source is None or node.iri in seen:
                    continue
                seen.add(node.iri)
                waiting.append(newer)
                start, end = self._span(node)
                found.append(Version(iri=node.iri, document=self.look.named(source), start=start, end=end))
        return found

    def _document(self, iri: Node) -> DocumentTrace:
        key = str(iri)
        if key not in self.documents:
            look, node = self.look, self.look.subject(iri)
            steps = sorted(node.all(KG.custody), key=_number)
            self.documents[key] = DocumentTrace(
                iri=key, label=look.named(iri).label, publisher=look.things(node.all(DCTERMS.publisher)),
                issued=node.text(DCTERMS.issued), url=node.text(SCHEMA.url), access=node.text(KG.access),
                licence=node.text(DCTERMS.license), language=node.text(DCTERMS.language),
                sha256=node.text(KG.sha256), retrieved=node.text(KG.retrieved),
                previous=look.thing(node.one(KG.previousVersion)), size=node.text(DCAT.byteSize),
                media_type=node.text(DCAT.mediaType), custody=[self._step(step) for step in steps],
            )  # fmt: skip
        return self.documents[key]

    def _step(self, iri: Node) -> StepTrace:
        look, node = self.look, self.look.subject(iri)
        return StepTrace(
            iri=node.iri, step=look.thing(node.one(KG.step)), by=look.things(node.all(PROV.wasAssociatedWith)),
            at=node.text(PROV.endedAtTime) or node.text(DCTERMS.date), how=node.text(RDFS.comment),
            sha256=node.text(KG.sha256),
        )  # fmt: skip

    def _through(self, iri: Node) -> Through:
        look, node = self.look, self.look.subject(iri)
        agent, stance = node.one(KG.agent), node.one(KG.stance)
        claims = look.subjects(KG.attestation, iri)
        assert agent is not None
        assert stance is not None
        return Through(
            attestation=look.named(iri), agent=look.named(agent), stance=look.named(stance), side=look.side(stance),
            claim=look.named(claims[0]),
        )  # fmt: skip

    def _relations(self, claim: Subject) -> list[RelationTrace]:
        """Return what the curator noted between this claim and others: what it does first, then what is done to it."""
        look, iri = self.look, URIRef(claim.iri)
        found = []
        for end, other, incoming in ((KG["from"], KG.to, False), (KG.to, KG["from"], True)):
            for node in look.subjects(end, iri):
                relation = look.subject(node)
                kind, target = relation.one(KG.kind), relation.one(other)
                assert target is not None
                name = local_name(str(kind))
                claims = (claim, look.subject(target))
                words = _WORDS.get(name, (name, f"{name} (of)"))[incoming]
                found.append(
                    RelationTrace(
                        iri=relation.iri, kind=name, incoming=incoming, words=words, claim=look.named(target),
                        extent=relation.text(KG.extent), note=relation.text(KG.note),
                        in_force=not any(end.one(KG.status) for end in claims),
                    )
                )  # fmt: skip
        return sorted(found, key=lambda relation: (relation.incoming, relation.kind, relation.iri))
