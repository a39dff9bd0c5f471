"""Each mistake in a record file gives its own finding: code, file, line, value, what is accepted."""

import json
import shutil

import pytest
from click.testing import CliRunner

from conftest import DATA
from kgraph.build import anchor, build, check
from kgraph.cli import main
from kgraph.release import current_digest
from kgraph.settings import Settings

FAULTS = {
    "about-nothing.yaml": ("unknown-name", 3),
    "agent-named-twice.yaml": ("said-twice", 3),
    "agents--cyclic-member-of.yaml": ("cycle", 1),
    "agents--flag-not-true.yaml": ("not-true", 1),
    "agents--unknown-type.yaml": ("bad-value", 1),
    "agents--role-of-ngo.yaml": ("wrong-type", 1),
    "agents--without-source.yaml": ("missing-key", 1),
    "alias.yaml": ("yaml-alias", 2),
    "ambiguous-anchor.yaml": ("anchor-ambiguous", 6),
    "attested-twice.yaml": ("attested-twice", 7),
    "bad-id.yaml": ("bad-id", 1),
    "bad-mode.yaml": ("bad-value", 4),
    "bidirectional-override.yaml": ("control-character", 2),
    "count-no-number.yaml": ("not-a-number", 4),
    "coverage--missing-anchor.yaml": ("anchor-not-found", 2),
    "coverage--without-reason.yaml": ("missing-key", 1),
    "cyclic-narrows.yaml": ("cycle", 3),
    "documents--bad-url.yaml": ("bad-value", 1),
    "documents--custody-without-file.yaml": ("custody-of-nothing", 1),
    "documents--file-outside.yaml": ("bad-value", 1),
    "documents--short-digest.yaml": ("bad-value", 1),
    "documents--time-without-zone.yaml": ("bad-date", 5),
    "documents--unknown-step.yaml": ("unknown-concept", 5),
    "duplicate-id.yaml": ("duplicate-id", 1),
    "duplicate-key.yaml": ("duplicate-key", 3),
    "empty-statement.yaml": ("empty-value", 2),
    "events--cyclic-part-of.yaml": ("cycle", 1),
    "id-differs-by-case.yaml": ("bad-id", 1),
    "impossible-date.yaml": ("bad-date", 3),
    "key-is-a-list.yaml": ("yaml-key", 3),
    "kgraph--unknown-setting.toml": ("bad-setting", 1),
    "loaded-word.yaml": ("loaded-word", 2),
    "missing-anchor.yaml": ("anchor-not-found", 6),
    "missing-attestations.yaml": ("missing-key", 1),
    "mode-without-choice.yaml": ("nothing-to-choose", 4),
    "narrows-itself.yaml": ("related-to-itself", 3),
    "nested-too-deeply.yaml": ("yaml-nesting", 1),
    "no-list.yaml": ("not-a-list", 1),
    "not-nfc.yaml": ("not-nfc", 2),
    "not-utf-8.yaml": ("not-utf-8", 2),
    "passage-too-long.yaml": ("passage-too-long", 6),
    "places--bad-language.yaml": ("bad-value", 1),
    "places--latitude-off-the-globe.yaml": ("bad-value", 4),
    "places--position-without-precision.yaml": ("missing-key", 3),
    "query--undeclared-prefix.rq": ("query-syntax", 2),
    "retracted-without-reason.yaml": ("missing-reason", 1),
    "reversed-date.yaml": ("bad-date", 3),
    "reversed-range.yaml": ("bad-range", 3),
    "rule--no-construct.rq": ("rule-form", 1),
    "rule--syntax.rq": ("query-syntax", 2),
    "several-documents.yaml": ("several-documents", 2),
    "stance-is-a-group.yaml": ("unknown-concept", 6),
    "superseded-without-successor.yaml": ("bad-status", 1),
    "tag.yaml": ("yaml-tag", 3),
    "toll-without-count.yaml": ("missing-count", 3),
    "too-many-words.yaml": ("too-many-words", 3),
    "unknown-agent.yaml": ("unknown-name", 3),
    "unknown-concept.yaml": ("unknown-concept", 3),
    "unknown-key.yaml": ("unknown-key", 3),
    "unknown-relay.yaml": ("unknown-name", 6),
    "unknown-section.yaml": ("section-not-found", 6),
    "unknown-toll.yaml": ("unknown-name", 3),
    "vocab--turtle-syntax.ttl": ("turtle-syntax", 2),
    "vocab--unknown-scheme.ttl": ("unknown-scheme", 1),
    "yaml-syntax.yaml": ("yaml-syntax", 3),
}
TARGETS = {
    "vocab": "ontology/vocab/zz.ttl",
    "rule": "ontology/rules/99-zz.rq",
    "query": "queries/zz.rq",
    "kgraph": "kgraph.toml",
}


def _plant(corpus: Settings, fault: str) -> tuple[str, int]:
    """Put a fault into a corpus; return the file that it is now in, and how many lines stand before it."""
    kind, mark, _ = fault.partition("--")
    name = TARGETS.get(kind, f"data/{kind}.yaml") if mark else "data/claims/zz-new.yaml"
    path = corpus.root / name
    path.parent.mkdir(exist_ok=True)
    before = path.read_bytes() if path.exists() else b""
    path.write_bytes(before + (DATA / "invalid" / fault).read_bytes())
    return name, before.count(b"\n")


def test_every_fault_has_a_row() -> None:
    """No file of a fault goes untested, and there are at least thirty kinds."""
    assert {path.name for path in (DATA / "invalid").iterdir()} == set(FAULTS)
    assert len({code for code, _ in FAULTS.values()}) >= 30


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found_where_it_is(corpus: Settings, fault: str) -> None:
    """A fault is reported with code, file and line; nothing is built, the old release stays current."""
    before, _ = build(corpus)
    name, lines = _plant(corpus, fault)
    code, line = FAULTS[fault]
    command = ["--corpus", str(corpus.root), "--archive", str(corpus.archive)]
    result = CliRunner().invoke(main, [*command, "check", "--format", "json"])
    assert result.exit_code == 1
    found = [f for f in json.loads(result.stdout)["findings"] if f["code"] == code]
    assert (name, lines + line) in {(f["file"], f["line"]) for f in found}
    assert {f["file"] for f in found} == {name}
    assert all(f["message"] and f["accepted"] for f in found)
    assert CliRunner().invoke(main, [*command, "build"]).exit_code == 1
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


def test_a_file_that_is_far_too_large(corpus: Settings) -> None:
    """A file of 50 MB is refused by its size, before anything of it is read."""
    with (corpus.root / "data" / "claims" / "zz-new.yaml").open("wb") as stream:
        stream.truncate(50_000_000)
    [finding] = check(corpus).errors
    assert (finding.code, finding.file) == ("file-too-large", "data/claims/zz-new.yaml")
    assert "50000000 bytes" in finding.message


def test_missing_file(corpus: Settings) -> None:
    """A corpus without its ontology says which file is missing."""
    (corpus.root / "ontology" / "shapes.ttl").unlink()
    assert [(finding.code, finding.file) for finding in check(corpus).errors] == [
        ("missing-file", "ontology/shapes.ttl")
    ]


def test_empty_file_is_an_empty_list(corpus: Settings) -> None:
    """A file with nothing but a comment holds no records and no mistakes."""
    (corpus.root / "data" / "claims" / "zz-new.yaml").write_text("# nothing yet\n", encoding="utf-8")
    assert check(corpus).errors == []
