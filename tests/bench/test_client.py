"""The client and the load: answers in any pieces are read whole, and requests are counted."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from kgraph.bench.client import BadAnswer, Connection, Reply, fetch, request
from kgraph.bench.load import Load, client, measure

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n5;x=y\r\npedia\r\n0\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\nConnection: close\r\n\r\nwikipedia"
OPEN = b"HTTP/1.0 200 OK\r\n\r\nwikipedia"


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("text", [CHUNKED, PLAIN])
def test_reply_in_pieces(text: bytes, size: int) -> None:
    """The answer is whole with its last byte and not before, however it is cut."""
    reply = Reply(keep=True)
    told = [reply.feed(text[n : n + size]) for n in range(0, len(text), size)]
    assert told == [*[False] * (len(told) - 1), True]
    assert (reply.status, reply.size, bytes(reply.body)) == (200, 9, b"wikipedia")
    assert reply.closes == (text is PLAIN)


def test_reply_that_ends_with_its_connection() -> None:
    """Without a length, the end of the connection is the end; with one, or in chunks, it is a broken answer."""
    reply = Reply()
    assert not reply.feed(OPEN)
    assert reply.feed(b"")
    assert reply.size == 9
    for text in (CHUNKED[:-3], PLAIN[:-1], b"", b"HTTP/1.1 200"):
        broken = Reply()
        if text:
            broken.feed(text)
        with pytest.raises(BadAnswer):
            broken.feed(b"")
    with pytest.raises(BadAnswer, match="status line"):
        Reply().feed(b"what\r\n\r\n")


@pytest.fixture
def port() -> Iterator[int]:
    """Run a server that answers with chunks, then with a closed connection, then with status 500, in turns."""
    answers = [CHUNKED, PLAIN, CHUNKED.replace(b"200 OK", b"500 No")]
    count = 0
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        nonlocal count
        with connection, suppress(ConnectionError):
            while connection.recv(10_000):
                answer = answers[count % 3]
                count += 1
                connection.sendall(answer)
                if answer is PLAIN:
                    return

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield int(listener.getsockname()[1])
    over.set()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_connection(port: int) -> None:
    """A connection is kept, made anew where the server closes it, and a bad status is told."""
    asked = request("/x?query=ASK%7B%7D", "text/csv", "127.0.0.1")
    assert asked.startswith(b"GET /x?query=ASK%7B%7D HTTP/1.1\r\n")
    with Connection("127.0.0.1", port) as connection:
        assert bytes(fetch(connection, asked, timeout=5, keep=True).body) == b"wikipedia"
        assert fetch(connection, asked, timeout=5).size == 9
        with pytest.raises(BadAnswer, match="500"):
            fetch(connection, asked, timeout=5)
        assert connection.ask(asked, timeout=5, enough=lambda reply: reply.size >= 4).size >= 4


def test_timeout() -> None:
    """A server that says nothing is left after the time-out."""
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Connection(*silent.getsockname()) as connection,
        pytest.raises(TimeoutError),
    ):
        connection.ask(b"GET / HTTP/1.1\r\n\r\n", timeout=0.1)


def test_load(port: int) -> None:
    """All answers are counted, those with another status as errors, over connections that come and go."""
    load = Load(
        host="127.0.0.1", port=port, target="/?query=x", accept="text/csv", connections=3, seconds=0.2, vary=True
    )
    result = measure(load)
    assert result.requests > 30
    assert result.requests / 5 < result.errors < result.requests / 2
    assert result.rate == pytest.approx((result.requests - result.errors) / result.seconds)
    assert 0 < result.p50_ms <= result.p99_ms


def test_which_client() -> None:
    """What wrk cannot measure, and where it is not, our own client does."""
    assert client(0.2) == "kgraph.bench.load"
