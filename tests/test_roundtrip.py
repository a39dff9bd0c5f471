"""Records -> quads -> records: what is read back from the quads of any claim is the claim."""

import unicodedata
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from rdflib import DCTERMS, Literal, URIRef
from rdflib.term import Node

from kgraph import model
from kgraph.nanopub import Writer
from kgraph.passages import read_lock
from kgraph.records import load
from kgraph.settings import Settings
from kgraph.terms import KG, VOCAB, Iris, Quad

AGENTS = ("northland", "southland", "watch-group", "aid-union")
ANCHORS = (
    {"document": "report", "from": "Watch Group said that", "to": "four people"},
    {"document": "report", "from": "Northland denied", "to": "that"},
    {"document": "report", "section": "Bridge", "from": "Southland said", "to": "did it"},
)
DATES = ("2020-05-03", "2020-05", "../2020-05-03", "{2020-05-03,2020-05-04}", "2020-05-01/2020-05-03", "2020-05~")
CONCEPTS = {
    "topic": ("casualties", "responsibility"), "conduct": ("shelling", "torture"), "attribution": ("fired", "supplied"),
    "target": ("school", "cemetery"), "weapon": ("rocket", "artillery"), "violation": ("war-crime", "torture"),
}  # fmt: skip
AS_LISTS = (*CONCEPTS, "perpetrator", "actor", "addressee", "victim", "place", "characterised-as", "about")


def _some(*items: Any, least: int = 0) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(items), min_size=least, max_size=len(items), unique_by=str)


TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=30).filter(
    lambda text: text == unicodedata.normalize("NFC", text)
)
COUNT = st.integers(0, 10**6).map(str) | st.decimals("0.1", 99, places=1).map(str)
TOLL = st.fixed_dictionaries(
    {"harm": st.sampled_from(("killed", "injured")), "unit": st.just("person"), "count": COUNT},
    optional={
        "qualifier": st.sampled_from(("at-least", "about")),
        "victim": st.just(["ford-people"]),
        "target": st.just(["school"]),
        "as-of": st.sampled_from(DATES),
    },
)
ATTESTATION = st.fixed_dictionaries(
    {"stance": st.sampled_from(("asserts", "denies", "condemns")), "passage": _some(*ANCHORS, least=1)},
    optional={
        "stated-on": st.sampled_from(DATES), "method": _some("official-statement", "interview", least=1),
        "document": st.just("report"), "medium": st.sampled_from(AGENTS), "relays": st.just("ford-shelled/watch-group"),
        "basis": st.sampled_from(("context", "nested")), "hedge": TEXT,
    },
)  # fmt: skip
CLAIM = st.fixed_dictionaries(
    {
        "id": st.just("generated"), "statement": TEXT, "topic": _some(*CONCEPTS["topic"], least=1),
        "event": st.sampled_from(("war", "ford-shelling")), "curated": st.just("2026-11-01"),
        "attestations": st.lists(ATTESTATION, min_size=1, max_size=4),
    },
    optional={
        **{name: _some(*slugs, least=1) for name, slugs in CONCEPTS.items() if name != "topic"},
        **{name: _some(*AGENTS, least=1) for name in ("perpetrator", "actor", "addressee")},
        "victim": st.just(["ford-people"]), "place": st.just(["ford"]), "date": st.sampled_from(DATES),
        "time-note": TEXT, "characterised-as": st.lists(TEXT, min_size=1, max_size=2, unique=True),
        "about": _some("document/report", "claim/ford-shelled", least=1),
        "tolls": st.lists(TOLL, min_size=1, max_size=3, unique_by=lambda toll: str(sorted(toll.items()))),
        "attribution-mode": st.sampled_from(("all", "one-of")),
        "relations": st.just([{"kind": "narrows", "to": "ford-shelled", "extent": "full", "note": "Why."}]),
    },
)  # fmt: skip


class _Reader:
    """Reads a claim back from its quads, knowing nothing of the record that they came from."""

    def __init__(self, quads: list[Quad], base: str) -> None:
        self._quads, self._base = quads, base

    def all(self, subject: Node, predicate: Node) -> list[Node]:
        return [value for s, p, value, _ in self._quads if (s, p) == (subject, predicate)]

    def plain(self, node: Node) -> str:
        """Return a literal's text; the local identifier of a concept or a thing."""
        text = str(node)
        if isinstance(node, Literal):
            return text
        return (
            text.removeprefix(str(VOCAB)).partition("/")[2] if text.startswith(str(VOCAB)) else text[len(self._base) :]
        )

    def members(self, subject: Node, names: tuple[str, ...]) -> dict[str, Any]:
        """Return the values of properties by record key, as sorted lists."""
        found = {}
        for name in names:
            head, *tail = name.split("-")
            values = sorted(map(self.plain, self.all(subject, KG[head + "".join(map(str.capitalize, tail))])))
            if values:
                found[name] = (
                    [v if name == "about" else v.partition("/")[2] or v for v in values] if name in _IRIS else values
                )
        return found


_IRIS = {
    "event",
    "perpetrator",
    "actor",
    "addressee",
    "victim",
    "place",
    "agent",
    "document",
    "medium",
    "relays",
    "passage",
}
_CLAIM = (*AS_LISTS, "statement", "event", "date", "time-note", "attribution-mode")
_TOLL = ("harm", "unit", "qualifier", "count", "victim", "target", "as-of")
_ATTESTATION = ("agent", "stance", "stated-on", "method", "document", "medium", "relays", "basis", "hedge", "passage")


def _read_back(quads: list[Quad], iris: Iris) -> dict[str, Any]:
    reader = _Reader(quads, iris.base)
    iri = iris.of("claim", "generated")
    relations = [s for s, p, value, _ in quads if p == KG["from"] and value == iri]
    return reader.members(iri, _CLAIM) | {
        "tolls": [reader.members(toll, _TOLL) for toll in sorted(reader.all(iri, KG.toll), key=str)],
        "attestations": sorted((reader.members(a, _ATTESTATION) for a in reader.all(iri, KG.attestation)), key=str),
        "relations": [
            [reader.plain(v) for name in ("to", "extent", "note") for v in reader.all(r, KG[name])] for r in relations
        ],
        "curated": [str(v) for v in reader.all(URIRef(f"{iri}#np"), DCTERMS.created)],
    }


def _as_said(claim: model.Claim, writer: Writer) -> dict[str, Any]:
    """Return the record itself in the shape of `_read_back`."""

    def members(record: model.Record, names: tuple[str, ...]) -> dict[str, Any]:
        found = {}
        for name in names:
            value = getattr(record, name.replace("-", "_"))
            values = value if isinstance(value, tuple) else () if value is None else (value,)
            if values:
                found[name] = sorted(map(str, values))
        return found

    attestations = []
    for attestation in claim.attestations:
        shared = members(attestation, tuple(name for name in _ATTESTATION if name not in {"agent", "passage"}))
        shared["passage"] = sorted({writer.lock[anchor.key].ident for anchor in attestation.passage})
        attestations += [{**shared, "agent": [agent]} for agent in attestation.agent]
    ordered = [{name: a[name] for name in _ATTESTATION if name in a} for a in attestations]
    return members(claim, _CLAIM) | {
        "tolls": [members(toll, _TOLL) for toll in claim.tolls],
        "attestations": sorted(ordered, key=str),
        "relations": [[f"claim/{r.to}", r.extent, r.note] for r in claim.relations],
        "curated": [str(claim.curated)],
    }


@cache
def _writer(built: Settings) -> Writer:
    corpus, _ = load(built.root)
    return Writer(corpus, read_lock(built.anchors), Iris(built.base_iri), built.licence, built.curator)


@given(value=CLAIM)
@budget(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_records_survive_as_quads(built: Settings, value: dict[str, Any]) -> None:
    """Nothing that a claim says is lost, changed, or added on the way into quads."""
    for agent, attestation in zip(AGENTS, value["attestations"], strict=False):
        attestation["agent"] = agent
    writer = _writer(built)
    claim = model.Claim.model_validate(value)
    assert _read_back(list(writer.claim(claim)), writer.iris) == _as_said(claim, writer)
