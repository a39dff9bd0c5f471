"""Ready-made quads: they give the release that their records give, and a bad line is refused with its place."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from conftest import copy_corpus
from kgraph.build import build
from kgraph.errors import InvalidData, KgraphError
from kgraph.quadfile import MADE
from kgraph.release import current_release, open_release
from kgraph.settings import Settings
from kgraph.store.base import Question
from kgraph.store.embedded import Embedded
from kgraph.trace import trace

RIVER = "https://example.org/river/"
LITERAL = f'<{RIVER}event/war> <http://www.w3.org/2000/01/rdf-schema#label> "A war"@en <{RIVER}graph/places> .'


def dump(built: Settings, path: Path) -> Path:
    """Write what the records of a corpus gave: its release without what a build adds."""
    made = {f"{RIVER}graph/{name}" for name in (*MADE, "release")}
    store = ox.Store.read_only(str(current_release(built.releases).store))
    ox.serialize((q for q in store if q.graph_name.value not in made), str(path), format=ox.RdfFormat.N_QUADS)
    return path


@pytest.fixture
def quads(built: Settings, tmp_path: Path) -> Path:
    """Return the quads of the test corpus."""
    return dump(built, tmp_path / "claims.nq")


@pytest.fixture
def bare(tmp_path: Path) -> Settings:
    """Return the test corpus."""
    return copy_corpus(tmp_path / "bare")


@pytest.mark.parametrize("room", [0, 1 << 30])
def test_quads_give_the_release_of_their_records(
    built: Settings, bare: Settings, quads: Path, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In memory or on disk, the digest is that of the records: same units and counts; a second build does nothing."""
    monkeypatch.setattr("kgraph.bulk.ROOM", room)
    notes: list[str] = []
    release, written = build(bare, quads=quads, note=notes.append)
    expected = current_release(built.releases)
    assert written
    assert release.digest == expected.digest
    for name in ("units", "claims", "attestations", "quads"):
        assert getattr(release.manifest, name) == getattr(expected.manifest, name)
    assert f"loading claims.nq {'into memory' if room else 'on disk'}" in notes
    assert build(bare, quads=quads) == (release, False)


def test_order_and_repetition_of_lines_do_not_matter(bare: Settings, quads: Path) -> None:
    """A set of quads is what counts, and its store is kept where it is there."""
    first, _ = build(bare, quads=quads)
    lines = quads.read_text(encoding="utf-8").splitlines()
    quads.write_text("# turned round\n\n" + "\n".join([*reversed(lines), lines[0]]), encoding="utf-8")
    again, written = build(bare, quads=quads)
    assert (again.digest, written) == (first.digest, True)
    assert again.manifest.predecessor is None


def test_answers(bare: Settings, quads: Path) -> None:
    """A release of quads answers queries and traces; no record stands behind its claims."""
    build(bare, quads=quads)
    engine = Embedded(bare.releases, readers=1)
    try:
        assert engine.query(Question(text="ASK { ?c a <https://w3id.org/kgraph/ns#Claim> }")).read()
        found = trace(engine, "ford-shelled")
    finally:
        engine.close()
    assert found.standing is not None
    assert (found.record, found.commit) == ({}, None)


FAULTS: dict[str, tuple[str, str, str]] = {
    "syntax": ("<a> <b> .", "quads-syntax", "one quad a line"),
    "no graph": (f"<{RIVER}event/war> <http://x.org/p> <http://x.org/o> .", "unknown-graph", "claim/ID#"),
    "another base": (LITERAL.replace("river", "lake"), "unknown-graph", "claim/ID#"),
    "another claim's graph": (
        LITERAL.replace("graph/places", "claim/ford-shelled#assertion"), "wrong-graph", "claim/ford-shelled",
    ),
    "another kind": (LITERAL, "wrong-graph", "place/"),
    "blank node": (LITERAL.replace(f"<{RIVER}event/war>", "_:b"), "blank-node", "IRIs"),
    "unknown property": (
        LITERAL.replace("places", "events").replace("http://www.w3.org/2000/01/rdf-schema#label", "https://w3id.org/kgraph/ns#lable"),
        "unknown-term", "ontology",
    ),
    "unknown concept": (
        f"<{RIVER}event/war> <http://x.org/p> <https://w3id.org/kgraph/vocab/stance/nods> <{RIVER}graph/events> .",
        "unknown-term", "ontology",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_bad_line(bare: Settings, quads: Path, name: str) -> None:
    """A bad line is refused with file, line, value and what is accepted; nothing has changed."""
    line, code, accepted = FAULTS[name]
    before, _ = build(bare)
    lines = quads.read_text(encoding="utf-8").splitlines()
    quads.write_text("\n".join([*lines[:6], line, *lines[6:], line]), encoding="utf-8")
    with pytest.raises(InvalidData) as caught:
        build(bare, quads=quads)
    found = caught.value.extra["findings"]
    assert [(f["code"], f["file"], f["line"]) for f in found] == [
        (code, "claims.nq", 7), (code, "claims.nq", len(lines) + 2),
    ]  # fmt: skip
    assert accepted in found[0]["accepted"]
    assert found[0]["value"]
    assert current_release(bare.releases) == before
    assert {path.name for path in bare.releases.iterdir()} == {".lock", "current", before.digest}


def test_triple_in_two_graphs(bare: Settings, quads: Path) -> None:
    """A triple that stands in two graphs is refused with its line, in whatever form its literal is written."""
    subject, predicate = f"<{RIVER}claim/bridge-hit>", "<http://x.org/n>"
    text = quads.read_text(encoding="utf-8")
    number = '"{}"^^<http://www.w3.org/2001/XMLSchema#integer>'
    for digits, graph in (("1", "assertion"), ("01", "pubinfo")):
        text += f"{subject} {predicate} {number.format(digits)} <{RIVER}claim/bridge-hit#{graph}> .\n"
    quads.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidData) as caught:
        build(bare, quads=quads)
    [finding] = caught.value.extra["findings"]
    assert (finding["code"], finding["line"]) == ("triple-twice", len(text.splitlines()))
    assert not bare.releases.joinpath("current").exists()


def test_file_of_another_corpus(bare: Settings, quads: Path) -> None:
    """Of very many bad lines the first hundred are told."""
    quads.write_text(quads.read_text(encoding="utf-8").replace("/river/", "/lake/"), encoding="utf-8")
    with pytest.raises(InvalidData, match="the first 100 findings") as caught:
        build(bare, quads=quads)
    assert len(caught.value.extra["findings"]) == 100


def test_no_file(bare: Settings, tmp_path: Path) -> None:
    """A file that is not there is told."""
    with pytest.raises(KgraphError, match="cannot be read"):
        build(bare, quads=tmp_path / "none.nq")


def test_damaged_release_is_built_anew(bare: Settings, quads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged release of quads is made anew, and a build that dies while writing changes nothing."""
    before, _ = build(bare, quads=quads)
    (before.path / "manifest.json").write_text("{", encoding="utf-8")
    rebuilt, written = build(bare, quads=quads)
    assert (written, rebuilt.digest) == (True, before.digest)
    quads.write_text(quads.read_text(encoding="utf-8").replace("A war", "The war"), encoding="utf-8")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kgraph.disk.sync", fail)
    with pytest.raises(KgraphError, match="space"):
        build(bare, quads=quads)
    assert open_release(before.path) == current_release(bare.releases)
    assert {path.name for path in bare.releases.iterdir()} == {".lock", "current", before.digest}
