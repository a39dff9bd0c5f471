"""Passages that a newer version of a document carries on: the same words, and what rests on them through the old ones.

A claim stays anchored in the version in which it was read. The record of a newer version lists in `carries` where the
same words stand in it, each with the span (`was`) that they had in the version before.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kgraph.model import Carried, Corpus, Document, Severity
from kgraph.passages import Key, Passage


@dataclass(frozen=True, order=True)
class Rest:
    """What rests on a passage: kind (`claims`, ...) and identifier of a record; of a claim, which attestation."""

    kind: str
    ident: str
    attestation: str = ""


@dataclass(frozen=True)
class Fault:
    """What is wrong with an entry of `carries`: its document and path there, code, message, value, what is accepted."""

    document: str
    path: tuple[str | int, ...]
    code: str
    message: str
    value: str
    accepted: str
    severity: Severity = "error"


def resting(corpus: Corpus, lock: Mapping[Key, Passage]) -> dict[str, tuple[Rest, ...]]:
    """Return what rests on each passage, by its identifier: directly, and through the version before."""
    found: dict[str, dict[Rest, None]] = {}
    for kind, ident, path, anchor in corpus.anchors():
        passage = lock.get(anchor.key)
        if passage is not None and not isinstance(anchor, Carried):
            found.setdefault(passage.ident, {}).update(dict.fromkeys(_rests(corpus, kind, ident, path)))
    for document in sorted(corpus.documents.values(), key=lambda document: _age(corpus, document)):
        for carried in document.carries:
            passage = lock.get(carried.key)
            before = found.get(f"{document.previous_version}/{carried.was}")
            if passage is not None and before:
                found.setdefault(passage.ident, {}).update(before)
    return {ident: tuple(rests) for ident, rests in found.items()}


def _rests(corpus: Corpus, kind: str, ident: str, path: tuple[str | int, ...]) -> Iterator[Rest]:
    if kind != "claims":
        yield Rest(kind, ident)
        return
    attestation = corpus.claims[ident].attestations[int(path[1])]
    for agent in attestation.agent:
        yield Rest(kind, ident, "/".join(filter(None, (ident, agent, attestation.id))))


def _age(corpus: Corpus, document: Document) -> int:
    """Return how many versions come before a document; a circle, which is a finding, ends."""
    seen = {document.id}
    before = corpus.documents.get(document.previous_version or "")
    while before is not None and before.id not in seen:
        seen.add(before.id)
        before = corpus.documents.get(before.previous_version or "")
    return len(seen)


def faults(corpus: Corpus, lock: Mapping[Key, Passage]) -> Iterator[Fault]:
    """Yield what is wrong with carried passages: above all, other words than those of the version before."""
    spans = {passage.ident: passage for passage in lock.values()}
    used = {lock[anchor.key].ident for _, _, _, anchor in corpus.anchors() if anchor.key in lock}
    for document in corpus.documents.values():
        for n, carried in enumerate(document.carries):
            path, was = ("carries", n), f"{document.previous_version}/{carried.was}"
            if document.previous_version is None or carried.document != document.id:
                yield Fault(
                    document.id, path, "carried-elsewhere", f"{document.id!r} carries what is no passage of a version",
                    carried.document, "the document itself, with a previous-version",
                )  # fmt: skip
                continue
            old, new = spans.get(was), lock.get(carried.key)
            if old is None or was not in used:
                yield Fault(
                    document.id, path, "carried-from-nothing", f"nothing is anchored at {was} any more",
                    carried.was, "no such entry", "warning",
                )  # fmt: skip
            elif new is not None and (old.sha256, old.keyed) != (new.sha256, new.keyed):
                yield Fault(
                    document.id, path, "carried-other-words", f"{new.ident} has other words than {was}",
                    carried.was, "the same words, by their digest",
                )  # fmt: skip
