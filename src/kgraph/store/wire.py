"""What a reader process and its parent say to each other: frames of a type byte, a length and a payload."""

import socket
import struct

HEAD = struct.Struct(">cI")
READY, QUESTION, STARTED, DATA, END, FAILED = b"R", b"Q", b"S", b"D", b"E", b"X"


def send(connection: socket.socket, kind: bytes, payload: bytes = b"") -> None:
    """Send one frame."""
    connection.sendall(HEAD.pack(kind, len(payload)) + payload)


def receive(connection: socket.socket) -> tuple[bytes, bytes]:
    """Return the next frame; raise `EOFError` where the other side is gone, `TimeoutError` at the socket's time-out."""
    kind, size = HEAD.unpack(_exactly(connection, HEAD.size))
    return kind, _exactly(connection, size)


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
