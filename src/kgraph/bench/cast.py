"""Who and what made-up claims are about: agents, places, victims, events, documents and passages, all plainly invented.

Towns lie in the open ocean, dates in the 2090s, and every name says that it is made up.
"""

import hashlib
from dataclasses import dataclass, field
from random import Random
from typing import Any

from kgraph import model
from kgraph.bench import shape
from kgraph.bench.shape import Table
from kgraph.passages import Key, Passage

SOURCE = {"url": "https://example.org/made-up"}
OBSERVERS = tuple(f"observer-{n}" for n in range(1, 25))
OUTLETS = tuple(f"outlet-{n}" for n in range(1, 25))
_DAY, _LENGTHS = "2100-01-01", (20, 47, 70, 92, 120, 158, 300)
_MONTHS = 48  # different months: an EDTF date takes 20 ms to read, so few are different
_DATES = (("{0}-11", 24), ("{0}-19", 20), ("{0}-27", 12), ("{0}-03", 8), ("{0}-11/{0}-14", 20),
          ("{{{0}-19,{0}-20}}", 21), ("{0}", 7), ("../{0}-27", 5), ("{0}-27/..", 3))  # fmt: skip


@dataclass
class Article:
    """The archived document of one corpus: passages are cut from it, one behind the other."""

    ident: str
    public: bool
    chance: Random
    lock: dict[Key, Passage] = field(default_factory=dict)
    _end: int = 0
    _last: dict[str, str] | None = None

    def anchor(self, *, new: bool = False) -> dict[str, str]:
        """Return the anchor of the next passage, or, unless it must be `new`, often of the one before."""
        if self._last is None or new or self.chance.random() < shape.NEW_PASSAGE:
            self._last = self._next()
        return self._last

    def _next(self) -> dict[str, str]:
        start = self._end + 1
        self._end = start + self.chance.choice(_LENGTHS)
        anchor = {"document": self.ident, "from": f"made-up words from {start}", "to": f"up to {self._end}"}
        passage = Passage(
            document=self.ident, start=start, end=self._end, heading=f"Made-up section {start // 1500 + 1}",
            first=anchor["from"] if self.public else "", last=anchor["to"] if self.public else "",
            sha256=_sha256(f"{self.ident}/{start}"), keyed=not self.public,
        )  # fmt: skip
        self.lock[model.Anchor.model_validate(anchor).key] = passage
        return anchor


@dataclass(frozen=True)
class Cast:
    """What the claims of one made-up corpus may name."""

    name: str
    article: Article
    agents: dict[str, model.Agent]
    places: dict[str, model.Place]
    documents: dict[str, model.Document]
    attesters: Table[str]
    perpetrators: Table[str]
    place_uses: Table[str]
    dates: Table[str]


def world(curator: str) -> model.Corpus:
    """Return what all made-up corpora share: the curator, observers and outlets."""
    kinds = {curator: "Agent"} | dict.fromkeys(OBSERVERS, "NGO") | dict.fromkeys(OUTLETS, "MediaOrganisation")
    agents = {
        ident: _agent(ident, kind, f"Made-up {ident.replace('-', ' ')}", source=SOURCE) for ident, kind in kinds.items()
    }
    return corpus(agents=agents)


def cast(chance: Random, number: int) -> Cast:
    """Return the cast of the made-up corpus with this number, from 1."""
    name = f"{number:05d}"
    article = Article(f"article-{name}", chance.random() < 0.75, chance)  # noqa: PLR2004 - restricted ones come too
    agents = _agents(article, name)
    heard = (f"chronicle-{name}", chance.choice(OBSERVERS), f"authority-{name}-a", chance.choice(OBSERVERS))
    others = [ident for ident in agents if ident not in heard and "force" not in ident]
    wrongdoers = tuple(ident for ident in agents if "force" in ident or "authority" in ident)
    places = _places(article, chance, name)
    return Cast(
        name=name, article=article, agents=agents, places=places, documents=_documents(article, name),
        attesters=shape.ranked((*dict.fromkeys(heard), *others[:58]), shape.ATTESTERS),
        perpetrators=shape.ranked(wrongdoers, shape.PERPETRATORS),
        place_uses=shape.ranked(tuple(places), shape.PLACE_USES), dates=_dates(chance.randrange(_MONTHS)),
    )  # fmt: skip


def victims(cast: Cast, chance: Random, event: str, count: int) -> dict[str, model.Victim]:
    """Return the victims that the claims of one event name."""
    found = {}
    for n in range(1, count + 1):
        person = chance.random() < 22 / 75
        category = shape.CONCEPTS["victim-category"].some(chance, chance.choice((0, 1, 1, 1, 2)))
        record: dict[str, Any] = {
            "id": f"victims-{event}-{n}", "type": "Person" if person else "VictimGroup",
            "label": f"Made-up {'person' if person else 'group of persons'} {event} {n}",
            "source": cast.article.anchor(),
        } | ({"victim-category": category} if category else {})  # fmt: skip
        found[record["id"]] = model.Victim.model_validate(record)
    return found


def event(ident: str, part_of: str | None = None) -> model.Event:
    """Return an event, or with no `part_of` a conflict."""
    record = {"id": ident, "label": f"Made-up {ident.replace('-', ' ')}"} | ({"part-of": part_of} if part_of else {})
    return model.Event.model_validate(record)


def corpus(**records: Any) -> model.Corpus:
    """Return a corpus of these records."""
    kinds = ("agents", "victims", "places", "events", "documents", "coverage", "claims", "origins")
    return model.Corpus(**{kind: {} for kind in kinds} | records)


def _agents(article: Article, name: str) -> dict[str, model.Agent]:
    """Return 114 agents: two parties with what belongs to them, a chronicle, and many who are heard once or twice."""
    conflict, found = f"conflict-{name}", {}

    def add(ident: str, kind: str, label: str, **more: Any) -> None:
        found[ident] = _agent(ident, kind, label, source=article.anchor(), **more)

    add(f"chronicle-{name}", "Agent", f"Made-up chronicle {name}", tertiary="true")
    for side in "ab":
        party = f"authority-{name}-{side}"
        add(party, "Authority", f"Made-up authority {name} {side.upper()}", **{"party-to": conflict})
        add(f"office-{name}-{side}", "Authority", f"Made-up office of {name} {side.upper()}", **{"acts-for": party})
        add(f"army-{name}-{side}", "ArmedForce", f"Made-up army {name} {side.upper()}", **{"member-of": party})
        add(f"speaker-{name}-{side}", "Person", f"Made-up speaker {name} {side.upper()}",
            **{"acts-for": party, "role": "made-up speaker"})  # fmt: skip
        for n in range(1, 12):
            add(f"force-{name}-{side}{n}", "AgentGroup", f"Made-up force {name} {side.upper()}{n}",
                **{"member-of": party, "unnamed": "true"})  # fmt: skip
    for n in range(1, 32):
        tie = {"member-of": OBSERVERS[n % len(OBSERVERS)]} if n % 2 else {}
        add(f"person-{name}-{n}", "Person", f"Made-up person {name} {n}", role="made-up expert", **tie)
        add(f"witnesses-{name}-{n}", "AgentGroup", f"Made-up witnesses {name} {n}", unnamed="true",
            **{"member-count": str(n % 5 + 2)} if n % 3 else {})  # fmt: skip
    for n in range(1, 22):
        add(f"paper-{name}-{n}", "MediaOrganisation", f"Made-up paper {name} {n}")
    return found


def _agent(ident: str, kind: str, label: str, **more: Any) -> model.Agent:
    return model.Agent.model_validate({"id": ident, "type": kind, "label": label} | more)


def _places(article: Article, chance: Random, name: str) -> dict[str, model.Place]:
    """Return towns of an ocean, a few of them with two names, a few part of another."""
    found: dict[str, model.Place] = {}
    for n in range(1, shape.PLACES + 1):
        ident, label = f"town-{name}-{n}", f"Made-up town {name}-{n}"
        names = [{"text": label, "language": "en"}] + [{"text": f"Urbs ficta {name}-{n}", "language": "la"}] * (n < 3)  # noqa: PLR2004
        record: dict[str, Any] = {"id": ident, "names": names, "source": article.anchor()}
        if n > 1 and chance.random() < shape.PART_OF:
            record["part-of"] = f"town-{name}-{chance.randrange(1, n)}"
        if chance.random() < shape.POSITION:
            record["position"] = {
                "latitude": f"-{chance.randrange(30, 45)}.{chance.randrange(10000):04d}",
                "longitude": f"-{chance.randrange(100, 130)}.{chance.randrange(10000):04d}",
                "precision": str(chance.choice((500, 1000, 5000))), "of": "the made-up town itself",
                "source": {"gazetteer": "made-up gazetteer", "entry": ident},
            }  # fmt: skip
        found[ident] = model.Place.model_validate(record)
    return found


def _documents(article: Article, name: str) -> dict[str, model.Document]:
    """Return the article, and the documents that it mentions."""
    address = f"https://example.org/made-up/{article.ident}"
    records: list[dict[str, Any]] = [
        {"id": article.ident, "title": f"Made-up article {name}", "publisher": f"chronicle-{name}", "url": address,
         "licence": "https://creativecommons.org/publicdomain/zero/1.0/", "language": "en", "file": f"{name}.txt",
         "access": "public" if article.public else "restricted", "sha256": _sha256(article.ident), "retrieved": _DAY,
         "source": {"url": address}}
    ]  # fmt: skip
    for n in range(1, shape.DOCUMENTS):
        record = {"id": f"report-{name}-{n}", "title": f"Made-up report {name}-{n}", "source": article.anchor()}
        records.append(record | ({"publisher": OBSERVERS[n % len(OBSERVERS)]} if n % 2 else {}))
    return {record["id"]: model.Document.model_validate(record) for record in records}


def _dates(month: int) -> Table[str]:
    """Return EDTF dates of three months in a row, most of them in the second."""
    weights: dict[str, int] = {}
    for offset, share in ((0, 1), (1, 4), (2, 1)):
        year, number = divmod((month + offset) % _MONTHS, 12)
        weights |= {text.format(f"{2091 + year}-{number + 1:02d}"): share * weight for text, weight in _DATES}
    return shape.table(weights)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
