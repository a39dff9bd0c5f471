"""The application behind its production server: one event loop, reader processes beneath it, threads for pages.

Uvicorn, because it is fast where it matters (no thread waits for a query), tells when a client has gone away, and
closes the connection where an answer fails after its first byte: others end the body as if it were whole.
"""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kgraph.settings import Settings
from kgraph.web.accesslog import AccessLog
from kgraph.web.front import Front

MAX_HEADERS = 100
MAX_HEAD = 64_000
HEAD_WITHIN = 15.0
_LOG = logging.getLogger("kgraph.server")
_REFUSED = b"HTTP/1.1 %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 with bounds: a request's head has at most so many bytes and headers, and comes within seconds."""

    _head = 0
    _between = True
    _messages = 0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._late = self.loop.call_later(HEAD_WITHIN, self._too_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Answer a request that was answered before at once; parse what else comes."""
        response = self._at_once(data) if self._between and data.startswith(b"GET ") else None
        if response is not None:
            self._in_time()
            self.transport.write(response)
            self.on_response_complete()
            return
        messages, between = self._messages, self._between
        super().data_received(data)
        if between and self._between and self._messages == messages + 1 and not self.expect_100_continue:
            # So these bytes are one request, and they always are where the parser is between two.
            cycle = self.cycle
            if cycle.keep_alive and self.scope["method"] == "GET":
                self.scope["kgraph.head"] = data  # type: ignore[typeddict-unknown-key]

    def _at_once(self, data: bytes) -> bytes | None:
        resting = self.cycle is None or (self.cycle.response_complete and not self.pipeline)
        if not resting or self.flow.write_paused or self.transport.is_closing():
            return None
        address = self.client[0] if self.client else ""
        return cast("Front", self.app).at_once(data, address, self.server_state.default_headers)

    def on_message_complete(self) -> None:
        """Note that the parser is between two requests."""
        self._between = True
        self._messages += 1
        super().on_message_complete()

    def on_message_begin(self) -> None:
        """Count the bytes of a head from its beginning."""
        self._head, self._between = 0, False
        if self._late is None:
            self._late = self.loop.call_later(HEAD_WITHIN, self._too_late)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the address; refuse one that is too long."""
        self._count(len(url), b"414 URI Too Long")
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; refuse too many, or too long ones."""
        self._count(len(name) + len(value), b"431 Request Header Fields Too Large")
        if len(self.headers) >= MAX_HEADERS:
            self._refuse(b"431 Request Header Fields Too Large")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the application answer."""
        self._in_time()
        super().on_headers_complete()

    def _count(self, size: int, status: bytes) -> None:
        self._head += size
        if self._head > MAX_HEAD:
            self._refuse(status)

    def _refuse(self, status: bytes) -> None:
        self.transport.write(_REFUSED % status)
        self.transport.close()
        raise ConnectionAbortedError  # the parser stops; what it would answer goes nowhere

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong, unless the connection was closed already; the log tells neither address nor text."""
        _LOG.warning("a request was refused: it is no HTTP, or too large")
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._late = None
        self.transport.close()


class Server(uvicorn.Server):
    """A server for one corpus; `announce` is called with host and port when it answers."""

    def __init__(self, loaded: Settings, announce: Callable[[str, int], None]) -> None:
        AccessLog(loaded).close()  # a log that cannot be written is said before the server starts
        logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # each request that fails has its line in our log
        self._announce = announce
        self._socket = _bound(loaded.host, loaded.port)
        self._front = Front(loaded)
        config = uvicorn.Config(
            self._front, http=Protocol, loop="uvloop", lifespan="on", log_config=None, access_log=False,
            server_header=False, proxy_headers=False, timeout_keep_alive=15, timeout_graceful_shutdown=10, ws="none",
        )  # fmt: skip
        super().__init__(config)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to stop; raise what stands in the way of starting."""
        try:
            super().run(sockets or [self._socket])
        except SystemExit:
            if self._front.failure is None:
                raise
        if self._front.failure is not None:
            raise self._front.failure

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and announce it."""
        await super().startup(sockets)
        if self.started:
            self._announce(*self._socket.getsockname()[:2])

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT and SIGTERM, and end as a program that did what it was told."""
        before: dict[int, Any] = {
            number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener
