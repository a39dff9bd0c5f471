"""A request that is, byte for byte, one that was answered before is answered at once, and as any other."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Queue
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from kgraph.build import build
from kgraph.settings import Settings
from kgraph.web.front import Front
from kgraph.web.server import Server

PATH = "/sparql?query=SELECT%20*%20%7B%20VALUES%20?x%20%7B%201%20%7D%20%7D"
_ONCE = re.compile(rb"(x-request-id|server-timing|date): [^\r]*", re.IGNORECASE)


class _Server(Server):
    """A server in a thread, where no signals come."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


@contextmanager
def serving(corpus: Settings, **changes: object) -> Iterator[str]:
    """Serve a corpus from a thread of this process; give the address."""
    announced: Queue[str] = Queue()
    settings = replace(corpus, port=0, readers=1, **changes)  # type: ignore[arg-type]
    server = _Server(settings, lambda host, port: announced.put(f"http://{host}:{port}/"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield announced.get(timeout=30)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def address(built: Settings) -> Iterator[str]:
    """Return where a server of the test corpus listens."""
    with serving(built) as found:
        yield found


@pytest.fixture
def hits(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return, for each request that was looked up by its head, whether it was answered at once."""
    found: list[bool] = []
    original = Front.at_once

    def at_once(self: Front, *arguments: object) -> bytes | None:
        response = original(self, *arguments)  # type: ignore[arg-type]
        found.append(response is not None)
        return response

    monkeypatch.setattr(Front, "at_once", at_once)
    return found


class Client:
    """A connection that sends bytes and reads one response."""

    def __init__(self, address: str) -> None:
        where = urlsplit(address)
        self.socket = socket.create_connection((where.hostname or "", where.port or 0), timeout=20)
        self._buffer = b""

    def send(self, data: bytes) -> None:
        """Send some bytes."""
        self.socket.sendall(data)

    def read(self, *, body: bool = True) -> tuple[bytes, bytes]:
        """Return head and body of the next response."""
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        size = int(found[1]) if found and body else 0
        while len(rest) < size:
            self._buffer = rest
            self._more()
            rest = self._buffer
        self._buffer = rest[size:]
        return head, rest[:size]

    def _more(self) -> None:
        part = self.socket.recv(1 << 16)
        assert part, "the connection was closed"
        self._buffer += part


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Return a client, closed in the end."""
    client = Client(address)
    try:
        yield client
    finally:
        client.socket.close()


def request(path: str = PATH, method: str = "GET", **headers: str) -> bytes:
    """Return the bytes of a request."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode()


@pytest.mark.parametrize("path", [PATH, "/event/ford-shelling.html", "/"])
def test_the_same_response(address: str, hits: list[bool], path: str) -> None:
    """The first, the kept and the immediate response differ in nothing but what is of one request."""
    with connected(address) as client:
        answers = []
        for _ in range(4):
            client.send(request(path))
            answers.append(client.read())
    heads = [sorted(line.lower() for line in _ONCE.sub(rb"\1", head).split(b"\r\n")) for head, _ in answers]
    assert heads[1] == heads[2] == heads[3]
    assert len({body for _, body in answers}) == 1
    assert len({re.search(rb"x-request-id: (\w+)", head)[1] for head, _ in answers}) == 4  # type: ignore[index]
    assert hits[-2:] == [True, True]
    assert sum(hits) == 2


@pytest.mark.parametrize(
    "data",
    [
        request(method="HEAD"), request(Connection="close"), request(Expect="100-continue"),
        request().replace(b"HTTP/1.1", b"HTTP/1.0"), request(If_None_Match="*"),
        request(PATH + "%0A%23x", Range="bytes=0-1"),
    ],
)  # fmt: skip
def test_what_is_not_plain_takes_the_long_way(address: str, hits: list[bool], data: bytes) -> None:
    """Whatever has an effect of its own is parsed each time; a header without one makes no difference."""
    for _ in range(4):
        with connected(address) as client:
            client.send(data)
            head, _ = client.read(body=not data.startswith(b"HEAD"))
            assert head.split(b" ")[1] in {b"200", b"304", b"100"}
    assert not any(hits[:3]) or b"Range" in data
    assert sum(hits) <= 2


def test_in_pieces_and_several_at_once(address: str, hits: list[bool]) -> None:
    """Requests in pieces, or several in one packet, are answered in order, each once."""
    with connected(address) as client:
        for _ in range(3):
            client.send(request())
            client.read()
        assert hits[-1]
        client.send(request()[:20])
        client.send(request()[20:] + request("/health") + request())
        assert b'"results"' in client.read()[1]
        assert b'"release"' in client.read()[1]
        assert b'"results"' in client.read()[1]
        client.send(request("/health")[:-2])
        client.send(b"X-Trick: 1\r\n\r\n" + request())
        assert b'"release"' in client.read()[1]
        assert b'"results"' in client.read()[1]


def test_bytes_inside_a_body_are_no_request(address: str, hits: list[bool]) -> None:
    """What looks like a request that is known, but is the body of another, is taken for a body."""
    with connected(address) as client:
        for _ in range(3):
            client.send(request())
            client.read()
        known = len(hits)
        body = request()
        post = request("/sparql", "POST", Content_Type="application/sparql-query", Content_Length=str(len(body)))
        client.send(post)
        client.send(body)
        head, _ = client.read()
        assert head.startswith(b"HTTP/1.1 400")
        assert len(hits) == known


def test_another_release(corpus: Settings, hits: list[bool]) -> None:
    """With another release, what was known is answered anew."""
    build(corpus)
    with serving(corpus) as found, connected(found) as client:
        path = "/health"
        for _ in range(3):
            client.send(request())
            before, _ = client.read()
        client.send(request(path))
        first = json.loads(client.read()[1])["release"]
        records = corpus.root / "data" / "claims" / "ford.yaml"
        records.write_text(records.read_text("utf-8").replace("hit the bridge", "struck the bridge"), encoding="utf-8")
        second, _ = build(corpus)
        client.send(request())
        after, _ = client.read()
        client.send(request(path))
        assert json.loads(client.read()[1])["release"] == second.digest != first
    etag = re.compile(rb'etag: W/"(\w+)-')
    assert etag.search(before)[1] != etag.search(after)[1]  # type: ignore[index]
    assert hits[2:] == [True, False, False, False]


def test_told_in_log_and_metrics(corpus: Settings, tmp_path: Path, hits: list[bool]) -> None:
    """The log has a line for each, and metrics count each."""
    build(corpus)
    log = tmp_path / "log.json"
    with serving(corpus, log_file=log, log="json") as found, connected(found) as client:
        for _ in range(5):
            client.send(request())
            client.read()
        with urlopen(f"{found}metrics") as answer:
            metrics = answer.read().decode()
    assert sum(hits) == 3
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    told = [{k: v for k, v in line.items() if k not in {"time", "request_id", "seconds"}} for line in lines[:5]]
    assert all(line == told[0] for line in told)
    assert told[0]["path"] == "/sparql"
    assert 'kgraph_requests_total{method="GET",route="/sparql",status="200"} 5.0' in metrics
