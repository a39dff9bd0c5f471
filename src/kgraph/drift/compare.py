"""The passages of a document, held against a newer text of its source."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from kgraph import build
from kgraph.carried import Rest, resting
from kgraph.drift import changes, places
from kgraph.errors import InvalidData, UnknownThing
from kgraph.model import Anchor, Document
from kgraph.passages import AnchorError, Archive, Passage
from kgraph.settings import Settings

Status = Literal["unchanged", "moved", "altered", "gone", "ambiguous"]
STATUSES: tuple[Status, ...] = ("unchanged", "moved", "altered", "gone", "ambiguous")
FOUND = frozenset({"unchanged", "moved"})


@dataclass(frozen=True, kw_only=True)
class Drift:
    """What became of one passage.

    `to` is its span in the newer text: where the same words stand (unchanged, moved), or what reads otherwise now
    (altered). `surroundings` says which sides agree: both, before, after, none. `places` and `reason` are for people
    who decide on an ambiguous one. `steps` lead from the old words to the new by deleting and inserting words.
    """

    passage: Passage
    anchors: tuple[Anchor, ...]
    rests: tuple[Rest, ...]
    words: str
    status: Status
    to: tuple[int, int] | None = None
    surroundings: str = ""
    places: tuple[int, ...] = ()
    reason: str = ""
    steps: tuple[changes.Step, ...] = ()
    remark: str = ""

    @property
    def claims(self) -> tuple[str, ...]:
        """Return the claims that rest on the passage."""
        return tuple(dict.fromkeys(rest.ident for rest in self.rests if rest.kind == "claims"))

    @property
    def attestations(self) -> tuple[str, ...]:
        """Return the attestations that rest on the passage, as CLAIM/AGENT or CLAIM/AGENT/ID."""
        return tuple(rest.attestation for rest in self.rests if rest.kind == "claims")

    @property
    def records(self) -> tuple[str, ...]:
        """Return the other records that rest on the passage, as KIND/ID."""
        return tuple(f"{rest.kind}/{rest.ident}" for rest in self.rests if rest.kind != "claims")

    def as_dict(self, *, words: bool) -> dict[str, Any]:
        """Return the members as plain data; without `words`, nothing that the texts say."""
        return {
            "passage": self.passage.ident, "start": self.passage.start, "end": self.passage.end,
            "section": self.passage.heading, "sha256": self.passage.sha256, "keyed": self.passage.keyed,
            "status": self.status, "to": dict(zip(("start", "end"), self.to, strict=True)) if self.to else None,
            "surroundings": self.surroundings or None, "places": list(self.places), "reason": self.reason or None,
            "words": self.words if words else None,
            "difference": [{"op": name, "text": text} for name, text in self.steps] if words else None,
            "remark": self.remark or None, "claims": list(self.claims), "attestations": list(self.attestations),
            "records": list(self.records),
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A document and a newer text of its source, and what became of each passage, in the order of the old text."""

    document: Document
    text: str
    drifts: tuple[Drift, ...]
    notes: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Return the digest of the newer text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def same(self) -> bool:
        """Return whether the newer text is the document, byte for byte."""
        return self.sha256 == self.document.sha256

    @property
    def settled(self) -> bool:
        """Return whether every passage stands in the newer text: none altered, gone or ambiguous."""
        return all(drift.status in FOUND for drift in self.drifts)

    @property
    def counts(self) -> dict[str, int]:
        """Return how many passages have each status."""
        found = Counter(drift.status for drift in self.drifts)
        return {status: found[status] for status in STATUSES}

    def as_dict(self, *, words: bool) -> dict[str, Any]:
        """Return the comparison as plain data; without `words`, nothing that the texts say."""
        return {
            "document": self.document.id, "old": {"sha256": self.document.sha256},
            "new": {"sha256": self.sha256, "bytes": len(self.text.encode()), "characters": len(self.text)},
            "same": self.same, "counts": self.counts, "notes": list(self.notes),
            "passages": [drift.as_dict(words=words) for drift in self.drifts],
        }  # fmt: skip


def compare(settings: Settings, ident: str, text: str) -> Comparison:
    """Return what became of the passages of the document `ident` in the newer `text`.

    Raises `UnknownThing`, `NoArchive`, or `InvalidData` where the records, the lock or the archive do not hold.
    """
    checked = build.check(settings, with_archive=False, with_shapes=False)
    if checked.errors:
        findings = [finding.as_dict() for finding in checked.errors]
        raise InvalidData(f"{len(findings)} findings; passages of valid data are compared", findings=findings)
    document = checked.corpus.documents.get(ident)
    if document is None:
        known = sorted(d.id for d in checked.corpus.documents.values() if d.file)
        raise UnknownThing(f"there is no document {ident!r}", value=ident, accepted=known)
    archive = build.open_archive(settings)
    old = archived(archive, document)
    rests = resting(checked.corpus, checked.lock)
    anchored: dict[Passage, list[Anchor]] = {}
    for _, _, _, anchor in checked.corpus.anchors():
        if anchor.document == ident:
            anchored.setdefault(checked.lock[anchor.key], []).append(anchor)
    found = []
    for passage in sorted(anchored, key=lambda passage: (passage.start, passage.end)):
        words = old[passage.start : passage.end]
        if archive.digest(document, words) != passage.sha256:
            raise InvalidData(
                f"{passage.ident} does not have the digest that data/anchors.lock says",
                value=passage.ident, accepted="a lock that `kgraph check` proves",
            )  # fmt: skip
        anchors = tuple({anchor.key: anchor for anchor in anchored[passage]}.values())
        placed = _placed(passage, old, text)
        found.append(replace(placed, anchors=anchors, rests=rests.get(passage.ident, ()), words=words))
    return Comparison(
        document=document, text=text, drifts=tuple(_read(found, old, text)), notes=tuple(_notes(old, text))
    )


def archived(archive: Archive, document: Document) -> str:
    """Return the archived text of a document; raise `InvalidData` where it has none, or another one."""
    try:
        return archive.text(document)
    except AnchorError as error:
        raise InvalidData(str(error), value=document.id, accepted=error.accepted) from error
    except UnicodeDecodeError as error:
        raise InvalidData(f"the archived text of {document.id!r} is not UTF-8", value=document.id) from error


def _placed(passage: Passage, old: str, new: str) -> Drift:
    """Return a passage with its place in the newer text, gone where there is none."""
    bare = Drift(passage=passage, anchors=(), rests=(), words="", status="gone")
    if old == new:
        return replace(bare, status="unchanged", to=(passage.start, passage.end), surroundings="both")
    found = places.find(old, new, passage.start, passage.end)
    if found.reason:
        return replace(bare, status="ambiguous", places=found.places, reason=found.reason)
    if found.start is None:
        return bare
    sides = {(True, True): "both", (True, False): "before", (False, True): "after"}
    return replace(
        bare, status="unchanged" if found.start == passage.start else "moved",
        to=(found.start, found.start + passage.end - passage.start),
        surroundings=sides.get((found.before, found.after), "none"),
    )  # fmt: skip


def _read(found: list[Drift], old: str, new: str) -> Iterator[Drift]:
    """Yield what was found, with what altered passages read now."""
    lost = [(drift.passage.start, drift.passage.end) for drift in found if drift.status == "gone"]
    readings = changes.readings(old, new, lost)
    for drift in found:
        span = readings.get((drift.passage.start, drift.passage.end))
        if drift.status != "gone" or span is None:
            yield drift
        else:
            reading = new[slice(*span)]
            steps, remark = changes.difference(drift.words, reading), changes.remark(drift.words, reading)
            yield replace(drift, status="altered", to=span, steps=steps, remark=remark)


def _notes(old: str, new: str) -> Iterator[str]:
    if new.startswith("\ufeff") and not old.startswith("\ufeff"):
        yield "the newer text begins with a byte order mark, which offsets count"
    if ("\r\n" in new) != ("\r\n" in old):
        yield "one of the two texts ends its lines with CR LF, the other does not"
    if not new:
        yield "the newer text is empty"
