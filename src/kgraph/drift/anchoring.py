"""Anchors of a passage in a newer text: the words that lead to it in the old one, or others that do in the new one.

An anchor is given only when it resolves to the very span where the passage was found, with the same digest.
"""

import re
from collections.abc import Iterator
from itertools import product

from pydantic import ValidationError

from kgraph.drift.compare import Drift
from kgraph.model import MAX_WORDS, Carried, Document
from kgraph.passages import AnchorError, Archive, Passage, heading_at

_WORD = re.compile(r"\S+")
_REACH = 300  # code points before a passage that `after` is taken from


def anchors_of(archive: Archive, document: Document, drift: Drift, text: str) -> Iterator[tuple[Carried, Passage]]:
    """Yield anchors, with what they resolve to, of a passage that was found in `text`, the text of `document`.

    Each anchor that leads there unaltered is kept. Where none does, one other is looked for, of words at each end, the
    section and words before; not in a restricted document, whose words are not ours to write.
    """
    found = False
    for anchor in drift.anchors:
        members = anchor.model_dump(by_alias=True, exclude_none=True)
        resolved = _resolved(archive, document, drift, text, members)
        if resolved is not None:
            found = True
            yield resolved
    if not found and document.access == "public":
        tried = (_resolved(archive, document, drift, text, members) for members in _others(drift, text))
        first = next((resolved for resolved in tried if resolved is not None), None)
        if first is not None:
            yield first


def _resolved(
    archive: Archive, document: Document, drift: Drift, text: str, members: dict[str, str]
) -> tuple[Carried, Passage] | None:
    """Return an anchor and its passage, None where it does not lead to the place and the words that were found."""
    was = f"{drift.passage.start}-{drift.passage.end}"
    try:
        anchor = Carried.model_validate({**members, "document": document.id, "was": was})
        passage = archive.resolve(document, anchor, text)
    except (ValidationError, AnchorError):
        return None
    same = (passage.sha256, passage.keyed) == (drift.passage.sha256, drift.passage.keyed)
    return (anchor, passage) if (passage.start, passage.end) == drift.to and same else None


def _others(drift: Drift, text: str) -> Iterator[dict[str, str]]:
    """Yield the members of other anchors: fewest narrowing words first."""
    if drift.to is None:
        return
    start, end = drift.to
    words = list(_WORD.finditer(text, start, end))
    before = list(_WORD.finditer(text, max(0, text.rfind("\n", 0, start) + 1, start - _REACH), start))[-MAX_WORDS:]
    heads = [text[start : words[min(n, len(words)) - 1].end()] for n in (MAX_WORDS, 3)]
    tails = [text[words[-min(n, len(words))].start() : end] for n in (MAX_WORDS, 3, 1)]
    sections = [None, heading_at(text, start) or None]
    afters = [None, *(text[before[-n].start() : before[-1].end()] for n in (3, MAX_WORDS) if n <= len(before))]
    why = next((anchor.why_long for anchor in drift.anchors if anchor.why_long), None)
    for after, section, head, tail in product(
        afters, dict.fromkeys(sections), dict.fromkeys(heads), dict.fromkeys(tails)
    ):
        members = {"section": section, "after": after, "from": head, "to": tail, "why-long": why}
        yield {key: value for key, value in members.items() if value is not None}
