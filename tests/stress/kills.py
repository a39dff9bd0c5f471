"""Kill builds and anchor runs at random points, and look whether anything was lost.

    python tests/stress/kills.py --count 200 --seed 1

After each kill: the release that is current is whole (its store gives its digest back) and is one that was built
before the kill or the one under way; the lock of anchors is the old one or the new one, whole; record files are
untouched. After every tenth kill, and at the end, an undisturbed run must succeed and leave no debris.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from conftest import copy_corpus
from kgraph.build import anchor, build
from kgraph.canonical import release_digest, unit_digests
from kgraph.passages import read_lock
from kgraph.release import current_release
from kgraph.settings import Settings
from kgraph.terms import Iris

WORDS = ("hit", "struck", "damaged", "reached")


def edit(corpus: Settings, turn: int) -> None:
    """Change one statement, so that there is something to build; and one anchor, so that there is one to find."""
    path = corpus.root / "data" / "claims" / "ford.yaml"
    text = path.read_text(encoding="utf-8")
    for word in WORDS:
        text = text.replace(f"it, {word} the bridge", f"it, {WORDS[turn % len(WORDS)]} the bridge")
    ends = ("did it", "it.")
    text = text.replace(f"to: {ends[(turn + 1) % 2]}", f"to: {ends[turn % 2]}")
    path.write_text(text, encoding="utf-8")


def run_and_kill(corpus: Settings, command: str, chance: random.Random, length: float) -> bool:
    """Start `kgraph COMMAND` and kill it at a random point; return whether it was still running."""
    program = [sys.executable, "-m", "kgraph", "--corpus", str(corpus.root), "--archive", str(corpus.archive), command]
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if command == "build" and chance.random() < 0.6:  # while the release is being written, where most can go wrong
        until = time.monotonic() + 2 * length
        while process.poll() is None and time.monotonic() < until and not list(corpus.releases.glob(".building-*")):
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.12))
    else:
        time.sleep(chance.uniform(0, length))
    running = process.poll() is None
    process.kill()
    process.wait()
    return running


def look(corpus: Settings, locks: set[bytes], files: dict[Path, bytes]) -> str:
    """Return the digest of the current release, having found everything whole."""
    import pyoxigraph as ox  # noqa: PLC0415

    release = current_release(corpus.releases)
    units = unit_digests(ox.Store.read_only(str(release.store)), Iris(corpus.base_iri))
    assert release_digest(units) == release.digest, "the current release is not what its digest says"
    assert units == release.manifest.units
    assert corpus.anchors.read_bytes() in locks, "the lock of anchors is neither the old one nor the new one"
    read_lock(corpus.anchors)
    assert {path: path.read_bytes() for path in files} == files, "a record file has changed"
    return release.digest


def main(count: int, seed: int) -> Counter[str]:
    """Kill `count` runs; return how many of which were killed while running."""
    chance = random.Random(seed)  # noqa: S311
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    corpus = copy_corpus(folder / "corpus")
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "kgraph", "--corpus", str(corpus.root), "build"], check=True, capture_output=True
    )
    length = 1.2 * (time.monotonic() - began)
    tally: Counter[tuple[str, bool]] = Counter()
    known = {current_release(corpus.releases).digest}
    turn = 0
    while (killed := sum(n for (_, running), n in tally.items() if running)) < count:
        turn += 1
        old_lock = corpus.anchors.read_bytes()
        edit(corpus, turn)
        files = {path: path.read_bytes() for path in (corpus.root / "data").rglob("*.yaml")}
        reference = copy_of(corpus, folder / "reference")
        known.add(build(reference)[0].digest)
        new_lock = reference.anchors.read_bytes()
        if chance.random() < 0.3:
            tally["anchor", run_and_kill(corpus, "anchor", chance, length / 2)] += 1
            look(corpus, {old_lock, new_lock}, files)
        anchor(corpus)
        tally["build", run_and_kill(corpus, "build", chance, length)] += 1
        assert look(corpus, {new_lock}, files) in known
        if turn % 10 == 0 or killed >= count - 2:
            expected = current_release(reference.releases).digest
            assert build(corpus)[0].digest == expected
            look(corpus, {new_lock}, files)
            assert not [p.name for p in corpus.releases.iterdir() if p.name.startswith(".") and p.name != ".lock"]
    shutil.rmtree(folder)
    return Counter({f"{name} {'killed' if running else 'done before'}": n for (name, running), n in tally.items()})


def copy_of(corpus: Settings, folder: Path) -> Settings:
    """Return a copy of a corpus that nobody disturbs, anchored."""
    shutil.rmtree(folder, ignore_errors=True)
    copy = copy_corpus(folder)
    shutil.copytree(corpus.root / "data", folder / "data", dirs_exist_ok=True)
    anchor(copy)
    return copy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(dict(main(options.count, options.seed)), "nothing lost")
