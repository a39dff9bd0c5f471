"""Every request leaves an id, a time, one line and its count; and nothing of what was asked or by whom."""

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, TestResponse

from kgraph.errors import DeadlinePassed, SettingsError
from kgraph.formats import RESULTS
from kgraph.settings import Settings
from kgraph.store.base import Answer, Engine, Question, Stream
from kgraph.store.embedded import Embedded
from kgraph.web import create_app
from kgraph.web.observe import BrokenResponseError

ASK = "ASK {}"
SECRET = "ford-shelled-secret"  # noqa: S105 - what a log must not tell
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def logged(built: Settings, tmp_path: Path) -> Settings:
    """Return settings that log to a file."""
    return replace(built, log="json", log_file=tmp_path / "access.log")


class Reading(FlaskClient):
    """A client that reads each response to its end and closes it, as a server does."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Return the response, read."""
        return super().open(*args, **kwargs, buffered=True)


Make = Callable[..., Flask]


@pytest.fixture
def make(engine: Embedded) -> Iterator[Make]:
    """Return what makes applications, over our engine if it is given no other, and closes their logs."""
    made: list[Flask] = []

    def app(loaded: Settings, over: Engine = engine) -> Flask:
        made.append(create_app(loaded, over))
        made[-1].test_client_class = Reading
        return made[-1]

    yield app
    for app_ in made:
        app_.extensions["kgraph-log"].close()


@pytest.fixture
def client(logged: Settings, make: Make) -> FlaskClient:
    """Return a client of an application that logs to a file."""
    return make(logged).test_client()


@pytest.fixture
def lines(logged: Settings) -> Lines:
    """Return what reads the lines of the log."""
    assert logged.log_file is not None
    file = logged.log_file
    return lambda: [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


class Cut(Embedded):
    """The engine of a fixture, whose answers break after some parts, or have timings to tell."""

    def __init__(self, whole: Embedded, error: Exception | None = None, parts: int = 1) -> None:
        self.__dict__.update(whole.__dict__)
        self._error, self._count = error, parts

    def query(self, question: Question) -> Answer:  # noqa: ARG002 - answers anything
        """Answer in parts, then break."""

        def parts() -> Iterator[bytes]:
            yield from [b"part"] * self._count
            if self._error is not None:
                raise self._error

        answer = Answer("ask", RESULTS[0], self.release().digest, Stream(parts(), lambda: None))
        answer.timings = {"queue": 0.25}  # type: ignore[attr-defined]
        return answer


def test_request_id(client: FlaskClient) -> None:
    """A well-formed id is kept, another or none is replaced by one of our own; it is in the problem too."""
    assert client.get("/health", headers={"X-Request-Id": "a-1.b_c=2"}).headers["X-Request-Id"] == "a-1.b_c=2"
    made = set()
    for bad in ("", "two words", "x" * 129, "é", "-x", '"><script>'):
        made.add(client.get("/health", headers={"X-Request-Id": bad}).headers["X-Request-Id"])
    assert len(made) == 6
    assert all(re.fullmatch("[0-9a-f]{16}", ident) for ident in made)
    answer = client.get("/claim/none", headers={"X-Request-Id": "find-me"})
    assert answer.json is not None
    assert answer.json["requestId"] == "find-me"
    assert "find-me" in client.get("/claim/x", headers={"X-Request-Id": "find-me", "Accept": "text/html"}).text


def test_server_timing(client: FlaskClient, logged: Settings, engine: Embedded, make: Make) -> None:
    """Server-Timing tells the time to the first byte, and how much of it the engine took, or its parts if it tells."""
    told = client.get("/sparql", query_string={"query": ASK}).headers["Server-Timing"]
    match = re.fullmatch(r"total;dur=(\d+\.\d\d), engine;dur=(\d+\.\d\d)", told)
    assert match is not None
    assert float(match[1]) >= float(match[2]) > 0
    parts = make(logged, Cut(engine)).test_client().get("/sparql", query_string={"query": ASK})
    assert "queue;dur=250.00" in parts.headers["Server-Timing"]


def test_a_line_for_each_request(client: FlaskClient, lines: Lines, engine: Embedded) -> None:
    """A line is one JSON object with time, id, what was asked for, what came of it and how long it took."""
    answer = client.get("/sparql", query_string={"query": ASK}, headers={"Accept": "text/csv", "X-Request-Id": "one"})
    [line] = lines()
    assert abs((datetime.now(UTC) - datetime.fromisoformat(line.pop("time"))).total_seconds()) < 60
    assert 0 < line.pop("seconds") < 10
    assert re.fullmatch("[0-9a-f]{12}", line.pop("query_digest"))
    assert line == {
        "request_id": "one",
        "method": "GET",
        "path": "/sparql",
        "route": "/sparql",
        "status": 200,
        "bytes": len(answer.data),
        "release": engine.release().digest[:12],
        "media_type": "text/csv",
        "outcome": "ok",
    }


@pytest.mark.parametrize(
    ("path", "status", "outcome"),
    [
        ("/claim/none", 404, "not-found"),
        ("/none", 404, "not-found"),
        ("/sparql?query=ASK+{", 400, "query-syntax"),
        ("/sparql?update=x", 403, "refused"),
        ("/sparql?timeout=0.3&query=SELECT(COUNT(*)AS?n){?a?b?c.?d?e?f.?g?h?i.?j?k?l}", 504, "deadline-passed"),
        ("/claim/ford-shelled", 303, "ok"),
    ],
)
def test_outcome_is_the_code_of_the_problem(
    client: FlaskClient, lines: Lines, path: str, status: int, outcome: str
) -> None:
    """What went wrong before the first byte is told by the code that the client was told."""
    client.get(path)
    assert [(line["status"], line["outcome"]) for line in lines()] == [(status, outcome)]


def test_nothing_private_is_logged(client: FlaskClient, lines: Lines) -> None:
    """No line holds a query, what stands in a query string, an address or a name of the client."""
    query = f"ASK {{ <urn:x> <urn:y> '{SECRET}' }}"
    headers = {"User-Agent": SECRET, "Referer": SECRET, "X-Forwarded-For": SECRET, "X-Request-Id": f"<{SECRET}>"}
    base = {"REMOTE_ADDR": "192.0.2.77"}
    for method in ("get", "head", "post", "put", SECRET):
        client.open("/sparql", method=method, query_string={"query": query}, headers=headers, environ_base=base)
        client.open(f"/claim/x?claim={SECRET}", method=method, headers=headers, environ_base=base)
    client.post("/sparql", data={"query": query}, environ_base=base)
    client.post("/sparql", data=query, content_type="application/sparql-query", environ_base=base)
    client.post("/sparql", data=f"ASK {SECRET}", content_type="application/sparql-query", environ_base=base)
    for slip in ("/sparql%3Fquery=", "/query=", "/ASK{", "/ASK%20{", "/ASK+{", "/a%0D%0A", "/%1B[31m", "/%2520"):
        client.get(slip + SECRET, environ_base=base)
    text = json.dumps(lines())
    assert len(lines()) == 21
    assert SECRET not in text
    assert "192.0.2.77" not in text


def test_digest_is_keyed(client: FlaskClient, lines: Lines, logged: Settings, make: Make) -> None:
    """The same query has the same digest while the server runs, however it came; after that, and elsewhere, another."""
    client.get("/sparql", query_string={"query": ASK})
    client.post("/sparql", data={"query": ASK})
    client.post("/sparql", data={"query": "ASK { }"})
    make(logged).test_client().get("/sparql", query_string={"query": ASK})
    first, second, third, fourth = (line["query_digest"] for line in lines())
    assert first == second
    assert len({first, third, fourth}) == 3


def test_operator_may_log_queries_and_addresses(logged: Settings, make: Make, lines: Lines) -> None:
    """Queries and addresses stand in the log where a setting names them, each by itself."""
    for private, members in (("queries", {"query"}), ("addresses", {"address"})):
        client = make(replace(logged, log_private=(private,))).test_client()
        client.get("/sparql", query_string={"query": ASK})
        line = lines()[-1]
        assert {"query", "address"} & set(line) == members
        assert line.get("query", ASK) == ASK
        assert line.get("address", "127.0.0.1") == "127.0.0.1"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DeadlinePassed(f"after {SECRET}"), {"cause": "deadline-passed"}),
        (ValueError(SECRET), {"cause": "internal", "fault": r"ValueError at test_observe\.py:\d+"}),
    ],
)
def test_broken_after_the_first_byte(
    logged: Settings, engine: Embedded, make: Make, lines: Lines, error: Exception, told: Mapping[str, str]
) -> None:
    """An answer that breaks is one line that says why, and breaks the connection; what the error says stays in."""
    app = make(logged, Cut(engine, error))
    with pytest.raises(BrokenResponseError) as raised:
        app.test_client().get("/sparql", query_string={"query": ASK})
    assert isinstance(raised.value, ConnectionResetError)
    [line] = lines()
    assert (line["status"], line["outcome"], line["bytes"]) == (200, "broken-after-first-byte", 4)
    assert all(re.fullmatch(pattern, line[name]) for name, pattern in told.items())
    assert SECRET not in json.dumps(line)
    assert _numbers(app)["kgraph_responses_cut_total", (("cause", told["cause"]),)] == 1


def test_broken_before_the_first_byte(logged: Settings, engine: Embedded, make: Make, lines: Lines) -> None:
    """What fails with nothing sent is answered as the problem that it is."""
    app = make(logged, Cut(engine, DeadlinePassed("x"), parts=0))
    assert app.test_client().get("/sparql", query_string={"query": ASK}).status_code == 504
    assert [(line["status"], line["outcome"]) for line in lines()] == [(504, "deadline-passed")]


def test_client_gone(logged: Settings, engine: Embedded, make: Make, lines: Lines) -> None:
    """A response that is closed before its last byte is told as one whose client has gone."""
    app = make(logged, Cut(engine, parts=3))
    environ = EnvironBuilder("/sparql", query_string={"query": ASK}).get_environ()
    body: Any = app.wsgi_app(environ, lambda *_: lambda _: None)
    assert next(body) == b"part"
    body.close()
    body.close()
    assert [(line["outcome"], line["bytes"]) for line in lines()] == [("client-gone", 4)]
    assert _numbers(app)["kgraph_responses_cut_total", (("cause", "client-gone"),)] == 1


def test_none_tells_only_what_broke(
    logged: Settings, engine: Embedded, make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `none` no request leaves a line, but one whose answer broke does."""
    quiet = replace(logged, log="none", log_file=None)
    make(quiet).test_client().get("/health")
    with contextlib.suppress(BrokenResponseError):
        make(quiet, Cut(engine, DeadlinePassed("x"))).test_client().get("/sparql", query_string={"query": ASK})
    [line] = capsys.readouterr().err.splitlines()
    assert "broken-after-first-byte" in line
    assert 'cause="deadline-passed"' in line


def test_standard_error(
    built: Settings, make: Make, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a file, lines go to standard error: text for people at a terminal, else JSON."""
    make(built).test_client().get("/health")
    assert json.loads(capsys.readouterr().err)["path"] == "/health"
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    make(built).test_client().get("/he%1B[31malth", headers={"X-Request-Id": "one"})
    text = capsys.readouterr().err
    assert re.fullmatch(r"\S+Z 404 GET /he… \d+B \d\.\d{3}s not-found one media_type=\S+\n", text)


def test_log_file_that_moves(client: FlaskClient, logged: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that was rotated away is made anew."""
    monkeypatch.setattr("kgraph.web.lines._LOOK", 0.0)
    assert logged.log_file is not None
    client.get("/health")
    logged.log_file.rename(logged.log_file.with_suffix(".1"))
    client.get("/none")
    assert logged.log_file.with_suffix(".1").read_text().count("\n") == 1
    assert json.loads(logged.log_file.read_text())["path"] == "/none"


def test_log_that_cannot_be_written(logged: Settings, make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    """A log in no folder is refused at the start; a disk that fills up later costs no answer, and is said once."""
    with pytest.raises(SettingsError, match="log_file"):
        make(replace(logged, log_file=logged.root / "none" / "log"))
    if not Path("/dev/full").exists():
        pytest.skip("NO /dev/full: what a full disk does is not tested")
    client = make(replace(logged, log_file=Path("/dev/full"))).test_client()
    assert [client.get("/health").status_code for _ in range(3)] == [200, 200, 200]
    assert capsys.readouterr().err.count("the log cannot be written") == 1


def test_threads(client: FlaskClient, lines: Lines) -> None:
    """Many requests at once leave a whole line and a count each, none under another's id."""

    def ask(thread: int) -> None:
        mine = client.application.test_client()
        for n in range(25):
            path = ("/health", f"/none/{thread}", "/sparql?query=ASK{}", "/claim/ford-shelled.ttl")[n % 4]
            ident = f"{thread}-{n}"
            assert mine.get(path, headers={"X-Request-Id": ident}).headers["X-Request-Id"] == ident

    threads = [threading.Thread(target=ask, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {line["request_id"] for line in lines()} == {f"{thread}-{n}" for thread in range(8) for n in range(25)}
    assert all(line["path"] in {"/health", f"/none/{line['request_id'].partition('-')[0]}", "/sparql",
                                "/claim/ford-shelled.ttl"} for line in lines())  # fmt: skip
    numbers = _numbers(client.application)
    assert sum(n for (name, _), n in numbers.items() if name == "kgraph_requests_total") == 200
    assert sum(n for (name, _), n in numbers.items() if name == "kgraph_request_seconds_count") == 200
    assert numbers["kgraph_response_bytes_total", ()] == sum(line["bytes"] for line in lines())


def _numbers(app: Flask) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return the metrics of an application as its own object tells them, without a request."""
    registry = app.extensions["kgraph-metrics"].registry
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in registry.collect()
        for sample in family.samples
    }
