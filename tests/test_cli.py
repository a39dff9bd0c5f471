"""The command line: output, exit codes, and a server that says where it is."""

import json
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from conftest import running
from kgraph.cli import main
from kgraph.settings import Settings

CROSS_JOIN = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def _run(corpus: Settings, *arguments: str, text: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["--corpus", str(corpus.root), *arguments], input=text, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_query_from_standard_input_file_and_name(built: Settings, tmp_path: Path) -> None:
    """A query comes from -, from a file, or from the saved ones."""
    path = tmp_path / "q.rq"
    path.write_text("ASK {}", encoding="utf-8")
    assert _run(built, "query", "-", text="ASK {}")[:2] == (0, "yes\n")
    assert _run(built, "query", str(path))[:2] == (0, "yes\n")
    code, _, error = _run(built, "query", "nothing-of-the-kind")
    assert code == 1
    assert "no saved query" in error


def test_query_formats(built: Settings) -> None:
    """The standard formats are written as they are; the table is for people."""
    query = "PREFIX kg: <https://w3id.org/kgraph/ns#> SELECT ?n { ?t kg:count ?n }"
    assert json.loads(_run(built, "query", "-", "--format", "json", text=query)[1])["head"] == {"vars": ["n"]}
    assert _run(built, "query", "-", "--format", "csv", text=query)[1].split() == ["n", "4"]
    assert "1 rows" in _run(built, "query", "-", text=query)[1]


@pytest.mark.parametrize(
    ("arguments", "text", "code", "words"),
    [
        (("query", "-"), "ASK {", 1, "line 1"),
        (("query", "-"), "DROP ALL", 1, "read-only"),
        (
            ("query", "-", "--timeout", "0.3"),
            CROSS_JOIN,
            3,
            "0.3 seconds",
        ),
        (("trace", "nope"), None, 1, "nope"),
        (("query", "-", "--format", "csv"), "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", 2, "Accept"),
        (("anchor",), None, 3, "archive"),
    ],
)
def test_exit_codes(built: Settings, arguments: tuple[str, ...], text: str | None, code: int, words: str) -> None:
    """Wrong data 1, usage 2, could not be done 3; the message says why."""
    found, _, error = _run(built, *arguments, text=text)
    assert (found, words in error) == (code, True), error


def test_no_release(corpus: Settings) -> None:
    """Before the first build, the answer is to build."""
    code, _, error = _run(corpus, "query", "-", text="ASK {}")
    assert (code, "kgraph build" in error) == (3, True)


def test_check_as_json(corpus: Settings) -> None:
    """Findings for programs have the members of the contract, in its order."""
    path = corpus.root / "data" / "events.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "- {id: x}\n", encoding="utf-8")
    code, out, _ = _run(corpus, "check", "--format", "json")
    findings = json.loads(out)["findings"]
    assert code == 1
    assert list(findings[0]) == ["severity", "code", "file", "line", "value", "message", "accepted"]
    assert (findings[0]["code"], findings[0]["file"], findings[0]["line"]) == ("missing-key", "data/events.yaml", 3)


def test_trace(built: Settings) -> None:
    """A trace names stance, agent, method, hedge, date, document, offsets, words, digests, record and release."""
    command = ("--archive", str(built.root / "archive"), "trace", "bridge-hit")
    code, out, _ = _run(built, *command)
    assert code == 0
    for words in (
        "Aid Union asserts", "hedge: appears to have been", "method: official statement", "date: not stated",
        "The river town (SHA-256 ", "section: Bridge", "offsets: 285-316", "words: Southland said",
        "digest: da7775d870", "text: Southland said Northland did it", "curator: Editors",
        "record: data/claims/ford.yaml, line 17", "release: ",
    ):  # fmt: skip
        assert words in out


def test_serve(built: Settings) -> None:
    """The server says its release and address, and answers there over HTTP."""
    with running(built) as (digest, url):
        with urlopen(f"{url}health", timeout=10) as answer:
            assert json.load(answer)["release"] == digest
        with urlopen(f"{url}sparql?query=ASK%7B%7D", timeout=10) as answer:
            assert json.load(answer)["boolean"] is True
        code, _, error = _run(built, "serve", "--port", url.rstrip("/").rpartition(":")[2])
        assert (code, "cannot listen" in error) == (3, True)


def test_serve_breaks_a_connection_rather_than_an_answer(built: Settings) -> None:
    """An answer that ends at its deadline after the first byte ends in a broken connection, never as if whole."""
    query = "SELECT%20*%20%7B%3Fa%20%3Fb%20%3Fc.%3Fd%20%3Fe%20%3Ff%7D&timeout=1"
    with running(built) as (_, url), urlopen(f"{url}sparql?query={query}", timeout=10) as answer:
        assert answer.status == 200
        with pytest.raises(OSError, match=r"IncompleteRead|reset|aborted"):
            _read(answer)


def _read(answer: object) -> None:
    import http.client  # noqa: PLC0415

    try:
        answer.read()  # type: ignore[attr-defined]
    except http.client.IncompleteRead as error:
        raise OSError(f"IncompleteRead: {error}") from error
