"""What values name, and what they may name, by a release."""

import pytest
from rdflib import URIRef

from kgraph.errors import BadRequest
from kgraph.saved.bind import bind
from kgraph.saved.library import SavedQuery, parse
from kgraph.saved.names import Names, candidates
from kgraph.store.embedded import Embedded

BASE = "https://w3id.org/kgraph/nk2020/"
TEXT = """#+ id: any
#+ summary: Any
#+ tags: [events]
#+ params:
#+   - {name: who, type: iri, of: [kg:Person, kg:VictimGroup], required: true, example: x, description: x}
SELECT ?x { VALUES ?who { 1 } }
"""


def _query() -> SavedQuery:
    query = parse(TEXT, "queries/any.rq").query
    assert query is not None
    return query


@pytest.mark.parametrize(
    ("value", "of", "found"),
    [
        ("barda", ("kg:Place",), [f"{BASE}place/barda"]),
        ("place/barda", ("kg:Event",), [f"{BASE}place/barda"]),
        ("weapon/knife", ("kg:Event",), ["https://w3id.org/kgraph/vocab/weapon/knife"]),
        ("knife", ("weapon", "kg:Person"), [
            "https://w3id.org/kgraph/vocab/weapon/knife", f"{BASE}agent/knife", f"{BASE}victim/knife",
        ]),
        ("https://example.org/x", ("kg:Event",), ["https://example.org/x"]),
        ("no iri:", ("kg:Event",), []),
        ("a b", ("kg:Event",), []),
        ("a>b", ("kg:Event",), []),
        ("", ("kg:Event",), []),
    ],
)  # fmt: skip
def test_candidates(value: str, of: tuple[str, ...], found: list[str]) -> None:
    """A value is an IRI, relative to base or vocabularies, or the identifier of something of the right class."""
    assert [str(iri) for iri in candidates(value, of, BASE)] == found


@pytest.mark.parametrize(
    ("iri", "of", "holds"),
    [
        (f"{BASE}agent/armenia", "kg:Agent", True),
        (f"{BASE}agent/armenia", "kg:Event", False),
        (f"{BASE}agent/nobody", "kg:Agent", False),
        ("https://w3id.org/kgraph/vocab/weapon/knife", "weapon", True),
        ("https://w3id.org/kgraph/vocab/weapon/knife", "target", False),
        (f"{BASE}claim/barda-armenia-responsible", "kg:Claim", True),
    ],
)
def test_membership(answers: Embedded, iri: str, of: str, holds: bool) -> None:  # noqa: FBT001
    """Membership is that of the release, by class, by class above, or by scheme."""
    assert Names(answers).holds(URIRef(iri), (of,)) is holds


def test_choices(answers: Embedded) -> None:
    """Choices are the members with their labels, in the order of those."""
    found = Names(answers).choices(("stance",))
    assert {choice.short: choice.label for choice in found}["stance/denies"] == "denies"
    assert [choice.label for choice in found] == sorted(choice.label for choice in found)


def test_persons_are_found_among_victims_and_agents(answers: Embedded) -> None:
    """A person may be recorded as agent or as victim: the bare identifier finds either."""
    names = Names(answers)
    [agent] = bind(_query(), {"who": ["ilham-aliyev"]}, names).terms["who"]
    assert str(agent) == f"{BASE}agent/ilham-aliyev"
    with pytest.raises(BadRequest) as caught:
        bind(_query(), {"who": ["ilham aliev"]}, names)
    assert caught.value.extra["nearest"][0] == "agent/ilham-aliyev"
