"""Saved queries on the command line: listed, shown, tested, checked, imported, asked, and completed by the shell."""

import json
import shutil
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from kgraph.cli import main
from kgraph.settings import Settings


def _run(corpus: Settings, *arguments: str, text: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["--corpus", str(corpus.root), *arguments], input=text, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def _completed(corpus: Settings, arguments: list[str], incomplete: str) -> list[str]:
    shell = ShellComplete(main, {}, "kgraph", "_KGRAPH_COMPLETE")
    return [item.value for item in shell.get_completions(["--corpus", str(corpus.root), *arguments], incomplete)]


@pytest.fixture
def copy(real: Settings, tmp_path: Path) -> Settings:
    """Return a corpus with our queries that a test may change; its release stays as it was."""
    shutil.copytree(real.root, tmp_path / "corpus", symlinks=True)
    return Settings(root=tmp_path / "corpus", base_iri=real.base_iri)


def test_list(real: Settings) -> None:
    """Without a command, and with `list`, all saved queries stand there: what they ask, groups, parameters."""
    code, output, _ = _run(real, "queries")
    assert code == 0
    assert output == _run(real, "queries", "list")[1]
    row = next(line for line in output.splitlines() if line.startswith("killed"))
    for words in ("How many people are said to have been killed?", "counts, victims", "event? agent? place? from? to?"):
        assert words in row


def test_list_for_programs(real: Settings) -> None:
    """The list as JSON has identifier, summary, tags and parameters of each query."""
    code, output, _ = _run(real, "queries", "--format", "json")
    assert code == 0
    queries = json.loads(output)["queries"]
    assert len(queries) >= 39
    assert all(set(query) == {"id", "summary", "tags", "params"} for query in queries)
    [killed] = [query for query in queries if query["id"] == "killed"]
    assert killed["params"][-1] == {
        "name": "to", "type": "date", "required": False, "default": None, "example": "2020-11-09",
    }  # fmt: skip


def test_show(real: Settings) -> None:
    """A query is shown with its parameters, its columns and a call; for programs, with its text too."""
    code, output, _ = _run(real, "queries", "show", "killed")
    assert code == 0
    for words in ("kg:Place", "several", "the number as printed", "\nkgraph query killed -p event="):
        assert words in output
    told = json.loads(_run(real, "queries", "show", "killed", "--format", "json")[1])
    assert told["form"] == "SELECT"
    assert told["text"].startswith("#+ id: killed\n")
    assert told["columns"][0] == {"name": "claim", "type": "iri", "of": ["kg:Claim"], "description": "the claim"}
    assert _run(real, "queries", "show", "kiled")[0] == 1


def test_tests_pass(real: Settings) -> None:
    """The tests of the named queries are run; all pass."""
    code, output, _ = _run(real, "queries", "test", "killed", "who-says-what")
    assert (code, output) == (0, "4 tests of 2 saved queries, 0 failed\n")
    assert _run(real, "queries", "test", "nothing-such")[0] == 1


def test_tests_fail(copy: Settings) -> None:
    """A row that does not come, one too many, too few rows and a value that is none fail, with what is wrong."""
    path = copy.root / "queries" / "who-says-what.rq"
    text = path.read_text(encoding="utf-8")
    row = "#+       - {claim: claim/barda-armenia-responsible, agent: Armenia, stance: denies}\n"
    text = text.replace(row, row.replace("denies", "asserts"))
    more = "#+   - {with: {event: barda-strikes}, least: 23}\n#+   - {with: {event: brda}, least: 1}\n"
    path.write_text(text.replace("PREFIX kg:", f"{more}PREFIX kg:", 1), encoding="utf-8")
    code, output, error = _run(copy, "queries", "test", "who-says-what")
    assert code == 1
    assert output == "4 tests of 1 saved queries, 3 failed\n"
    for words in ("missing: ", "too many: ", "22 rows, at least 23 must come", "'brda' names no kg:Event"):
        assert words in error
    code, output, _ = _run(copy, "queries", "test", "who-says-what", "--format", "json")
    assert code == 1
    data = json.loads(output)
    assert (data["passed"], data["failed"]) == (1, 3)
    assert data["tests"][0]["missing"] == [
        {"claim": "claim/barda-armenia-responsible", "agent": "Armenia", "stance": "asserts"}
    ]


def test_lint(copy: Settings) -> None:
    """Our queries are clean; a fault is reported with file and line, and so by `kgraph check`."""
    assert _run(copy, "queries", "lint")[:2] == (
        0,
        f"{len(list((copy.root / 'queries').iterdir()))} saved queries, 0 findings\n",
    )
    path = copy.root / "queries" / "killed.rq"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("name: place", "name: plce"), encoding="utf-8")
    code, _, error = _run(copy, "queries", "lint")
    assert code == 1
    assert "undeclared-parameter" in error
    found = json.loads(_run(copy, "queries", "lint", "--format", "json")[1])["findings"]
    line = text[: text.index("name: place")].count("\n") + 1
    assert {"unused-parameter"} == {f["code"] for f in found if (f["file"], f["line"]) == ("queries/killed.rq", line)}
    code, output, _ = _run(copy, "check", "--format", "json")
    assert code == 1
    assert [f for f in json.loads(output)["findings"] if f["severity"] == "error"] == found


def test_lint_looks_examples_up(copy: Settings) -> None:
    """An example that names nothing in the release is found, with the nearest that does."""
    path = copy.root / "queries" / "killed.rq"
    text = path.read_text(encoding="utf-8")
    example = next(line for line in text.splitlines() if "example: place/" in line)
    path.write_text(text.replace(f"{example}\n", "#+     example: place/ganjaa\n"), encoding="utf-8")
    code, output, _ = _run(copy, "queries", "lint", "--format", "json")
    [finding] = json.loads(output)["findings"]
    assert (code, finding["code"], finding["value"]) == (1, "example-names-nothing", "place/ganjaa")
    assert "place/ganja" in finding["accepted"]


def test_import(real: Settings, tmp_path: Path) -> None:
    """A query of grlc is written in our format to standard output, with notes on standard error."""
    path = tmp_path / "Events_of.rq"
    path.write_text("#+ summary: All\nSELECT ?s { ?s a ?_type_iri }\n", encoding="utf-8")
    code, output, error = _run(real, "queries", "import", str(path))
    assert code == 0
    assert output.startswith("#+ id: events-of\n")
    assert "say with of: what the IRI names" in error


def test_query_with_parameters(real: Settings) -> None:
    """Values given by -p restrict the rows; several values of one parameter are given one by one."""
    everything = _run(real, "query", "killed", "--format", "csv")[1].splitlines()
    ganja = _run(real, "query", "killed", "-p", "place=ganja", "--format", "csv")[1].splitlines()
    both = _run(real, "query", "killed", "-p", "place=ganja", "-p", "place=barda", "--format", "csv")[1].splitlines()
    assert 1 < len(ganja) < len(both) < len(everything)
    assert set(ganja) < set(both) < set(everything)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("place", "gives no parameter a value"),
        ("plaice=ganja", "nearest: place"),
        ("place=gnja", "nearest: place/ganja"),
        ("from=October", "a day of the calendar"),
    ],
)
def test_query_with_bad_parameters(real: Settings, given: str, words: str) -> None:
    """What is wrong with a value is said, with what is near and what is accepted; the exit code is 2."""
    code, _, error = _run(real, "query", "killed", "-p", given)
    assert code == 2
    assert words in error


def test_query_from_a_file_with_parameters(real: Settings) -> None:
    """A file is asked as it stands; given values, as the saved query that it holds."""
    path = real.root / "queries" / "who-says-what.rq"
    as_it_stands = _run(real, "query", str(path), "--format", "csv")[1].splitlines()
    bound = _run(real, "query", str(path), "-p", "event=barda-strikes", "--format", "csv")[1].splitlines()
    assert len(as_it_stands) > 1
    assert len(bound) == 23
    text = path.read_text(encoding="utf-8")
    piped = _run(real, "query", "-", "-p", "event=barda-strikes", "--format", "csv", text=text)
    assert piped[1].splitlines() == bound


def test_completion_of_names(real: Settings) -> None:
    """The shell offers saved queries by the beginning of their names."""
    assert _completed(real, ["query"], "kil") == ["killed"]
    assert _completed(real, ["queries", "show"], "who-") == ["who-says-what"]
    assert _completed(real, ["queries", "test", "killed"], "who-") == ["who-says-what"]


def test_completion_of_parameters(real: Settings) -> None:
    """The shell offers the parameters of the query, and then values from the release, by identifier or label."""
    assert _completed(real, ["query", "killed", "-p"], "") == ["event=", "agent=", "place=", "from=", "to="]
    assert _completed(real, ["query", "killed", "-p"], "pl") == ["place="]
    assert _completed(real, ["query", "killed", "-p", "place=barda", "-p"], "place=ganja-i") == [
        "place=ganja-international-airport"
    ]
    assert "agent=bbc" in _completed(real, ["query", "killed", "-p"], "agent=BB")
    assert _completed(real, ["query", "killed", "-p"], "nothing=") == []


def test_completion_never_fails(corpus: Settings) -> None:
    """Without a release nothing is offered."""
    assert _completed(corpus, ["query", "killed", "-p"], "") == []
    assert _completed(corpus, ["queries", "show"], "") == []
