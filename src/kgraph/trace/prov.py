"""A trace as triples: what the release says of a claim and of what it rests on, with the links of PROV-O made explicit.

What stands in the release is given as it stands there. Added are terms of PROV-O (https://www.w3.org/TR/prov-o/) and,
for the digests, of SPDX as DCAT uses it. They tell how the claim came into the release, never that it holds: its
content is said of the node of the claim alone. Everything has an IRI; a commit has its SWHID, software its package URL.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from rdflib import Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, PROV, RDF, RDFS, SKOS, XSD
from rdflib.term import Node

from kgraph.store.base import Engine
from kgraph.terms import KG, NANOPUB_GRAPHS, OA, SCHEMA, fragment
from kgraph.trace.look import Look
from kgraph.trace.model import Mentions, Trace

Triple = tuple[URIRef, URIRef, Node]
SPDX = Namespace("http://spdx.org/rdf/terms#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
SCHEMA_MENTIONS = SCHEMA.mentions
_LABELS = (RDFS.label, SKOS.prefLabel)


def triples(engine: Engine, trace: Trace) -> list[Triple]:
    """Return the triples of a claim's trace, each once, in the order in which one reads them."""
    telling = _Telling(Look(engine), trace)
    return list(dict.fromkeys(telling.all()))


class _Telling:
    """The triples of one trace."""

    def __init__(self, look: Look, trace: Trace) -> None:
        self.look, self.trace = look, trace
        self.claim = URIRef(trace.iri)
        self.np, self.dataset = fragment(trace.iri, "np"), URIRef(look.iris.base)

    def all(self) -> Iterator[Triple]:
        graphs = [fragment(self.claim, name) for name in NANOPUB_GRAPHS]
        quads = [quad for graph in graphs for quad in self.look.engine.quads(graph=graph)]
        own = [(URIRef(str(subject)), predicate, value) for subject, predicate, value, _ in quads]
        yield from self._said(self.claim)
        yield from sorted(own, key=str)
        yield from self._attestations()
        yield from self._documents()
        yield from self._curation()
        yield from self._release()
        yield from self._around(own)

    def _said(self, iri: Node) -> Iterator[Triple]:
        subject = self.look.subject(iri)
        for predicate, value in sorted(subject.pairs(), key=str):
            yield URIRef(subject.iri), predicate, value

    def _attestations(self) -> Iterator[Triple]:
        for attestation in self.trace.attestations:
            node = URIRef(attestation.iri)
            yield node, RDF.type, PROV.Activity
            yield node, PROV.wasAssociatedWith, URIRef(attestation.agent.iri)
            if attestation.document is not None:
                yield node, PROV.generated, URIRef(attestation.document.iri)
            if attestation.relays is not None:
                yield node, PROV.wasInformedBy, URIRef(attestation.relays.iri)
                yield from self._stance(URIRef(attestation.relays.iri))
            yield from self._said(URIRef(attestation.agent.iri))
            yield URIRef(attestation.agent.iri), RDF.type, PROV.Agent
            for passage in attestation.passages:
                yield from self._passage(URIRef(passage.iri), URIRef(passage.document.iri))
                for version in passage.newer:
                    yield from self._passage(URIRef(version.iri), URIRef(version.document.iri))
        for through in self.trace.through:
            yield from self._stance(URIRef(through.attestation.iri))

    def _stance(self, attestation: URIRef) -> Iterator[Triple]:
        """Yield who took which stance, and of which claim: enough of an attestation that belongs to another claim."""
        subject = self.look.subject(attestation)
        for predicate in (RDF.type, KG.agent, KG.stance):
            for value in subject.all(predicate):
                yield attestation, predicate, value
        for claim in self.look.subjects(KG.attestation, attestation):
            yield URIRef(str(claim)), KG.attestation, attestation

    def _passage(self, passage: URIRef, document: URIRef) -> Iterator[Triple]:
        yield from self._said(passage)
        for selector in self.look.subject(passage).all(OA.hasSelector):
            yield from self._said(selector)
        yield passage, RDF.type, PROV.Entity
        yield passage, PROV.wasQuotedFrom, document

    def _documents(self) -> Iterator[Triple]:
        passages = [passage for attestation in self.trace.attestations for passage in attestation.passages]
        newer = [version.document.iri for passage in passages for version in passage.newer]
        for iri in dict.fromkeys([*(document.iri for document in self.trace.documents), *newer]):
            document = URIRef(iri)
            yield from self._said(document)
            yield document, RDF.type, PROV.Entity
            for publisher in self.look.subject(document).all(DCTERMS.publisher):
                yield document, PROV.wasAttributedTo, publisher
                yield from self._said(publisher)
            for part in self.look.parts(document):
                yield from self._said(part)

    def _curation(self) -> Iterator[Triple]:
        """Yield how the record came to be; its day stays a dcterms:created, for PROV-O takes only a time of day."""
        curation, record = fragment(self.claim, "curation"), fragment(self.claim, "record")
        yield self.np, RDF.type, PROV.Entity
        yield self.np, PROV.wasGeneratedBy, curation
        yield curation, RDF.type, PROV.Activity
        for attestation in self.trace.attestations:
            for passage in attestation.passages:
                yield curation, PROV.used, URIRef(passage.iri)
        if self.trace.curator is not None:
            curator = URIRef(self.trace.curator.iri)
            yield curation, PROV.wasAssociatedWith, curator
            yield self.np, PROV.wasAttributedTo, curator
            yield from self._said(curator)
        if self.trace.record:
            yield self.np, PROV.wasDerivedFrom, record
            yield record, RDF.type, PROV.Entity
            yield record, RDFS.label, Literal(record_words(self.trace.record), lang="en")
            if self.trace.commit:
                yield record, DCTERMS.isPartOf, URIRef(f"swh:1:rev:{self.trace.commit}")

    def _release(self) -> Iterator[Triple]:
        release, build = self.trace.release, self.look.iris.graph("release")
        made = fragment(build, "build")
        yield self.dataset, RDF.type, PROV.Entity
        yield self.dataset, RDF.type, PROV.Collection
        yield self.dataset, KG.releaseDigest, Literal(release.digest)
        yield self.dataset, PROV.hadMember, self.np
        yield self.dataset, PROV.wasGeneratedBy, made
        yield made, RDF.type, PROV.Activity
        for name, version in release.software.items():
            software = URIRef(f"pkg:pypi/{name}@{version}")
            yield made, PROV.wasAssociatedWith, software
            yield software, RDF.type, PROV.SoftwareAgent
            yield software, RDFS.label, Literal(f"{name} {version}")
        if self.trace.commit:
            revision = URIRef(f"swh:1:rev:{self.trace.commit}")
            yield made, PROV.used, revision
            yield revision, RDF.type, PROV.Entity
            yield revision, RDFS.label, Literal(f"commit {self.trace.commit}", lang="en")
        if release.unit_digest is not None:
            checksum = fragment(self.claim, "checksum")
            yield self.np, SPDX.checksum, checksum
            yield checksum, RDF.type, SPDX.Checksum
            yield checksum, SPDX.algorithm, SPDX.checksumAlgorithm_sha256
            yield checksum, SPDX.checksumValue, Literal(release.unit_digest, datatype=XSD.hexBinary)

    def _around(self, own: Iterable[tuple[Any, ...]]) -> Iterator[Triple]:
        """Yield the relations that start from other claims, what all these claims state, and labels."""
        for relation in self.trace.relations:
            yield from self._said(URIRef(relation.iri))
        through = [item.claim.iri for item in self.trace.through]
        others = [*(relation.claim.iri for relation in self.trace.relations), *through]
        for claim in dict.fromkeys(others):
            for predicate in (RDF.type, KG.statement, KG.status, KG.standing):
                for value in self.look.subject(URIRef(claim)).all(predicate):
                    yield URIRef(claim), predicate, value
        for value in dict.fromkeys([value for _, _, value in own] + self.look.subject(self.claim).all(KG.standing)):
            if isinstance(value, URIRef):
                for predicate in _LABELS:
                    for name in self.look.subject(value).all(predicate):
                        yield value, predicate, name


def record_words(record: dict[str, Any]) -> str:
    """Return where a record stands."""
    return f"{record['file']}, line {record['line']}"


def mention_triples(engine: Engine, found: Mentions) -> list[Triple]:
    """Return the triples of a page of mentions: each claim with its statement, and the total as Hydra has it."""
    look, iri = Look(engine), URIRef(found.iri)
    told: list[Triple] = [(iri, predicate, name) for predicate in _LABELS for name in look.subject(iri).all(predicate)]
    listing = fragment(iri, "mentions")
    told.append((listing, RDF.type, HYDRA.Collection))
    if found.whole:
        told.append((listing, HYDRA.totalItems, Literal(found.total)))
    for mention in found.mentions:
        claim = URIRef(mention.claim.iri)
        told += [(listing, HYDRA.member, claim), (claim, SCHEMA_MENTIONS, iri)]
        for predicate in (RDF.type, KG.statement, KG.status, KG.standing):
            told += [(claim, predicate, value) for value in look.subject(claim).all(predicate)]
        standing = look.subject(claim).one(KG.standing)
        told += (
            [(URIRef(str(standing)), SKOS.prefLabel, name) for name in look.subject(standing).all(SKOS.prefLabel)]
            if standing
            else []
        )
    return list(dict.fromkeys(told))
