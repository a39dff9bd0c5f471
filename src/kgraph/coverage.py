"""How much of the archived texts the claims cover, and how claims about each party are recorded.

It reads the archive, so it belongs to the write side: no release holds what it shows.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any

import sentencex
from jinja2 import Environment, PackageLoader, StrictUndefined

from kgraph.carried import Rest, resting
from kgraph.errors import NoArchive
from kgraph.model import Claim, Corpus, Document
from kgraph.passages import Archive, Key, Passage, heading_at

NO_PARTY = "(none named)"
_HEADING = "="


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence of a document and what covers it: offsets in code points, the end exclusive.

    `claims` has the claims whose passages touch the sentence, in their order; `excuse` why it carries none; `gaps`
    the stretches between words that no passage touches. `text` is empty where the document is restricted.
    """

    document: str
    section: str
    start: int
    end: int
    text: str
    claims: tuple[str, ...] = ()
    excuse: str | None = None
    gaps: tuple[tuple[int, int], ...] = ()

    @property
    def covered(self) -> bool:
        """Return whether a claim covers the sentence."""
        return bool(self.claims)

    @property
    def open(self) -> bool:
        """Return whether nothing covers the sentence, neither a claim nor an excuse."""
        return not self.claims and self.excuse is None

    def as_dict(self) -> dict[str, Any]:
        """Return the members as plain data; each gap as its words, or as offsets where there is no text."""
        return {
            "document": self.document, "section": self.section, "start": self.start, "end": self.end,
            "text": self.text, "claims": list(self.claims), "excuse": self.excuse,
            "gaps": [self.words(gap) or list(gap) for gap in self.gaps],
        }  # fmt: skip

    def words(self, gap: tuple[int, int]) -> str:
        """Return the words of a gap, empty where the text may not be shown."""
        return self.text[gap[0] - self.start : gap[1] - self.start]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What is counted of a group of sentences; claims and attestations count once in a group."""

    group: str
    sentences: int
    covered: int
    excused: int
    open: int
    claims: int
    attestations: int

    @property
    def claims_per_sentence(self) -> float:
        """Return claims by sentences, 0 where there is no sentence."""
        return round(self.claims / self.sentences, 2) if self.sentences else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the members, with the ratio, as plain data."""
        names = ("group", "sentences", "covered", "excused", "open", "claims", "attestations", "claims_per_sentence")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, kw_only=True)
class Symmetry:
    """How the claims that allege a wrong by one party are recorded: shares from 0 to 1, statement length in words."""

    party: str
    claims: int
    with_victim: float
    with_weapon: float
    with_violation: float
    with_characterisation: float
    with_place: float
    with_date: float
    with_toll: float
    with_method: float
    hedged: float
    opposed: float
    attestations_per_claim: float
    median_statement_words: float

    def as_dict(self) -> dict[str, Any]:
        """Return the members as plain data."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class Report:
    """The coverage of all documents of a corpus that the archive has."""

    corpus: Corpus
    sentences: tuple[Sentence, ...]

    @cached_property
    def total(self) -> Figures:
        """Return the figures of everything."""
        return self._figures("total", self.sentences)

    @cached_property
    def sections(self) -> list[Figures]:
        """Return the figures of each section, in the order of the texts."""
        groups: dict[tuple[str, str], list[Sentence]] = {}
        for sentence in self.sentences:
            groups.setdefault((sentence.document, sentence.section), []).append(sentence)
        return [self._figures(section or document, found) for (document, section), found in groups.items()]

    @cached_property
    def parties(self) -> list[Figures]:
        """Return the figures by party whose wrong is alleged: its claims, and the sentences that they stand in."""
        groups = {party: set(found) for party, found in self._claims_by_party.items()}
        return [
            self._figures(party, [s for s in self.sentences if found & set(s.claims)], keep=found)
            for party, found in groups.items()
        ]

    @cached_property
    def symmetry(self) -> list[Symmetry]:
        """Return, for each party, how the claims that allege a wrong by it are recorded."""
        claims = self.corpus.claims
        return [_symmetry(party, [claims[ident] for ident in found]) for party, found in self._claims_by_party.items()]

    @property
    def loose(self) -> list[Sentence]:
        """Return the sentences, covered or not, that have words under no passage, and no excuse."""
        return [sentence for sentence in self.sentences if sentence.gaps and sentence.excuse is None]

    @property
    def single(self) -> list[Sentence]:
        """Return the sentences with exactly one claim: with several verbs, they want a second look."""
        return [sentence for sentence in self.sentences if len(sentence.claims) == 1]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {
            "total": self.total.as_dict(),
            "sections": [figures.as_dict() for figures in self.sections],
            "parties": [figures.as_dict() for figures in self.parties],
            "sentences": [sentence.as_dict() for sentence in self.sentences],
        }

    @cached_property
    def _claims_by_party(self) -> dict[str, list[str]]:
        """Return the claims that allege a wrong, by the party that its perpetrators are, belong to, or act for."""
        names = sorted(ident for ident, agent in self.corpus.agents.items() if agent.party_to)
        groups: dict[str, list[str]] = {name: [] for name in (*names, NO_PARTY)}
        for ident, claim in self.corpus.claims.items():
            if claim.perpetrator:
                found = {party for agent in claim.perpetrator for party in parties_of(self.corpus, agent)}
                for party in found or {NO_PARTY}:
                    groups[party].append(ident)
        return groups

    def _figures(self, group: str, found: Sequence[Sentence], *, keep: set[str] | None = None) -> Figures:
        claims = {ident for sentence in found for ident in sentence.claims if keep is None or ident in keep}
        return Figures(
            group=group, sentences=len(found), covered=sum(s.covered for s in found),
            excused=sum(not s.covered and not s.open for s in found), open=sum(s.open for s in found),
            claims=len(claims),
            attestations=sum(len(a.agent) for ident in claims for a in self.corpus.claims[ident].attestations),
        )  # fmt: skip


def parties_of(corpus: Corpus, agent: str) -> set[str]:
    """Return the parties to a conflict that an agent is, belongs to, or acts for."""
    found: set[str] = set()
    seen: set[str] = set()
    todo = [agent]
    while todo:
        ident = todo.pop()
        record = corpus.agents.get(ident)
        if record is None or ident in seen:
            continue
        seen.add(ident)
        if record.party_to:
            found.add(ident)
        todo += [*record.member_of, *record.acts_for]
    return found


def report(corpus: Corpus, lock: dict[Key, Passage], archive: Archive) -> Report:
    """Return the coverage of each document that names a file; raise `NoArchive` where a text is not there."""
    documents = [document for document in corpus.documents.values() if document.file is not None]
    if not documents:
        raise NoArchive("no document of this corpus names a file", accepted="a document with a file in the archive")
    return Report(corpus, tuple(s for d in documents for s in _document(corpus, lock, d, archive.text(d))))


def page(found: Report) -> str:
    """Return the report as an HTML page that stands alone; it shows the sentences of public documents."""
    environment = Environment(loader=PackageLoader("kgraph", "pages"), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("coverage.html").render(report=found)


def split(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each sentence of a text, headings aside: a sentence stays within its line."""
    offset = 0
    for line in text.splitlines(keepends=True):
        if line.strip() and not line.startswith(_HEADING):
            at = offset
            for sentence in sentencex.segment("en", line):
                words = sentence.strip()
                if any(c.isalnum() for c in words):
                    start = text.index(words, at)
                    at = start + len(words)
                    yield start, at
        offset += len(line)


def _document(corpus: Corpus, lock: dict[Key, Passage], document: Document, text: str) -> Iterator[Sentence]:
    kept = list(_carried(corpus, lock, document))
    claims = [*_spans(corpus, lock, document.id), *((rest.ident, p) for p, rest in kept if rest.kind == "claims")]
    excuses = [(lock[e.passage.key], e.reason) for e in corpus.coverage.values() if e.passage.document == document.id]
    excuses += [(p, corpus.coverage[rest.ident].reason) for p, rest in kept if rest.kind == "coverage"]
    for start, end in split(text):
        touching = [(ident, p) for ident, p in claims if p.start < end and p.end > start]
        spans = [(p.start, p.end) for _, p in touching]
        spans += [(p.start, p.end) for p, _ in excuses if p.start < end and p.end > start]
        reasons = [reason for p, reason in excuses if p.start < end and p.end > start]
        yield Sentence(
            document=document.id, section=heading_at(text, start), start=start, end=end,
            text=text[start:end] if document.access == "public" else "",
            claims=tuple(dict.fromkeys(ident for ident, _ in touching)),
            excuse="; ".join(reasons) or None, gaps=tuple(_gaps(text, start, end, spans)),
        )  # fmt: skip


def _spans(corpus: Corpus, lock: dict[Key, Passage], document: str) -> Iterator[tuple[str, Passage]]:
    for ident, claim in corpus.claims.items():
        for attestation in claim.attestations:
            for anchor in attestation.passage:
                if anchor.document == document:
                    yield ident, lock[anchor.key]


def _carried(corpus: Corpus, lock: dict[Key, Passage], document: Document) -> Iterator[tuple[Passage, Rest]]:
    """Yield what rests on the passages of a newer version through the version before."""
    rests = resting(corpus, lock) if document.carries else {}
    for entry in document.carries:
        yield from ((lock[entry.key], rest) for rest in rests.get(lock[entry.key].ident, ()))


def _gaps(text: str, start: int, end: int, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a sentence that hold a word and lie under no span."""
    at = start
    for low, high in sorted([*spans, (end, end)]):
        low = min(max(low, at), end)  # noqa: PLW2901 - cut to the sentence
        if any(c.isalnum() for c in text[at:low]):
            gap = text[at:low]
            yield at + len(gap) - len(gap.lstrip()), at + len(gap.rstrip())
        at = max(at, high)


def _symmetry(party: str, claims: Sequence[Claim]) -> Symmetry:
    def share(holds: Callable[[Claim], object]) -> float:
        return round(sum(1 for claim in claims if holds(claim)) / len(claims), 2) if claims else 0.0

    count = max(len(claims), 1)
    return Symmetry(
        party=party, claims=len(claims), with_victim=share(lambda c: c.victim), with_weapon=share(lambda c: c.weapon),
        with_violation=share(lambda c: c.violation), with_characterisation=share(lambda c: c.characterised_as),
        with_place=share(lambda c: c.place), with_date=share(lambda c: c.date), with_toll=share(lambda c: c.tolls),
        with_method=share(lambda c: any(a.method for a in c.attestations)),
        hedged=share(lambda c: any(a.hedge for a in c.attestations)),
        opposed=share(lambda c: any(a.stance in {"denies", "disputes"} for a in c.attestations)),
        attestations_per_claim=round(sum(len(a.agent) for c in claims for a in c.attestations) / count, 2),
        median_statement_words=float(median([len(c.statement.split()) for c in claims] or [0])),
    )  # fmt: skip
