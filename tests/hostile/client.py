"""What a client sees of the server, to the byte, and a server that must never be called."""

import contextlib
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any, Self, cast


@dataclass(frozen=True)
class Reply:
    """What a client got: no status where the connection was closed without one; `whole` where the body has its end."""

    status: int | None
    body: bytes = b""
    whole: bool = False
    seconds: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)


class Listener:
    """A server of ours that nothing may ever call: it counts who does, and answers as a SPARQL service would."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.calls: list[bytes] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        body = b'{"head":{"vars":[]},"results":{"bindings":[{}]}}'
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\nContent-Length: %d\r\n\r\n"
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            with caller:
                caller.settimeout(1.0)
                with contextlib.suppress(OSError):
                    self.calls.append(caller.recv(4096))
                    caller.sendall(head % len(body) + body)

    def take(self) -> list[bytes]:
        """Return what callers said since this was last asked."""
        found, self.calls = self.calls, []
        return found

    def close(self) -> None:
        """Stop listening."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


class Replies:
    """The replies on one connection, one after another."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rb")

    def makefile(self, _mode: str) -> "Replies":
        """Be the file that each reply is read from: `HTTPResponse` opens one of its own, which would read too far."""
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def close(self) -> None:
        """Stay open: `HTTPResponse` closes its file, and others follow on this connection."""

    def next(self) -> Reply:
        """Return the next reply, without a status where none comes."""
        response = HTTPResponse(cast("socket.socket", self))
        try:
            response.begin()
            return receive(response)
        except (OSError, HTTPException, ValueError):
            return Reply(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def read_reply(connection: socket.socket) -> Reply:
    """Return the first reply on a connection, without a status where none comes."""
    with Replies(connection) as replies:
        return replies.next()


def receive(response: HTTPResponse) -> Reply:
    """Return a response, as far as it comes."""
    headers = {name.lower(): value for name, value in response.getheaders()}
    try:
        return Reply(response.status, response.read(), whole=True, headers=headers)
    except IncompleteRead as error:
        return Reply(response.status, error.partial, headers=headers)
    except OSError:
        return Reply(response.status, headers=headers)
