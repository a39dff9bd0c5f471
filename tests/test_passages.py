"""Anchors lead to exactly one passage, or are refused; the archive proves them."""

from pathlib import Path

import pytest

from kgraph.build import check
from kgraph.model import Anchor, Document
from kgraph.passages import KEY_FILE, Archive, heading_at, locate, read_lock
from kgraph.settings import Settings


def _anchor(**members: str) -> Anchor:
    return Anchor.model_validate({"document": "report", **members})


def _document(corpus: Settings, **changes: str) -> Document:
    members = {
        "id": "report",
        "title": "R",
        "file": "report.txt",
        "access": "public",
        "source": {"url": "https://x.org"},
    }
    return Document.model_validate({**members, **changes})


def test_offsets_are_code_points(corpus: Settings) -> None:
    """Offsets count code points, not bytes, and the end is exclusive."""
    text = (corpus.root / "archive" / "report.txt").read_text(encoding="utf-8")
    start, end = locate(text, _anchor(**{"from": "café owner", "to": "smoke."}))
    assert text[start:end] == "café owner saw smoke."
    assert len(text.encode()) != len(text)


def test_words_may_overlap() -> None:
    """From and to may be the same words, or share some."""
    assert locate("One two three.", _anchor(**{"from": "two three", "to": "three"})) == (4, 13)


def test_text_without_headings() -> None:
    """A text without any heading is one section without a name."""
    assert locate("No heading here.", _anchor(**{"from": "No", "to": "here"})) == (0, 15)
    assert heading_at("No heading here.", 3) == ""


def test_restricted_documents_publish_no_words(corpus: Settings) -> None:
    """A restricted document's passage has a keyed digest and no words."""
    archive = Archive(corpus.root / "archive")
    (archive.folder / KEY_FILE).write_bytes(b"secret")
    text = (archive.folder / "report.txt").read_text(encoding="utf-8")
    anchor = _anchor(**{"from": "Northland denied", "to": "that"})
    public = archive.resolve(_document(corpus), anchor, text)
    kept = archive.resolve(_document(corpus, access="restricted"), anchor, text)
    assert (kept.first, kept.last, kept.keyed) == ("", "", True)
    assert kept.sha256 != public.sha256


def test_one_changed_character_is_found(corpus: Settings) -> None:
    """One changed character names the document, the passage, and the claims on it; untouched passages stay proved."""
    path = corpus.root / "archive" / "report.txt"
    path.write_text(path.read_text(encoding="utf-8").replace("shelled", "shellcd"), encoding="utf-8")
    errors = check(corpus).errors
    assert {finding.code for finding in errors} >= {"altered-document", "anchor-moved"}
    moved = [finding for finding in errors if finding.code == "anchor-moved"]
    assert [finding.file for finding in moved] == ["data/claims/ford.yaml"]
    assert "report/20-115" in moved[0].message
    assert "ford-shelled" in moved[0].message


def test_build_needs_no_archive(corpus: Settings) -> None:
    """Without the archive, the lock is enough; an anchor that it lacks is refused."""
    corpus.anchors.write_text("".join(corpus.anchors.read_text(encoding="utf-8").splitlines(keepends=True)[1:]))
    assert {finding.code for finding in check(corpus, with_archive=False).errors} == {"anchor-not-locked"}


def test_lock_is_read_as_written(corpus: Settings) -> None:
    """The lock holds one line an anchor, sorted by key."""
    lock = read_lock(corpus.anchors)
    assert list(lock) == sorted(lock)
    assert read_lock(Path("/nonexistent")) == {}


@pytest.mark.parametrize(("count", "fine"), [(2, True), (3, False)])
def test_long_passages_need_a_reason(count: int, *, fine: bool) -> None:
    """A passage of more than two sentences is refused unless the record says why."""
    text = "First one is here. Second one is here. Third one is here."
    last = ["First one is here.", "Second one is here.", "Third one is here."][count - 1]
    members = {"from": "First", "to": last}
    if fine:
        locate(text, _anchor(**members))
    else:
        with pytest.raises(Exception, match="3 sentences"):
            locate(text, _anchor(**members))
        locate(text, _anchor(**members, **{"why-long": "One list."}))
