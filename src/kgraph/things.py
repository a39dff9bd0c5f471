"""Things by their IRI as the read side tells of them: the quads of each, and what to call it."""

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import URIRef
from rdflib.namespace import DCTERMS, RDFS, SKOS
from rdflib.term import Node

from kgraph.errors import Withheld
from kgraph.store.base import Engine
from kgraph.terms import KG, OA, Iris, local_name


@dataclass(frozen=True, order=True)
class Thing:
    """An IRI and what to call it."""

    iri: str
    label: str


class Subject:
    """The quads with one subject, by predicate."""

    def __init__(self, engine: Engine, iri: Node) -> None:
        self.iri = str(iri)
        self._quads = engine.quads(URIRef(self.iri))

    def pairs(self) -> list[tuple[URIRef, Node]]:
        """Return all properties with their values."""
        return [(predicate, value) for _, predicate, value, _ in self._quads]

    def all(self, predicate: Node) -> list[Node]:
        """Return the values of a predicate, in order of their text."""
        return sorted((value for _, found, value, _ in self._quads if found == predicate), key=str)

    def one(self, predicate: Node) -> Node | None:
        """Return the first value of a predicate, None where there is none."""
        return next(iter(self.all(predicate)), None)

    def text(self, predicate: Node) -> str | None:
        """Return the first value of a predicate as text."""
        value = self.one(predicate)
        return None if value is None else str(value)


def label(engine: Engine, iri: Node) -> str:
    """Return what to call a thing: all its labels where it has several and none is preferred, else its local name."""
    quads = engine.quads(URIRef(str(iri)))
    for predicate in (SKOS.prefLabel, RDFS.label, DCTERMS.title, KG.statement):
        found = sorted({str(value) for _, name, value, _ in quads if name == predicate})
        if found:
            return " / ".join(found)
    told = {name: value for _, name, value, _ in quads}
    if KG.stance in told:
        return f"{label(engine, told[KG.agent])} {label(engine, told[KG.stance])}"
    if OA.hasSource in told:
        return f"{label(engine, told[OA.hasSource])}, {local_name(str(iri))}"
    return local_name(str(iri))


def thing(engine: Engine, iri: Node | None) -> Thing | None:
    """Return an IRI with its label, None for None."""
    return None if iri is None else Thing(str(iri), label(engine, iri))


def things(engine: Engine, iris: Iterable[Node]) -> list[Thing]:
    """Return IRIs with their labels."""
    return [Thing(str(iri), label(engine, iri)) for iri in iris]


def refuse_withheld(claim: Subject) -> None:
    """Raise `Withheld` where of a claim there is nothing but that it is withheld."""
    reason = claim.text(KG.reasonClass)
    if reason is not None:
        since = claim.text(KG.statusDate)
        raise Withheld(f"{claim.iri} is withheld since {since}, by reason of {reason}", date=since, reason=reason)


def require_published(engine: Engine, iris: Iris, kind: str, ident: str) -> None:
    """Raise `Withheld` where an IRI is, or lies below, that of a withheld claim."""
    if kind in {"claim", "attestation"}:
        refuse_withheld(Subject(engine, iris.of("claim", ident.partition("/")[0])))
