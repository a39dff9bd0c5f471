"""What is looked up while a trace is made: each thing once."""

from collections.abc import Iterable, Sequence

from rdflib import URIRef
from rdflib.namespace import RDF, SKOS
from rdflib.term import Node

from kgraph.release import Release
from kgraph.standing import Side
from kgraph.store.base import Answer, Engine, Question, Statistics
from kgraph.terms import KG, Iris, Quad, local_name
from kgraph.things import Subject, Thing, label
from kgraph.trace.model import AgentTrace, Tie

_NO_TIE = "no tie to a party stated"
_STEPS = ((KG.memberOf, "member of"), (KG.actsFor, "acts for"))
_SAID = {"member of": "a member of", "acts for": "acting for"}
_SIDES: tuple[Side, ...] = ("supporting", "opposing")


class Remembering:
    """An engine that asks for the quads of a subject once; of one release, and for the length of one trace."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._release = engine, engine.release()
        self._quads: dict[URIRef, Sequence[Quad]] = {}

    def release(self) -> Release:
        """Return the release that was current at the start."""
        return self._release

    def quads(
        self, subject: URIRef | None = None, predicate: URIRef | None = None, value: Node | None = None,
        graph: URIRef | None = None, *, limit: int | None = None,
    ) -> Sequence[Quad]:  # fmt: skip
        """Return the quads that fit a pattern, at most `limit`."""
        if subject is None or (predicate, value, graph, limit) != (None, None, None, None):
            return self._engine.quads(subject, predicate, value, graph, limit=limit)
        if subject not in self._quads:
            self._quads[subject] = self._engine.quads(subject)
        return self._quads[subject]

    def query(self, question: Question) -> Answer:
        """Answer a query."""
        return self._engine.query(question)

    def statistics(self) -> Statistics:
        """Return what the engine is doing now."""
        return self._engine.statistics()

    def close(self) -> None:
        """Leave the engine open: it is somebody else's."""


class Look:
    """Things, agents and claims by their IRI, over one release."""

    def __init__(self, engine: Engine) -> None:
        self.engine = Remembering(engine)
        self.release = self.engine.release()
        self.iris = Iris(self.release.manifest.base_iri)
        self._labels: dict[str, str] = {}
        self._agents: dict[str, AgentTrace] = {}

    def subject(self, iri: Node) -> Subject:
        """Return what is said of a thing."""
        return Subject(self.engine, iri)

    def named(self, iri: Node) -> Thing:
        """Return a thing with what to call it."""
        key = str(iri)
        if key not in self._labels:
            gone = key.startswith(self.iris.of("claim", "")) and self.subject(iri).one(KG.reasonClass) is not None
            self._labels[key] = "a claim that is withheld" if gone else label(self.engine, iri)
        return Thing(key, self._labels[key])

    def thing(self, iri: Node | None) -> Thing | None:
        """Return a thing with what to call it, None for None."""
        return None if iri is None else self.named(iri)

    def things(self, iris: Iterable[Node]) -> list[Thing]:
        """Return things with what to call them."""
        return [self.named(iri) for iri in iris]

    def subjects(self, predicate: URIRef, value: Node) -> list[Node]:
        """Return what has a value, in order of IRIs."""
        return sorted({found for found, *_ in self.engine.quads(None, predicate, value)}, key=str)

    def parts(self, iri: Node) -> list[Node]:
        """Return the parts of a thing that it names: those whose IRIs are its own with a fragment."""
        found = {value for _, value in self.subject(iri).pairs() if str(value).startswith(f"{iri}#")}
        return sorted(found, key=str)

    def side(self, stance: Node) -> Side:
        """Return the side that a stance takes."""
        groups = {local_name(str(group)) for group in self.subject(stance).all(SKOS.broader)}
        return next((side for side in _SIDES if side in groups), "neutral")

    def agent(self, iri: Node) -> AgentTrace:
        """Return an agent, and what ties it to the parties."""
        key = str(iri)
        if key not in self._agents:
            node = self.subject(iri)
            ties = self._ties(iri)
            self._agents[key] = AgentTrace(
                iri=key, label=self.named(iri).label, type=_type(self, node), relation=_relation(ties), ties=ties,
                unnamed=node.text(KG.unnamed) == "true", tertiary=node.text(KG.tertiary) == "true",
            )  # fmt: skip
        return self._agents[key]

    def _ties(self, iri: Node) -> list[Tie]:
        """Return what the agent is party to, and every organisation above it or for which it acts, nearest first."""
        events = self.things(self.subject(iri).all(KG.partyTo))
        ties = [Tie(kind="party to", thing=event, words=f"a party to {event.label}", party=True) for event in events]
        seen: set[str] = {str(iri)}
        waiting: list[tuple[Node, str]] = [(iri, "")]
        for step, so_far in waiting:  # grows while it is read
            for predicate, kind in _STEPS:
                for above in self.subject(step).all(predicate):
                    if str(above) not in seen:
                        seen.add(str(above))
                        thing = self.named(above)
                        words = f"{so_far}{', which is ' if so_far else ''}{_SAID[kind]} {thing.label}"
                        party = self.subject(above).one(KG.partyTo) is not None
                        ties.append(Tie(kind=kind, thing=thing, words=words, party=party))
                        waiting.append((above, words))
        return ties


def _type(look: Look, node: Subject) -> str:
    kind = node.one(RDF.type)
    return "agent" if kind is None else look.named(kind).label


def _relation(ties: Sequence[Tie]) -> str:
    """Return in words how an agent stands to the parties."""
    told = [tie.words if tie.kind == "party to" else f"{tie.words}, a party" for tie in ties if tie.party]
    return "; ".join(told) or _NO_TIE
