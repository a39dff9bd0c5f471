"""Broken and swollen HTTP: each is refused or the connection closed, at once, and others are served."""

import random
from urllib.parse import quote

import pytest

from hostile.client import Replies, Reply
from hostile.target import QUERY_TYPE, Target

GET = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: a.example\r\n"
POST = b"POST /sparql HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/sparql-query\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
NOISE = random.Random(1).randbytes(60_000)  # noqa: S311 - the same at each run
BROKEN = {
    "five thousand headers": GET + b"".join(b"X-%d: x\r\n" % n for n in range(5000)) + b"\r\n",
    "a header of 100 kB": GET + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
    "a header name of 100 kB": GET + b"x" * 100_000 + b": x\r\n\r\n",
    "a header that never ends": GET + b"X: " + b"x" * 3_000_000,
    "a request line of 100 kB": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "a request line that never ends": b"GET /" + b"x" * 3_000_000,
    "a header without a colon": GET + b"nonsense\r\n\r\n",
    "a header with a space in its name": GET + b"A B: x\r\n\r\n",
    "a folded header": GET + b"X: a\r\n b\r\n\r\n",
    "NUL in a header": GET + b"X: a\0b\r\n\r\n",
    "NUL in a header name": GET + b"X\0Y: ab\r\n\r\n",
    "NUL in the path": b"GET /\0 HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "NUL alone": b"\0" * 5000,
    "noise": NOISE,
    "noise that ends like a request": NOISE + b"\r\n\r\n",
    "a TLS greeting": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + NOISE[:500] + b"\r\n\r\n",
    "an HTTP/2 greeting": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/9.9": b"GET / HTTP/9.9\r\nHost: a.example\r\n\r\n",
    "HTTP/1.1.1": b"GET / HTTP/1.1.1\r\nHost: a.example\r\n\r\n",
    "a version that is none": b"GET / HTPP/1.1\r\nHost: a.example\r\n\r\n",
    "bare line feeds in a header": GET + b"X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a method of 10 kB": b"X" * 10_000 + b" / HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "a method with signs": b"G(E)T / HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "no target": b"GET HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "raw bytes in the path": b"GET /claim/\xff\xfe HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "a negative length": POST + b"Content-Length: -1\r\n\r\nASK {}",
    "a huge length": POST + b"Content-Length: 1000000000000000000\r\n\r\nASK {}",
    "a length of a thousand digits": POST + b"Content-Length: " + b"9" * 1000 + b"\r\n\r\nASK {}",
    "a length in words": POST + b"Content-Length: six\r\n\r\nASK {}",
    "a length with a plus": POST + b"Content-Length: +6\r\n\r\nASK {}",
    "a length with an underscore": POST + b"Content-Length: 0_6\r\n\r\nASK {}",
    "two lengths": POST + b"Content-Length: 6\r\nContent-Length: 600\r\n\r\nASK {}",
    "a list of lengths": POST + b"Content-Length: 6, 7\r\n\r\nASK {}",
    "a length and chunks": POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET",
    "chunks twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks that are noise": CHUNKED + NOISE,
    "a chunk of a negative size": CHUNKED + b"-6\r\nASK {}\r\n0\r\n\r\n",
    "a chunk of a huge size": CHUNKED + b"FFFFFFFFFFFFFFFF\r\nASK {}\r\n0\r\n\r\n",
    "a chunk size in words": CHUNKED + b"six\r\nASK {}\r\n0\r\n\r\n",
    "a chunk longer than its size": CHUNKED + b"2\r\nASK {}\r\n0\r\n\r\n",
    "a chunk size that never ends": CHUNKED + b"0" * 3_000_000,
    "a chunk extension that never ends": CHUNKED + b"6;" + b"x" * 3_000_000,
    "trailers that never end": CHUNKED + b"6\r\nASK {}\r\n0\r\n" + b"X: x\r\n" * 300_000,
    "a body of 10 MB": POST + b"Content-Length: 10000000\r\n\r\n" + b" " * 10_000_000,
    "a body of 10 MB in chunks": CHUNKED + (b"%x\r\n" % 100_000 + b" " * 100_000 + b"\r\n") * 100 + b"0\r\n\r\n",
    "a body of small chunks": CHUNKED + b"1\r\n \r\n" * 400_000 + b"0\r\n\r\n",
    "empty lines": b"\r\n" * 500_000,
}  # fmt: skip
METHODS = ["FROBNICATE", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "MKCOL", "LOCK", "QUERY", "get", "POSTS", "PRI"]
UNREADABLE = {
    "a path of bad bytes": "/claim/%FF%FE",
    "a path of surrogates": "/claim/%ED%A0%80",
    "a path with NUL": "/claim/a%00b",
    "a path that climbs": "/claim/../../../../etc/passwd",
    "a path that climbs in escapes": "/claim/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "a static path that climbs": "/static/..%2f..%2f..%2f..%2fetc/passwd",
    "a path of a thousand folders": "/claim/" + "a/" * 3000,
    "a path with a line break": "/claim/a%0d%0aX-Evil:%20yes",
    "a query of bad bytes": "/sparql?query=ASK%7B%7D%23%FF%FE",
    "a query of an overlong form": "/sparql?query=ASK%7B%7D%23%C0%AF",
    "a query of surrogates": "/sparql?query=ASK%7B%7D%23%ED%A0%80",
    "a parameter of bad bytes": "/sparql?query=ASK%7B%7D&%FF=1",
    "a thousand parameters": "/sparql?query=ASK%7B%7D" + "&a=b" * 1500,
    "a parameter with a line break": "/sparql?query=ASK%7B%7D&timeout=1%0d%0aX-Evil:%20yes",
}
BODIES = {
    "bad bytes": (QUERY_TYPE, b"ASK {} # \xff\xfe"),
    "an overlong form": (QUERY_TYPE, b"ASK {} # \xc0\xaf"),
    "surrogates": (QUERY_TYPE, b"ASK {} # \xed\xa0\x80"),
    "UTF-16": (QUERY_TYPE, "ASK {}".encode("utf-16")),
    "bad bytes in a form": ("application/x-www-form-urlencoded", b"query=ASK%7B%7D%23%FF%FE"),
    "raw bad bytes in a form": ("application/x-www-form-urlencoded", b"query=ASK%7B%7D%23\xff"),
    "a hundred thousand fields": ("application/x-www-form-urlencoded", b"query=ASK%7B%7D" + b"&a=b" * 100_000),
    "a hundred thousand names": (
        "application/x-www-form-urlencoded", b"query=ASK%7B%7D&" + b"&".join(b"a%d=b" % n for n in range(100_000)),
    ),
    "a form in parts": ("multipart/form-data; boundary=x", b"--x\r\n" * 100_000),
    "XML": ("application/xml", b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><a>&a;</a>'),
    "no type": ("", b"ASK {}"),
    "a compressed body": (QUERY_TYPE, bytes.fromhex("1f8b080000000000000373f4760600a9fd2d8603000000") * 100),
}  # fmt: skip


def turned_away(target: Target, reply: Reply, *, others: tuple[int, ...] = ()) -> None:
    """Assert that a request was refused as the client's mistake, or its connection closed, without delay."""
    assert reply.status is None or 400 <= reply.status < 500 or reply.status in {501, 505, *others}, (
        reply.status, reply.body[:300],
    )  # fmt: skip
    assert reply.seconds < target.timeout + 0.5
    assert b"Traceback" not in reply.body


@pytest.mark.parametrize("name", BROKEN)
def test_broken_request(quick: Target, name: str) -> None:
    """It is refused, or the connection is closed; a request of one line may be answered as one of HTTP/1.1."""
    with quick.watched():
        turned_away(quick, quick.raw(BROKEN[name]), others=(200,) if name == "HTTP/0.9" else ())


@pytest.mark.parametrize("method", METHODS)
def test_method(quick: Target, method: str) -> None:
    """A method that is not on offer is 405 and says which are, or 400 or 501."""
    with quick.watched():
        reply = quick.raw(f"{method} /sparql HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n".encode())
        assert reply.status in {400, 405, 501, None}
        assert reply.status != 405 or "POST" in reply.headers["allow"]


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_address(quick: Target, name: str) -> None:
    """An address that nothing can be read from is refused, and comes back in no header."""
    with quick.watched():
        reply = quick.raw(f"GET {UNREADABLE[name]} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n".encode())
        turned_away(quick, reply)
        assert reply.status is not None
        assert "x-evil" not in reply.headers
        assert b"root:" not in reply.body


@pytest.mark.parametrize("name", BODIES)
def test_unreadable_body(quick: Target, name: str) -> None:
    """A body that is no query is refused."""
    sort, body = BODIES[name]
    headers = {"Content-Type": sort} | ({"Content-Encoding": "gzip"} if name == "a compressed body" else {})
    with quick.watched():
        turned_away(quick, quick.send("POST", "/sparql", body, headers))


@pytest.mark.parametrize("header", ["Accept", "Accept-Language", "If-None-Match", "Range", "Cookie", "Accept-Encoding"])
def test_header_that_is_costly_to_read(quick: Target, header: str) -> None:
    """A header of 8 kB in a thousand parts is read, or refused, without delay."""
    part = {"Range": "0-1", "If-None-Match": '"a"', "Cookie": "a=b;"}.get(header, "a/b;q=0.1")
    value = ("bytes=" if header == "Range" else "") + ",".join([part] * (8000 // (len(part) + 1)))
    with quick.watched():
        reply = quick.send("GET", f"/sparql?query={quote('ASK {}')}", headers={header: value})
        assert reply.status in {200, 206, 400, 406, 431}
        assert reply.seconds < quick.timeout


@pytest.mark.parametrize("count", [50, 500])
def test_pipelining(quick: Target, count: int) -> None:
    """Requests that are sent without waiting are answered in order, or the connection closed after a whole answer."""
    data = b"".join(
        b"GET /sparql?query=SELECT(%d%%20AS%%20%%3Fn)%%7B%%7D HTTP/1.1\r\nHost: a.example\r\n\r\n" % n
        for n in range(count)
    )
    with quick.watched(), quick.connect(data) as connection, Replies(connection) as replies:
        for number in range(count):
            reply = replies.next()
            if reply.status is None:
                assert number > 0
                break
            assert reply.status == 200
            assert f'"{number}"'.encode() in reply.body


def test_smuggling(quick: Target) -> None:
    """What stands in a body is not read as the next request."""
    inner = b"GET /claim/none HTTP/1.1\r\nHost: a.example\r\n\r\n"
    data = POST + b"Content-Length: %d\r\n\r\n" % (len(inner) + 9) + b"ASK {}\r\n#" + inner + GET + b"\r\n"
    with quick.watched(), quick.connect(data) as connection, Replies(connection) as replies:
        assert replies.next().status in {200, 400}  # whatever the query is, its body ends where its length says
        assert replies.next().status == 200
