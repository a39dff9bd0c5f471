"""The trace of a claim: who says so and who denies it, where that stands, who curated it, in which release."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from rdflib import Literal, URIRef
from rdflib.namespace import DCTERMS
from rdflib.term import Node

from kgraph.errors import UnknownThing
from kgraph.passages import Archive
from kgraph.store.base import Engine
from kgraph.terms import KG, NANOPUB_GRAPHS, OA, SCHEMA, Iris, Quad, fragment
from kgraph.things import Subject, Thing, label, refuse_withheld, thing, things

_LINKS = {
    "supported through": "attestedThrough",
    "opposed through": "deniedThrough",
    "narrows": "narrows",
    "contradicts": "contradicts",
    "supports": "supports",
    "part of": "partOf",
    "superseded by": "supersededBy",
}


@dataclass(frozen=True, kw_only=True)
class PassageTrace:
    """Where something stands: `start` and `end` in code points, the end exclusive; `text` only with the archive."""

    iri: str
    document: Thing
    document_sha256: str | None
    section: str | None
    start: int
    end: int
    first_words: str | None
    last_words: str | None
    sha256: str | None
    live: str | None
    text: str | None = None


@dataclass(frozen=True, kw_only=True)
class AttestationTrace:
    """An agent's stance, and everything that is known of how it was taken."""

    iri: str
    agent: Thing
    stance: Thing
    method: list[Thing]
    hedge: str | None
    stated_on: str | None
    medium: Thing | None
    document: Thing | None
    relays: str | None
    basis: Thing | None
    passages: list[PassageTrace]


@dataclass(frozen=True, kw_only=True)
class Trace:
    """The trace of one claim."""

    iri: str
    statement: str
    status: str | None
    reason: str | None
    standing: Thing | None
    attestations: list[AttestationTrace]
    related: list[tuple[str, Thing]]
    curator: Thing | None
    curated: str | None
    licence: str | None
    record: dict[str, Any]
    commit: str | None
    release: str
    unit_digest: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the trace as plain data."""
        return asdict(self)


def claim_quads(engine: Engine, iri: URIRef) -> list[Quad]:
    """Return the four graphs of a claim, and what is derived of it."""
    found: list[Quad] = []
    for name in NANOPUB_GRAPHS:
        found += engine.quads(graph=fragment(iri, name))
    derived = Iris(engine.release().manifest.base_iri).graph("derived")
    return found + list(engine.quads(iri, graph=derived))


def trace(engine: Engine, ident: str, archive: Archive | None = None) -> Trace:
    """Return the trace of the claim called `ident` (or of that IRI); raise `UnknownThing` where there is none."""
    release = engine.release()
    iris = Iris(release.manifest.base_iri)
    iri = URIRef(ident if ident.startswith(iris.base) else iris.of("claim", ident))
    claim = Subject(engine, iri)
    statement = claim.text(KG.statement)
    refuse_withheld(claim)
    if statement is None:
        raise UnknownThing(f"there is no claim {ident!r} in release {release.digest[:12]}", value=ident)
    curation = Subject(engine, fragment(iri, "np"))
    records = release.records()
    links = [(name, claim.all(KG[term])) for name, term in _LINKS.items()]
    back = [
        ("narrowed by", _subjects(engine, KG.narrows, iri)),
        ("contradicted by", _subjects(engine, KG.contradicts, iri)),
    ]
    return Trace(
        iri=str(iri), statement=statement, status=claim.text(KG.status), reason=claim.text(KG.reason),
        standing=thing(engine, claim.one(KG.standing)),
        attestations=[_attestation(engine, node, archive) for node in claim.all(KG.attestation)],
        related=[(name, other) for name, others in (*links, *back) for other in things(engine, others)],
        curator=thing(engine, curation.one(DCTERMS.creator)), curated=curation.text(DCTERMS.created),
        licence=curation.text(DCTERMS.license),
        record=records["claims"].get(str(iri).removeprefix(iris.of("claim", "")), {}), commit=records["commit"],
        release=release.digest, unit_digest=release.manifest.units.get(str(iri)),
    )  # fmt: skip


def _subjects(engine: Engine, predicate: URIRef, value: URIRef) -> list[Node]:
    return sorted((subject for subject, _, _, _ in engine.quads(None, predicate, value)), key=str)


def _attestation(engine: Engine, iri: Node, archive: Archive | None) -> AttestationTrace:
    node = Subject(engine, iri)
    agent, stance = thing(engine, node.one(KG.agent)), thing(engine, node.one(KG.stance))
    assert agent is not None
    assert stance is not None
    return AttestationTrace(
        iri=node.iri, agent=agent, stance=stance, method=things(engine, node.all(KG.method)),
        hedge=node.text(KG.hedge), stated_on=node.text(KG.statedOn), medium=thing(engine, node.one(KG.medium)),
        document=thing(engine, node.one(KG.document)), relays=node.text(KG.relays),
        basis=thing(engine, node.one(KG.basis)),
        passages=[_passage(engine, passage, archive) for passage in node.all(KG.passage)],
    )  # fmt: skip


def _passage(engine: Engine, iri: Node, archive: Archive | None) -> PassageTrace:
    node = Subject(engine, iri)
    source = node.one(OA.hasSource)
    assert source is not None
    document, position = Subject(engine, source), Subject(engine, node.one(OA.hasSelector) or iri)
    start, end = (int(str(position.one(name))) for name in (OA.start, OA.end))
    text = _text(archive, document, start, end) if document.text(KG.access) == "public" else None
    digest = node.text(KG.sha256)
    if text is not None and hashlib.sha256(text.encode()).hexdigest() != digest:
        text = None  # the archive holds other words than those that were anchored: they prove nothing
    return PassageTrace(
        iri=node.iri, document=Thing(document.iri, label(engine, source)), document_sha256=document.text(KG.sha256),
        section=node.text(KG.section), start=start, end=end, first_words=node.text(KG.firstWords),
        last_words=node.text(KG.lastWords), sha256=digest or node.text(KG.hmacSha256), live=node.text(SCHEMA.url),
        text=text,
    )  # fmt: skip


def _text(archive: Archive | None, document: Subject, start: int, end: int) -> str | None:
    name = document.one(KG.archiveFile)
    if archive is None or not isinstance(name, Literal):
        return None
    try:
        return (archive.folder / str(name)).read_bytes().decode("utf-8")[start:end]
    except (OSError, UnicodeDecodeError):
        return None
