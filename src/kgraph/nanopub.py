"""Records to quads: claims as nanopublications (https://nanopub.net/guidelines/), the rest as graphs.

Pure: the same records and anchors give the same quads, and no triple is given to two graphs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rdflib import Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, PROV, RDF, RDFS, XSD
from rdflib.term import Node

from kgraph import carried, custody, model
from kgraph.model import Corpus, edtf_bounds
from kgraph.passages import Key, Passage
from kgraph.terms import EDTF, GEO, KG, NP, NPX, OA, SCHEMA, Iris, Quad, concept, fragment, text_fragment

_PREDICATES = {"narrows": KG.narrows, "contradicts": KG.contradicts, "supports": KG.supports, "part-of": KG.partOf}
Pair = tuple[URIRef, Node]


@dataclass(frozen=True)
class Writer:
    """What it takes to write the records of one corpus as quads."""

    corpus: Corpus
    lock: Mapping[Key, Passage]
    iris: Iris
    licence: str
    curator: str

    def quads(self) -> Iterator[Quad]:
        """Yield the quads of all records."""
        for claim in self.corpus.claims.values():
            yield from self.claim(claim)
        for withheld in self.corpus.withheld.values():
            yield from self.tombstone(withheld)
        yield from self.shared()

    def claim(self, claim: model.Claim) -> Iterator[Quad]:
        """Yield the four graphs of a claim."""
        iri = self.iris.of("claim", claim.id)
        np = fragment(iri, "np")
        graph = {name: fragment(iri, name) for name in ("head", "assertion", "provenance", "pubinfo")}
        head = [(RDF.type, NP.Nanopublication), (NP.hasAssertion, graph["assertion"])]
        head += [(NP.hasProvenance, graph["provenance"]), (NP.hasPublicationInfo, graph["pubinfo"])]
        yield from _put(np, head, graph["head"])
        yield from _put(iri, self._claim(claim), graph["assertion"])
        for index, toll in enumerate(claim.tolls):
            toll_iri = fragment(iri, claim.toll_id(index))
            yield from _put(iri, [(KG.toll, toll_iri)], graph["assertion"])
            yield from _put(toll_iri, self._toll(iri, toll), graph["assertion"])
        yield from self._provenance(claim, iri, graph)
        yield from self._pubinfo(claim, iri, graph["pubinfo"])

    def tombstone(self, withheld: model.Withheld) -> Iterator[Quad]:
        """Yield what is left of a withheld claim: status, date and class of reason."""
        iri = self.iris.of("claim", withheld.id)
        pairs: list[Pair] = [(KG.status, Literal("withheld")), (KG.statusDate, _day(withheld.status_date))]
        yield from _put(iri, [*pairs, (KG.reasonClass, Literal(withheld.reason))], fragment(iri, "pubinfo"))

    def shared(self) -> Iterator[Quad]:
        """Yield the quads of agents, victims, places, events, documents and passages."""
        for agent in self.corpus.agents.values():
            yield from self._put("agent", agent.id, self._agent(agent))
        for victim in self.corpus.victims.values():
            yield from self._put("victim", victim.id, self._victim(victim))
        for place in self.corpus.places.values():
            yield from self._put("place", place.id, self._place(place))
            if place.position is not None:
                geometry = fragment(self.iris.of("place", place.id), "geometry")
                yield from _put(geometry, _geometry(place.position), self.iris.graph("places"))
        for event in self.corpus.events.values():
            yield from self._put("event", event.id, self._event(event))
        for document in self.corpus.documents.values():
            yield from self._put("document", document.id, self._document(document))
            yield from custody.quads(document, self.iris)
        told = self._told()
        anchors = [anchor for kind, _, _, anchor in self.corpus.anchors() if kind != "coverage"]
        used = {anchor.key: anchor for anchor in anchors if self.lock[anchor.key].ident in told}
        reasons: dict[Passage, str] = {}
        for key in sorted(used):
            reasons.setdefault(self.lock[key], used[key].why_long or "")
        for passage, reason in reasons.items():
            yield from self._passage(passage, reason)
        yield from self._carried(told)

    def _told(self) -> set[str]:
        """Return the passages that something in the graph rests on; an excuse is not in the graph."""
        rests = carried.resting(self.corpus, self.lock)
        return {ident for ident, found in rests.items() if any(rest.kind != "coverage" for rest in found)}

    def _carried(self, told: set[str]) -> Iterator[Quad]:
        """Yield the link of each carried passage to the one with the same words in the version before."""
        links = {
            (self.lock[entry.key].ident, f"{document.previous_version}/{entry.was}"): None
            for document in self.corpus.documents.values()
            for entry in document.carries
        }
        for new, old in links:
            if new in told and old in told:
                pairs = [(PROV.wasRevisionOf, self.iris.of("passage", old))]
                yield from _put(self.iris.of("passage", new), pairs, self.iris.graph("passages"))

    def _put(self, kind: str, ident: str, pairs: Sequence[Pair]) -> Iterator[Quad]:
        return _put(self.iris.of(kind, ident), pairs, self.iris.graph(f"{kind}s"))

    def _all(self, predicate: URIRef, kind: str, idents: Sequence[str]) -> list[Pair]:
        return [(predicate, self.iris.of(kind, ident)) for ident in idents]

    def _victims(self, idents: Sequence[str], predicate: URIRef = KG.victim) -> list[Pair]:
        """Return links to victims, each of which is a record of victims or of agents."""
        kinds = ["victim" if ident in self.corpus.victims else "agent" for ident in idents]
        return [(predicate, self.iris.of(kind, ident)) for kind, ident in zip(kinds, idents, strict=True)]

    def _claim(self, claim: model.Claim) -> list[Pair]:
        pairs: list[Pair] = [(RDF.type, KG.Claim), (KG.statement, Literal(claim.statement, lang="en"))]
        pairs += self._all(KG.event, "event", [claim.event])
        for name in ("perpetrator", "actor", "addressee"):
            pairs += self._all(KG[name], "agent", getattr(claim, name))
        for name in ("topic", "conduct", "attribution", "target", "weapon", "violation"):
            pairs += [(KG[name], concept(name, slug)) for slug in getattr(claim, name)]
        pairs += self._victims(claim.victim) + self._all(KG.place, "place", claim.place)
        if claim.attribution_mode:
            pairs.append((KG.attributionMode, Literal(claim.attribution_mode)))
        pairs += [(KG.characterisedAs, Literal(words, lang="en")) for words in claim.characterised_as]
        if claim.date:
            pairs += _dated(KG.date, claim.date)
            pairs += [
                (name, Literal(day, datatype=XSD.date))
                for name, day in zip((KG.start, KG.end), edtf_bounds(claim.date), strict=True)
                if day is not None
            ]
        if claim.time_note:
            pairs.append((KG.timeNote, Literal(claim.time_note, lang="en")))
        return pairs + [(KG.about, URIRef(self.iris.base + target)) for target in claim.about]

    def _toll(self, claim: URIRef, toll: model.Toll) -> list[Pair]:
        pairs: list[Pair] = [(RDF.type, KG.Toll)]
        pairs += [(KG[name], concept(name, getattr(toll, name))) for name in ("harm", "unit", "qualifier")]
        for name, number in (("count", toll.count), ("minCount", toll.min_count), ("maxCount", toll.max_count)):
            if number is not None:
                printed = str(number)
                pairs.append((KG[name], Literal(printed, datatype=XSD.decimal if "." in printed else XSD.integer)))
        pairs += self._victims(toll.victim) + [(KG.target, concept("target", slug)) for slug in toll.target]
        if toll.included_in:
            home, _, ident = toll.included_in.rpartition("#")
            pairs.append((KG.includedIn, fragment(self.iris.of("claim", home) if home else claim, f"toll-{ident}")))
        return pairs + (_dated(KG.asOf, toll.as_of) if toll.as_of else [])

    def _provenance(self, claim: model.Claim, iri: URIRef, graph: dict[str, URIRef]) -> Iterator[Quad]:
        home = graph["provenance"]
        passages: dict[URIRef, None] = {}
        for attestation in claim.attestations:
            found = [self._passage_iri(anchor) for anchor in attestation.passage]
            passages |= dict.fromkeys(found)
            for agent in attestation.agent:
                node = self.iris.attestation(claim.id, agent, attestation.id)
                yield iri, KG.attestation, node, home
                yield from _put(node, self._attestation(attestation, agent, found), home)
        yield from _put(graph["assertion"], [(PROV.wasDerivedFrom, passage) for passage in passages], home)

    def _attestation(self, attestation: model.Attestation, agent: str, passages: Sequence[URIRef]) -> list[Pair]:
        pairs: list[Pair] = [(RDF.type, KG.Attestation), (KG.stance, concept("stance", attestation.stance))]
        pairs += self._all(KG.agent, "agent", [agent]) + [(KG.passage, passage) for passage in passages]
        pairs += [(KG.method, concept("method", slug)) for slug in attestation.method]
        pairs.append((KG.basis, concept("basis", attestation.basis)))
        if attestation.stated_on:
            pairs += _dated(KG.statedOn, attestation.stated_on)
        if attestation.document:
            pairs += self._all(KG.document, "document", [attestation.document])
        if attestation.medium:
            pairs += self._all(KG.medium, "agent", [attestation.medium])
        if attestation.relays:
            claim = attestation.relays.partition("/")[0]
            gone = claim in self.corpus.withheld  # then who attested it is not told
            pairs += self._all(KG.relays, *(("claim", [claim]) if gone else ("attestation", [attestation.relays])))
        if attestation.hedge:
            pairs.append((KG.hedge, Literal(attestation.hedge, lang="en")))
        return pairs

    def _pubinfo(self, claim: model.Claim, iri: URIRef, home: URIRef) -> Iterator[Quad]:
        curator = self.iris.of("agent", claim.curator or self.curator)
        pairs: list[Pair] = [(NPX.introduces, iri), (DCTERMS.creator, curator)]
        pairs += [(DCTERMS.created, _day(claim.curated))] if claim.curated else []
        pairs.append((DCTERMS.license, URIRef(self.licence)))
        yield from _put(fragment(iri, "np"), pairs, home)
        status: list[Pair] = [(KG.status, Literal(claim.status))] if claim.status else []
        status += [(KG.statusDate, _day(claim.status_date))] if claim.status_date else []
        status += [(KG.reason, Literal(claim.reason, lang="en"))] if claim.reason else []
        status += self._all(KG.supersededBy, "claim", [claim.superseded_by]) if claim.superseded_by else []
        yield from _put(iri, status, home)
        for number, relation in enumerate(claim.relations, 1):
            pairs = [(RDF.type, KG.Relation), (KG["from"], iri), (KG.to, self.iris.of("claim", relation.to))]
            pairs += [(KG.kind, _PREDICATES[relation.kind]), (KG.extent, Literal(relation.extent))]
            pairs.append((KG.note, Literal(relation.note, lang="en")))
            yield from _put(fragment(iri, f"relation-{number}"), pairs, home)

    def _agent(self, agent: model.Agent) -> list[Pair]:
        pairs: list[Pair] = [(RDF.type, KG[agent.type]), *_labelled(agent.label, agent.names)]
        pairs += self._all(KG.memberOf, "agent", agent.member_of) + self._all(KG.actsFor, "agent", agent.acts_for)
        pairs += self._all(KG.partyTo, "event", agent.party_to)
        if agent.role:
            pairs.append((KG.role, Literal(agent.role, lang="en")))
        pairs += [(KG[name], Literal(True)) for name in ("unnamed", "tertiary") if getattr(agent, name)]  # noqa: FBT003
        if agent.member_count is not None:
            pairs.append((KG.memberCount, Literal(agent.member_count)))
        return [*pairs, self._source(agent.source)]

    def _victim(self, victim: model.Victim) -> list[Pair]:
        pairs: list[Pair] = [(RDF.type, KG[victim.type]), *_labelled(victim.label, victim.names)]
        pairs += [(KG.victimCategory, concept("victim-category", slug)) for slug in victim.victim_category]
        pairs += self._victims(victim.member_of, KG.memberOf)
        if victim.age is not None:
            pairs.append((KG.age, Literal(victim.age)))
        return [*pairs, self._source(victim.source)]

    def _place(self, place: model.Place) -> list[Pair]:
        pairs: list[Pair] = [(RDF.type, KG.Place)]
        pairs += [(RDFS.label, Literal(name.text, lang=name.language)) for name in place.names]
        pairs += self._all(KG.partOf, "place", [place.part_of]) if place.part_of else []
        if place.position is not None:
            pairs.append((GEO.hasGeometry, fragment(self.iris.of("place", place.id), "geometry")))
        return [*pairs, self._source(place.source)]

    def _event(self, event: model.Event) -> list[Pair]:
        pairs: list[Pair] = [(RDF.type, KG.Event), (RDFS.label, Literal(event.label, lang="en"))]
        return pairs + (self._all(KG.partOf, "event", [event.part_of]) if event.part_of else [])

    def _document(self, document: model.Document) -> list[Pair]:
        pairs: list[Pair] = [(RDF.type, KG.Document), (DCTERMS.title, Literal(document.title, lang="en"))]
        pairs += self._all(DCTERMS.publisher, "agent", document.publisher)
        pairs += _dated(DCTERMS.issued, document.date) if document.date else []
        pairs += [(SCHEMA.url, URIRef(document.url))] if document.url else []
        pairs += [(DCTERMS.license, URIRef(document.licence))] if document.licence else []
        pairs += [(DCTERMS.language, Literal(document.language))] if document.language else []
        pairs.append((KG.access, Literal(document.access)))
        pairs += [(KG.sha256, Literal(document.sha256))] if document.sha256 else []
        pairs += [(KG.archiveFile, Literal(document.file))] if document.file else []
        pairs += [(KG.retrieved, _day(document.retrieved))] if document.retrieved else []
        if document.previous_version:
            pairs += self._all(KG.previousVersion, "document", [document.previous_version])
        return [*pairs, self._source(document.source)]

    def _passage(self, passage: Passage, why_long: str) -> Iterator[Quad]:
        iri, home = self.iris.of("passage", passage.ident), self.iris.graph("passages")
        position = fragment(iri, "position")
        document = self.corpus.documents[passage.document]
        pairs: list[Pair] = [(RDF.type, KG.Passage), (OA.hasSource, self.iris.of("document", passage.document))]
        pairs += [(OA.hasSelector, position)]
        pairs += [(KG.hmacSha256 if passage.keyed else KG.sha256, Literal(passage.sha256))]
        pairs += [(KG.section, Literal(passage.heading, lang="en"))] if passage.heading else []
        pairs += [(KG.whyLong, Literal(why_long, lang="en"))] if why_long else []
        if document.access == "public":
            words = {KG.firstWords: passage.first, KG.lastWords: passage.last}
            pairs += [(name, Literal(text, lang=document.language)) for name, text in words.items()]
            if document.url:
                pairs.append((SCHEMA.url, URIRef(text_fragment(document.url, passage.first, passage.last))))
        yield from _put(iri, pairs, home)
        start, end = Literal(passage.start), Literal(passage.end)
        yield from _put(position, [(RDF.type, OA.TextPositionSelector), (OA.start, start), (OA.end, end)], home)

    def _passage_iri(self, anchor: model.Anchor) -> URIRef:
        return self.iris.of("passage", self.lock[anchor.key].ident)

    def _source(self, source: model.Source) -> Pair:
        if isinstance(source, model.Anchor):
            return KG.source, self._passage_iri(source)
        if isinstance(source, model.Address):
            return KG.source, URIRef(source.url)
        return _gazetteer_entry(source)


def _geometry(position: model.Position) -> list[Pair]:
    point = Literal(f"POINT({position.longitude} {position.latitude})", datatype=GEO.wktLiteral)
    pairs: list[Pair] = [(RDF.type, GEO.Geometry), (GEO.asWKT, point), (KG.precision, Literal(position.precision))]
    return [*pairs, (KG.positionOf, Literal(position.of, lang="en")), _gazetteer_entry(position.source)]


def _gazetteer_entry(source: model.Gazetteer) -> Pair:
    return KG.gazetteerEntry, Literal(f"{source.gazetteer}: {source.entry}")


def _put(subject: URIRef, pairs: Sequence[Pair], graph: URIRef) -> Iterator[Quad]:
    for predicate, value in pairs:
        yield subject, predicate, value, graph


def _labelled(label: str, names: Sequence[model.Name]) -> list[Pair]:
    pairs: list[Pair] = [(RDFS.label, Literal(label, lang="en"))]
    return pairs + [(FOAF.name, Literal(name.text, lang=name.language)) for name in names]


def _dated(predicate: URIRef, value: str) -> list[Pair]:
    return [(predicate, Literal(value, datatype=EDTF))]


def _day(value: date) -> Literal:
    return Literal(value, datatype=XSD.date)
