"""A passage is found again where its own words stand, beyond doubt, or not at all."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import REPOSITORY
from kgraph.drift import changes
from kgraph.drift.places import AROUND, FEW, find, occurrences
from kgraph.passages import read_lock

# Made up; with sentences that come again, figures, other scripts, and passages that overlap.
TOWN = """= The river town =

Watch Group said that Northland shelled the town of Ford on 3 May, killing 2 people. Northland denied responsibility.
The naïve café owner saw smoke above the mill, and 26 people left for the hills on the same day.

== The bridge ==

Aid Union wrote that the bridge had been hit by Southland or by its ally. Southland denied responsibility.
Nobody said more. Nobody said more. Nobody said more.
An aide in Ձորաբերդ counted 1,200 shells; another, in Дорф, counted 12. Watch Group said that it had seen 120 of them.

== The mill ==

On 7 May the mill burned. Northland denied responsibility. Southland said that Northland had known that it was a mill.
The owner of the mill, who was 40, said that nobody had been there, and that the grain was lost. It rained.
"""
Edit = tuple[str, int, int, int, str]
Piece = tuple[int | None, str]  # where it stood in the old text, None for what is new; its text
Span = tuple[int, int]
EDIT = st.tuples(
    st.sampled_from(["insert", "delete", "move", "retype", "duplicate"]),
    st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 10**6),
    st.sampled_from(["x", " ", ".", "\n", "2", "\u0301", "Northland denied responsibility. ", "a few ", "\r\n\r\n"]),
)  # fmt: skip


def _spans(text: str) -> list[Span]:
    """Return sentences, parts of them, and single words of a text, as passages."""
    whole = [match.span() for match in re.finditer(r"\S[^\n.]*\.", text)]
    starts = [match.start() for match in re.finditer(r"\b\w", text)]
    parts = [(start, text.find(" ", start + 3 * n)) for n, start in enumerate(starts[::4])]
    return [*whole, *((start, end) for start, end in parts if end > start and "\n" not in text[start:end])]


def _cut(pieces: Sequence[Piece], at: int) -> tuple[list[Piece], list[Piece]]:
    """Return the pieces before and behind an offset."""
    left: list[Piece] = []
    right: list[Piece] = []
    for origin, text in pieces:
        n = max(0, min(len(text), at))
        at -= len(text)
        if text[:n]:
            left.append((origin, text[:n]))
        if text[n:]:
            right.append((None if origin is None else origin + n, text[n:]))
    return left, right


def _edited(pieces: list[Piece], edit: Edit) -> list[Piece]:
    kind, at, length, to, words = edit
    size = sum(len(text) for _, text in pieces)
    at %= size + 1
    left, right = _cut(pieces, at)
    if kind == "insert":
        return [*left, (None, words), *right]
    middle, right = _cut(right, length % max(1, size // 4) + 1)
    if kind == "delete":
        return [*left, *right]
    if kind == "retype":
        return [*left, (None, "".join(text for _, text in middle)[::-1] or words), *right]
    low, high = _cut([*left, *right] if kind == "move" else pieces, to % (size + 1))
    if kind == "duplicate":
        middle = [(None, text) for _, text in middle]
    return [*low, *middle, *high]


def _place(pieces: Sequence[Piece], span: Span, margin: int, size: int) -> int | None:
    """Return where the text at `span` stands now, if it and `margin` characters around it are still one stretch."""
    low, high = max(0, span[0] - margin), min(size, span[1] + margin)
    offset, begun = 0, 0
    reached: int | None = None
    for origin, text in pieces:
        if origin is not None and origin != reached and origin <= low < origin + len(text):
            begun, reached = offset + low - origin, origin
        if origin is None or origin != reached:
            reached = None
        else:
            reached = origin + len(text)
            if reached >= high:
                return begun + span[0] - low
        offset += len(text)
    return None


@cache
def _space(text: str, start: int, end: int) -> int:
    """Return how many characters around a passage reach white space on both sides."""
    before = start - 1 - max(text.rfind(" ", 0, start), text.rfind("\n", 0, start))
    after = next((n for n, c in enumerate(text[end : end + 500]) if c.isspace()), 0)
    return max(before, after) + 1


def _holds(old: str, spans: Sequence[Span], edits: Sequence[Edit]) -> None:
    """Assert what a passage is owed, whatever was done to a text."""
    pieces: list[Piece] = [(0, old)]
    for edit in edits:
        pieces = _edited(pieces, edit)
    new = "".join(text for _, text in pieces)
    for start, end in spans:
        words = old[start:end]
        found = find(old, new, start, end)
        bare, safe = (
            _place(pieces, (start, end), margin, len(old)) for margin in (_space(old, start, end), 2 * AROUND)
        )
        if found.start is not None:
            assert new[found.start : found.start + end - start] == words
            if safe is not None and found.start != safe:
                # Only a copy with the same surroundings, before which nothing differs, may be taken for it.
                assert new.startswith(old[: end + AROUND])
        once = len(occurrences(old, words)) == len(occurrences(new, words)) == 1
        if once and (safe is not None or (bare is not None and end - start >= FEW)):
            assert found.start == bare, (words, found)
        if once and safe is not None:
            assert found.before or start < 2 * AROUND
            assert found.after or end > len(old) - 2 * AROUND


@settings(max_examples=1000, deadline=None)
@given(st.lists(EDIT, min_size=1, max_size=4))
def test_random_edits_of_a_made_up_text(edits: list[Edit]) -> None:
    """After any edits, a passage is found only where its words stand; one that was not touched is found."""
    _holds(TOWN, _spans(TOWN), edits)


def test_random_edits_of_the_article(archive: Path) -> None:
    """The same for every anchored passage of the first document, after 1,000 random lists of edits."""
    old = (archive / "war-crimes-in-the-second-nagorno-karabakh-war.txt").read_bytes().decode("utf-8")
    lock = read_lock(REPOSITORY / "data" / "anchors.lock").values()
    spans = sorted({(passage.start, passage.end) for passage in lock if passage.document == "wikipedia-article"})

    @settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(EDIT, min_size=1, max_size=4))
    def holds(edits: list[Edit]) -> None:
        _holds(old, spans, edits)

    holds()


def test_edits_keep_track() -> None:
    """The tests know where a passage went: a move, an insertion before it, a copy of it."""
    old = "one two three four"
    pieces = _edited([(0, old)], ("move", 0, 2, 13, ""))
    assert "".join(text for _, text in pieces) == " two three fooneur"
    assert _place(pieces, (4, 7), 0, len(old)) == 1
    assert _place(pieces, (0, 5), 0, len(old)) is None
    copied = _edited([(0, old)], ("duplicate", 4, 2, 0, ""))
    assert "".join(text for _, text in copied) == "twoone two three four"
    assert _place(copied, (4, 7), 1, len(old)) == 7


def _found(old: str, new: str, words: str, nth: int = 0) -> tuple[int | None, str]:
    start = occurrences(old, words)[nth]
    found = find(old, new, start, start + len(words))
    return found.start, found.reason


@pytest.mark.parametrize(
    ("words", "was", "now"),
    [
        ("killing 2", "killing 2 people", "killing 26 people"),
        ("killing 2", "killing 2 people", "killing 2,000 people"),
        ("killing 2", "killing 2 people", "killing 2.5 people"),
        ("killing 2", "killing 2 people", "killing 2-3 people"),
        ("killing 2", "killing 2 people", "killing 2% of the people"),
        ("the town of Ford", "the town of Ford on", "the town of Fordham on"),
        ("the town of Ford", "the town of Ford on", "the town of Ford's on"),
        ("the naive", "the naive café", "the naivé café"),
        ("counted 12", "counted 12.", "recounted 12."),
        ("three", "-3 three", "-3 ththree"),
        ("3 May", "on 3 May", "on 13 May"),
        ("3 May", "on 3 May", "on −3 May"),
        ("e", "(e)", "(e\u0301)"),
    ],
)
def test_words_are_whole_words(words: str, was: str, now: str) -> None:
    """Words that have grown at an edge, figures above all, are other words, though the same characters stand there."""
    text = (
        "Some words stand before this line, and more than a few. {} And some stand behind it, more than forty of them."
    )
    if words == "e":
        text = f"{'WORDS ' * 20}{{}}{' WORDS' * 20}"
    assert _found(text.format(was), text.format(now), words) == (None, "")
    assert _found(text.format(was), "New. " + text.format(was), words)[0] is not None


@pytest.mark.parametrize("now", ["Ford,", "Ford.", "Ford)", "Ford”", "Ford[12]", "Ford — the", "Ford—the"])
def test_punctuation_may_change_around_a_passage(now: str) -> None:
    """Another comma, a closing quote, a footnote or a dash next to a passage leave its words as they are."""
    text = (
        "Some words stand before this line, and more than a few. {} And some stand behind it, more than forty of them."
    )
    assert _found(text.format("the town of Ford"), text.format(f"the town of {now}"), "the town of Ford")[0] == 56


def test_repeated_sentence_is_told_by_what_is_around_it() -> None:
    """Of sentences that come again, each is found by the text on both its sides; without that, it is ambiguous."""
    words = "denied responsibility."
    for nth, at in enumerate(occurrences(TOWN, words)):
        assert _found(TOWN, f"New line.\n{TOWN}", words, nth) == (at + 10, "")
    start = occurrences(TOWN, words)[2]
    near = TOWN[: start - 30] + "X" + TOWN[start - 29 :]
    assert find(TOWN, near, start, start + len(words)).reason.endswith("agrees with none")
    for nth in range(3):
        assert _found(TOWN, f"New line.\n{TOWN}", "Nobody said more.", nth)[1] == ""
    many = TOWN.replace("Nobody said more.", "Nobody said more. " * 3)
    told = [_found(many, f"New line.\n{many}", "Nobody said more.", nth)[1] for nth in range(9)]
    assert [reason.endswith("agrees with several") for reason in told] == [False] * 3 + [True] * 3 + [False] * 3


def test_the_last_of_two_is_not_taken_for_the_first() -> None:
    """Where one of two like sentences was deleted, the other is not taken for it."""
    first, second = (f"In {place} many people had been seen by the river. He said no. In {place} it rained for weeks."
                     for place in ("Ford", "Furt"))  # fmt: skip
    old = f"{first}\n{second}\n"
    assert _found(old, f"{second}\n", "He said no.", 0)[0] is None
    assert _found(old, f"{second}\n", "He said no.", 1)[0] == len(first) - len(
        "He said no. In Ford it rained for weeks."
    )


def test_few_words_need_something_around_them() -> None:
    """A few words that stand once, in quite another place, are ambiguous; a long sentence is moved."""
    short, long = "He denied it.", "The governor denied that he had been at the river on that day."
    for words, found in ((short, False), (long, True)):
        old, new = f"{'a b ' * 20}{words}{' c d' * 20}", f"{'e f ' * 20}{words}{' g h' * 20}"
        at, reason = _found(old, new, words)
        assert (at is not None, bool(reason)) == (found, not found)
    old = f"{'a b ' * 20}{short}{' c d' * 20}"
    assert _found(old, f"{'e f ' * 20}{short}{' c d' * 20}", short)[0] == 80


def test_a_copy_with_what_is_around_it_is_ambiguous() -> None:
    """Where a paragraph was copied, nobody knows which is which, unless nothing up to the first has changed."""
    at = TOWN.index("Aid Union")
    end = TOWN.index("Southland denied")
    copied = f"{TOWN[at - 60 : end + 100]}\n{TOWN}"
    assert find(TOWN, copied, at, end - 1).places == (60, at + len(copied) - len(TOWN))
    assert find(TOWN, TOWN + TOWN, at, end - 1).start == at


@pytest.mark.parametrize("change", [lambda t: t.replace("\n", "\r\n"), lambda t: "\ufeff" + t, lambda t: t + "\n\n"])
def test_line_ends_and_a_mark_move_passages_only(change: object) -> None:
    """CR LF in place of LF, a byte order mark, or more lines at the end leave every passage that is told apart."""
    assert callable(change)
    new = change(TOWN)
    for start, end in _spans(TOWN):
        if "Nobody said more." not in TOWN[start:end] and len(occurrences(TOWN, TOWN[start:end])) == 1:
            found = find(TOWN, new, start, end)
            assert found.start is not None
            assert found.start - start in (0, TOWN[:start].count("\n"), 1)


def test_other_unicode_forms_are_other_words() -> None:
    """The same letters in another normalisation form are other characters: altered, and the report says so."""
    new = unicodedata.normalize("NFD", TOWN)
    start = TOWN.index("The naïve")
    end = TOWN.index(".", start)
    assert find(TOWN, new, start, end).start is None
    low, high = changes.readings(TOWN, new, [(start, end)])[start, end]
    assert unicodedata.normalize("NFC", new[low:high]) == TOWN[start:end]
    assert changes.remark(TOWN[start:end], new[low:high]) == "the same characters in another Unicode form"
    assert changes.remark("a b", "a b") == "other white space"


@pytest.mark.parametrize("new", ["", " ", "\n" * 1000, "a"])
def test_nothing_stands_in_an_empty_text(new: str) -> None:
    """In a text without its words, no passage stands, and none is read as altered."""
    for span in _spans(TOWN):
        assert find(TOWN, new, *span).start is None
    assert changes.readings(TOWN, new, _spans(TOWN)) == {}


def test_words_in_very_many_places() -> None:
    """Where words stand in more places than are looked at, the passage is ambiguous."""
    text = "a b. " * 5_000
    assert "more than" in find(text, "c" + text, 500, 503).reason


def test_ten_megabytes() -> None:
    """A text of ten megabytes, and white space without end, are compared as any other."""
    filler = "The grain was lost, and nobody had been at the river on that day.\n" * 160_000
    new = f"{filler}{TOWN}{' ' * 1000}"
    start = TOWN.index("Aid Union")
    assert find(TOWN, new, start, start + 60).start == len(filler) + start
    altered = new.replace("bridge had been hit", "bridge was hit")
    assert changes.readings(TOWN, altered, [(start, start + 72)])[start, start + 72][0] == len(filler) + start


def test_altered_passages_are_shown_as_they_read_now() -> None:
    """Of an altered passage, the stretch that it reads as now is found, and the difference is by words."""
    old = "Watch Group said that it had seen 120 of them."
    start = TOWN.index(old)
    for now in ("Watch Group said that it had seen 140 of them.", "Watch Group wrote that it had seen 120 of them."):
        new = f"Before.\n{TOWN.replace(old, now)}"
        low, high = changes.readings(TOWN, new, [(start, start + len(old))])[start, start + len(old)]
        assert new[low:high] == now
        steps = changes.difference(old, now)
        assert "".join(text for kind, text in steps if kind != "inserted") == old
        assert "".join(text for kind, text in steps if kind != "deleted") == now
        assert [text for kind, text in steps if kind == "deleted"] in (["120"], ["said"])
    moved = "Quite another text. But " + old.replace("120", "14") + " So it was written."
    low, high = changes.readings(TOWN, moved, [(start, start + len(old))])[start, start + len(old)]
    assert moved[low:high].startswith("Watch Group said that it had seen 14 of")


@given(st.text(alphabet="ab ,1é\n", max_size=60), st.text(alphabet="ab ,1é\n", max_size=60))
def test_difference_is_whole(one: str, other: str) -> None:
    """The steps of a difference, joined, are the two texts; no two neighbours are of one kind."""
    steps = changes.difference(one, other)
    assert "".join(text for kind, text in steps if kind != "inserted") == one
    assert "".join(text for kind, text in steps if kind != "deleted") == other
    assert all(a != b for (a, _), (b, _) in pairwise(steps))
    long = "a " * 3_000
    assert changes.difference(long, one) == (("deleted", long), ("inserted", one))
