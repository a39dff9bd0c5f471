"""The tables of the CSV export and their columns, as docs/exports.md shows them."""

from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS

from kgraph.export.columns import (
    Column,
    Table,
    concept,
    concepts,
    curation,
    flag,
    iri,
    label,
    link,
    links,
    names,
    number,
    of_claim,
    parts,
    position,
    shared,
    text,
    texts,
)
from kgraph.export.geojson import coordinates
from kgraph.export.reading import Reader
from kgraph.terms import KG, OA, SCHEMA

_CURATED = (
    text("status", KG.status, "retracted or superseded, empty for a claim in force"),
    text("status_date", KG.statusDate, "the day on which it got that status", "date"),
    text("reason", KG.reason, "why it has that status"),
    link("superseded_by", KG.supersededBy, "the claim that takes its place"),
    curation("curator", DCTERMS.creator, "anyURI", "who wrote the record"),
    curation("curated", DCTERMS.created, "date", "the day of the record"),
    curation("licence", DCTERMS.license, "anyURI", "the licence of the record"),
)
_CLAIMS = (
    iri("the claim"),
    text("statement", KG.statement, "what is claimed, in the words of the curators"),
    link("event", KG.event, "the event that it is filed under", "events"),
    label("event_label", KG.event, "what that event is called"),
    concepts("topic", KG.topic, "which kind of question it answers (vocab/topic)"),
    concepts("conduct", KG.conduct, "what is said to have been done (vocab/conduct)"),
    links("alleged_perpetrator", KG.perpetrator, "who is alleged to have done it, where a wrong is alleged", "agents"),
    links("actor", KG.actor, "who is said to have acted, where no wrong is alleged", "agents"),
    links("addressee", KG.addressee, "to whom it is said to have been directed", "agents"),
    concepts("attribution", KG.attribution, "how the alleged perpetrator is said to be involved (vocab/attribution)"),
    text("attribution_mode", KG.attributionMode, "all, or one-of where they are alternatives"),
    links("victim", KG.victim, "who is said to have been harmed: victims or agents"),
    concepts("target", KG.target, "what is said to have been aimed at or hit (vocab/target)"),
    concepts("weapon", KG.weapon, "with what (vocab/weapon)"),
    concepts(
        "violation", KG.violation, "a legal characterisation that an attester of this claim uses (vocab/violation)"
    ),
    texts("characterised_as", KG.characterisedAs, "another characterisation by an attester, at most six quoted words"),
    links("place", KG.place, "where it is said to have happened", "places"),
    text("date", KG.date, "when it is said to have happened, in EDTF (level 1 and sets)"),
    text("start", KG.start, "the first day that the date may mean, empty where open", "date"),
    text("end", KG.end, "the last day that the date may mean, inclusive, empty where open", "date"),
    text("time_note", KG.timeNote, "what the source says on the time besides"),
    links("about", KG.about, "a document, attestation or claim that it is about"),
    concept("standing", KG.standing, "how it is attested, derived: no verdict (vocab/standing); empty with a status"),
    links("attested_by", KG.attestedBy, "who supports it", "agents"),
    links("denied_by", KG.deniedBy, "who opposes it", "agents"),
    links("attested_through", KG.attestedThrough, "supporting attestations of narrower claims", "attestations"),
    links("denied_through", KG.deniedThrough, "opposing attestations of wider claims", "attestations"),
    text("independent_attesters", KG.independentAttesterCount, "how many independent attesters it has", "integer"),
    number("attestations", KG.attestation, "how many attestations it has"),
    number("tolls", KG.toll, "how many tolls it has"),
    links("contradicts", KG.contradicts, "claims that cannot hold together with it"),
    links("supports", KG.supports, "claims that it speaks for"),
    links("narrows", KG.narrows, "claims of which it is a more specific form"),
    links("part_of", KG.partOf, "claims that it is a part of"),
    *_CURATED,
)
_ATTESTATIONS = (
    iri("the attestation"),
    *of_claim(),
    link("agent", KG.agent, "whose stance it is", "agents"),
    label("agent_label", KG.agent, "what that agent is called"),
    concept("stance", KG.stance, "asserts, denies, reports, ... (vocab/stance)"),
    Column("stance_group", "string", "supporting, opposing or neutral", lambda reader, node: reader.stance_group(node)),
    concepts("method", KG.method, "how the agent came to it or gave it (vocab/method)"),
    concept("basis", KG.basis, "how directly the passage says so: explicit, context or nested (vocab/basis)"),
    text("hedge", KG.hedge, "the words that limit it, as printed"),
    text("stated_on", KG.statedOn, "when it was stated, in EDTF"),
    link("medium", KG.medium, "the outlet that carried somebody else's words", "agents"),
    link("document", KG.document, "what the agent published", "documents"),
    link("relays", KG.relays, "the attestation (or withheld claim) that it repeats"),
    links("passage", KG.passage, "where it was read", "passages"),
)  # fmt: skip
_TOLLS = (
    iri("the toll"),
    *of_claim(),
    concept("harm", KG.harm, "what befell those or that counted (vocab/harm)"),
    concept("unit", KG.unit, "what is counted (vocab/unit)"),
    concept(
        "qualifier", KG.qualifier, "how the number is to be read: exactly, at-least, dozens, ... (vocab/qualifier)"
    ),
    text("count", KG["count"], "the number as printed; empty where there is none, as with dozens", "decimal"),
    text("min_count", KG.minCount, "the lower end of a stated range", "decimal"),
    text("max_count", KG.maxCount, "the upper end of a stated range", "decimal"),
    links("victim", KG.victim, "who was counted"),
    concepts("target", KG.target, "what was counted (vocab/target)"),
    link("included_in", KG.includedIn, "the larger toll that this is a part of: the two must not be added up"),
    text("as_of", KG.asOf, "up to when it is said to hold, in EDTF"),
)
_SOURCE = (
    link("source", KG.source, "the passage or page that the details come from"),
    text("gazetteer_entry", KG.gazetteerEntry, "or the gazetteer and its entry"),
)
_AGENTS = (
    iri("the agent"),
    concept("type", RDF.type, "Authority, ArmedForce, NGO, Person, ..."),
    text("label", RDFS.label, "what it is called here"),
    names(FOAF.name),
    text("role", KG.role, "the office of a person, as the source gives it"),
    links("member_of", KG.memberOf, "what it belongs to", "agents"),
    links("acts_for", KG.actsFor, "in whose name it speaks or acts", "agents"),
    links("party_to", KG.partyTo, "the conflict that it is a party to", "events"),
    flag("unnamed", KG.unnamed, "true where the source does not name it"),
    flag("tertiary", KG.tertiary, "true for what mainly compiles what others say"),
    text("member_count", KG.memberCount, "how many members the source gives it", "integer"),
    *_SOURCE,
)
_VICTIMS = (
    iri("the victim or group"),
    concept("type", RDF.type, "VictimGroup or Person"),
    text("label", RDFS.label, "what it is called here"),
    names(FOAF.name),
    concepts("victim_category", KG.victimCategory, "as what the source describes them (vocab/victim-category)"),
    links("member_of", KG.memberOf, "the group that it belongs to"),
    text("age", KG.age, "the age in years that a source gives", "integer"),
    *_SOURCE,
)
_EVENTS = (
    iri("the event"),
    text("label", RDFS.label, "a heading: it does not say what happened"),
    link("part_of", KG.partOf, "the event that it is a part of", "events"),
    text("start", KG.start, "the first day that any claim on it gives, derived", "date"),
    text("end", KG.end, "the last day that any claim on it gives, derived", "date"),
    Column(
        "places", "anyURI", "the places that claims on it give, derived, of those that are in the table of places",
        lambda reader, node: node.iris(KG.place) if reader.source.only is None else [],
        many=True, key="places",
    ),
)  # fmt: skip
_PLACES = (
    iri("the place"),
    names(RDFS.label),
    link("part_of", KG.partOf, "the place that it lies in", "places"),
    position(
        "longitude", "degrees east in WGS 84, as printed", "decimal", lambda node: (coordinates(node) or [None])[0]
    ),
    position(
        "latitude",
        "degrees north in WGS 84, as printed",
        "decimal",
        lambda node: (coordinates(node) or [None, None])[1],
    ),
    position("precision_m", "how many metres off it may be", "decimal", lambda node: node.text(KG.precision)),
    position("position_of", "what the position is of", "string", lambda node: node.text(KG.positionOf)),
    position("position_source", "the gazetteer and its entry", "string", lambda node: node.text(KG.gazetteerEntry)),
    *_SOURCE,
)
_DOCUMENTS = (
    iri("the document: one version of a source"),
    text("title", DCTERMS.title, "its title"),
    links("publisher", DCTERMS.publisher, "who published it", "agents"),
    text("date", DCTERMS.issued, "when, in EDTF"),
    link("url", SCHEMA.url, "its address"),
    link("licence", DCTERMS.license, "its licence"),
    text("language", DCTERMS.language, "its language"),
    text("access", KG.access, "public or restricted"),
    text("sha256", KG.sha256, "the SHA-256 of the archived text"),
    text("retrieved", KG.retrieved, "the day on which it was fetched", "date"),
    link("previous_version", KG.previousVersion, "the version before", "documents"),
    *_SOURCE,
)
_PASSAGES = (
    iri("the passage"),
    link("document", OA.hasSource, "the document that it stands in", "documents"),
    Column(
        "start", "integer", "its first character, in Unicode code points from 0", lambda _, node: str(node.span()[0])
    ),
    Column("end", "integer", "the character behind its last one", lambda _, node: str(node.span()[1])),
    text("section", KG.section, "the heading that it stands under"),
    text("first_words", KG.firstWords, "its first words, at most six, of public documents only"),
    text("last_words", KG.lastWords, "its last words, at most six, of public documents only"),
    text("sha256", KG.sha256, "the SHA-256 of its text, of public documents"),
    text("hmac_sha256", KG.hmacSha256, "the keyed digest of its text, of restricted documents"),
    link("live_url", SCHEMA.url, "the live page with a text fragment: a help, never a proof"),
    text("why_long", KG.whyLong, "why it runs over more than two sentences"),
)


TABLES = {
    "claims": Table("a row for each claim", _CLAIMS, Reader.claims),
    "attestations": Table("a row for each stance of an agent on a claim", _ATTESTATIONS, parts(KG.attestation)),
    "tolls": Table("a row for each number that a claim gives; never to be added up", _TOLLS, parts(KG.toll)),
    "agents": Table("a row for each agent", _AGENTS, shared("agent")),
    "victims": Table("a row for each victim or group of victims", _VICTIMS, shared("victim")),
    "events": Table("a row for each event", _EVENTS, shared("event")),
    "places": Table("a row for each place", _PLACES, shared("place")),
    "documents": Table("a row for each document", _DOCUMENTS, shared("document")),
    "passages": Table("a row for each passage", _PASSAGES, shared("passage")),
}
