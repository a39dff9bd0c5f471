"""`kgraph init` writes a corpus that checks, builds and answers; the wheel carries what it needs."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from conftest import REPOSITORY
from kgraph import settings
from kgraph.build import anchor, build, check
from kgraph.cli import main
from kgraph.errors import BadRequest, KgraphError
from kgraph.scaffold import init


def test_new_corpus_is_valid(tmp_path: Path) -> None:
    """A new corpus has no findings, with its archive and without, and builds."""
    init(tmp_path / "demo")
    loaded = settings.load(tmp_path / "demo", environ={})
    anchor(loaded)
    assert check(loaded).findings == ()
    release, _ = build(loaded)
    assert (release.manifest.base_iri, release.manifest.claims) == ("https://example.org/demo/", 1)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A folder that is there stays as it is, and a bad name is refused."""
    (tmp_path / "demo").mkdir()
    with pytest.raises(KgraphError, match="there already"):
        init(tmp_path / "demo")
    with pytest.raises(BadRequest, match="Demo Corpus"):
        init(tmp_path / "Demo Corpus")
    assert list((tmp_path / "demo").iterdir()) == []


def test_init_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command lists what it wrote and what comes next."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["init", "demo"])
    assert result.exit_code == 0
    assert "demo/data/claims/footbridge.yaml" in result.stdout
    assert (tmp_path / "demo" / "data" / "anchors.lock").is_file()


def _wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return our wheel."""
    return _wheel(tmp_path_factory.mktemp("wheel"))


def test_wheel_is_reproducible_and_whole(wheel: Path, tmp_path: Path) -> None:
    """Two builds give the same bytes; ontology, template, pages and styles are in it."""
    again = _wheel(tmp_path)
    assert wheel.read_bytes() == again.read_bytes()
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "kgraph/ontology/kgraph.ttl",
        "kgraph/ontology/vocab/stance.ttl",
        "kgraph/ontology/rules/50-standing.rq",
        "kgraph/template/data/claims/footbridge.yaml",
        "kgraph/template/archive/sample-report.txt",
        "kgraph/web/templates/claim.html",
        "kgraph/web/static/kgraph.css",
        "kgraph/py.typed",
    } <= names


def test_sdist_is_reproducible(tmp_path: Path) -> None:
    """Two source distributions have the same bytes."""
    packed = []
    for name in ("one", "two"):
        command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path / name)]
        subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
        packed.append(next((tmp_path / name).glob("*.tar.gz")).read_bytes())
    assert packed[0] == packed[1]


def test_strangers_corpus_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """Away from the repository: init, build, serve, ask; a claim added to a record file shows after a build."""
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KGRAPH_")} | {"PYTHONPATH": str(site)}
    kgraph = [sys.executable, "-m", "kgraph"]

    def run(*arguments: str, cwd: Path) -> str:
        done = subprocess.run(
            [*kgraph, *arguments], cwd=cwd, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout

    run("init", "demo", cwd=tmp_path)
    demo = tmp_path / "demo"
    run("build", cwd=demo)
    server = subprocess.Popen(
        [*kgraph, "serve", "--port", "0", "--readers", "1"],
        cwd=demo,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        found = re.search(r"at (http\S+)", server.stdout.readline())
        assert found is not None
        query = quote("PREFIX kg: <https://w3id.org/kgraph/ns#> SELECT ?s { ?c kg:statement ?s }")

        def statements() -> set[str]:
            with urlopen(f"{found[1]}sparql?query={query}", timeout=10) as answer:
                return {row["s"]["value"] for row in json.load(answer)["results"]["bindings"]}

        assert statements() == {"At least two people were injured at the footbridge in Alder."}
        path = demo / "data" / "claims" / "footbridge.yaml"
        more = path.read_text(encoding="utf-8").replace("footbridge-people-hurt", "second")
        path.with_name("second.yaml").write_text(
            more.replace("At least two people", "Two or more people"), encoding="utf-8"
        )
        run("build", cwd=demo)
        assert "Two or more people were injured at the footbridge in Alder." in statements()
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=20)
        shutil.rmtree(demo)
