"""A request and its response as ASGI has them: what came, the way back, and whether anybody still waits."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, cast

from kgraph.errors import TooLarge
from kgraph.web import observe
from kgraph.web.cache import Headers
from kgraph.web.encoding import takes_gzip

MAX_BODY = 2_000_000
BODY_WITHIN = 20.0
SPARQL = "/sparql"
ASKED = {"GET", "HEAD", "POST"}
_WATCH_AFTER = 0.05

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Incoming:
    """A request as it arrived, and what of it decides on the answer; `gzip`: the client takes it."""

    def __init__(self, scope: Message) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            self.headers[name] = self.headers[name] + b"," + value if name in self.headers else value
        self.body = b""
        self.gzip = takes_gzip(self.text(b"accept-encoding"))

    def text(self, name: bytes) -> str | None:
        """Return a header as text, None where there is none."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def is_query(self) -> bool:
        """Return whether it is one for the endpoint that is answered here: pages about the endpoint are not."""
        return self.path == SPARQL and self.method in ASKED

    @property
    def key(self) -> bytes:
        """Return all that an answer may depend on, beside the release."""
        get = self.headers.get
        first = b"POST" if self.method == "POST" else b"GET"
        path = self.scope.get("raw_path") or self.path.encode()
        # None of these can hold a NUL, but the body, which comes last.
        return b"\0".join(
            (
                first, b"gzip" if self.gzip else b"", path, self.scope["query_string"], get(b"accept", b""),
                get(b"content-type", b""), get(b"content-encoding", b""), get(b"host", b""), self.body,
            )
        )  # fmt: skip

    def environ(self) -> dict[str, Any]:
        """Return the request as WSGI has it."""
        host, _, port = (self.text(b"host") or "localhost").partition(":")
        found: dict[str, Any] = {
            "REQUEST_METHOD": self.method, "SCRIPT_NAME": self.scope.get("root_path", ""), "PATH_INFO": self.path,
            "QUERY_STRING": self.scope["query_string"].decode("latin-1"), "SERVER_NAME": host,
            "SERVER_PORT": port or "80", "SERVER_PROTOCOL": f"HTTP/{self.scope['http_version']}",
            "CONTENT_TYPE": self.text(b"content-type") or "", "CONTENT_LENGTH": str(len(self.body)),
            "wsgi.version": (1, 0), "wsgi.url_scheme": self.scope["scheme"], "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": io.StringIO(), "wsgi.multithread": True, "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }  # fmt: skip
        for name, value in self.headers.items():
            if name not in {b"content-type", b"content-length"}:
                found[f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"] = value.decode("latin-1")
        return found


@dataclass
class Outgoing:
    """The way back to the client: what was seen of the request, and what may be kept of the answer."""

    send: Send
    seen: observe.Seen
    incoming: Incoming

    async def start(self, status: int, headers: Headers) -> None:
        """Send status and headers, with those of this request."""
        self.seen.status = status
        told = [(name.lower().encode(), value.encode()) for name, value in observe.told(self.seen)]
        await self.send({"type": "http.response.start", "status": status, "headers": [*headers, *told]})

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a response that is there."""
        self.seen.media_type = media_type(headers)
        await self.start(status, [*headers, (b"content-length", str(len(body)).encode())])
        shown = b"" if self.incoming.method == "HEAD" else body
        self.seen.sent += len(shown)
        await self.send({"type": "http.response.body", "body": body})

    async def part(self, body: bytes, *, more: bool) -> None:
        """Send a part of a body."""
        await self.send({"type": "http.response.body", "body": body, "more_body": more})
        self.seen.sent += len(body)


class Watch:
    """Ends a task when the client goes away; it begins to look only when an answer takes a while."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._task = receive, cast("asyncio.Task[Any]", asyncio.current_task())
        self._looking: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(_WATCH_AFTER, self._begin)
        self.gone = False

    def _begin(self) -> None:
        self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        self._task.cancel()

    def end(self) -> None:
        """Look no longer."""
        self._timer.cancel()
        if self._looking is not None:
            self._looking.cancel()


def first(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """Return a header as text, empty where there is none."""
    return next((value.decode("latin-1") for found, value in headers if found.lower() == name), "")


def media_type(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the media type that headers tell, without its parameters."""
    return first(headers, b"content-type").partition(";")[0]


async def body_of(incoming: Incoming, receive: Receive) -> bytes:
    """Return the body of a request; raise `TooLarge`, or give up where it does not come."""
    if incoming.method != "POST":
        return b""
    body = bytearray()
    async with asyncio.timeout(BODY_WITHIN):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionAbortedError
            body += message.get("body", b"")
            if len(body) > MAX_BODY:
                raise TooLarge(f"the body has more than {MAX_BODY} bytes", accepted=f"at most {MAX_BODY} bytes")
            if not message.get("more_body"):
                return bytes(body)


def again(incoming: Incoming, receive: Receive) -> Receive:
    """Return what gives a body that was read to whoever reads next."""
    if not incoming.is_query:
        return receive
    told = False

    async def once_more() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": incoming.body, "more_body": False}

    return once_more
