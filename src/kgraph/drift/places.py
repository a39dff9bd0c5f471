"""Where a passage stands in a newer text: its exact words in one place beyond doubt, or no place at all.

Words alone are no address. A passage is found where nothing up to it has changed, where its exact text stands once in
both texts, or where the text on both sides of it picks one of several places and every other place is somebody else's.
What is left over is unsure, and nobody guesses. Offsets are code points; in what stands around a passage, line ends and
runs of white space count as one space.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

AROUND = 40  # code points that must agree on a side
NEAR = 16  # code points that make another place a rival, on either side
FEW = 40  # code points of a passage that something around it must confirm
MANY = 500  # places that are looked at
_REACH = 4  # how far white space may stretch what stands around
_START = _END = "\n"  # the edge of a text: no other context holds it
_CLOSERS = frozenset(".,;:!?)]}([{\"'’”»…“‘«\ufeff")  # noqa: RUF001 - as texts have them
_STOPS = frozenset("—[](){}")

Context = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Found:
    """Where a passage stands in the newer text: `start` of the one place, or, unsure, `places` and `reason`.

    `before` and `after` tell whether the text on that side agrees. No place and no reason: the words stand nowhere.
    """

    start: int | None = None
    before: bool = False
    after: bool = False
    places: tuple[int, ...] = ()
    reason: str = ""


def find(old: str, new: str, start: int, end: int) -> Found:
    """Return where the passage `old[start:end]` stands in `new`, the same character by character."""
    words = old[start:end]
    there = occurrences(new, words)
    whole = [at for at in there if _whole(old, new, (start, end), at)]
    if not whole:
        return Found()
    if start in whole and new.startswith(old[: end + AROUND]):
        return Found(start=start, before=True, after=True)
    twins = occurrences(old, words)
    if max(len(there), len(twins)) > MANY:
        return Found(places=tuple(whole[:MANY]), reason=f"the words stand in more than {MANY} places")
    here = around(old, start, end)
    if len(there) == len(twins) == 1:
        before, after = _agree(here, around(new, there[0], there[0] + len(words)))
        if len(words) < FEW and not (before or after):
            return Found(places=tuple(there), reason="so few words stand there once, but nothing around them agrees")
        return Found(start=there[0], before=before, after=after)
    sides = {at: around(new, at, at + len(words)) for at in there}
    reason = _doubt(here, sides, [around(old, at, at + len(words)) for at in twins])
    at = next((at for at in whole if sides[at] == here), None)
    if reason or at is None:
        return Found(places=tuple(whole), reason=reason or "the words there are part of other words")
    return Found(start=at, before=True, after=True)


def _doubt(here: Context, sides: dict[int, Context], twins: list[Context]) -> str:
    """Return why the text around a passage does not pick one of several places, empty where it does beyond doubt."""
    count = f"the words stand in {len(sides)} places (before: {len(twins)})"
    fits = [at for at, side in sides.items() if side == here and all(here)]
    if not fits:
        return f"{count}, and the text on both sides agrees with none"
    if len(fits) > 1 or Counter(twins)[here] > 1:
        return f"{count}, and the text on both sides agrees with several"
    others = {side for side in twins if side != here and all(side)}
    for at, side in sides.items():
        if at != fits[0] and side not in others and any(_near(here, side)):
            return f"{count}, and the text on one side agrees with another one, too"
    return ""


def occurrences(text: str, words: str) -> list[int]:
    """Return where `words` begin in `text`, overlapping ones as well; one more than `MANY` at most."""

    def each() -> Iterator[int]:
        at = text.find(words)
        while at >= 0:
            yield at
            at = text.find(words, at + 1)

    return list(islice(each(), MANY + 1)) if words else []


def around(text: str, start: int, end: int) -> Context:
    """Return what stands before and after a passage, `AROUND` code points each; a side that cannot be told is empty."""
    low, high = max(0, start - _REACH * AROUND), end + _REACH * AROUND
    before, after = _spaced(text[low:start]), _spaced(text[end:high])
    left = before[-AROUND:] if len(before) >= AROUND else _START + before if low == 0 else ""
    right = after[:AROUND] if len(after) >= AROUND else after + _END if high >= len(text) else ""
    return left, right


def _spaced(text: str) -> str:
    return " ".join(text.replace("\ufeff", "").split())


def _agree(one: Context, other: Context) -> tuple[bool, bool]:
    return one[0] == other[0] != "", one[1] == other[1] != ""


def _near(one: Context, other: Context) -> tuple[bool, bool]:
    """Tell for each side whether the next characters agree, or cannot be told to differ."""
    return (
        not (one[0] and other[0]) or one[0][-NEAR:] == other[0][-NEAR:],
        not (one[1] and other[1]) or one[1][:NEAR] == other[1][:NEAR],
    )


def _whole(old: str, new: str, span: tuple[int, int], at: int) -> bool:
    """Tell whether the words at `at` are whole words, as in the passage: "killed 2" does not stand in "killed 26"."""
    end = at + span[1] - span[0]
    return _same(_tail(old, span[1]), _tail(new, end)) and _same(_head(old, span[0]), _head(new, at))


def _same(one: str, other: str) -> bool:
    return one == other or _CLOSERS.issuperset(one + other)


def _tail(text: str, at: int) -> str:
    """Return what is written on from `at` without a space."""
    for n, character in enumerate(text[at : at + AROUND]):
        if character.isspace() or character in _STOPS:
            return text[at : at + n]
    return text[at : at + AROUND]


def _head(text: str, at: int) -> str:
    """Return what is written up to `at` without a space."""
    low = max(0, at - AROUND)
    for n, character in enumerate(reversed(text[low:at])):
        if character.isspace() or character in _STOPS:
            return text[at - n : at]
    return text[low:at]
