"""Fixtures: a small made-up corpus, its release, and the application over it."""

import os
import shutil
from collections.abc import Iterator
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
