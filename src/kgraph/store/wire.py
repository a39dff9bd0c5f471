"""What a reader process and its parent say to each other: frames of a type byte, a length and a payload."""

import asyncio
import socket
import struct

HEAD = struct.Struct(">cI")
READY, QUESTION, STARTED, DATA, END, FAILED = b"R", b"Q", b"S", b"D", b"E", b"X"


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """Return one frame."""
    return HEAD.pack(kind, len(payload)) + payload


def receive(connection: socket.socket) -> tuple[bytes, bytes]:
    """Return the next frame; raise `EOFError` where the other side is gone."""
    kind, size = HEAD.unpack(_exactly(connection, HEAD.size))
    return kind, _exactly(connection, size)


async def arrived(stream: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Return the next frame, as `receive` does, without holding up the event loop."""
    try:
        kind, size = HEAD.unpack(await stream.readexactly(HEAD.size))
        return kind, await stream.readexactly(size) if size else b""
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise EOFError from error


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        try:
            part = connection.recv(min(size - len(parts), 1 << 20))
        except ConnectionError as error:
            raise EOFError from error
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
