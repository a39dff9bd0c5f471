"""Claims in FollowTheMoney (https://followthemoney.tech/): entities as JSON lines, statements as CSV.

A claim is a `Note`, and whoever or whatever it speaks of is linked to that note by an `UnknownLink` whose role says
that it is claimed: nobody is linked to a wrong, only to somebody's words. No topic, sanction, risk or country is set.
Those said to have been harmed are named in words only, so that none of them becomes an entity to screen against.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator

from rdflib.namespace import DCTERMS

from kgraph.export import ftm_parts
from kgraph.export.ftm_parts import TYPES, Entity, Naming
from kgraph.export.reading import Node, Reader, chunks, dumped
from kgraph.export.source import Source
from kgraph.terms import KG

COLUMNS = (
    "canonical_id", "entity_id", "prop", "prop_type", "schema", "value", "dataset", "origin", "lang", "original_value",
    "external", "first_seen", "last_seen", "id",
)  # fmt: skip
ROLES = {
    KG.event: "filed under",
    KG.perpetrator: "alleged perpetrator, claimed",
    KG.actor: "said to have acted, claimed",
    KG.addressee: "said to have been addressed, claimed",
    KG.victim: "said to have been harmed, claimed",
    KG.place: "said to be the place, claimed",
    KG.about: "what the claim is about",
}
_LINKED = ("agent", "event", "place", "document", "claim", "attestation")


def entities(source: Source) -> Iterator[bytes]:
    """Yield entities as JSON lines, as `ftm` reads and writes them."""
    dataset = Naming.of(source.iris.base).dataset
    return chunks(f"{dumped(entity.as_dict(dataset))}\n" for entity in _entities(Reader(source)))


def statements(source: Source) -> Iterator[bytes]:
    """Yield every value of every entity as a statement, in the CSV of the library.

    `dataset` is the corpus; `origin` is the IRI that the value rests on: an attestation, a passage, an assertion.
    """
    dataset = Naming.of(source.iris.base).dataset
    return chunks(_csv(dataset, _entities(Reader(source))))


def _csv(dataset: str, found: Iterable[Entity]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, dialect=csv.unix_dialect)
    writer.writerow(COLUMNS)
    for entity in found:
        writer.writerows(_rows(dataset, entity))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _rows(dataset: str, entity: Entity) -> Iterator[tuple[str, ...]]:
    """Yield the statements of an entity, and the one that the library adds to say that there is such an entity."""
    keys: list[str] = []
    for prop, values in entity.properties.items():
        for value, language in values:
            lang = language if TYPES[prop] in ftm_parts.WORDED else ""
            keys.append(_sha1(f"{dataset}.{entity.id}.{prop}.{value}" + (f"@{lang}" if lang else "")))
            yield _row(dataset, entity, (prop, TYPES[prop], value, lang, keys[-1]))
    checksum = _sha1("".join([entity.schema, *sorted(keys)]))
    yield _row(dataset, entity, ("id", "id", checksum, "", _sha1(f"{dataset}.{entity.id}.id.{checksum}")))


def _row(dataset: str, entity: Entity, cells: tuple[str, str, str, str, str]) -> tuple[str, ...]:
    prop, kind, value, lang, key = cells
    head = (entity.id, entity.id, prop, kind, entity.schema, value, dataset, entity.origin)
    return (*head, lang, "", "f", entity.seen, entity.seen, key)


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _entities(reader: Reader) -> Iterator[Entity]:
    naming = Naming.of(reader.iris.base)
    parts = ftm_parts.Parts(reader, naming)
    for kind in ("event", "place", "document", "agent"):
        for iri in reader.things(kind):
            yield from parts.shared(kind, reader.node(iri))
    for claim in reader.claims():
        yield from _claim(reader, naming, parts, claim)


def _claim(reader: Reader, naming: Naming, parts: ftm_parts.Parts, claim: Node) -> Iterator[Entity]:
    seen = reader.curation(claim.iri).text(DCTERMS.created) or ""
    note = parts.note(claim, seen)
    yield note
    for predicate, role in ROLES.items():
        for iri in claim.iris(predicate):
            target = _target(reader, naming, iri)
            if target is None or target == note.id:
                continue
            link = parts.link(note.id, target, role, origin=note.origin, seen=seen)
            if predicate == KG.event:
                parts.date(link, claim.text(KG.date), claim.text(KG.start), claim.text(KG.end))
            yield link
    for attestation in reader.parts(claim, KG.attestation):
        yield parts.attestation(attestation, note.id, seen)
    passages = {iri for node in reader.parts(claim, KG.attestation) for iri in node.iris(KG.passage)}
    for iri in sorted(passages):
        yield parts.documentation(reader.node(iri), note.id, seen)


def _target(reader: Reader, naming: Naming, iri: str) -> str | None:
    """Return the entity that an IRI became: for an attestation the claim's, None for one that is told in words only."""
    kind, ident = reader.iris.split(iri) or ("", "")
    if kind not in _LINKED:
        return None
    if kind == "attestation":
        kind, ident = "claim", ident.partition("/")[0]
    if kind == "claim" and not reader.means(str(reader.iris.of("claim", ident))):
        return None
    return naming.entity(kind, ident)
