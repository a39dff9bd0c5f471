"""`kgraph drift`: every status, what rests on a passage, refusals, and the record of a newer version."""

import hashlib
import json
import shutil
import stat
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conftest import REPOSITORY
from kgraph import settings
from kgraph.build import anchor, build, check, coverage
from kgraph.cli import main
from kgraph.drift import update as updating
from kgraph.passages import KEY_FILE, read_lock, write_lock
from kgraph.settings import Settings
from kgraph.store.base import Question
from kgraph.store.embedded import Embedded


def _old(corpus: Settings) -> str:
    return (corpus.root / "archive" / "report.txt").read_bytes().decode("utf-8")


def _run(corpus: Settings, text: str | bytes, *options: str, document: str = "report") -> tuple[int, str, str]:
    path = corpus.root / "newer.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return _call(corpus, document, str(path), *options)


def _call(corpus: Settings, *arguments: str) -> tuple[int, str, str]:
    command = ["--corpus", str(corpus.root), "--archive", str(corpus.archive), "drift", *arguments]
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def _data(corpus: Settings, text: str, *options: str, document: str = "report") -> tuple[int, dict[str, Any]]:
    code, out, error = _run(corpus, text, "--format", "json", *options, document=document)
    assert error == ""
    return code, json.loads(out)


def _statuses(data: dict[str, Any]) -> dict[str, str]:
    return {passage["words"]: passage["status"] for passage in data["passages"]}


def _files(corpus: Settings) -> dict[str, bytes]:
    """Return every file of a corpus, but for what was given to compare with."""
    paths = [path for path in corpus.root.rglob("*") if path.is_file() and path.name != "newer.txt"]
    return {path.relative_to(corpus.root).as_posix(): path.read_bytes() for path in paths}


def test_same_text(corpus: Settings) -> None:
    """The same text: every passage unchanged, exit 0, nothing to write."""
    before = _files(corpus)
    code, data = _data(corpus, _old(corpus), "--update")
    assert (code, data["same"], data["update"]) == (0, True, None)
    assert data["counts"] == {"unchanged": 6, "moved": 0, "altered": 0, "gone": 0, "ambiguous": 0}
    assert "Nothing to write" in _run(corpus, _old(corpus), "--update")[1]
    assert _files(corpus) == before


def test_each_status(corpus: Settings) -> None:
    """Passages before a change are unchanged, behind it moved; retyped ones are altered, and deleted ones gone."""
    text = _old(corpus).replace("on 3 May", "on 14 May").replace(" Southland said Northland did it.", "")
    code, data = _data(corpus, text)
    assert code == 1
    assert _statuses(data) == {
        "Watch Group said that Northland shelled the town of Ford on 3 May, killing at least four people": "altered",
        "the town of Ford": "unchanged",
        "at least four people": "moved",
        "Northland denied that": "moved",
        "Watch Group and Aid Union said that the bridge appears to have been hit by Northland or its ally": "moved",
        "Southland said Northland did it": "gone",
    }
    altered, _, _, _, bridge, gone = data["passages"]
    assert [step for step in altered["difference"] if step["op"] != "equal"] == [
        {"op": "deleted", "text": "3"}, {"op": "inserted", "text": "14"},
    ]  # fmt: skip
    start, end = bridge["to"]["start"], bridge["to"]["end"]
    assert text[start:end] == bridge["words"]
    assert (altered["claims"], altered["attestations"]) == (["ford-shelled"], ["ford-shelled/watch-group"])
    assert (gone["claims"], gone["to"]) == (["bridge-hit", "northland-responsible"], None)
    assert bridge["attestations"] == ["bridge-hit/watch-group", "bridge-hit/aid-union"]
    assert data["passages"][1]["records"] == ["places/ford"]


def test_ambiguous(corpus: Settings) -> None:
    """A passage that stands twice with the same text around it is ambiguous, with its places, and exits 1."""
    bridge = _old(corpus).partition("== Bridge ==")[2]
    code, data = _data(corpus, f"= New =\n{bridge}\n{_old(corpus)}")
    assert code == 1
    found = {passage["words"]: passage for passage in data["passages"]}["Southland said Northland did it"]
    assert (found["status"], found["to"], len(found["places"])) == ("ambiguous", None, 2)
    assert "2 places" in found["reason"]
    assert found["claims"] == ["bridge-hit", "northland-responsible"]


def test_output_for_people(corpus: Settings) -> None:
    """People read the difference by words, what rests on it, and how many there are of each status."""
    code, out, _ = _run(corpus, _old(corpus).replace("Northland denied that", "Northland denied this"))
    assert code == 1
    for words in (
        "altered report/117-138 -> 117-138 (The river town)", r"Northland denied [-that-]{+this+}",
        "claims: ford-shelled", "attestations: ford-shelled/northland", "unchanged  5",
        "SHA-256",
    ):  # fmt: skip
        assert words in out
    assert "Southland said" not in out
    assert "Southland said" in _run(corpus, _old(corpus), "--all")[1]


def test_surroundings_and_notes(corpus: Settings) -> None:
    """A passage whose words stand, but not what is next to them, is shown; notes tell of a mark and line ends."""
    _, out, _ = _run(
        corpus, _old(corpus).replace("The naïve café owner saw smoke.", "Later it took it back, and more.")
    )
    assert "around it: what follows reads otherwise" in out
    text = "\ufeff" + _old(corpus).replace("\n", "\r\n")
    code, data = _data(corpus, text)
    assert (code, data["counts"]["moved"], len(data["notes"])) == (0, 6, 2)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nope", "FILE"], 1, "there is no document 'nope'"),
        (["report", "nothing.txt"], 2, "nothing.txt is not there"),
        (["report", "."], 2, "is no file"),
        (["report", "ftp://example.org/a"], 2, "ftp: addresses are not fetched"),
        (["report", "http://user:secret@example.org/"], 2, "the address is not accepted"),
        (["report", "http:///a"], 2, "the address is not accepted"),
        (["report", "FILE", "--id", "x"], 2, "--update"),
        (["report", "FILE", "--retrieved", "yesterday", "--update"], 2, "yesterday"),
        (["report"], 2, "Missing argument"),
    ],
)
def test_usage(corpus: Settings, arguments: list[str], code: int, words: str) -> None:
    """What is not there, or no address, is refused with its name, and with what is accepted."""
    (corpus.root / "FILE").write_text("A text.\n")
    given = [str(corpus.root / "FILE") if argument == "FILE" else argument for argument in arguments]
    found, _, error = _call(corpus, *given)
    assert (found, words in error, "secret" in error) == (code, True, False), error


@pytest.mark.parametrize(
    ("raw", "code", "words"),
    [
        (b"caf\xe9", 1, "byte 3 is not UTF-8"),
        ("words".encode("utf-16"), 1, "byte 0 is not UTF-8"),
        ("words".encode("utf-16-le"), 1, "NUL"),
        (b"<!DOCTYPE html><p>Words", 2, "HTML"),
        (b"\xef\xbb\xbf \n<HTML lang=en>", 2, "HTML"),
    ],
)
def test_what_is_no_text(corpus: Settings, raw: bytes, code: int, words: str) -> None:
    """Bytes that are not UTF-8, and pages with their markup, are refused; with --update nothing is written."""
    before = _files(corpus)
    found, _, error = _run(corpus, raw, "--update")
    assert (found, words in error, "accepted" in error) == (code, True, True), error
    assert _files(corpus) == before


def test_data_that_do_not_hold(corpus: Settings) -> None:
    """With a finding, an altered archive, or no archive, nothing is compared."""
    text = _old(corpus)
    (corpus.root / "archive" / "report.txt").write_text(f"{text}\n")
    assert _run(corpus, text)[0] == 1
    assert "has the SHA-256" in _run(corpus, text)[2]
    shutil.rmtree(corpus.root / "archive")
    assert _run(corpus, text)[0] == 3
    lines = corpus.anchors.read_text().splitlines(keepends=True)
    corpus.anchors.write_text("".join(lines[1:]))
    assert "anchor-not-locked" in _run(corpus, text)[2]


def _newer(corpus: Settings) -> str:
    """Return a text in which one passage is altered, one gone, and the others unchanged or moved."""
    text = _old(corpus).replace("on 3 May, killing at least four", "on 3 May. It killed at least four")
    return text.replace("Southland said Northland did it. ", "").replace("Bridge ==\n", "Bridge ==\n\nNew words.\n")


def test_update(corpus: Settings) -> None:
    """A newer version is written: its record at the end of the file, its text, its anchors; all else is as it was."""
    documents = corpus.root / "data" / "documents.yaml"
    with documents.open("a", encoding="utf-8") as stream:
        stream.write("\n# A comment at the end.")
    before, built, rows = _files(corpus), build(corpus)[0].digest, _passages(corpus)
    code, data = _data(corpus, _newer(corpus), "--update", "--retrieved", "2026-11-20")
    assert (code, data["update"]["document"], data["update"]["carried"]) == (1, "report-v2", 4)
    after = {name: raw for name, raw in _files(corpus).items() if not name.startswith("releases/")}
    assert set(after) - set(before) == {"archive/report-v2.txt"}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"data/documents.yaml", "data/anchors.lock"}
    assert after["data/documents.yaml"].startswith(before["data/documents.yaml"])
    assert set(before["data/anchors.lock"].splitlines()) < set(after["data/anchors.lock"].splitlines())
    assert after["archive/report-v2.txt"] == _newer(corpus).encode()
    checked = check(corpus)
    assert checked.findings == ()
    record = checked.corpus.documents["report-v2"]
    old = checked.corpus.documents["report"]
    same = ("title", "publisher", "url", "licence", "language", "access", "source")
    assert all(getattr(record, name) == getattr(old, name) for name in same)
    assert (record.previous_version, str(record.retrieved)) == ("report", "2026-11-20")
    assert (record.size, record.media_type) == (len(_newer(corpus).encode()), "text/plain")
    [step] = record.custody
    assert (step.step, step.at, step.sha256, step.by) == ("collected", "2026-11-20", record.sha256, ())
    assert record.sha256 == hashlib.sha256(_newer(corpus).encode()).hexdigest()
    release, _ = build(corpus)
    assert release.digest != built
    assert rows < _passages(corpus)
    count, findings = anchor(corpus)
    assert (count, findings) == (len(checked.lock), [])
    assert corpus.anchors.read_bytes() == after["data/anchors.lock"]
    assert build(corpus)[0].digest == release.digest


PASSAGES = """PREFIX oa: <http://www.w3.org/ns/oa#> PREFIX kg: <https://w3id.org/kgraph/ns#>
PREFIX prov: <http://www.w3.org/ns/prov#>
SELECT ?passage ?digest ?claim ?before {
  ?passage a kg:Passage ; kg:sha256 ?digest
  OPTIONAL { ?claim kg:attestation/kg:passage ?passage } OPTIONAL { ?passage prov:wasRevisionOf ?before } }"""


def _passages(corpus: Settings) -> set[str]:
    """Return each passage of the current release with its digest, the claims on it, and the passage before it."""
    engine = Embedded(corpus.releases, readers=1, in_memory=0)
    try:
        rows = json.loads(engine.query(Question(text=PASSAGES)).read())["results"]["bindings"]
    finally:
        engine.close()
    return {json.dumps({name: term["value"] for name, term in sorted(row.items())}) for row in rows}


def test_versions_follow_each_other(corpus: Settings) -> None:
    """A third version is held against the second; the claims that rest on it through the first are told."""
    _data(corpus, _newer(corpus), "--update")
    code, data = _data(corpus, "Once more.\n" + _newer(corpus), "--update", document="report-v2")
    assert (code, data["update"]["document"]) == (0, "report-v3")
    told = {passage["words"]: passage["attestations"] for passage in data["passages"]}
    assert told["Northland denied that"] == ["ford-shelled/northland"]
    assert check(corpus).findings == ()
    build(corpus)
    links = [json.loads(row) for row in _passages(corpus) if "report-v3" in row]
    assert len(links) == 4
    assert all("/report-v2/" in link["before"] for link in links)
    assert all("claim" not in link for link in links)


def test_coverage_of_a_newer_version(corpus: Settings) -> None:
    """A sentence of a newer version is covered by the claims on the same words in the version before."""
    _data(corpus, _newer(corpus), "--update")
    found = {s.text: s.claims for s in coverage(corpus).sentences if s.document == "report-v2"}
    assert found["Northland denied that."] == ("ford-shelled",)
    assert found["New words."] == ()


def test_unforeseen_anchors(corpus: Settings) -> None:
    """Where the words of an anchor stand twice now, others are found that single the passage out."""
    text = f"= News =\n\nNorthland denied everything, and that is all.\n\n{_old(corpus)}"
    code, data = _data(corpus, text, "--update")
    assert (code, data["update"]["left"]) == (0, [])
    checked = check(corpus)
    assert checked.findings == ()
    [carried] = [c for c in checked.corpus.documents["report-v2"].carries if c.was == "117-138"]
    passage = checked.lock[carried.key]
    assert text[passage.start : passage.end] == "Northland denied that"
    assert carried.from_ != "Northland denied"


def test_a_carried_passage_has_the_same_words(corpus: Settings) -> None:
    """An entry of carries that leads to other words, or from nothing, is a finding, without any archive."""
    _data(corpus, _newer(corpus), "--update")
    path = corpus.root / "data" / "documents.yaml"
    text = path.read_text(encoding="utf-8")
    start = _old(corpus).index("the town of Ford")
    other = f"was: {start}-{start + len('the town of Ford')}"
    path.write_text(text.replace("was: 117-138", other), encoding="utf-8")
    [finding] = check(corpus, with_archive=False).findings
    assert (finding.code, finding.file, finding.severity) == ("carried-other-words", "data/documents.yaml", "error")
    assert other in path.read_text(encoding="utf-8").splitlines()[finding.line - 1]
    path.write_text(text.replace("was: 117-138", "was: 1-2"), encoding="utf-8")
    assert [(f.code, f.severity) for f in check(corpus).findings] == [("carried-from-nothing", "warning")]
    path.write_text(text.replace("  previous-version: report\n", ""), encoding="utf-8")
    assert {f.code for f in check(corpus).errors} == {"carried-elsewhere"}
    path.write_text(text.replace("  access: public\n", "  access: public\n  previous-version: report-v2\n", 1))
    assert "cycle" in {f.code for f in check(corpus).errors}


def _restrict(corpus: Settings) -> None:
    path = corpus.root / "data" / "documents.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("access: public", "access: restricted"), encoding="utf-8")
    (corpus.root / "archive" / KEY_FILE).write_bytes(b"a key for tests")
    anchor(corpus)


def test_restricted_documents(corpus: Settings) -> None:
    """Of a restricted document no word is shown unless asked for, and none is written that no record has already."""
    _restrict(corpus)
    text = f"= News =\n\nNorthland denied everything, and that is all.\n\n{_newer(corpus)}"
    code, out, _ = _run(corpus, text, "--format", "json")
    assert code == 1
    assert "Northland denied" not in out
    assert "Southland said" not in _run(corpus, text)[1]
    assert "Southland said" in _run(corpus, text, "--words")[1]
    data = json.loads(_run(corpus, text, "--format", "json", "--update")[1])
    assert data["update"]["left"] == ["report/117-138"]
    checked = check(corpus)
    assert checked.findings == ()
    assert all(passage.keyed and not passage.first for passage in checked.lock.values())
    assert "everything" not in (corpus.root / "data" / "documents.yaml").read_text(encoding="utf-8")
    (corpus.root / "archive" / KEY_FILE).unlink()
    assert _run(corpus, text)[0] == 3


def _taken(corpus: Settings) -> None:
    with (corpus.root / "data" / "documents.yaml").open("a", encoding="utf-8") as stream:
        stream.write('- {id: report-v2, title: Another, source: {url: "https://example.org/o"}}\n')


def _file_there(corpus: Settings) -> None:
    (corpus.root / "archive" / "report-v2.txt").write_text("Another.")


def _read_only(corpus: Settings) -> None:
    (corpus.root / "archive").chmod(stat.S_IRUSR | stat.S_IXUSR)


def _flow(corpus: Settings) -> None:
    path = corpus.root / "data" / "documents.yaml"
    text = path.read_text(encoding="utf-8").replace("- id", "[{id").replace("\n  ", ",\n  ").strip()
    path.write_text(f"{text}}}]\n", encoding="utf-8")
    assert check(corpus).findings == ()


@pytest.mark.parametrize(
    ("spoil", "options", "code", "words"),
    [
        (_taken, [], 2, "'report-v2' is taken"),
        (_file_there, [], 1, "has a file report-v2.txt already"),
        (_read_only, [], 3, "is read-only"),
        (_flow, [], 1, "cannot be added to at its end"),
        (None, ["--id", "report"], 2, "'report' is taken"),
        (None, ["--id", "No Id"], 2, "id of the new record"),
    ],
)
def test_nothing_is_written_unless_all_is(
    corpus: Settings, spoil: Callable[[Settings], None] | None, options: list[str], code: int, words: str
) -> None:
    """A taken identifier or file, a read-only archive, a file that cannot be added to: refused, and nothing changes."""
    if spoil is not None:
        spoil(corpus)
    before = _files(corpus)
    found, _, error = _run(corpus, _newer(corpus), "--update", *options)
    (corpus.root / "archive").chmod(0o755)
    assert (found, words in error) == (code, True), error
    assert _files(corpus) == before


def test_a_version_is_recorded_once(corpus: Settings) -> None:
    """A text that is recorded, a second version beside another, and an empty text are refused."""
    assert "empty" in _run(corpus, " \n", "--update")[2]
    _run(corpus, _newer(corpus), "--update")
    before = _files(corpus)
    assert "recorded already, as 'report-v2'" in _run(corpus, _newer(corpus), "--update")[2]
    code, _, error = _run(corpus, _newer(corpus) + "More.", "--update")
    assert (code, "has a newer version already" in error, "kgraph drift report-v2" in error) == (1, True, True)
    assert "recorded already, as 'report'" in _run(corpus, _old(corpus), "--update", document="report-v2")[2]
    assert _files(corpus) == before


@pytest.mark.parametrize("step", ["write_lock", "write_whole"])
def test_a_failed_write_is_taken_back(corpus: Settings, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the lock or the record cannot be written, text and lock are as they were."""
    before = _files(corpus)
    real = getattr(updating, step)
    calls: list[Path] = []

    def fails(path: Path, *rest: object) -> None:
        calls.append(path)
        if len(calls) == 1:
            raise OSError(28, "No space left on device", str(path))
        real(path, *rest)

    monkeypatch.setattr(updating, step, fails)
    code, _, error = _run(corpus, _newer(corpus), "--update")
    assert (code, "No space left on device; nothing was changed" in error) == (3, True), error
    assert _files(corpus) == before


def test_layout_of_the_record_file_is_kept(corpus: Settings) -> None:
    """CR LF, comments, indented lists and odd characters in titles survive, byte for byte."""
    path = corpus.root / "data" / "documents.yaml"
    text = path.read_text(encoding="utf-8").replace("The river town", 'The "river" town: a \\ é # \u2028 one')
    text = "# Above.\n" + "".join(f"  {line}\n" for line in text.split("\n") if line)
    text = text.replace("title: The", "title: 'The").replace(" one\n", " one'\n")
    raw = text.replace("\n", "\r\n").encode()
    path.write_bytes(raw)
    code, data = _data(corpus, _newer(corpus), "--update")
    assert (code, data["update"]["document"]) == (1, "report-v2")
    assert path.read_bytes().startswith(raw)
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n")
    assert check(corpus).findings == ()
    documents = check(corpus).corpus.documents
    assert documents["report-v2"].title == documents["report"].title


def test_lock_with_a_line_separator(corpus: Settings) -> None:
    """Words with U+2028 between them, which is no end of a line in JSON, are written to the lock and read back."""
    lock = read_lock(corpus.anchors)
    (document, section, _, from_, to), passage = next(iter(lock.items()))
    lock[document, section, "a\u2028b", from_, to] = passage
    write_lock(corpus.anchors, lock.items())
    assert read_lock(corpus.anchors) == dict(sorted(lock.items()))


def test_other_unicode_form(corpus: Settings) -> None:
    """A passage in another normalisation form is altered, and the report says that only that differs."""
    path = corpus.root / "data" / "agents.yaml"
    with path.open("a", encoding="utf-8") as stream:
        stream.write(
            "- {id: owner, type: Agent, label: Owner, source: {document: report, from: The na\u00efve, to: owner}}\n"
        )
    anchor(corpus)
    code, data = _data(corpus, unicodedata.normalize("NFD", _old(corpus)))
    [owner] = [passage for passage in data["passages"] if "agents/owner" in passage["records"]]
    assert (code, owner["status"]) == (1, "altered")
    assert owner["remark"] == "the same characters in another Unicode form"


def test_a_document_without_passages(corpus: Settings) -> None:
    """A document in which nothing is anchored has no passages, and is updated as any other."""
    with (corpus.root / "data" / "documents.yaml").open("a", encoding="utf-8") as stream:
        stream.write('- {id: other, title: O, file: other.txt, sha256: D, source: {url: "https://example.org/o"}}\n'
                     .replace("D,", f"{hashlib.sha256(b'').hexdigest()},")
                     + '- {id: bare, title: B, source: {url: "https://example.org/b"}}\n')  # fmt: skip
    (corpus.root / "archive" / "other.txt").write_bytes(b"")
    code, data = _data(corpus, "Words.\n", "--update", document="other")
    assert (code, data["passages"], data["update"]["document"]) == (0, [], "other-v2")
    assert check(corpus).findings == ()
    code, _, error = _run(corpus, "Words.\n", document="bare")
    assert (code, "names no file" in error) == (1, True)


def test_update_of_the_article(archive: Path, tmp_path: Path) -> None:
    """The first document, one section moved and one word retyped: checked, built, and every old anchor as it was."""
    for name in ("data", "ontology", "queries"):
        shutil.copytree(REPOSITORY / name, tmp_path / "corpus" / name)
    shutil.copy(REPOSITORY / "kgraph.toml", tmp_path / "corpus")
    copied = tmp_path / "archive"
    copied.mkdir()
    for path in archive.iterdir():
        (copied / path.name).write_bytes(path.read_bytes())
    loaded = settings.load(tmp_path / "corpus", {"archive": copied}, environ={})
    old = next(copied.glob("war-crimes-*.txt")).read_bytes().decode("utf-8")
    at = old.index("== White phosphorus")
    new = old[:51] + old[at:] + old[51:at].replace("shelling", "bombing", 1)
    before = loaded.anchors.read_bytes().splitlines()
    code, data = _data(loaded, new, "--update", document="wikipedia-article")
    assert code == 1
    assert data["counts"]["moved"] > 500
    assert data["counts"]["altered"] + data["counts"]["gone"] > 0
    assert data["update"]["left"] == []
    for passage in data["passages"]:
        if passage["status"] in {"moved", "unchanged"}:
            assert new[passage["to"]["start"] : passage["to"]["end"]] == passage["words"]
    assert set(before) < set(loaded.anchors.read_bytes().splitlines())
    assert check(loaded, with_shapes=False).findings == ()
    assert len(read_lock(loaded.anchors)) == len(before) + data["update"]["anchors"]
    assert build(loaded)[1]
