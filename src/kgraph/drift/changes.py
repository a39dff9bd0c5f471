"""What an altered passage reads now: the stretch of the newer text that is most like it, and the difference by words.

This is shown to people, who decide; nothing is ever anchored by it.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from rapidfuzz import fuzz

from kgraph.drift.places import AROUND

Span = tuple[int, int]
Step = tuple[str, str]  # ("equal" | "deleted" | "inserted", text)
LIKE = 50.0  # of 100: what is less like a passage is not shown as the same passage altered
MAX_TOKENS = 3_000
_SHARE = 0.3
_HITS = 400
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
_Run = tuple[str, ...]


def readings(old: str, new: str, spans: Iterable[Span]) -> dict[Span, Span]:
    """Return, for the passages `spans` of `old`, the stretch of `new` that each reads as now; left out: gone."""
    found: dict[Span, Span] = {}
    left: list[Span] = []
    for span in spans:
        between = _between(old, new, span)
        if between is None:
            left.append(span)
        elif _like(old[slice(*span)], new[slice(*between)]) >= LIKE:
            found[span] = between
    hits = _hits(new, {run for span in left for run in _runs(old[slice(*span)])}) if left else {}
    for span in left:
        nearest = _nearest(old[slice(*span)], new, hits)
        if nearest is not None:
            found[span] = nearest
    return found


def difference(one: str, other: str) -> tuple[Step, ...]:
    """Return the steps from one text to another, by words; their joined texts are the two texts."""
    a, b = _TOKEN.findall(one), _TOKEN.findall(other)
    if max(len(a), len(b)) > MAX_TOKENS:
        return (("deleted", one), ("inserted", other))
    steps: list[Step] = []
    for kind, i, j, k, n in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            steps.append(("equal", "".join(a[i:j])))
            continue
        steps += [(name, text) for name, text in (("deleted", "".join(a[i:j])), ("inserted", "".join(b[k:n]))) if text]
    return tuple(steps)


def remark(one: str, other: str) -> str:
    """Return what a reader could not see in a difference: other white space, or another form of the same characters."""
    if "".join(one.split()) == "".join(other.split()):
        return "other white space"
    if unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other):
        return "the same characters in another Unicode form"
    return ""


def _between(old: str, new: str, span: Span) -> Span | None:
    """Return the stretch between what stood before and after a passage, where each stands once in the newer text."""
    before, after = old[max(0, span[0] - AROUND) : span[0]], old[span[1] : span[1] + AROUND]
    if min(len(before), len(after)) < AROUND:
        return None
    start, end = new.find(before), new.find(after)
    if start < 0 or end < 0 or new.find(before, start + 1) >= 0 or new.find(after, end + 1) >= 0:
        return None
    start += len(before)
    return (start, end) if 0 <= end - start <= 3 * (span[1] - span[0]) + 200 else None


def _like(one: str, other: str) -> float:
    return max(fuzz.ratio(one, other), fuzz.ratio(_WORD.findall(one), _WORD.findall(other)))


def _words(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _WORD.finditer(text):
        yield unicodedata.normalize("NFC", match[0]).casefold(), match.start(), match.end()


def _runs(text: str) -> list[_Run]:
    """Return the runs of three words of a passage, of two where it is short."""
    words = [word for word, _, _ in _words(text)]
    size = 3 if len(words) > 5 else 2  # noqa: PLR2004
    return [tuple(words[n : n + size]) for n in range(len(words) - size + 1)]


def _hits(text: str, runs: set[_Run]) -> dict[_Run, list[Span]]:
    """Return where the runs of words stand in a text, in one pass."""
    hits: dict[_Run, list[Span]] = defaultdict(list)
    last: list[tuple[str, int, int]] = []
    for word in _words(text):
        last = [*last[-2:], word]
        for size in (2, 3):
            run = tuple(w for w, _, _ in last[-size:])
            if run in runs and len(hits[run]) < _HITS:
                hits[run].append((last[-size:][0][1], word[2]))
    return hits


def _nearest(words: str, text: str, hits: dict[_Run, list[Span]]) -> Span | None:
    """Return the stretch of a text that shares most runs with a passage and is like it."""
    runs = set(_runs(words))
    places = sorted((span, run) for run in runs for span in hits.get(run, ()))
    reach = 2 * len(words) + AROUND
    best: tuple[int, int, int] = (0, 0, 0)
    low, inside = 0, dict.fromkeys(runs, 0)
    for span, run in places:
        inside[run] += 1
        while span[1] - places[low][0][0] > reach:
            inside[places[low][1]] -= 1
            low += 1
        best = max(best, (sum(1 for n in inside.values() if n), -places[low][0][0], span[1]))
    if not runs or best[0] < _SHARE * len(runs):
        return None
    return _stretch(words, text, -best[1], best[2])


def _stretch(words: str, text: str, first: int, last: int) -> Span | None:
    """Return the stretch most like `words` around an offset, whole words of one line; None where none is like them."""
    low = max(text.rfind("\n", 0, first) + 1, first - len(words))
    high = text.find("\n", last)
    high = min(len(text) if high < 0 else high, last + len(words))
    found = fuzz.partial_ratio_alignment(words, text[low:high], score_cutoff=LIKE)
    if found is None:
        return None
    start, end = low + found.dest_start, low + found.dest_end
    while start > low and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < high and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    stretch = text[start:end]
    return start + len(stretch) - len(stretch.lstrip()), start + len(stretch.rstrip())
