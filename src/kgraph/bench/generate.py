"""Made-up claims, as many as are asked for, as N-Quads: the same for the same seed, streamed, one corpus in memory.

They come in corpora of the size of ours, each with a cast of its own, and pass through the writer that real records
pass through: what changes in the shape of quads changes here too.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pyoxigraph as ox

from kgraph import model
from kgraph.bench import cast as casting
from kgraph.bench import shape
from kgraph.bench.cast import Cast
from kgraph.canonical import ox_quad
from kgraph.errors import KgraphError
from kgraph.nanopub import Writer
from kgraph.terms import Iris, Quad

BASE = "https://example.org/bench/"
LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
SCENES = (
    "bridge", "mill", "market", "harbour", "orchard", "school", "chapel", "quarry", "ferry", "lighthouse", "granary",
    "tramway", "cinema", "vineyard", "hospital", "reservoir", "bakery", "library", "sawmill", "square",
)  # fmt: skip
_HEDGES = ("appears to have", "is said to have", "could have been", "consistent with", "reportedly", "allegedly")
_QUOTES = ("made-up words", "words of a made-up speaker", "a made-up phrase")
_FIGURES = frozenset(model.NUMBER_WORDS)


def write(
    path: Path, count: int, *, seed: int = 1, iris: Iris, licence: str = LICENCE, curator: str = "curator",
    progress: Callable[[int], None] = lambda _: None,
) -> int:  # fmt: skip
    """Write the quads of `count` made-up claims to `path`, whole or not at all; return how many quads.

    `progress` is told of each corpus how many claims it had.
    """
    part = path.with_name(f".{path.name}.part")
    total = 0
    try:
        with part.open("wb") as stream:
            for claims, quads in corpora(count, seed=seed, iris=iris, licence=licence, curator=curator):
                lines = [ox_quad(quad) for quad in quads]
                ox.serialize(lines, stream, format=ox.RdfFormat.N_QUADS)
                total += len(lines)
                progress(claims)
        part.replace(path)
    except OSError as error:
        raise KgraphError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return total


def corpora(
    count: int, *, seed: int, iris: Iris, licence: str, curator: str
) -> Iterator[tuple[int, Iterator[Quad]]]:  # fmt: skip
    """Yield the quads of one made-up corpus after the other, each with the number of its claims; first what they share.

    The quads of the first corpora do not depend on how many come after them.
    """
    yield 0, Writer(casting.world(curator), {}, iris, licence, curator).quads()
    for number, first in enumerate(range(0, count, shape.CORPUS), 1):
        size = min(shape.CORPUS, count - first)
        story = _Story(Random(f"{seed}/{number}"), number)  # noqa: S311 - made up, not secret
        yield size, Writer(story.corpus(size), story.cast.article.lock, iris, licence, curator).quads()


class _Story:
    """One made-up corpus while it is being made up."""

    def __init__(self, chance: Random, number: int) -> None:
        self.chance = chance
        self.cast: Cast = casting.cast(chance, number)
        self._victims: dict[str, model.Victim] = {}
        self._claims: list[str] = []  # of the event that is being told
        self._tolls: list[str] = []
        self._attestations: list[str] = []

    def corpus(self, size: int) -> model.Corpus:
        conflict = f"conflict-{self.cast.name}"
        events = {conflict: casting.event(conflict)}
        claims: dict[str, model.Claim] = {}
        sizes = list(shape.EVENTS)
        self.chance.shuffle(sizes)
        for n, length in enumerate(sizes, 1):
            if len(claims) >= size:
                break
            ident = f"event-{self.cast.name}-{n}"
            events[ident] = casting.event(ident, conflict)
            for record in self._event(f"{self.cast.name}-{n}", ident, min(length, size - len(claims))):
                claims[record["id"]] = model.Claim.model_validate(record)
        return casting.corpus(
            agents=self.cast.agents, places=self.cast.places, documents=self.cast.documents, victims=self._victims,
            events=events, claims=claims,
        )  # fmt: skip

    def _event(self, name: str, ident: str, length: int) -> Iterator[dict[str, Any]]:
        count = shape.table(shape.VICTIMS_EACH_EVENT).draw(self.chance)
        victims = casting.victims(self.cast, self.chance, name, count)
        self._victims |= victims
        place = self.cast.place_uses.draw(self.chance)
        self._claims, self._tolls, self._attestations = [], [], []
        for n in range(1, length + 1):
            yield self._claim(f"claim-{name}-{n}", ident, place, tuple(victims))
            self._claims.append(f"claim-{name}-{n}")

    def _claim(self, ident: str, event: str, place: str, victims: tuple[str, ...]) -> dict[str, Any]:
        chance = self.chance
        record: dict[str, Any] = {"id": ident, "event": event, "curated": "2100-01-02"}
        for name in ("topic", "conduct", "attribution", "target", "weapon", "violation"):
            record[name] = shape.CONCEPTS[name].some(chance, self._each(name))
        for name in ("perpetrator", "actor"):
            record[name] = self.cast.perpetrators.some(chance, self._each(name))
        record["addressee"] = chance.sample(casting.OUTLETS, self._each("addressee"))
        record["victim"] = chance.sample(victims, min(self._each("victim"), len(victims)))
        count = self._each("place")
        record["place"] = [place] if count == 1 else self.cast.place_uses.some(chance, count)
        record["characterised-as"] = chance.sample(_QUOTES, self._each("characterised-as"))
        record["about"] = self._about(self._each("about"))
        record["tolls"] = [self._toll(ident, victims) for _ in range(self._each("tolls"))]
        record["relations"] = self._relations(self._each("relations") if self._claims else 0)
        record["attestations"] = self._attested(ident)
        record |= self._times() | self._mode(record)
        record["statement"] = self._statement(record, place)
        return {name: value for name, value in record.items() if value != []}

    def _each(self, name: str) -> int:
        return shape.EACH[name].draw(self.chance)

    def _happens(self, share: float) -> bool:
        return self.chance.random() < share

    def _times(self) -> dict[str, Any]:
        found = {"date": self.cast.dates.draw(self.chance)} if self._happens(shape.DATED) else {}
        return found | ({"time-note": "at a made-up time of day"} if self._happens(shape.TIME_NOTE) else {})

    def _mode(self, record: dict[str, Any]) -> dict[str, Any]:
        return {"attribution-mode": "one-of"} if len(record["attribution"]) > 1 else {}

    def _about(self, count: int) -> list[str]:
        documents = list(self.cast.documents)
        found = [f"document/{ident}" for ident in self.chance.sample(documents, count)]
        if found and self._attestations and self._happens(6 / 124):
            found[0] = f"attestation/{self.chance.choice(self._attestations)}"
        return found

    def _toll(self, claim: str, victims: tuple[str, ...]) -> dict[str, Any]:
        chance = self.chance
        toll: dict[str, Any] = {name: shape.CONCEPTS[name].draw(chance) for name in ("harm", "unit", "qualifier")}
        if toll["qualifier"] not in _FIGURES:
            toll["count"] = str(shape.COUNTS.draw(chance))
        if victims and self._happens(shape.TOLL_VICTIM):
            toll["victim"] = [chance.choice(victims)]
        elif self._happens(8 / 29):
            toll["target"] = [shape.CONCEPTS["target"].draw(chance)]
        if self._tolls and self._happens(shape.INCLUDED_IN):
            toll["included-in"] = f"{chance.choice(self._tolls)}#1"
        if self._happens(shape.AS_OF):
            toll["as-of"] = self.cast.dates.draw(chance)
        self._tolls.append(claim)
        return toll

    def _relations(self, count: int) -> list[dict[str, Any]]:
        found = []
        for other in self.chance.sample(self._claims, min(count, len(self._claims))):
            kind, _, extent = shape.CONCEPTS["relation"].draw(self.chance).partition("/")
            found.append({"kind": kind, "to": other, "extent": extent, "note": "Related by chance, as all of this."})
        return found

    def _attested(self, claim: str) -> list[dict[str, Any]]:
        agents = self.cast.attesters.some(self.chance, self._each("attestations"))
        before = self._attestations.copy()
        found = [self._attestation(agent, before, first=n == 0) for n, agent in enumerate(agents)]
        self._attestations += [f"{claim}/{agent}" for agent in agents]
        return found

    def _attestation(self, agent: str, before: list[str], *, first: bool) -> dict[str, Any]:
        chance, article = self.chance, self.cast.article
        record: dict[str, Any] = {
            "agent": [agent], "basis": shape.CONCEPTS["basis"].draw(chance),
            "stance": shape.CONCEPTS["stance" if first else "second stance"].draw(chance),
            "passage": [article.anchor(), *(article.anchor(new=True) for _ in range(self._each("passage") - 1))],
            "method": shape.CONCEPTS["method"].some(chance, self._each("method")),
        }  # fmt: skip
        if self._happens(shape.STATED_ON):
            record["stated-on"] = self.cast.dates.draw(chance)
        if self._happens(shape.PUBLISHED):
            record["document"] = chance.choice(list(self.cast.documents))
        if self._happens(shape.MEDIUM):
            record["medium"] = chance.choice(casting.OUTLETS)
        if before and self._happens(shape.RELAYS):
            record["relays"] = chance.choice(before)
        if self._happens(shape.HEDGE):
            record["hedge"] = chance.choice(_HEDGES)
        return {name: value for name, value in record.items() if value != []}

    def _statement(self, record: dict[str, Any], place: str) -> str:
        """Return a sentence of 70 to 130 characters, which says that it is made up."""
        named = [self.cast.agents[ident].label for ident in (*record["perpetrator"], *record["actor"])]
        who = " and ".join(named) or "Somebody"
        what = (record["conduct"] or record["topic"])[0].replace("-", " ")
        scenes = " and the ".join(self.chance.sample(SCENES, self.chance.choice((1, 1, 2, 3))))
        return f"{who} had a part in made-up {what} near the {scenes} of {place.replace('-', ' ')}."
