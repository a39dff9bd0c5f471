"""What stands before Flask answers as Flask does, keeps what it may, and ends what nobody waits for."""

import asyncio
import contextlib
import gzip
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest
from flask.testing import FlaskClient
from over_http import get

from conftest import running
from kgraph.settings import Settings
from kgraph.web.front import Front

CROSS_JOIN = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
OF_ONE_REQUEST = {
    "date",
    "x-request-id",
    "server-timing",
    "connection",
    "transfer-encoding",
    "content-length",
    "server",
}


@pytest.fixture(scope="module")
def address(built: Settings) -> Iterator[str]:
    """Return where a server of the test corpus listens."""
    with running(built) as found:
        yield found[1]


def _sparql(query: str, **parameters: str) -> str:
    return f"/sparql?{urlencode({'query': query, **parameters})}"


@pytest.mark.parametrize(
    "path",
    [
        _sparql("ASK {}"), _sparql("ASK {"), _sparql("ASK {}", nope="1"), _sparql("DROP ALL"), "/sparql",
        _sparql("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 1"), _sparql("SELECT (NOW() AS ?n) {}"),
        "/event/ford-shelling.html", "/claim/ford-shelled", "/nope", "/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("accept", ["*/*", "text/html", "text/csv"])
def test_answers_as_flask_does(address: str, client: FlaskClient, path: str, accept: str) -> None:
    """Status, headers and body are those of the application itself, the first time and when they are kept."""
    own = client.get(path, headers={"Accept": accept, "Host": urlsplit(address).netloc})
    theirs = {name.lower(): value for name, value in own.headers}
    for _ in range(2):
        status, headers, body = get(address, path, Accept=accept)
        assert status == own.status_code
        names = (set(headers) | set(theirs)) - OF_ONE_REQUEST
        assert {name: headers.get(name) for name in names} == {name: theirs.get(name) for name in names}
        assert _same(body) == _same(own.data) or "NOW" in path


@pytest.mark.parametrize(
    "path", ["/", "/health", "/sparql", _sparql("ASK {}"), "/queries", "/event/ford-shelling.html"]
)
def test_no_header_twice(address: str, path: str) -> None:
    """Each header stands once, also those that the application and the server both know."""
    with urlopen(f"{address.rstrip('/')}{path}") as answer:
        names = [name.lower() for name in answer.headers]
    assert len(set(names)) == len(names)
    assert "date" in names


def _same(body: bytes) -> bytes:
    return re.sub(rb'"requestId": "[^"]*"|Request [0-9a-z]*|<code>[0-9a-f]{16}</code>', b"", body)


def test_kept_answers_are_counted_and_revalidated(address: str) -> None:
    """The second time an answer comes from what is kept; a client that has it is told so, in either coding."""
    path = _sparql("SELECT * { ?s ?p ?o } LIMIT 2000 # kept")
    before = _numbers(address)
    status, headers, body = get(address, path)
    assert (status, get(address, path)[2]) == (200, body)
    packed = get(address, path, Accept_Encoding="gzip")
    assert packed[1]["content-encoding"] == "gzip"
    assert gzip.decompress(packed[2]) == body
    assert get(address, path, Accept_Encoding="gzip")[2] == packed[2]
    for coding in ("gzip", "identity"):
        again = get(address, path, If_None_Match=headers["etag"], Accept_Encoding=coding)
        assert (again[0], again[2], again[1]["etag"]) == (304, b"", headers["etag"])
    after = _numbers(address)
    assert after["kgraph_cache_hits_total"] - before["kgraph_cache_hits_total"] >= 4
    assert after["kgraph_cache_size_bytes"] > before["kgraph_cache_size_bytes"]


def _numbers(address: str) -> dict[str, float]:
    text = get(address, "/metrics")[2].decode()
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_what_changes_is_not_kept(address: str) -> None:
    """An answer that is another each time is asked for each time."""
    path = _sparql("SELECT (STRUUID() AS ?u) {}")
    assert get(address, path)[2] != get(address, path)[2]
    assert get(address, path)[1]["cache-control"] == "no-store"


def test_request_ids_are_of_each_request(address: str) -> None:
    """What is kept is never told with another request's id or times."""
    path = _sparql("ASK {} # ids")
    assert [get(address, path, X_Request_Id=name)[1]["x-request-id"] for name in ("one", "two")] == ["one", "two"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_client_that_goes_away_ends_its_query(address: str, method: str) -> None:
    """When nobody waits for an answer any more, its reader comes free long before the deadline."""
    where = urlsplit(address)
    query = urlencode({"query": f"{CROSS_JOIN} # {method}", "timeout": "25"})
    head = f"GET /sparql?{query} HTTP/1.1\r\nHost: x\r\n\r\n"
    if method == "POST":
        kind = "Content-Type: application/x-www-form-urlencoded"
        head = f"POST /sparql HTTP/1.1\r\nHost: x\r\n{kind}\r\nContent-Length: {len(query)}\r\n\r\n{query}"
    before = _numbers(address)["kgraph_readers_killed_total"]
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=5) as connection:
        connection.sendall(head.encode())
        time.sleep(0.4)
    until = time.monotonic() + 15
    while _numbers(address)["kgraph_readers_killed_total"] == before and time.monotonic() < until:
        time.sleep(0.05)
    assert _numbers(address)["kgraph_readers_killed_total"] > before


def test_others_are_answered_meanwhile(address: str) -> None:
    """While as many endless queries run as there are readers, short ones and pages are answered."""
    path = _sparql(CROSS_JOIN, timeout="1.5")
    threads = [threading.Thread(target=get, args=(address, f"{path}%23{n}")) for n in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    assert [get(address, _sparql(f"ASK {{}} # {n}"))[0] for n in range(10)] == [200] * 10
    assert get(address, "/health")[0] == 200
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", b"431"),
        (b"GET /" + b"y" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (b"\x00\x01garbage\r\n\r\n", b"400"),
        (b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n" + b"a" * 3_000_000, b"413"),
    ],
)  # fmt: skip
def test_bounds_of_requests(address: str, request_: bytes, status: bytes) -> None:
    """A head or body that is too large, or no HTTP, is refused by its status; the server goes on."""
    where = urlsplit(address)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=5) as connection:
        with contextlib.suppress(OSError):  # it may be refused before all of it was read
            connection.sendall(request_)
        answer = b""
        try:
            answer = connection.recv(4096)
        except ConnectionResetError:
            assert status != b"400"
    assert answer.split(b" ")[1:2] in ([status], [])
    assert get(address, "/health")[0] == 200


def test_pages_keep_nothing_of_a_request(address: str) -> None:
    """A page that is kept comes with the id of who asks now."""
    ids = [get(address, "/claim/bridge-hit.html", X_Request_Id=name)[1].get("x-request-id") for name in ("a1", "b2")]
    assert ids == ["a1", "b2"]


def test_no_release(corpus: Settings) -> None:
    """Where nothing was built, the application says so at its start, and keeps the reason."""
    front = Front(corpus)
    told: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "lifespan.startup"}

    async def send(message: object) -> None:
        told.append(dict(message))  # type: ignore[call-overload]

    asyncio.run(front({"type": "lifespan"}, receive, send))
    assert [message["type"] for message in told] == ["lifespan.startup.failed"]
    assert front.failure is not None


def test_health_over_http(address: str) -> None:
    """The server answers for its health through a reader."""
    with urlopen(f"{address}health", timeout=10) as answer:
        assert json.load(answer)["status"] == "ok"
