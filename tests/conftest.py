"""Fixtures: a small made-up corpus, its release, and the application over it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kgraph import settings
from kgraph.build import build
from kgraph.settings import Settings
from kgraph.store.embedded import Embedded
from kgraph.web import create_app

REPOSITORY = Path(__file__).parent.parent
DATA = Path(__file__).parent / "data"


def copy_corpus(folder: Path) -> Settings:
    """Return the settings of a copy of the test corpus in `folder`, with our ontology and its own archive."""
    shutil.copytree(DATA / "corpus", folder, dirs_exist_ok=True)
    shutil.copytree(REPOSITORY / "ontology", folder / "ontology")
    return settings.load(folder, {"archive": folder / "archive"}, environ={})


@pytest.fixture
def corpus(tmp_path: Path) -> Settings:
    """Return a corpus of this test's own."""
    return copy_corpus(tmp_path / "corpus")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a corpus that has been built; tests only read it."""
    loaded = copy_corpus(tmp_path_factory.mktemp("built") / "corpus")
    build(loaded)
    return loaded


@pytest.fixture(scope="session")
def engine(built: Settings) -> Iterator[Embedded]:
    """Return an engine over the built corpus, with a short deadline."""
    embedded = Embedded(built.releases, readers=2, timeout=2.0)
    yield embedded
    embedded.close()


@pytest.fixture
def app(built: Settings, engine: Embedded) -> Flask:
    """Return the application over the built corpus."""
    return create_app(built, engine)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client of the application."""
    return app.test_client()


@pytest.fixture(scope="session")
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


@contextmanager
def running(corpus: Settings) -> Iterator[tuple[str, str]]:
    """Run a server of a corpus; give its release and its address."""
    command = [sys.executable, "-m", "kgraph", "--corpus", str(corpus.root), "serve", "--port", "0", "--readers", "1"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KGRAPH_")}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.fullmatch(r"Serving ([0-9a-f]{64}) at (http://127\.0\.0\.1:\d+/)\n", process.stdout.readline())
        assert found is not None
        yield found[1], found[2]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


@pytest.fixture(scope="session")
def answers(real: Settings) -> Iterator[Embedded]:
    """Return an engine over our corpus."""
    engine = Embedded(real.releases, readers=1)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def ours(real: Settings, answers: Embedded) -> FlaskClient:
    """Return a client of the application over our corpus."""
    return create_app(real, answers).test_client()


ARCHIVE = os.environ.get("KGRAPH_ARCHIVE")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no setting of the machine reach a test."""
    for name in [name for name in os.environ if name.startswith("KGRAPH_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def archive() -> Path:
    """Return the archive of source texts; a test that needs it is skipped, loudly, where none is at hand."""
    folder = ARCHIVE
    if not folder or not Path(folder).is_dir():
        pytest.skip("NO ARCHIVE: set KGRAPH_ARCHIVE to the folder with the source texts")
    return Path(folder).absolute()
