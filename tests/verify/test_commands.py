"""`kgraph export` and `kgraph verify`: with a corpus and without one, and what each exit code means."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kgraph.build import build
from kgraph.cli import main
from kgraph.release import MANIFEST, current_release
from kgraph.settings import Settings
from kgraph.verify import verify_release


def _run(corpus: Settings | None, *arguments: str) -> Result:
    at = ["--corpus", str(corpus.root)] if corpus else []
    return CliRunner().invoke(main, [*at, *arguments], catch_exceptions=False)


@pytest.fixture
def file(built: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an export in an empty folder, which is the working directory."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert _run(built, "export", "nquads", "--output", "r.nq").exit_code == 0
    return folder / "r.nq"


def test_export(built: Settings, file: Path) -> None:
    """An export goes to a file or to standard output, is gzipped by its name, and is the same bytes every time."""
    assert _run(built, "export", "nquads", "--output", "-").stdout_bytes == file.read_bytes()
    digest = current_release(built.releases).digest
    for name in ("a.nq.gz", "b.nq.gz"):
        assert _run(built, "export", "nquads", "--release", digest[:8], "--output", name).exit_code == 0
    assert Path("a.nq.gz").read_bytes() == Path("b.nq.gz").read_bytes()
    assert Path("a.nq.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".")] == []


def test_an_altered_release_is_not_exported(corpus: Settings, tmp_path: Path) -> None:
    """What was altered is refused, and the file that stood there before stays."""
    release, _ = build(corpus)
    path = release.path / MANIFEST
    units = release.manifest.units
    claim = next(unit for unit in units if unit.endswith("ford-shelled"))
    path.write_text(path.read_text(encoding="utf-8").replace(units[claim], "0" * 64), encoding="utf-8")
    target = tmp_path / "r.nq"
    target.write_text("before", encoding="utf-8")
    result = _run(corpus, "export", "nquads", "--output", str(target))
    assert (result.exit_code, "ford-shelled" in result.stderr) == (3, True)
    assert target.read_text(encoding="utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["corpus", "r.nq"] or len(list(tmp_path.iterdir())) == 2


def test_export_where_nothing_may_be_written(built: Settings, tmp_path: Path) -> None:
    """A place that cannot be written is an error with its name."""
    result = _run(built, "export", "nquads", "--output", str(tmp_path / "nowhere" / "r.nq"))
    assert (result.exit_code, "could not be written" in result.stderr) == (3, True)


def test_verify_without_a_corpus(built: Settings, file: Path) -> None:
    """In an empty folder a file is verified by its own word, by a digest, by a manifest; altered is 1."""
    release = current_release(built.releases)
    shutil.copy(release.path / MANIFEST, file.parent)
    ways: list[list[str]] = [[], ["--digest", release.digest.upper()], ["--manifest", MANIFEST]]
    for way in ways:
        result = _run(None, "verify", "r.nq", *way)
        assert (result.exit_code, result.stdout.startswith("Intact")) == (0, True), result.output
    file.write_bytes(file.read_bytes().replace(b"Northland shelled Ford", b"Northland shelled Furt"))
    for way in ways:
        result = _run(None, "verify", "r.nq", *way)
        assert result.exit_code == 1
        assert "claim/ford-shelled" in result.stdout
    told = json.loads(_run(None, "verify", "r.nq", "--manifest", MANIFEST, "--format", "json").stdout)
    assert (told["intact"], [fault["kind"] for fault in told["faults"]]) == (False, ["altered"])
    assert told["faults"][0]["line"] < told["faults"][0]["last_line"]
    alone = json.loads(_run(None, "verify", "r.nq", "--format", "json").stdout)
    assert len(alone["unit_digests"]) == alone["units"]


def test_verify_in_the_corpus(built: Settings, file: Path) -> None:
    """In the corpus that it is of, a file is held against the manifest of its release."""
    file.write_bytes(file.read_bytes().replace(b"Northland shelled Ford", b"Northland shelled Furt"))
    result = _run(built, "verify", "r.nq")
    assert result.exit_code == 1
    assert "altered: https://example.org/river/claim/ford-shelled (lines " in result.stdout
    assert result.stdout.count("graph/") == 0


def test_verify_a_release(built: Settings) -> None:
    """The current release, one by its digest, its beginning or its folder are verified."""
    release = current_release(built.releases)
    for name in ([], [release.digest], [release.digest[:6]], [str(release.path)], [str(built.releases / "current")]):
        result = _run(built, "verify", *name)
        assert (result.exit_code, "Intact" in result.stdout) == (0, True), (name, result.output)
    told = json.loads(_run(built, "verify", "--format", "json").stdout)
    assert (told["intact"], told["digest"], told["quads"]) == (True, release.digest, release.manifest.quads)


def test_a_damaged_release(corpus: Settings) -> None:
    """A changed byte of the store, a saved query, a count or a manifest is found."""
    queries = corpus.root / "queries"
    queries.mkdir()
    (queries / "one.rq").write_text("ASK {}", encoding="utf-8")
    release, _ = build(corpus)
    manifest = release.path / MANIFEST
    whole = manifest.read_text(encoding="utf-8")
    for old, new in (
        ('"claims": 3', '"claims": 2'),
        (release.manifest.units[f"{corpus.base_iri}claim/bridge-hit"], "0" * 64),
    ):
        manifest.write_text(whole.replace(old, new), encoding="utf-8")
        assert {fault.kind for fault in verify_release(release.path).faults} <= {"manifest", "altered"}
        assert _run(corpus, "verify").exit_code == 1
    manifest.write_text("{", encoding="utf-8")
    assert _run(corpus, "verify").exit_code == 1
    manifest.write_text(whole, encoding="utf-8")
    (release.path / "queries" / "one.rq").write_text("ASK { ?s ?p ?o }", encoding="utf-8")
    assert "queries/one.rq" in _run(corpus, "verify").stdout
    (release.path / "queries" / "one.rq").write_text("ASK {}", encoding="utf-8")
    assert _run(corpus, "verify").exit_code == 0
    largest = max(release.store.glob("*.sst"), key=lambda path: path.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[len(data) // 3] ^= 1
    largest.write_bytes(data)
    assert _run(corpus, "verify").exit_code == 1


def test_proofs(built: Settings, file: Path) -> None:
    """A proof is made from a release or a file, and checked without either."""
    assert _run(built, "verify", "--claim", "ford-shelled", "--output", "proof.json").exit_code == 0
    printed = _run(None, "verify", "r.nq", "--claim", "ford-shelled", "--format", "json").stdout
    assert printed == Path("proof.json").read_text(encoding="utf-8")
    digest = current_release(built.releases).digest
    for more in ([], ["r.nq"], ["--digest", digest]):
        result = _run(None, "verify", "--proof", "proof.json", *more)
        assert (result.exit_code, "Proved" in result.stdout) == (0, True)
    assert _run(None, "verify", "--proof", "proof.json", "--digest", "0" * 64).exit_code == 1
    told = json.loads(_run(None, "verify", "--proof", "proof.json", "--format", "json").stdout)
    assert (told["intact"], told["release"]) == (True, digest)
    Path("proof.json").write_text(printed.replace("ford", "furt"), encoding="utf-8")
    assert _run(None, "verify", "--proof", "proof.json").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere.nq"], 3, "no corpus here"),
        ([], 3, "not in a corpus"),
        (["r.nq", "--digest", "12"], 3, "no digest"),
        (["r.nq", "--manifest", "r.nq"], 3, "no manifest"),
        (["r.nq", "--manifest", "nowhere.json"], 3, "cannot be read"),
        (["--proof", "nowhere.json"], 3, "cannot be read"),
        (["--proof", "r.nq"], 1, "not a proof"),
        (["--proof", "r.nq", "--claim", "x"], 2, "--proof"),
        (["r.nq", "--output", "x"], 2, "--claim"),
        (["nowhere", "--manifest", "r.nq"], 2, "--manifest is for a FILE"),
        (["r.nq", "--claim", "nope"], 1, "nope"),
    ],
)
def test_what_cannot_be_done(file: Path, arguments: list[str], code: int, words: str) -> None:
    """What is no file, digest, manifest or proof is named, with what is accepted."""
    result = _run(None, "verify", *arguments)
    assert (result.exit_code, words in result.output) == (code, True), result.output


def test_unknown_releases(built: Settings, corpus: Settings) -> None:
    """A digest that no release has, and a corpus without any, could not be verified."""
    for loaded, name in ((built, "abcdef"), (built, "no"), (corpus, "abcd")):
        assert _run(loaded, "verify", name).exit_code == 3
    assert _run(corpus, "verify").exit_code == 3
