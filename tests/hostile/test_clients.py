"""Clients that do not behave: they hold connections, say nothing, go away, or read a byte a second."""

import contextlib
import socket
import struct
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from hostile.client import read_reply
from hostile.target import QUERY_TYPE, SLACK, Target

HALF = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: a.example\r\nX-Slow: "
CHUNK = (
    b"POST /sparql HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/sparql-query\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n3\r\nASK\r\n"
)
CROSS = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l"
ENDLESS = f"SELECT (COUNT(*) AS ?n) {{ {CROSS} }}"
LONG = "SELECT ?a ?b ?c ?d { ?a ?b ?c . ?d ?e ?f } LIMIT 160000"  # some 50 MB as JSON


def posted(query: str, accept: str = "application/sparql-results+json") -> bytes:
    """Return the bytes of a request."""
    body = query.encode()
    return (
        f"POST /sparql HTTP/1.1\r\nHost: a.example\r\nContent-Type: {QUERY_TYPE}\r\nAccept: {accept}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body  # fmt: skip


@contextlib.contextmanager
def held(target: Target, count: int, data: bytes, buffer: int | None = None) -> Iterator[list[socket.socket]]:
    """Hold `count` connections open on which `data` was sent."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(target.connect(data, buffer=buffer)) for _ in range(count)]


def break_off(connection: socket.socket) -> None:
    """Reset a connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def all_free(target: Target) -> None:
    """Assert that as many queries as there are readers find one each, at once."""
    for reply in target.together([ENDLESS] * target.readers, timeout="0.7"):
        assert reply.status == 504, reply.body[:300]
        assert reply.seconds < 0.7 + SLACK


def served(target: Target) -> None:
    """Assert that another client is answered."""
    reply = target.ask("ASK {}", wait=1.5)
    assert reply.status == 200
    assert reply.seconds < 1.0


@pytest.mark.parametrize("count", [50, 200])
@pytest.mark.parametrize(
    "data",
    [b"", b"G", HALF, HALF.replace(b"\r\nX-Slow: ", b"\r\n"), posted("ASK {}")[:-3], CHUNK],
    ids=["nothing", "a letter", "half a header", "all but the last line", "half a body", "half of the chunks"],
)  # fmt: skip
def test_requests_held_open(quick: Target, data: bytes, count: int) -> None:
    """Clients that say half of what they want, and wait, keep nobody else waiting."""
    with quick.watched(), held(quick, count, data):
        time.sleep(0.3)
        served(quick)


def test_half_request_that_drips(quick: Target) -> None:
    """Fifty clients that send a byte now and then keep nobody else waiting."""
    with quick.watched(), held(quick, 50, HALF) as connections:
        for _ in range(5):
            for connection in connections:
                with contextlib.suppress(OSError):
                    connection.sendall(b"x")
            time.sleep(0.1)
            served(quick)


def test_kept_alive(quick: Target) -> None:
    """Two hundred clients that were answered and stay keep nobody else waiting."""
    with quick.watched(), held(quick, 200, HALF + b"\r\n\r\n") as connections:
        answered = [read_reply(connection).status for connection in connections]
        assert answered == [200] * len(answered)
        served(quick)


@pytest.mark.parametrize("count", [4, 20])
@pytest.mark.parametrize("way", ["close", "reset"])
def test_gone_before_the_answer(patient: Target, way: str, count: int) -> None:
    """A query whose client has gone is ended long before its deadline, and its reader comes free."""
    with patient.watched(settle=2.0), held(patient, count, posted(ENDLESS)) as connections:
        time.sleep(0.5)
        for connection in connections:
            break_off(connection) if way == "reset" else connection.close()


@pytest.mark.parametrize("way", ["close", "reset"])
def test_gone_in_mid_answer(patient: Target, way: str) -> None:
    """Twenty clients that go away in mid-answer: each query ends, and all readers come free."""
    with patient.watched(), held(patient, 20, posted(LONG)) as connections:
        first = [connection.recv(1000) for connection in connections[:2]]
        assert any(part.startswith(b"HTTP/1.1 200") for part in first)
        for connection in connections:
            break_off(connection) if way == "reset" else connection.close()
    all_free(patient)


def test_gone_before_it_said_all(quick: Target) -> None:
    """Two hundred clients that go away at each point of a request leave nothing behind."""
    data = posted("ASK {}")
    with quick.watched():
        for length in range(200):
            break_off(quick.connect(data[: length % len(data)]))
    all_free(quick)


@pytest.mark.parametrize("count", [5])
def test_byte_a_second(patient: Target, count: int) -> None:
    """Clients that read a byte a second from 50 MB keep others neither from short nor from longer queries."""
    longer = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?a ?d ?e . ?e ?f ?g }"
    with patient.watched(), held(patient, count, posted(LONG), buffer=4096) as connections:
        for _ in range(2):
            for connection in connections:
                assert len(connection.recv(1)) == 1
            assert patient.ask(longer).status == 200
            time.sleep(0.7)
    all_free(patient)


def test_thirty_that_do_not_read(patient: Target) -> None:
    """Thirty clients that ask for 50 MB and read nothing keep nobody else waiting."""
    with patient.watched(), held(patient, 30, posted(LONG), buffer=4096):
        time.sleep(1.0)
        served(patient)
    all_free(patient)


def test_slow_clients_cannot_keep_readers(patient: Target) -> None:
    """Readers are not held by who does not read: another's query, which needs seconds, gets one before its deadline."""
    busy = f"SELECT (COUNT(*) AS ?n) {{ {{ SELECT * {{ {CROSS} }} LIMIT 1500000 }} }}"
    with patient.watched(), held(patient, patient.readers, posted(LONG), buffer=4096):
        time.sleep(1.0)
        reply = patient.ask(busy)
        assert reply.status == 200, reply.body[:300]


def test_expects_and_never_sends(quick: Target) -> None:
    """Thirty clients that wait for `100 Continue` and then send nothing keep nobody else waiting."""
    data = posted("ASK {}")[:-6].replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    with quick.watched(), held(quick, 30, data):
        time.sleep(0.3)
        served(quick)


def test_same_answer_from_many(quick: Target) -> None:
    """Two hundred who ask the same at once are all answered."""
    request = (
        f"GET /sparql?query={quote('SELECT * { ?s ?p ?o } LIMIT 10')} HTTP/1.1\r\nHost: a.example\r\n\r\n".encode()
    )
    with quick.watched(), held(quick, 200, request) as connections:
        answered = [read_reply(connection).status for connection in connections]
        assert answered == [200] * len(answered)
