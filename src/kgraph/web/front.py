"""What stands before Flask: an ASGI application that answers queries, keeps whole answers, and passes on the rest.

A query waits on the event loop for its reader, so no thread is held meanwhile; a client that goes away ends its
query. Pages are made by Flask, in threads. Both are kept whole for as long as their release is current.
"""

import asyncio
import time
import zlib
from typing import Any

from a2wsgi import WSGIMiddleware
from flask import Flask

from kgraph.errors import KgraphError
from kgraph.release import current_digest
from kgraph.settings import Settings
from kgraph.store.base import Question
from kgraph.store.core import Core, Leased
from kgraph.store.embedded import Embedded
from kgraph.web import answers, create_app, observe, problems, protocol, whole
from kgraph.web.cache import Cache, Entry, Head, Headers
from kgraph.web.context import limits
from kgraph.web.encoding import GZIP_FROM, GZIP_LEVEL, GZIP_WINDOW
from kgraph.web.exchange import (
    ASKED,
    SPARQL,
    Incoming,
    Message,
    Outgoing,
    Receive,
    Send,
    Watch,
    again,
    body_of,
    first,
    media_type,
)

THREADS = 24
_LOOK = 0.005
_OF_ONE_REQUEST = {b"x-request-id", b"server-timing", b"date"}
_ALWAYS = [(name.lower().encode(), value.encode()) for name, value in problems.OPEN_TO_ALL.items()]


class Front:
    """The ASGI application of a corpus (https://asgi.readthedocs.io/en/latest/specs/main.html)."""

    def __init__(self, loaded: Settings) -> None:
        self._loaded, self._releases = loaded, loaded.releases
        self.cache = Cache(loaded.cache * 1_000_000)
        self._core: Core
        self.app: Flask
        self._pages: Any
        self.failure: KgraphError | None = None
        self._digest: str | None = None
        self._look_after = 0.0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or begin and end with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(Incoming(scope), receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._core = Core(self._loaded.releases, limits(self._loaded))
            await self._core.open()
            engine = Embedded(self._loaded.releases, core=self._core)
            self.app = create_app(self._loaded, engine, cache=self.cache)
        except KgraphError as error:
            self.failure = error
            await send({"type": "lifespan.startup.failed", "message": error.detail})
            return
        self._pages = WSGIMiddleware(self.app, workers=THREADS)  # type: ignore[arg-type]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._core.close()
        self.app.extensions["kgraph-log"].close()
        await send({"type": "lifespan.shutdown.complete"})

    def _current(self) -> str | None:
        """Return the digest of the current release, as it was at most a few milliseconds ago."""
        now = time.monotonic()
        if now > self._look_after:
            self._digest, self._look_after = current_digest(self._releases), now + _LOOK
        return self._digest

    def at_once(self, head: bytes, address: str, always: Headers) -> bytes | None:
        """Return the response to a request that is, byte for byte, one that was answered from the cache before.

        None where there is none. It needs no parsing, no task and no framework. `always` are headers of the server.
        """
        found = self.cache.recall(self._current(), head) if self.cache.knows(head) else None
        if found is None:
            return None
        known, entry = found
        seen = observe.arrived("", known.method, known.path, address)
        seen.route, seen.query, seen.release = entry.route, entry.query, self._core.release.digest
        seen.status, seen.sent, seen.media_type = 200, len(entry.body), media_type(entry.headers)
        told = [(name.lower().encode(), value.encode()) for name, value in observe.told(seen)]
        lines = [b"%b: %b\r\n" % header for header in (*always, *told)]
        self._over(seen)
        return b"".join((known.start, *lines, b"\r\n", entry.body))

    async def _answer(self, incoming: Incoming, receive: Receive, send: Send) -> None:
        seen = observe.arrived(
            incoming.text(b"x-request-id") or "", incoming.method, incoming.path, (incoming.scope["client"] or [""])[0]
        )
        outgoing = Outgoing(send, seen, incoming)
        if incoming.is_query:
            seen.route = SPARQL
            try:
                incoming.body = await body_of(incoming, receive)
            except KgraphError as error:
                await self._refuse(outgoing, error)
                return
        release, key = self._current(), incoming.key
        entry = self.cache.get(release, key) if incoming.method in ASKED else None
        if entry is not None:
            await self._kept(outgoing, entry, key)
        elif incoming.is_query and (incoming.method == "POST" or incoming.scope["query_string"]):
            await self._sparql(outgoing, receive, release, key)
        else:
            await self._pages(incoming.scope, again(incoming, receive), self._keeping(incoming, send, key))

    async def _kept(self, outgoing: Outgoing, entry: Entry, key: bytes) -> None:
        """Send what is kept, or that the client has it already."""
        seen = outgoing.seen
        seen.route, seen.query, seen.release = entry.route, entry.query, self._core.release.digest
        if whole.has(outgoing.incoming, entry.etag):
            await self._not_modified(outgoing, entry.headers)
        else:
            await outgoing.whole(200, entry.headers, entry.body)
            head = outgoing.incoming.scope.get("kgraph.head")
            if head is not None:
                incoming = outgoing.incoming
                self.cache.remember(head, Head(key, incoming.method, incoming.path, whole.start(entry)))
        self._over(seen)

    async def _not_modified(self, outgoing: Outgoing, headers: Headers) -> None:
        kept = [item for item in headers if item[0] not in {b"content-type", b"content-length", b"content-encoding"}]
        await outgoing.start(304, kept)
        await outgoing.send({"type": "http.response.body", "body": b""})

    async def _sparql(self, outgoing: Outgoing, receive: Receive, release: str | None, key: bytes) -> None:
        """Ask the engine; a client that goes away takes its query along."""
        seen, watch = outgoing.seen, Watch(receive)
        try:
            question = self._question(outgoing.incoming)
            seen.query = question.text
            tag = answers.key_of(question)
            known = answers.known_tag(self._core.release.digest, tag, outgoing.incoming.text(b"if-none-match"))
            if known is not None and outgoing.incoming.method != "POST":
                seen.release = self._core.release.digest
                await self._not_modified(outgoing, [*_ALWAYS, *answers.described(known)])
                self._over(seen)
                return
            leased = await self._asked(seen, question, release)
            try:
                await self._respond(outgoing, leased, tag, key)
            finally:
                await leased.close()
        except asyncio.CancelledError:
            seen.outcome = observe.GONE
            self._over(seen)
            if not watch.gone:
                raise
        except KgraphError as error:
            if seen.sent:
                self._broke(seen, error)
            await self._refuse(outgoing, error)
        except Exception as error:
            self._broke(seen, error)
            raise
        finally:
            watch.end()

    def _question(self, incoming: Incoming) -> Question:
        body = None
        if incoming.method == "POST":
            kind, coding = incoming.text(b"content-type") or "", incoming.text(b"content-encoding") or ""
            body = protocol.Body(incoming.body, kind, coding)
        parameters = protocol.parameters(incoming.scope["query_string"], body)
        return protocol.question(parameters, incoming.text(b"accept"), most=self._loaded.timeout)

    async def _asked(self, seen: observe.Seen, question: Question, release: str | None) -> Leased:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            leased = await self._core.query(question, release)
        finally:
            seen.timings["engine"] = clock() - began
        seen.release = leased.running.release
        return leased

    async def _respond(self, outgoing: Outgoing, leased: Leased, key: str | None, kept_as: bytes) -> None:
        running, incoming = leased.running, outgoing.incoming
        tag = None if key is None else answers.tag(running.release, key, running.format.name)
        headers = [*_ALWAYS, *answers.described(tag), (b"content-type", running.format.content_type.encode())]
        body = running.whole
        if body is None and incoming.scope["http_version"] == "1.0":
            body = await whole.gathered(leased)
        if body is None:
            await self._stream(outgoing, leased, headers)
            return
        if incoming.gzip and len(body) >= GZIP_FROM:
            body = await asyncio.to_thread(whole.packed, body)
            headers.append((b"content-encoding", b"gzip"))
        await outgoing.whole(200, headers, body)
        if tag is not None:
            entry = Entry(headers, body, f'W/"{tag}"', SPARQL, outgoing.seen.query)
            self.cache.put(running.release, kept_as, entry)
        self._over(outgoing.seen)

    async def _stream(self, outgoing: Outgoing, leased: Leased, headers: Headers) -> None:
        packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW) if outgoing.incoming.gzip else None
        if packer is not None:
            headers.append((b"content-encoding", b"gzip"))
        outgoing.seen.media_type = leased.running.format.media_type
        await outgoing.start(200, headers)
        async for part in leased.running.parts():
            sent = part if packer is None else await asyncio.to_thread(packer.compress, part)
            if sent:
                await outgoing.part(sent, more=True)
        await outgoing.part(packer.flush() if packer is not None else b"", more=False)
        self._over(outgoing.seen)

    async def _refuse(self, outgoing: Outgoing, error: KgraphError) -> None:
        """Send the problem document, or the page, of an error."""
        with observe.watching(outgoing.seen), self.app.request_context(outgoing.incoming.environ()):
            response = problems.answer(error)
        status, headers, body = whole.plain(response)
        await outgoing.whole(status, [*_ALWAYS, *headers], body)
        self._over(outgoing.seen)

    def _broke(self, seen: observe.Seen, error: Exception) -> None:
        """Note that an answer failed, and break the connection where a part of it was sent."""
        observe.note_failure(seen, error)
        self._over(seen)
        if seen.sent:
            raise observe.BrokenResponseError(seen.cause) from None

    def _over(self, seen: observe.Seen) -> None:
        observe.over(seen, (self.app.extensions["kgraph-metrics"], self.app.extensions["kgraph-log"]))

    def _keeping(self, incoming: Incoming, send: Send, key: bytes) -> Send:
        """Return what sends the response of a page, and keeps it where it is whole and may be kept."""
        started: Message = {}
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
            elif started.get("status") == 200:  # noqa: PLR2004
                parts.append(bytes(message.get("body", b"")))
                if not message.get("more_body"):
                    self._keep(incoming, list(started["headers"]), b"".join(parts), key)
            await send(message)

        return keep if incoming.method == "GET" else send

    def _keep(self, incoming: Incoming, headers: Headers, body: bytes, key: bytes) -> None:
        etag = first(headers, b"etag")
        release = current_digest(self._releases)
        if release is None or release[:32] not in etag or "no-store" in first(headers, b"cache-control"):
            return
        kept = [(n.lower(), v) for n, v in headers if n.lower() not in _OF_ONE_REQUEST | {b"content-length"}]
        self.cache.put(release, key, Entry(kept, body, etag, observe.route_of(self.app, incoming.path), None))
