"""The corpus of this repository: it checks, it builds, every anchor stands, and it says what its source says."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import REPOSITORY
from kgraph import settings
from kgraph.build import build, check
from kgraph.settings import Settings
from kgraph.store.base import Question
from kgraph.store.embedded import Embedded

BARDA = """PREFIX kg: <https://w3id.org/kgraph/ns#>
SELECT DISTINCT ?agent ?stance WHERE {
  ?c kg:event <https://w3id.org/kgraph/nk2020/event/barda-strikes> ;
     kg:attestation [ kg:agent ?agent ; kg:stance ?stance ]
}"""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a copy of our corpus, built."""
    folder = tmp_path_factory.mktemp("real") / "corpus"
    folder.mkdir()
    for name in ("data", "ontology", "queries"):
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, folder / name)
    shutil.copy(REPOSITORY / "kgraph.toml", folder)
    loaded = settings.load(folder, environ={})
    build(loaded)
    return loaded


@pytest.fixture(scope="module")
def answers(real: Settings) -> Iterator[Embedded]:
    """Return an engine over our corpus."""
    engine = Embedded(real.releases, readers=1)
    yield engine
    engine.close()


def _rows(engine: Embedded, text: str) -> set[tuple[str, ...]]:
    data = json.loads(engine.query(Question(text=text)).read())
    names = data["head"]["vars"]
    return {tuple(row[name]["value"].rpartition("/")[2] for name in names) for row in data["results"]["bindings"]}


def test_no_findings(real: Settings) -> None:
    """The data have no finding, not even a warning."""
    assert check(real, with_archive=False).findings == ()


def test_barda(answers: Embedded) -> None:
    """Amnesty and Human Rights Watch assert, Armenia denies, Artsakh acknowledges."""
    expected = {
        ("amnesty-international", "asserts"),
        ("human-rights-watch", "asserts"),
        ("armenia", "denies"),
        ("artsakh", "acknowledges"),
    }
    assert expected <= _rows(answers, BARDA)


def test_both_parties_are_there(answers: Embedded) -> None:
    """Acts alleged against each side are recorded, in numbers of one order."""
    text = """PREFIX kg: <https://w3id.org/kgraph/ns#> PREFIX a: <https://w3id.org/kgraph/nk2020/agent/>
    SELECT ?side (COUNT(DISTINCT ?claim) AS ?n) {
      VALUES ?side { a:armenia a:artsakh a:azerbaijan }
      ?claim kg:perpetrator ?who . ?who (kg:memberOf|kg:actsFor)* ?side } GROUP BY ?side"""
    count = {side: int(n) for side, n in _rows(answers, text)}
    against = (count["armenia"] + count["artsakh"], count["azerbaijan"])
    assert min(against) >= 8
    assert max(against) < 2 * min(against)


def test_every_anchor_stands(real: Settings, archive: Path) -> None:
    """With the archive at hand, every anchor verifies."""
    loaded = settings.load(real.root, {"archive": archive}, environ={})
    assert check(loaded).findings == ()


def test_one_changed_character_of_the_article(real: Settings, archive: Path, tmp_path: Path) -> None:
    """One changed character in a copy of the archive names the document, the passage and the claims on it."""
    copy = tmp_path / "archive"
    shutil.copytree(archive, copy)
    path = copy / "war-crimes-in-the-second-nagorno-karabakh-war.txt"
    path.chmod(0o644)
    text = path.read_bytes().decode("utf-8")
    at = text.index("intentionally supplied Artsakh")
    path.write_bytes((text[:at] + "I" + text[at + 1 :]).encode())
    errors = check(settings.load(real.root, {"archive": copy}, environ={})).errors
    assert "altered-document" in {finding.code for finding in errors}
    moved = " ".join(finding.message for finding in errors if finding.code == "anchor-moved")
    assert "barda-cluster-munitions-origin" in moved
    assert "ganja" not in moved


def test_no_run_of_the_article_is_copied(archive: Path) -> None:
    """No file of the corpus holds a run of ten words of an archived source."""

    def runs(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"\w+", text.lower())
        return {tuple(words[i : i + 10]) for i in range(len(words) - 9)}

    source = set().union(*(runs(path.read_text(encoding="utf-8")) for path in archive.glob("*.txt")))
    for path in (*(REPOSITORY / "data").rglob("*.*"), REPOSITORY / "README.md"):
        assert runs(path.read_text(encoding="utf-8")) & source == set(), path.name
