"""A small HTTP/1.1 client over a socket: it costs little itself, and takes answers in pieces as they come."""

import socket
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Self

_PIECE = 1 << 18
_OK = 200


class BadAnswer(Exception):
    """The server closed, or answered what is no HTTP/1.1."""


class Reply:
    """An answer that is fed with bytes until it is whole: status, size of its body, and the body where it is kept."""

    def __init__(self, *, keep: bool = False) -> None:
        self.status, self.size, self.whole, self.closes = 0, 0, False, False
        self.body = bytearray()
        self._keep, self._buffer = keep, bytearray()
        self._left: int | None = None  # of the body, or of a chunk
        self._chunked = False

    def feed(self, data: bytes) -> bool:
        """Take more bytes, b"" for the end of the connection; return whether the answer is whole."""
        if not data:
            if self.status and not self._chunked and self._left is None:
                self.whole = self.closes = True
                return True
            raise BadAnswer("the connection ended before the answer did")
        self._buffer += data
        if self.status or self._head():
            (self._take_chunks if self._chunked else self._take)()
        return self.whole

    def _head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        lines = bytes(self._buffer[:end]).lower().split(b"\r\n")
        del self._buffer[: end + 4]
        try:
            self.status = int(lines[0].split()[1])
        except (IndexError, ValueError):
            raise BadAnswer(f"no status line: {lines[0][:80]!r}") from None
        fields = dict(line.partition(b":")[::2] for line in lines[1:])
        self._chunked = b"chunked" in fields.get(b"transfer-encoding", b"")
        length = fields.get(b"content-length")
        self._left = int(length) if length is not None and not self._chunked else None
        self.closes = b"close" in fields.get(b"connection", b"")
        return True

    def _take(self) -> None:
        self._count(len(self._buffer))
        if self._left is not None:
            self._left -= len(self._buffer)
            self.whole = self._left <= 0
        self._buffer.clear()

    def _take_chunks(self) -> None:
        while True:
            if self._left is None:
                end = self._buffer.find(b"\r\n")
                if end < 0:
                    return
                self._left = int(bytes(self._buffer[:end]).partition(b";")[0], 16) + 2
                del self._buffer[: end + 2]
            last = self._left == 2  # noqa: PLR2004 - an empty chunk and its line end
            if len(self._buffer) < self._left:
                return
            self._count(self._left - 2)
            del self._buffer[: self._left]
            self._left = None
            if last:
                self.whole = True
                return

    def _count(self, size: int) -> None:
        self.size += size
        if self._keep:
            self.body += self._buffer[:size]


def request(target: str, accept: str, host: str) -> bytes:
    """Return the bytes of a GET."""
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\n\r\n".encode()


class Connection:
    """A connection that is kept and, where the server closed it, made anew."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, data: bytes) -> socket.socket:
        """Send a request; return the socket to read its answer from."""
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=10)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(data)
        return self._socket

    def ask(
        self, data: bytes, *, timeout: float, keep: bool = False, enough: Callable[[Reply], bool] = lambda _: False
    ) -> Reply:
        """Send a request and return its answer, whole, or as much of it as is `enough`.

        Raises `TimeoutError` after `timeout` seconds, `BadAnswer` or `OSError` where there is no answer.
        """
        until = monotonic() + timeout
        reply = Reply(keep=keep)
        try:
            connected = self.send(data)
            while not reply.whole and not enough(reply):
                left = until - monotonic()
                if left <= 0:
                    raise TimeoutError(f"no answer in {timeout:g} seconds")
                connected.settimeout(left)
                reply.feed(connected.recv(_PIECE))
        except BaseException:
            self.close()
            raise
        if not reply.whole or reply.closes:
            self.close()
        return reply

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def fetch(connection: Connection, data: bytes, *, timeout: float, keep: bool = False) -> Reply:
    """Return the answer to a request; raise `BadAnswer` where its status is not 200."""
    reply = connection.ask(data, timeout=timeout, keep=keep)
    if reply.status != _OK:
        raise BadAnswer(f"status {reply.status}")
    return reply
