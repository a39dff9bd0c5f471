"""The claims that mention a thing: an agent, event, place, document, passage, attestation, concept, ..."""

from collections import defaultdict

from rdflib import URIRef
from rdflib.namespace import PROV, RDF

from kgraph.errors import BadRequest, UnknownThing
from kgraph.store.base import Engine
from kgraph.terms import KG, OA
from kgraph.things import refuse_withheld
from kgraph.trace.look import Look
from kgraph.trace.model import Mention, Mentions

LIMIT, MOST = 50, 1000
_COUNTED = 20_000
_COMPUTED = {
    KG.attestedBy, KG.deniedBy, KG.attestedThrough, KG.deniedThrough, KG.independentAttester, KG.narrows,
    KG.contradicts, KG.supports, KG.partOf, PROV.wasDerivedFrom,
}  # fmt: skip
"""What says again what the attestations and relations of a claim say."""


def read(engine: Engine, iri: URIRef, *, limit: int = LIMIT, offset: int = 0) -> Mentions:
    """Return the claims that mention `iri`, in order of their IRIs; raise `UnknownThing` where nothing is said of it.

    A claim mentions what stands in it, in its tolls, attestations and relations, and the documents of its passages.
    """
    if not 0 < limit <= MOST:
        raise BadRequest("limit is out of range", parameter="limit", value=str(limit), accepted=f"1 to {MOST}")
    if offset < 0:
        raise BadRequest("offset is out of range", parameter="offset", value=str(offset), accepted="0 or more")
    look = Look(engine)
    found, whole = _mentioning(look, iri)
    about = look.subject(iri)
    refuse_withheld(about)
    if not found and not about.pairs():
        raise UnknownThing(f"nothing is called <{iri}> in release {look.release.digest[:12]}", value=str(iri))
    page = sorted(found)[offset : offset + limit]
    return Mentions(
        iri=str(iri), label=look.named(iri).label, type=look.thing(about.one(RDF.type)), total=len(found), whole=whole,
        limit=limit, offset=offset, release=look.release.digest,
        mentions=[_mention(look, claim, found[claim]) for claim in page],
    )  # fmt: skip


def _mention(look: Look, claim: str, by: set[URIRef]) -> Mention:
    node = look.subject(URIRef(claim))
    return Mention(
        claim=look.named(URIRef(claim)), standing=look.thing(node.one(KG.standing)), status=node.text(KG.status),
        by=sorted(look.things(by), key=lambda thing: thing.label),
    )  # fmt: skip


def _mentioning(look: Look, iri: URIRef) -> tuple[dict[str, set[URIRef]], bool]:
    """Return each claim that mentions a thing, with the properties that it does so by, and whether these are all."""
    found: dict[str, set[URIRef]] = defaultdict(set)
    prefix, whole = look.iris.of("claim", ""), True
    direct = look.engine.quads(None, None, iri, limit=_COUNTED + 1)
    whole = len(direct) <= _COUNTED
    for subject, predicate, _, _ in direct[:_COUNTED]:
        if predicate in _COMPUTED:
            continue
        name = str(subject)
        if name.startswith(prefix):
            found[name.partition("#")[0]].add(predicate)
        elif name.startswith(look.iris.of("attestation", "")):
            for claim in look.subjects(KG.attestation, subject):
                found[str(claim)].add(predicate)
        elif predicate == OA.hasSource:
            for attestation in look.subjects(KG.passage, subject):
                for claim in look.subjects(KG.attestation, attestation):
                    found[str(claim)].add(KG.passage)
    found.pop(str(iri), None)
    return found, whole
