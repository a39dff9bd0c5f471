"""What a reader process and its parent say to each other: frames of a type byte, a length and a payload."""

import asyncio
import socket
import struct
from collections import deque
from typing import cast

HEAD = struct.Struct(">cI")
READY, QUESTION, STARTED, DATA, END, FAILED, WHOLE = b"R", b"Q", b"S", b"D", b"E", b"X", b"W"
_LENGTH = struct.Struct(">H")
_AT_ONCE, _HIGH, _LOW = 1 << 16, 1 << 20, 1 << 19


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """Return one frame."""
    return HEAD.pack(kind, len(payload)) + payload


def whole(started: bytes, body: bytes) -> bytes:
    """Return the frame of a short answer: what `STARTED` says and all `DATA` in one."""
    return frame(WHOLE, _LENGTH.pack(len(started)) + started + body)


def unfold(payload: bytes) -> tuple[bytes, bytes]:
    """Return the two parts of the payload of a `WHOLE` frame."""
    (length,) = _LENGTH.unpack_from(payload)
    return payload[2 : 2 + length], payload[2 + length :]


class Inbox:
    """The frames that come over a connection, one after the other; several that come at once are read at once."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._buffer = connection, b""

    def next(self) -> tuple[bytes, bytes]:
        """Return the next frame; raise `EOFError` where the other side is gone."""
        self._fill(HEAD.size)
        kind, size = HEAD.unpack_from(self._buffer)
        self._fill(HEAD.size + size)
        payload = self._buffer[HEAD.size : HEAD.size + size]
        self._buffer = self._buffer[HEAD.size + size :]
        return kind, payload

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size:
            try:
                part = self._connection.recv(max(_AT_ONCE, size - len(self._buffer)))
            except ConnectionError as error:
                raise EOFError from error
            if not part:
                raise EOFError
            self._buffer += part


class Frames(asyncio.Protocol):
    """The same on an event loop, for one who waits for the next frame; reading stops when nobody takes them."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._buffer = bytearray()
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._size = 0
        self._waiter: asyncio.Future[bool] | None = None
        self._paused = False
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what can be written to."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Let whoever waits know that no more comes."""
        self.closed = True
        self._wake()

    def data_received(self, data: bytes) -> None:
        """Take what came apart into frames."""
        self._buffer += data
        at = 0
        while len(self._buffer) - at >= HEAD.size:
            kind, size = HEAD.unpack_from(self._buffer, at)
            end = at + HEAD.size + size
            if len(self._buffer) < end:
                break
            self._frames.append((kind, bytes(self._buffer[at + HEAD.size : end])))
            self._size += size
            at = end
        del self._buffer[:at]
        if at:
            self._wake()
        if self._size > _HIGH and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def send(self, data: bytes) -> None:
        """Send some bytes."""
        self._transport.write(data)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    async def next(self, seconds: float) -> tuple[bytes, bytes]:
        """Return the next frame; raise `TimeoutError` after so many seconds, `EOFError` where nobody is there."""
        while not self._frames:
            if self.closed:
                raise EOFError
            loop = asyncio.get_running_loop()
            began, self._waiter = loop.time(), loop.create_future()
            timer = loop.call_later(seconds, self._late, self._waiter)
            try:
                if not await self._waiter:
                    raise TimeoutError
            finally:
                timer.cancel()
                self._waiter = None
            seconds -= loop.time() - began
        kind, payload = self._frames.popleft()
        self._size -= len(payload)
        if self._paused and self._size < _LOW:
            self._paused = False
            self._transport.resume_reading()
        return kind, payload

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(True)

    @staticmethod
    def _late(waiter: "asyncio.Future[bool]") -> None:
        if not waiter.done():
            waiter.set_result(False)
