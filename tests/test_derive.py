"""What is derived: who supports and opposes a claim, directly or through another, and how the claim stands."""

from kgraph.build import build
from kgraph.settings import Settings
from kgraph.store.base import Question
from kgraph.store.embedded import Embedded
from kgraph.terms import KG, Iris


def _values(engine: Embedded, built: Settings, claim: str, name: str) -> set[str]:
    iri = Iris(built.base_iri).of("claim", claim)
    return {str(value).removeprefix(built.base_iri) for _, _, value, _ in engine.quads(iri, KG[name])}


def test_direct_and_through(engine: Embedded, built: Settings) -> None:
    """Who asserts a narrower claim asserts the wider one, kept apart from who says so directly."""
    assert _values(engine, built, "northland-responsible", "attestedBy") == {"agent/southland"}
    assert _values(engine, built, "northland-responsible", "attestedThrough") == {
        f"attestation/bridge-hit/{agent}" for agent in ("watch-group", "aid-union", "southland")
    }


def test_standing(engine: Embedded, built: Settings) -> None:
    """Assertion and denial make contested; hedged support alone is no corroboration."""
    standing = {
        claim: _values(engine, built, claim, "standing")
        for claim in ("ford-shelled", "bridge-hit", "northland-responsible")
    }
    assert standing == {
        "ford-shelled": {"https://w3id.org/kgraph/vocab/standing/contested"},
        "bridge-hit": {"https://w3id.org/kgraph/vocab/standing/other-attested"},
        "northland-responsible": {"https://w3id.org/kgraph/vocab/standing/other-attested"},
    }


def test_parties_and_hedges_are_not_independent(engine: Embedded, built: Settings) -> None:
    """A party, and whoever hedges, is no independent attester."""
    assert _values(engine, built, "ford-shelled", "independentAttester") == {"agent/watch-group"}
    assert _values(engine, built, "bridge-hit", "independentAttester") == set()
    assert _values(engine, built, "bridge-hit", "independentAttesterCount") == {"0"}


PEOPLE = """
- {id: witness, type: Person, label: A witness, source: {url: "https://example.org/1"}}
- {id: researcher, type: Person, label: A researcher, member-of: watch-group, source: {url: "https://example.org/2"}}
- {id: envoy, type: Person, label: An envoy, member-of: watch-group, acts-for: northland, source: {url: "https://example.org/3"}}
"""
SAID = """
- id: smoke-seen
  statement: Smoke was seen over Ford.
  topic: attack
  event: ford-shelling
  attestations:
    - agent: [witness, researcher, envoy]
      stance: asserts
      passage: {document: report, from: Watch Group said that, to: four people}
"""


def test_a_person_of_no_known_organisation_is_not_independent(corpus: Settings) -> None:
    """A person counts by the organisation that they are tied to; without one, or acting for a party, not at all."""
    for name, text in (("agents.yaml", PEOPLE), ("claims/zz.yaml", SAID)):
        with (corpus.root / "data" / name).open("a", encoding="utf-8") as stream:
            stream.write(text)
    build(corpus)
    engine = Embedded(corpus.releases, readers=1)
    try:
        names = ("attestedBy", "independentAttester", "standing")
        said = {name: _values(engine, corpus, "smoke-seen", name) for name in names}
    finally:
        engine.close()
    assert said == {
        "attestedBy": {"agent/witness", "agent/researcher", "agent/envoy"},
        "independentAttester": {"agent/watch-group"},
        "standing": {"https://w3id.org/kgraph/vocab/standing/single-source"},
    }


def test_event_takes_place_and_dates_from_its_claims(engine: Embedded) -> None:
    """An event's first and last day and its places are those of its claims."""
    text = "SELECT ?place ?start ?end { ?e a kg:Event ; kg:place ?place ; kg:start ?start ; kg:end ?end }"
    assert engine.query(Question(text=text)).read().count(b'"2020-05-03"') == 2
