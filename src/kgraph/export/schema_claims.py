"""Claims as schema.org Claim (https://schema.org/Claim) in JSON-LD, with every stance as an Action on the claim.

`author` is only who puts the claim forward in its own name: explicitly, without a hedge, not repeating somebody. A
denial is lost nowhere: each attestation, of whichever side, is an action of the same shape, an AgreeAction, a
DisagreeAction or (neutral) a CommunicateAction, whose `additionalType` is the exact stance. Nothing is a ClaimReview:
that would be a verdict.
"""

from collections.abc import Iterator
from typing import Any

from rdflib.namespace import DCTERMS, RDF, RDFS

from kgraph.export.geojson import coordinates
from kgraph.export.reading import Node, Reader, chunks, dumped, known, separated, single
from kgraph.export.source import Source
from kgraph.terms import GEO, KG, OA, SCHEMA, local_name

CONTEXT = "https://schema.org/"
ACTIONS = {"supporting": "AgreeAction", "opposing": "DisagreeAction"}
_PERSON, _ORGANIZATION, _DAY = "Person", "Organization", len("2020-10-27")


def schema_claims(source: Source) -> Iterator[bytes]:
    """Yield the claims that are meant and the actions on them, as one JSON-LD document."""
    return chunks(_document(Reader(source)))


def _document(reader: Reader) -> Iterator[str]:
    yield f'{{"@context": {dumped(CONTEXT)},\n"@graph": [\n'
    yield from separated(dumped(item) for claim in reader.claims() for item in _items(reader, claim))
    yield "\n]}\n"


def _items(reader: Reader, claim: Node) -> Iterator[dict[str, Any]]:
    attestations = list(reader.parts(claim, KG.attestation))
    yield _claim(reader, claim, attestations)
    for attestation in attestations:
        yield _action(reader, attestation, claim)


def _claim(reader: Reader, claim: Node, attestations: list[Node]) -> dict[str, Any]:
    curation, event = reader.curation(claim.iri), claim.iri_of(KG.event)
    authors = [agent for node in attestations if _puts_forward(node) for agent in node.iris(KG.agent)]
    named = {iri for name in (KG.perpetrator, KG.actor, KG.addressee) for iri in claim.iris(name)}
    return known(
        {
            "@id": claim.iri,
            "@type": "Claim",
            "name": f"Claim: {claim.text(KG.statement)}",
            "text": claim.text(KG.statement),
            "inLanguage": "en",
            "description": "; ".join(_how_it_stands(reader, claim)),
            "author": single([_agent(reader, iri) for iri in dict.fromkeys(authors)]),
            "appearance": single([_document_of(reader, iri) for iri in _read_in(reader, attestations)]),
            "about": event and {"@type": "Thing", "@id": event, "name": reader.label(event)},
            "mentions": [_agent(reader, iri) for iri in sorted(named)],
            "spatialCoverage": [_place(reader, iri) for iri in claim.iris(KG.place)],
            "temporalCoverage": _period(claim),
            "creativeWorkStatus": claim.text(KG.status),
            "license": curation.iri_of(DCTERMS.license),
            "sdPublisher": _agent(reader, curation.iri_of(DCTERMS.creator)),
            "sdDatePublished": curation.text(DCTERMS.created),
        }
    )


def _how_it_stands(reader: Reader, claim: Node) -> Iterator[str]:
    """Yield what keeps a claim a claim, and the stances that reach it along other claims: no action is on it itself."""
    yield "A claim, not a finding of fact"
    standing = reader.standing(claim)
    if standing:
        yield f"standing: {standing}"
    for predicate, side in ((KG.attestedThrough, "supported"), (KG.deniedThrough, "opposed")):
        for iri in claim.iris(predicate):
            yield f"{side} through a related claim: {reader.taken(reader.node(iri))}"


def _puts_forward(attestation: Node) -> bool:
    """Return whether the agent of an attestation claims this in its own name and without reserve."""
    taken = [local_name(attestation.iri_of(name) or "") for name in (KG.stance, KG.basis)]
    return taken == ["asserts", "explicit"] and not attestation.text(KG.hedge) and not attestation.iris(KG.relays)


def _action(reader: Reader, attestation: Node, claim: Node) -> dict[str, Any]:
    """Return a stance as an action; `object` for who takes a side, `about` for who only speaks of the claim."""
    kind = ACTIONS.get(reader.stance_group(attestation))
    said = attestation.text(KG.statedOn)
    hedge = attestation.text(KG.hedge)
    told = [f"hedged: \u201c{hedge}\u201d" if hedge else "", f"stated on (EDTF) {said}" if said else ""]
    basis = attestation.iri_of(KG.basis)
    told += [f"basis: {reader.label(basis)}" if basis else ""]
    return known(
        {
            "@id": attestation.iri,
            "@type": kind or "CommunicateAction",
            "additionalType": attestation.iri_of(KG.stance),
            "name": reader.taken(attestation),
            "description": "; ".join(filter(None, told)),
            "agent": _agent(reader, attestation.iri_of(KG.agent)),
            "object" if kind else "about": {"@id": claim.iri},
            "startTime": said if said and len(said) == _DAY and said.replace("-", "").isdecimal() else None,
            "result": single([_document_of(reader, iri) for iri in attestation.iris(KG.document)]),
            "subjectOf": [_passage(reader, iri) for iri in attestation.iris(KG.passage)],
        }
    )


def _agent(reader: Reader, iri: str | None) -> dict[str, Any] | None:
    """Return an agent; every agent that is no person is an Organization, whatever others take it for."""
    if iri is None:
        return None
    person = str(KG.Person) in reader.shared(iri).iris(RDF.type)
    return {"@type": _PERSON if person else _ORGANIZATION, "@id": iri, "name": reader.label(iri)}


def _read_in(reader: Reader, attestations: list[Node]) -> list[str]:
    found = {reader.shared(passage).iri_of(OA.hasSource) for node in attestations for passage in node.iris(KG.passage)}
    return sorted(iri for iri in found if iri is not None)


def _document_of(reader: Reader, iri: str) -> dict[str, Any]:
    url = reader.shared(iri).iri_of(SCHEMA.url)
    return known({"@type": "CreativeWork", "@id": iri, "name": reader.label(iri), "url": url})


def _passage(reader: Reader, iri: str) -> dict[str, Any]:
    passage = reader.shared(iri)
    document, (start, end) = passage.iri_of(OA.hasSource), passage.span()
    return known(
        {
            "@type": "CreativeWork",
            "@id": iri,
            "name": f"characters {start} to {end}",
            "url": passage.iri_of(SCHEMA.url),
            "isPartOf": {"@id": document},
        }
    )


def _place(reader: Reader, iri: str) -> dict[str, Any]:
    place = reader.shared(iri)
    names = [{"@value": text, "@language": language} for text, language in place.words(RDFS.label)]
    geometry = place.iri_of(GEO.hasGeometry)
    point = None if geometry is None else coordinates(reader.shared(geometry))
    geo = point and {"@type": "GeoCoordinates", "longitude": point[0], "latitude": point[1]}
    return known({"@type": "Place", "@id": iri, "name": single(names), "geo": geo})


def _period(claim: Node) -> str | None:
    """Return the days that a claim's date may mean, as ISO 8601 has it, `..` where it is open."""
    start, end = claim.text(KG.start), claim.text(KG.end)
    if start is None and end is None:
        return None
    return start if start == end else f"{start or '..'}/{end or '..'}"
