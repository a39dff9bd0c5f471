"""Why a claim stands as it does: which attestations counted as independent backing, which did not, and why.

The rules are SPARQL, in `ontology/rules`; this tells what they derived (`kg:standing`, `kg:countsFor`,
`kg:excludedBy`), as data and in words. It says who stands behind a claim and who against it, never whether it is true.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from rdflib import URIRef
from rdflib.namespace import SKOS
from rdflib.term import Node

from kgraph.store.base import Engine
from kgraph.terms import KG, concept, local_name
from kgraph.things import Subject, Thing, label, thing, things

Side = Literal["supporting", "opposing", "neutral"]
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TIES = ((KG.memberOf, "belonging to", "belongs to"), (KG.actsFor, "acting for", "acts for"))


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What the rules made of one attestation that bears on a claim.

    `through` is the other claim where the attestation is of that one. A supporting attestation of the claim itself
    either `counts`, for an `organisation`, or has `reasons` (concepts of the scheme `exclusion`), in words in `why`.
    """

    attestation: str
    agent: Thing
    stance: Thing
    side: Side
    through: Thing | None
    counts: bool
    organisation: Thing | None
    reasons: tuple[Thing, ...]
    why: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The standing of a claim, in a sentence or two, and what each attestation had to do with it."""

    standing: Thing
    sentence: str
    judgements: tuple[Judgement, ...]


def explain(engine: Engine, claim: URIRef) -> Explanation | None:
    """Return why a claim stands as it does; None where it has no standing (there is none, or it was taken back)."""
    node = Subject(engine, claim)
    standing = thing(engine, node.one(KG.standing))
    if standing is None:
        return None
    direct = [_judgement(engine, attestation, None) for attestation in node.all(KG.attestation)]
    through = [
        _judgement(engine, attestation, _claim_of(engine, attestation))
        for name in (KG.attestedThrough, KG.deniedThrough)
        for attestation in node.all(name)
    ]
    judgements = tuple(sorted([*direct, *through], key=_order))
    return Explanation(standing=standing, sentence=_sentence(standing, judgements), judgements=judgements)


def _order(judgement: Judgement) -> tuple[bool, str, str, str]:
    return judgement.through is not None, judgement.side, judgement.agent.label.casefold(), judgement.attestation


def _claim_of(engine: Engine, attestation: Node) -> Thing | None:
    found = engine.quads(None, KG.attestation, attestation, limit=1)
    return thing(engine, found[0][0]) if found else None


def _judgement(engine: Engine, iri: Node, through: Thing | None) -> Judgement:
    node = Subject(engine, iri)
    agent, stance = node.one(KG.agent), node.one(KG.stance)
    assert agent is not None
    assert stance is not None
    organisation = node.one(KG.countsFor) if through is None else None
    reasons = node.all(KG.excludedBy) if through is None else []
    by = Subject(engine, agent)
    return Judgement(
        attestation=node.iri, agent=Thing(by.iri, label(engine, agent)),
        stance=Thing(str(stance), label(engine, stance)), side=_side(engine, stance), through=through,
        counts=organisation is not None, organisation=thing(engine, organisation),
        reasons=tuple(things(engine, reasons)),
        why=tuple(_why(engine, node, by, local_name(str(reason))) for reason in reasons),
    )  # fmt: skip


def _side(engine: Engine, stance: Node) -> Side:
    groups = {str(group) for group in Subject(engine, stance).all(SKOS.broader)}
    sides: tuple[Side, ...] = ("supporting", "opposing")
    return next((side for side in sides if str(concept("stance", side)) in groups), "neutral")


def _why(engine: Engine, attestation: Subject, agent: Subject, reason: str) -> str:
    """Return a reason in words that go behind the agent's name, with the names that it is about."""
    if reason == "party":
        return f"a party to {_names(engine, agent.all(KG.partyTo))}"
    if reason == "of-a-party":
        return _tie(engine, agent)
    if reason == "hedged":
        return f"said with a hedge: “{attestation.text(KG.hedge)}”"
    if reason == "relays":
        relayed = Subject(engine, attestation.one(KG.relays) or URIRef(attestation.iri))
        return f"repeating what {_names(engine, relayed.all(KG.agent))} said"
    words = {
        "nested": "quoted by another speaker",
        "by-context": "not said by the passage alone, but settled from the text around it",
        "tertiary": "a source that mainly compiles what others say",
        "unnamed": "not named by the source",
        "no-organisation": "a person of whom no source says to which organisation they belong",
        "shares-organisation": "belonging to an organisation that is counted already",
    }
    return words.get(reason) or label(engine, concept("exclusion", reason))


def _tie(engine: Engine, agent: Subject) -> str:
    """Return how an agent is tied to a party: the shortest way, step by step."""
    start = URIRef(agent.iri)
    ways: list[tuple[URIRef, str]] = [(start, "")]
    seen = {start}
    for at, said in ways:
        node = Subject(engine, at)
        if at != start and node.all(KG.partyTo):
            return f"{said}, a party to {_names(engine, node.all(KG.partyTo))}"
        for predicate, first, further in _TIES:
            for value in node.all(predicate):
                other = URIRef(str(value))
                if other not in seen:
                    seen.add(other)
                    step = first if at == start else f"{said}, which {further}"
                    ways.append((other, f"{step} {label(engine, other)}"))
    return "belonging to or acting for a party"


def _names(engine: Engine, iris: Iterable[Node]) -> str:
    return _joined({label(engine, iri) for iri in iris})


def _joined(names: Iterable[str]) -> str:
    """Return names in alphabetical order, as English lists them."""
    ordered = sorted(set(names), key=str.casefold)
    return ordered[0] if len(ordered) == 1 else f"{', '.join(ordered[:-1])} and {ordered[-1]}" if ordered else "nobody"


def _sentence(standing: Thing, judgements: Iterable[Judgement]) -> str:
    found = list(judgements)
    slug = local_name(standing.iri)
    for_it, against = (_told(found, side) for side in ("supporting", "opposing"))
    counted = {judgement.organisation.label for judgement in found if judgement.organisation is not None}
    said = {
        "contested": f"{for_it}; {against}.",
        "denied-only": f"{against}; supported by nobody.",
        "unattested": "nobody supports or opposes it.",
        "corroborated": f"supported by {_number(len(counted))} independent organisations, {_joined(counted)}.",
        "single-source": f"supported by one independent organisation, {_joined(counted)}.",
        "party-only": f"{for_it}, and by nobody who is not a party to the conflict or tied to one.",
        "other-attested": f"{for_it}, and by nobody who counts as independent; not by parties alone.",
    }.get(slug, f"{for_it}; {against}.")  # a corpus may have standings, and rules, of its own
    return " ".join([f"{standing.label.capitalize()}: {said}", *_uncounted(found, slug)])


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _told(judgements: Iterable[Judgement], side: Side) -> str:
    """Return who takes a side, directly and through another claim."""
    verb, way = ("supported", "a narrower claim") if side == "supporting" else ("opposed", "a wider claim")
    parts = []
    for through in (False, True):
        found = {j.agent.label for j in judgements if j.side == side and (j.through is not None) == through}
        if found:
            parts.append(f"{verb} by {_joined(found)}{f' through {way}' if through else ''}")
    return ", ".join(parts) or f"{verb} by nobody"


def _uncounted(judgements: Iterable[Judgement], slug: str) -> Iterator[str]:
    """Yield a sentence on the supporters that do not count as independent, where that matters."""
    if slug in {"denied-only", "unattested", "party-only"}:
        return
    reasons: dict[str, set[str]] = {}
    for judgement in judgements:
        if judgement.reasons:
            reasons.setdefault(judgement.agent.label, set()).update(reason.label for reason in judgement.reasons)
    told = [f"{name} ({', '.join(sorted(why))})" for name, why in reasons.items()]
    if told:
        yield f"Not counted as independent: {_joined(told)}."
