"""A build is reproducible, all or nothing, and writes nothing it need not."""

import fcntl
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib.namespace import DCTERMS

from conftest import copy_corpus
from kgraph import settings
from kgraph.build import anchor, build
from kgraph.errors import KgraphError
from kgraph.release import MANIFEST, current_digest, current_release, open_release
from kgraph.settings import Settings


def _digest(folder: Path, **environment: str) -> str:
    copy_corpus(folder)
    command = [sys.executable, "-m", "kgraph", "--corpus", str(folder), "build", "--format", "json"]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, check=True, text=True)
    return str(json.loads(done.stdout)["release"])


def test_same_data_same_digest(tmp_path: Path) -> None:
    """The digest does not depend on folder, hash seed, locale or time zone."""
    one = _digest(tmp_path / "one", PYTHONHASHSEED="1", TZ="Asia/Baku", LC_ALL="C")
    two = _digest(tmp_path / "another" / "place", PYTHONHASHSEED="2", TZ="America/Lima", LC_ALL="C.UTF-8")
    assert one == two


def test_order_of_records_does_not_matter(corpus: Settings) -> None:
    """Records in another order, or in another file, give the same release."""
    before, _ = build(corpus)
    path = corpus.root / "data" / "claims" / "ford.yaml"
    parts = path.read_text(encoding="utf-8").split("\n\n")
    path.unlink()
    for n, part in enumerate(reversed(parts)):
        (path.parent / f"{n}.yaml").write_text(part + "\n", encoding="utf-8")
    after, _ = build(corpus)
    assert after.digest == before.digest
    assert after.records()["claims"]["ford-shelled"]["file"] == "data/claims/2.yaml"


def test_nothing_to_do(corpus: Settings) -> None:
    """A second build of the same inputs writes nothing."""
    first, written = build(corpus)
    again, rewritten = build(corpus)
    assert (written, rewritten) == (True, False)
    assert first == again


def test_saved_queries_are_those_of_the_corpus(corpus: Settings) -> None:
    """A saved query is part of the release and of its digest; one that is gone from the corpus goes."""
    first, _ = build(corpus)
    queries = corpus.root / "queries"
    queries.mkdir()
    (queries / "one.rq").write_text("ASK {}", encoding="utf-8")
    second, written = build(corpus)
    assert (written, second.query("one"), second.manifest.predecessor) == (True, "ASK {}", first.digest)
    assert set(second.manifest.units) - set(first.manifest.units) == {"https://example.org/river/graph/queries"}
    (queries / "one.rq").write_text("ASK { ?s ?p ?o }", encoding="utf-8")
    third, _ = build(corpus)
    assert (third.query("one"), second.query("one")) == ("ASK { ?s ?p ?o }", "ASK {}")
    assert len({first.digest, second.digest, third.digest}) == 3
    (queries / "one.rq").unlink()
    fourth, _ = build(corpus)
    assert (fourth.digest, fourth.query("one")) == (first.digest, None)


def test_a_release_is_described_as_it_is_now(corpus: Settings) -> None:
    """A new title changes no digest, and yet the release says it."""
    first, _ = build(corpus)
    path = corpus.root / "kgraph.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('title = "', 'title = "New: '), encoding="utf-8")
    second, written = build(settings.load(corpus.root, environ={}))
    assert (second.digest, written, second.manifest.predecessor) == (first.digest, True, None)
    assert second.manifest.title.startswith("New: ")
    titles = ox.Store.read_only(str(second.store)).quads_for_pattern(None, ox.NamedNode(str(DCTERMS.title)), None, None)
    assert second.manifest.title in {title.object.value for title in titles if isinstance(title.object, ox.Literal)}


def test_chain_of_releases(corpus: Settings) -> None:
    """A changed claim changes its unit alone (and what is derived), and the manifest names the predecessor."""
    first, _ = build(corpus)
    path = corpus.root / "data" / "claims" / "ford.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("hit the bridge", "struck the bridge"), encoding="utf-8")
    second, _ = build(corpus)
    assert second.manifest.predecessor == first.digest
    changed = {unit for unit, digest in second.manifest.units.items() if first.manifest.units.get(unit) != digest}
    assert changed == {"https://example.org/river/claim/bridge-hit"}


def test_broken_release_is_built_anew(corpus: Settings) -> None:
    """A release folder that was damaged is not taken for whole."""
    release, _ = build(corpus)
    (release.path / MANIFEST).write_text("{", encoding="utf-8")
    rebuilt, written = build(corpus)
    assert written
    assert rebuilt.digest == release.digest
    assert current_release(corpus.releases).manifest.claims == 3


@contextmanager
def _nobody() -> Iterator[None]:
    """Do without root's right to write everywhere."""
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(65534)
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def shared() -> Iterator[Settings]:
    """Return a corpus, built, in a folder that every user may look into, and only its owner write."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        loaded = copy_corpus(Path(folder) / "corpus")
        build(loaded)
        anchor(loaded)
        for path in loaded.root.rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        loaded.root.chmod(0o555)
        yield loaded
        for path in (loaded.root, *loaded.root.rglob("*")):
            path.chmod(0o755)


def test_folders_that_may_not_be_written(shared: Settings) -> None:
    """In read-only folders a build and an anchor run say so; the release and the lock stay as they were."""
    before, lock = current_release(shared.releases).digest, shared.anchors.read_bytes()
    with _nobody():
        with pytest.raises(KgraphError, match="cannot be written: Permission denied"):
            build(shared)
        with pytest.raises(KgraphError, match="could not be written: Permission denied; it is as it was"):
            anchor(shared)
        assert open_release(shared.releases / before).manifest.claims == 3
    assert current_digest(shared.releases) == before
    assert shared.anchors.read_bytes() == lock
    assert sorted(path.name for path in shared.anchors.parent.iterdir() if path.name.startswith(".")) == []


def test_debris_of_a_dead_build_is_removed(corpus: Settings) -> None:
    """What a build that was killed left behind goes with the next one."""
    (corpus.releases / ".building-dead").mkdir(parents=True)
    build(corpus)
    assert list(corpus.releases.glob(".building-*")) == []


def test_every_triple_stands_in_one_graph_and_has_no_blank_node(built: Settings) -> None:
    """Counts over the union of graphs are true, and everything can be pointed at."""
    store = ox.Store.read_only(str(current_release(built.releases).store))
    quads = list(store)
    assert len({quad.triple for quad in quads}) == len(quads)
    assert not any(isinstance(term, ox.BlankNode) for quad in quads for term in (quad.subject, quad.object))


def test_unwritable_folder(corpus: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that fails while it writes leaves the old release current."""
    before, _ = build(corpus)
    path = corpus.root / "data" / "events.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("A war", "The war"), encoding="utf-8")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kgraph.disk.sync", fail)
    with pytest.raises(KgraphError, match="space"):
        build(corpus)
    assert current_digest(corpus.releases) == before.digest
    assert {path.name for path in corpus.releases.iterdir()} == {".lock", "current", before.digest}


def test_full_disk(corpus: Settings) -> None:
    """A build that may write no more says so, exit 3, and the old release stays current and whole."""
    before, _ = build(corpus)
    path = corpus.root / "data" / "events.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("A war", "The war"), encoding="utf-8")
    command = f'ulimit -f 16; exec "{sys.executable}" -m kgraph --corpus "{corpus.root}" build'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, "could not be written" in done.stderr) == (3, True), done.stderr
    assert current_release(corpus.releases) == before
    rebuilt, written = build(corpus)
    assert (written, rebuilt.manifest.predecessor) == (True, before.digest)


def test_two_builds_at_once(corpus: Settings) -> None:
    """The second of two builds waits for the first, and says so."""
    notes: list[str] = []
    corpus.releases.mkdir()
    with (corpus.releases / ".lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        waiting = threading.Thread(target=lambda: build(corpus, note=notes.append))
        waiting.start()
        waiting.join(timeout=1)
        assert waiting.is_alive()
        assert notes == ["another build is running here: waiting for it"]
    waiting.join(timeout=30)
    assert current_release(corpus.releases).manifest.claims == 3


def test_releases_that_are_no_folder(corpus: Settings) -> None:
    """Where releases cannot be written, the error says so."""
    corpus.releases.write_text("in the way", encoding="utf-8")
    with pytest.raises(KgraphError, match="cannot be written"):
        build(corpus)
