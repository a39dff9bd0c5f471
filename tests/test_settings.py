"""Settings come from kgraph.toml, the environment and flags, and bad ones are named."""

from pathlib import Path

import pytest

from kgraph import settings
from kgraph.errors import NoCorpus, SettingsError


def _toml(folder: Path, text: str) -> Path:
    (folder / "kgraph.toml").write_text(text, encoding="utf-8")
    return folder


def test_flag_beats_environment_beats_file(tmp_path: Path) -> None:
    """The last of file, environment and flag wins."""
    root = _toml(tmp_path, 'base_iri = "https://x.org/"\nport = 1\nhost = "a"\n')
    loaded = settings.load(root, {"port": 3, "host": None}, environ={"KGRAPH_PORT": "2", "KGRAPH_HOST": "b"})
    assert (loaded.port, loaded.host) == (3, "b")


def test_archive_is_relative_to_the_corpus(tmp_path: Path) -> None:
    """A relative archive is looked for from the corpus folder, wherever the command runs."""
    root = _toml(tmp_path, 'base_iri = "https://x.org/"\narchive = "texts"\n')
    assert settings.load(root, environ={}).archive == (tmp_path / "texts").resolve()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('base_iri = "https://x.org/"\nprot = 1\n', "port"),
        ('base_iri = "x.org"\n', "base_iri"),
        ('base_iri = "https://x.org/"\nport = 70000\n', "65535"),
        ('base_iri = "https://x.org/"\ntimeout = "soon"\n', "timeout"),
        ('base_iri = "https://x.org/"\nlog = "loud"\n', "log"),
        ('base_iri = "https://x.org/"\nlog_private = ["names"]\n', "names"),
        ('base_iri = "https://x.org/"\nservices = ["file:///etc"]\n', "services"),
        ('base_iri = "https://x.org/"\ncache = -1\n', "cache"),
        ("base_iri = ", "TOML"),
        ("", "base_iri"),
    ],
)
def test_bad_settings_are_named(tmp_path: Path, text: str, names: str) -> None:
    """A bad setting is refused with its name, or what it should have been."""
    with pytest.raises(SettingsError, match=names):
        settings.load(_toml(tmp_path, text), environ={})


def test_lists_come_from_each_place(tmp_path: Path) -> None:
    """A setting of several words is a list in the file, and words with commas in the environment."""
    root = _toml(tmp_path, 'base_iri = "https://x.org/"\nlog_private = ["queries"]\nlog_file = "a.log"\n')
    assert settings.load(root, environ={}).log_private == ("queries",)
    assert settings.load(root, environ={}).log_file == (tmp_path / "a.log").resolve()
    both = settings.load(root, environ={"KGRAPH_LOG_PRIVATE": "queries, addresses"})
    assert both.log_private == ("queries", "addresses")
    called = settings.load(root, environ={"KGRAPH_SERVICES": "https://a.org/sparql, https://b.org/"}).services
    assert called == ("https://a.org/sparql", "https://b.org/")


def test_no_corpus_is_said(tmp_path: Path) -> None:
    """Outside a corpus, the error says what is missing."""
    with pytest.raises(NoCorpus, match=r"kgraph\.toml"):
        settings.find_corpus(tmp_path)
