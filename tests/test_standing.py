"""Standing is explained: who counts as independent backing and who does not, for any mix of attestations."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import Any, cast

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, RDFS, SKOS
from rdflib.term import Node

from conftest import REPOSITORY
from kgraph.canonical import stored
from kgraph.derive import derive
from kgraph.ontology import rule_files
from kgraph.standing import Explanation, explain
from kgraph.store.base import Engine
from kgraph.store.core import _quad
from kgraph.store.embedded import Embedded
from kgraph.terms import KG, VOCAB, Iris, Quad, concept

IRIS = Iris("https://example.org/made-up/")
HOME = IRIS.graph("agents")
NORTH, SOUTH = "northland", "southland"
TIED = (NORTH, SOUTH, "north-army", "north-envoy", "south-army", "south-envoy")
FREE = ("watch-group", "aid-union", "star-news", "researcher", "second-researcher")
NOBODY_COUNTS = ("compiler", "voice", "passer-by")
SEVERAL = ("fellow", "other-fellow")
AGENTS = (*TIED, *FREE, *NOBODY_COUNTS, *SEVERAL)
MEMBERS = {
    "north-army": [NORTH], "south-army": [SOUTH], "researcher": ["watch-group"], "second-researcher": ["watch-group"],
    "fellow": ["watch-group", "aid-union"], "other-fellow": ["aid-union", "star-news"],
}  # fmt: skip
PEOPLE = ("north-envoy", "south-envoy", "researcher", "second-researcher", "passer-by", "fellow", "other-fellow")
SUPPORTED = {"corroborated", "single-source", "party-only", "other-attested"}


@dataclass(frozen=True)
class Said:
    """One attestation of the claim, or of a narrower or wider one."""

    agent: str
    stance: str = "asserts"
    basis: str = "explicit"
    hedge: bool = False
    relays: bool = False
    of: str = "claim"


SAID = st.builds(
    Said, agent=st.sampled_from(AGENTS),
    stance=st.sampled_from(["asserts", "confirms", "denies", "disputes", "reports"]),
    basis=st.sampled_from(["explicit", "explicit", "context", "nested"]), hedge=st.booleans(), relays=st.booleans(),
    of=st.sampled_from(["claim", "claim", "claim", "narrow", "wide"]),
)  # fmt: skip
MIXES = st.lists(SAID, max_size=7)
PROPERTY = settings(max_examples=60, deadline=None)


class Stored:
    """An engine over a store in memory, as far as an explanation needs one."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store

    def quads(
        self, subject: URIRef | None = None, predicate: URIRef | None = None, value: Node | None = None,
        graph: URIRef | None = None, *, limit: int | None = None,
    ) -> Sequence[Quad]:  # fmt: skip
        """Return the quads that fit a pattern."""
        terms = [None if term is None else ox.NamedNode(str(term)) for term in (subject, predicate, value, graph)]
        return [_quad(quad) for quad in islice(self._store.quads_for_pattern(*cast(Any, terms)), limit)]


@cache
def _vocabularies() -> tuple[Quad, ...]:
    graph = Graph()
    for scheme in ("stance", "standing", "exclusion", "basis"):
        graph.parse(REPOSITORY / "ontology" / "vocab" / f"{scheme}.ttl")
    return tuple((s, cast(URIRef, p), o, IRIS.graph("vocabularies")) for s, p, o in graph)


def _agents() -> Iterator[Quad]:
    for agent in AGENTS:
        iri = IRIS.of("agent", agent)
        yield iri, RDF.type, KG.Person if agent in PEOPLE else KG.NGO, HOME
        yield iri, RDFS.label, Literal(agent, lang="en"), HOME
        for group in MEMBERS.get(agent, ()):
            yield iri, KG.memberOf, IRIS.of("agent", group), HOME
    for envoy, party in (("north-envoy", NORTH), ("south-envoy", SOUTH)):
        yield IRIS.of("agent", envoy), KG.actsFor, IRIS.of("agent", party), HOME
    for party in (NORTH, SOUTH):
        yield IRIS.of("agent", party), KG.partyTo, IRIS.of("event", "war"), HOME
    yield IRIS.of("agent", "compiler"), KG.tertiary, Literal(lexical_or_value=True), HOME
    yield IRIS.of("agent", "voice"), KG.unnamed, Literal(lexical_or_value=True), HOME


def _claims(mix: Sequence[Said]) -> Iterator[Quad]:
    home = IRIS.graph("events")
    for claim in ("claim", "narrow", "wide"):
        yield IRIS.of("claim", claim), RDF.type, KG.Claim, home
        yield IRIS.of("claim", claim), KG.statement, Literal(f"The {claim}.", lang="en"), home
    for narrow, wide in (("narrow", "claim"), ("claim", "wide")):
        yield IRIS.of("claim", narrow), KG.narrows, IRIS.of("claim", wide), home
    for number, said in enumerate(mix):
        iri = IRIS.attestation(said.of, said.agent, str(number))
        yield IRIS.of("claim", said.of), KG.attestation, iri, home
        yield iri, RDF.type, KG.Attestation, home
        yield iri, KG.agent, IRIS.of("agent", said.agent), home
        yield iri, KG.stance, concept("stance", said.stance), home
        yield iri, KG.basis, concept("basis", said.basis), home
        if said.hedge:
            yield iri, KG.hedge, Literal("could have", lang="en"), home
        if said.relays:
            yield iri, KG.relays, IRIS.attestation("claim", "somebody"), home


def _world(mix: Sequence[Said]) -> ox.Store:
    store = stored([*_vocabularies(), *_agents(), *_claims(mix)])
    derive(store, rule_files(REPOSITORY), IRIS)
    return store


def _judged(mix: Sequence[Said]) -> tuple[str, int, Explanation]:
    """Return the standing of the claim, how many independent attesters it has, and the explanation."""
    engine = cast(Engine, Stored(_world(mix)))
    claim = IRIS.of("claim", "claim")
    [(_, _, count, _)] = engine.quads(claim, KG.independentAttesterCount)
    explanation = explain(engine, claim)
    assert explanation is not None
    return explanation.standing.iri.rpartition("/")[2], int(str(count)), explanation


NO_BACKING = st.one_of(
    st.builds(Said, agent=st.sampled_from(FREE), relays=st.just(value=True)),
    st.builds(Said, agent=st.sampled_from(FREE), hedge=st.just(value=True)),
    st.builds(Said, agent=st.sampled_from(FREE), basis=st.sampled_from(["nested", "context"])),
    st.builds(Said, agent=st.sampled_from([*TIED, *NOBODY_COUNTS])),
)


@PROPERTY
@given(MIXES, NO_BACKING)
def test_no_backing_is_no_backing(mix: list[Said], more: Said) -> None:
    """A relay, a hedge, words in another mouth, a party or whoever is tied to one never make a claim more backed."""
    before, count, _ = _judged(mix)
    after, more_count, _ = _judged([*mix, more])
    assert more_count <= count
    assert after == before or after not in {"corroborated", "single-source"}


@PROPERTY
@given(MIXES, st.sampled_from(AGENTS), st.sampled_from(["denies", "disputes"]))
def test_a_denial_never_makes_a_claim_less_contested(mix: list[Said], agent: str, stance: str) -> None:
    """What was contested or denied stays so, and what was supported becomes contested."""
    before, count, _ = _judged(mix)
    after, after_count, _ = _judged([*mix, Said(agent, stance)])
    assert after == ("contested" if before in SUPPORTED | {"contested"} else "denied-only")
    assert after_count == count


def _swapped(name: str) -> str:
    return re.sub("north|south", lambda found: {"north": "south", "south": "north"}[found[0]], name)


@PROPERTY
@given(MIXES)
def test_parties_are_alike(mix: list[Said]) -> None:
    """Where the parties change places, nothing changes in standing, count, or in the reasons of each."""
    standing, count, told = _judged(mix)
    other, other_count, swapped = _judged([replace(said, agent=_swapped(said.agent)) for said in mix])
    assert (standing, count) == (other, other_count)
    reasons = sorted((_swapped(j.agent.label), sorted(r.label for r in j.reasons)) for j in told.judgements)
    assert reasons == sorted((j.agent.label, sorted(r.label for r in j.reasons)) for j in swapped.judgements)


@PROPERTY
@given(st.lists(SAID.filter(lambda said: said.agent not in SEVERAL), max_size=7), st.sampled_from(FREE))
def test_an_independent_attester_never_lowers_the_count(mix: list[Said], agent: str) -> None:
    """One more independent attester adds one, or none where its organisation counts already."""
    _, count, told = _judged(mix)
    _, more, after = _judged([*mix, Said(agent)])
    [root] = MEMBERS.get(agent, [agent])
    counted = {j.organisation.label for j in told.judgements if j.organisation is not None}
    assert more == count + (root not in counted)
    assert root in {j.organisation.label for j in after.judgements if j.organisation is not None}


@PROPERTY
@given(MIXES)
def test_an_agent_of_several_organisations(mix: list[Said]) -> None:
    """No two attesters that count share an organisation, but for members of the same one, which counts once."""
    _, count, told = _judged(mix)
    counted = {(j.agent.label, j.organisation.label) for j in told.judgements if j.organisation is not None}
    assert count == len({organisation for _, organisation in counted})
    for agent, organisation in counted:
        for other, counts_for in counted:
            roots, others = (set(MEMBERS.get(name, [name])) for name in (agent, other))
            assert agent == other or organisation == counts_for or not roots & others


@PROPERTY
@given(MIXES)
def test_each_attestation_has_its_reason(mix: list[Said]) -> None:
    """The count is that of the organisations that are told; who supports either counts or has reasons, in words."""
    _, count, told = _judged(mix)
    direct = [judgement for judgement in told.judgements if judgement.through is None]
    assert len(direct) == sum(said.of == "claim" for said in mix)
    assert count == len({j.organisation for j in direct if j.counts})
    for judgement in told.judgements:
        expected = judgement.side == "supporting" and judgement.through is None
        assert (judgement.counts or bool(judgement.reasons)) == expected
        assert not (judgement.counts and judgement.reasons)
        assert len(judgement.why) == len(judgement.reasons)
        assert all(judgement.why)


BOTH = "Amnesty International and Human Rights Watch"
SENTENCES = {
    "barda-armenia-responsible": f"Contested: supported by {BOTH} through a narrower claim; opposed by Armenia.",
    "barda-cluster-munitions-origin": f"Contested: supported by {BOTH}; opposed by Armenia through a wider claim.",
    "ganja-airport-fired-at": "Party only: supported by Artsakh Defence Army, and by nobody who is not a party to the"
    " conflict or tied to one.",
    "qasalti-artillery-attack": "Single source: supported by one independent organisation, Human Rights Watch.",
    "ganja-residential-areas-targeted": "Denied only: opposed by Artsakh Defence Army; supported by nobody.",
}


@pytest.mark.parametrize(("claim", "sentence"), SENTENCES.items())
def test_in_words(answers: Embedded, claim: str, sentence: str) -> None:
    """What stands behind a real claim and against it is said in a sentence, in alphabetical order."""
    iris = Iris(answers.release().manifest.base_iri)
    told = explain(answers, iris.of("claim", claim))
    assert told is not None
    assert told.sentence == sentence


def test_words_for_ties(answers: Embedded) -> None:
    """How an agent is tied to a party is told step by step."""
    iris = Iris(answers.release().manifest.base_iri)
    told = explain(answers, iris.of("claim", "tartar-cemetery-shelled"))
    assert told is not None
    whys = {judgement.agent.label: judgement.why for judgement in told.judgements}
    assert (
        "acting for Azerbaijan, a party to Second Nagorno-Karabakh War"
        in whys["Presidential Administration of Azerbaijan"]
    )
    assert whys["Human Rights Watch"] == ()


def test_nothing_to_explain(answers: Embedded) -> None:
    """What has no standing is not explained."""
    iris = Iris(answers.release().manifest.base_iri)
    assert explain(answers, iris.of("agent", "armenia")) is None
    assert explain(answers, iris.of("claim", "no-such")) is None


def test_the_page_has_every_reason(answers: Embedded) -> None:
    """docs/standing.md lists the reasons of the scheme with their definitions, and its query gives rows."""
    text = (REPOSITORY / "docs" / "standing.md").read_text(encoding="utf-8")
    graph = Graph().parse(REPOSITORY / "ontology" / "vocab" / "exclusion.ttl")
    for reason in graph.subjects(SKOS.inScheme, VOCAB["exclusion"]):
        name = str(reason).rpartition("/")[2]
        assert f"| `{name}` | {graph.value(reason, SKOS.definition)} |" in text
    [query] = re.findall(r"```sparql\n(.*?)```", text, re.DOTALL)
    release = answers.release()
    rows = ox.Store.read_only(str(release.store)).query(query, use_default_graph_as_union=True)
    assert isinstance(rows, ox.QuerySolutions)
    assert len(list(rows)) > 3
