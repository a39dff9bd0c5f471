"""The chain of releases: which there are, what changed from one to another, and which have to go."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kgraph import disk, purge
from kgraph.build import build
from kgraph.cli import main
from kgraph.release import MANIFEST, Release, current_digest
from kgraph.settings import Settings

BASE = "https://example.org/river/"
NEW = """
- id: smoke-seen
  statement: Smoke was seen over Ford.
  topic: attack
  event: ford-shelling
  attestations:
    - {agent: watch-group, stance: asserts, passage: {document: report, from: Watch Group said that, to: four people}}
"""


def _run(corpus: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--corpus", str(corpus.root), *arguments], catch_exceptions=False)


def _edit(corpus: Settings, *changes: tuple[str, str]) -> Release:
    path = corpus.root / "data" / "claims" / "ford.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return build(corpus)[0]


def _status(claim: str, keys: str) -> tuple[str, str]:
    return f"- id: {claim}\n", f"- id: {claim}\n{keys}"


WITHHELD = "  status: withheld\n  status-date: 2026-11-20\n  reason: privacy\n"


def _diff(corpus: Settings, *names: str) -> dict[str, Any]:
    result = _run(corpus, "release", "diff", *names, "--format", "json")
    assert result.exit_code == 0, result.output
    members: dict[str, Any] = json.loads(result.stdout)
    return members


def _kinds(found: dict[str, Any]) -> dict[str, list[str]]:
    claims = {
        kind: [c["iri"].removeprefix(f"{BASE}claim/") for c in claims] for kind, claims in found["claims"].items()
    }
    return {kind: idents for kind, idents in claims.items() if idents}


def test_list(corpus: Settings) -> None:
    """Releases are listed from the current one back; programs are told nothing of the file system."""
    first, _ = build(corpus)
    second = _edit(corpus, ("hit the bridge", "struck the bridge"))
    third = _edit(corpus, ("struck the bridge", "damaged the bridge"))
    told = json.loads(_run(corpus, "release", "list", "--format", "json").stdout)["releases"]
    assert [entry["digest"] for entry in told] == [third.digest, second.digest, first.digest]
    assert [entry["predecessor"] for entry in told] == [second.digest, first.digest, None]
    assert [entry["current"] for entry in told] == [True, False, False]
    shutil.rmtree(first.path)
    (second.path / MANIFEST).write_text("{", encoding="utf-8")
    text = _run(corpus, "release", "list").stdout
    assert all(words in text for words in ("current", "not whole", second.digest))
    assert _run(corpus, "release", "diff").exit_code == 3


def test_each_kind_of_change(corpus: Settings) -> None:
    """Added, changed, retracted, superseded, withheld and removed claims are told apart, with what changed in words."""
    first, _ = build(corpus)
    second = _edit(
        corpus,
        ("hit the bridge", "struck the bridge"),
        ("stance: denies", "stance: disputes"),
        ("- id: northland-responsible", NEW + "\n- id: northland-responsible"),
    )
    found = _diff(corpus)
    assert (found["old"], found["new"]) == (first.digest, second.digest)
    assert _kinds(found) == {"added": ["smoke-seen"], "changed": ["bridge-hit", "ford-shelled"]}
    words = _run(corpus, "release", "diff").stdout
    assert "statement: Northland, or an ally of it, hit the bridge. -> Northland, or an ally of it, struck" in words
    assert "attestation of northland stance: denies -> disputes" in words
    third = _edit(
        corpus,
        _status("smoke-seen", "  status: superseded\n  reason: Better.\n  superseded-by: bridge-hit\n"),
        _status("northland-responsible", "  status: retracted\n  reason: It says too much.\n"),
        _status("ford-shelled", WITHHELD),
    )
    found = _diff(corpus)
    assert _kinds(found) == {
        "retracted": ["northland-responsible"], "superseded": ["smoke-seen"], "withheld": ["ford-shelled"],
    }  # fmt: skip
    [gone] = found["claims"]["withheld"]
    assert gone == {"kind": "withheld", "iri": f"{BASE}claim/ford-shelled", "date": "2026-11-20", "reason": "privacy"}
    assert found["claims"]["superseded"][0]["superseded_by"] == "claim/bridge-hit"
    assert f"{BASE}graph/derived" in {unit["unit"] for unit in found["shared"]}
    assert _kinds(_diff(corpus, third.digest, second.digest[:8]))["added"] == ["ford-shelled"]
    assert _kinds(_diff(corpus, second.digest, first.digest))["removed"] == ["smoke-seen"]
    assert "Nothing changed." in _run(corpus, "release", "diff", first.digest, first.digest).stdout
    assert _run(corpus, "release", "diff", "a", "b", "c").exit_code == 2
    assert _run(corpus, "release", "diff", first.digest).exit_code == 3


@pytest.fixture
def withheld(corpus: Settings) -> tuple[Settings, Release, Release, Release]:
    """Return a corpus that withholds a claim which two of its three old releases hold."""
    first, _ = build(corpus)
    second = _edit(corpus, ("hit the bridge", "struck the bridge"))
    third = _edit(corpus, _status("ford-shelled", WITHHELD))
    _edit(corpus, ("struck the bridge", "damaged the bridge"))
    return corpus, first, second, third


def test_purge(withheld: tuple[Settings, Release, Release, Release]) -> None:
    """Only old releases that hold what is withheld go, and only when told to; what is left verifies."""
    corpus, first, second, third = withheld
    current = current_digest(corpus.releases)
    told = json.loads(_run(corpus, "release", "purge", "--dry-run", "--format", "json").stdout)
    claims = [f"{BASE}claim/ford-shelled"]
    gone = sorted([first.digest, second.digest])
    assert sorted(entry["digest"] for entry in told["would_remove"]) == gone
    assert all(entry["claims"] == claims for entry in told["would_remove"])
    refused = _run(corpus, "release", "purge")
    assert (refused.exit_code, "--yes" in refused.stderr, first.path.is_dir()) == (2, True, True)
    assert _run(corpus, "release", "purge", "--yes").stdout.count("Removed") == 2
    left = {path.name for path in corpus.releases.iterdir() if not path.name.startswith(".")}
    assert left == {third.digest, current, "current"}
    assert "No old release" in _run(corpus, "release", "purge", "--yes").stdout
    assert _run(corpus, "verify").exit_code == 0
    listed = json.loads(_run(corpus, "release", "list", "--format", "json").stdout)["releases"]
    assert [entry["digest"] for entry in listed] == [current, third.digest]


def test_a_purge_that_dies_leaves_no_half_release(
    withheld: tuple[Settings, Release, Release, Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release that is half removed is none, and the next purge or build takes away the rest."""
    corpus, first, second, _ = withheld

    def die(path: Path) -> None:
        (path / MANIFEST).unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("kgraph.purge.shutil.rmtree", die)
        with pytest.raises(KeyboardInterrupt):
            purge.purge(corpus.releases, lambda _: None)
    listed = {
        entry["digest"] for entry in json.loads(_run(corpus, "release", "list", "--format", "json").stdout)["releases"]
    }
    assert len(listed & {first.digest, second.digest}) == 1
    assert len(purge.purge(corpus.releases, lambda _: None)) == 1
    assert list(corpus.releases.glob(f"{disk.PURGING}*")) == []


def test_a_release_that_nobody_can_read_is_purged(withheld: tuple[Settings, Release, Release, Release]) -> None:
    """Where something is withheld, a release that is not whole goes too; where nothing is, it stays."""
    corpus, _, _, third = withheld
    (third.path / MANIFEST).write_text("{", encoding="utf-8")
    assert (third.digest, ()) in {(purged.digest, purged.claims) for purged in purge.affected(corpus.releases)}


def test_nothing_to_purge(corpus: Settings) -> None:
    """Without a release there is nothing to look into; without a withheld claim nothing goes."""
    assert _run(corpus, "release", "purge", "--yes").exit_code == 3
    build(corpus)
    _edit(corpus, ("hit the bridge", "struck the bridge"))
    assert _run(corpus, "release", "purge", "--yes").exit_code == 0
    assert len([path for path in corpus.releases.iterdir() if len(path.name) == 64]) == 2
