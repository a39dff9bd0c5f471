"""The reference parts of the README come from the code, and what the documents point to is there."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from conftest import REPOSITORY
from kgraph.cli import main as cli
from kgraph.errors import BadRequest
from kgraph.reference import DESCRIPTIONS, PARTS, addresses, commands, main, rewritten, settings_table
from kgraph.settings import Settings

README = REPOSITORY / "README.md"
DOCUMENTS = [README, *sorted((REPOSITORY / ".github").glob("*.md")), *sorted((REPOSITORY / "docs").glob("*.md"))]
STALE = "a\n<!-- reference: settings -->\nold\n<!-- /reference -->\nb\n"


def _links(document: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if not urlsplit(target).scheme and not target.startswith("#"):
            yield target.partition("#")[0]


def test_parts_of_the_readme_are_up_to_date() -> None:
    """Every part stands in the README or the reference, as the code makes it now."""
    texts = [path.read_text(encoding="utf-8") for path in (README, REPOSITORY / "docs" / "reference.md")]
    assert [rewritten(text) for text in texts] == texts, "run make reference"
    assert sorted(re.findall(r"<!-- reference: (\S+) -->", "".join(texts))) == sorted(PARTS)


def test_readme_is_short() -> None:
    """The README has fewer than 200 lines."""
    assert len(README.read_text(encoding="utf-8").splitlines()) < 200


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_linked_files_exist(document: Path) -> None:
    """Every link to a file leads to one."""
    assert [target for target in _links(document) if not (document.parent / target).exists()] == []


def test_links_are_found() -> None:
    """The README links to the guide for contributors: the search for links is not blind."""
    assert ".github/CONTRIBUTING.md" in list(_links(README))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_mentioned_commands_exist(document: Path) -> None:
    """Every `kgraph SUBCOMMAND` in code is a command of the program."""
    text = document.read_text(encoding="utf-8")
    mentioned = re.findall(r"(?:`|\$ |bin/)kgraph (?:--\w+ \S+ )*([a-z][\w-]*)", text)
    assert set(mentioned) <= set(cli.commands)
    assert mentioned or document != README


def test_every_setting_is_described() -> None:
    """Each setting has a description, and nothing else has."""
    assert list(DESCRIPTIONS) == [field.name for field in fields(Settings) if field.name != "root"]


def test_commands_have_options_choices_and_help() -> None:
    """A row shows the arguments, the options with their choices, and what the command does."""
    row = next(line for line in commands().splitlines() if line.startswith("| `kgraph trace CLAIM\\|THING` |"))
    assert "`--format` (text, json, jsonld, ttl, svg)" in row
    assert "Show where CLAIM" in row


def test_addresses_are_told_by_their_views() -> None:
    """A row shows the address with its variables, the methods, and the first line of the view."""
    assert "| `/health` | GET | Say which release is served" in addresses()
    assert "`/{kind}/{ident}`" in addresses()
    assert "/static" not in addresses()


def test_settings_have_variable_flag_and_default() -> None:
    """A row shows how else a setting can be given, and what holds if it is not."""
    assert "| `port` | `KGRAPH_PORT` | `--port` | `8000` |" in settings_table()
    assert "| `base_iri` | `KGRAPH_BASE_IRI` |  | must be given |" in settings_table()


def test_stale_file_is_reported_then_rewritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--check` exits 1 and changes nothing; without it the part is made anew, the rest kept, and the check passes."""
    path = tmp_path / "README.md"
    path.write_text(STALE, encoding="utf-8")
    assert main(["--check", str(path)]) == 1
    assert "is stale" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == STALE
    assert main([str(path)]) == 0
    assert path.read_text(encoding="utf-8").startswith("a\n<!-- reference: settings -->\n\n| setting |")
    assert path.read_text(encoding="utf-8").endswith("|\n\n<!-- /reference -->\nb\n")
    assert main(["--check", str(path)]) == 0


@pytest.mark.parametrize(
    "text",
    [
        "<!-- reference: nothing -->\n<!-- /reference -->\n",
        "<!-- reference: settings -->\nno end\n",
        "no beginning\n<!-- /reference -->\n",
        "<!-- reference: settings -->\n<!-- reference: commands -->\n<!-- /reference -->\n",
    ],
)
def test_broken_marks_are_refused(text: str, tmp_path: Path) -> None:
    """An unknown part, or one without beginning or end, is refused and the file stays as it is."""
    with pytest.raises(BadRequest):
        rewritten(text)
    path = tmp_path / "README.md"
    path.write_text(text, encoding="utf-8")
    assert main([str(path)]) == 2
    assert path.read_text(encoding="utf-8") == text


def test_missing_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is named."""
    assert main([str(tmp_path / "none.md")]) == 3
    assert "none.md" in capsys.readouterr().err
