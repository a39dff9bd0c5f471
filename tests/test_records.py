"""Each mistake in a record file gives its own finding: code, file, line, value, what is accepted."""

import shutil

import pytest

from conftest import DATA
from kgraph.build import anchor, build, check
from kgraph.errors import InvalidData
from kgraph.release import current_digest
from kgraph.settings import Settings

FAULTS = {
    "alias": ("yaml-alias", 2),
    "ambiguous-anchor": ("anchor-ambiguous", 6),
    "bad-id": ("bad-id", 1),
    "bad-mode": ("bad-value", 4),
    "bidirectional-override": ("control-character", 2),
    "count-no-number": ("not-a-number", 4),
    "duplicate-id": ("duplicate-id", 1),
    "duplicate-key": ("duplicate-key", 3),
    "impossible-date": ("bad-date", 3),
    "missing-anchor": ("anchor-not-found", 6),
    "missing-attestations": ("missing-key", 1),
    "narrows-itself": ("related-to-itself", 3),
    "passage-too-long": ("passage-too-long", 6),
    "reversed-date": ("bad-date", 3),
    "tag": ("yaml-tag", 3),
    "too-many-words": ("too-many-words", 3),
    "unknown-agent": ("unknown-name", 3),
    "unknown-concept": ("unknown-concept", 3),
    "unknown-key": ("unknown-key", 3),
    "yaml-syntax": ("yaml-syntax", 3),
}


def test_every_fault_has_a_row() -> None:
    """No file of a fault goes untested."""
    assert {path.stem for path in (DATA / "invalid").iterdir()} == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found_where_it_is(corpus: Settings, fault: str) -> None:
    """A broken file is reported with its code and line, nothing is built, and the old release stays current."""
    before, _ = build(corpus)
    shutil.copyfile(DATA / "invalid" / f"{fault}.yaml", corpus.root / "data" / "claims" / "zz-new.yaml")
    code, line = FAULTS[fault]
    found = [f for f in check(corpus).errors if f.code == code]
    assert [(f.file, f.line) for f in found] == [("data/claims/zz-new.yaml", line)]
    assert found[0].message
    assert found[0].accepted or code == "related-to-itself"
    with pytest.raises(InvalidData):
        build(corpus)
    assert current_digest(corpus.releases) == before.digest


def test_nearest_match_is_offered(corpus: Settings) -> None:
    """A misspelt name comes with the nearest one that there is."""
    shutil.copyfile(DATA / "invalid" / "unknown-agent.yaml", corpus.root / "data" / "claims" / "zz-new.yaml")
    assert any("nearest is 'northland'" in finding.message for finding in check(corpus).errors)


def test_all_mistakes_at_once(corpus: Settings) -> None:
    """Several mistakes in several files are all in one report."""
    for fault in ("unknown-key", "duplicate-key", "yaml-syntax"):
        shutil.copyfile(DATA / "invalid" / f"{fault}.yaml", corpus.root / "data" / "claims" / f"{fault}.yaml")
    assert {"unknown-key", "duplicate-key", "yaml-syntax"} <= {finding.code for finding in check(corpus).errors}


def test_anchor_leaves_the_lock_alone_when_something_is_wrong(corpus: Settings) -> None:
    """An anchor that leads nowhere is reported, and the lock keeps what it had."""
    before = corpus.anchors.read_bytes()
    shutil.copyfile(DATA / "invalid" / "missing-anchor.yaml", corpus.root / "data" / "claims" / "zz-new.yaml")
    _, findings = anchor(corpus)
    assert [finding.code for finding in findings] == ["anchor-not-found"]
    assert corpus.anchors.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"\xff\xfe", "not-utf-8"),
        (b"- id: a\x00\n", "yaml-syntax"),
        (b"a: 1\n", "not-a-list"),
        (b"- " * 50 + b"a\n", "yaml-nesting"),
        (b"- a\n---\n- b\n", "several-documents"),
        (b"- text\n", "bad-value"),
        (b"-\n", "bad-value"),
    ],
)
def test_hostile_files(corpus: Settings, text: bytes, code: str) -> None:
    """What is no list of records is refused by name, never by a crash."""
    (corpus.root / "data" / "claims" / "zz-new.yaml").write_bytes(text)
    assert code in {finding.code for finding in check(corpus).errors}


def test_empty_file_is_an_empty_list(corpus: Settings) -> None:
    """A file with nothing but a comment holds no records and no mistakes."""
    (corpus.root / "data" / "claims" / "zz-new.yaml").write_text("# nothing yet\n", encoding="utf-8")
    assert check(corpus).errors == []
