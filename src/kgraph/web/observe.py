"""What can be seen of a request from outside: its id, its time, one line of log; nothing of what was asked or by whom.

`Observe` stands around the whole application, so that it sees responses to their last byte. What happens inside is
noted on `seen()`, which a cache that answers before Flask may do as well.
"""

import errno
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from traceback import extract_tb
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, request
from rdflib import URIRef
from rdflib.term import Node
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RoutingException

from kgraph.errors import KgraphError
from kgraph.release import Release
from kgraph.store.base import Answer, Engine, Question, Statistics
from kgraph.terms import Quad

BROKEN, GONE, OTHER = "broken-after-first-byte", "client-gone", "other"
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,127}")
_PATH = re.compile(r"[A-Za-z0-9/._~@:-]{0,300}")
_VARIABLE = re.compile(r"<(?:[^:<>]+:)?(\w+)>")


@dataclass(slots=True)
class Seen:
    """What is known of one request, so far. Times are in seconds, `timings` by part, `route` is what the path fits.

    `outcome` is `ok`, the code of the problem that was the answer, `BROKEN` or `GONE`; `cause` is the code of what
    broke it, and `fault` the kind of an unforeseen error and where it was raised, never what it says.
    """

    id: str
    method: str
    path: str
    address: str
    arrived: float = field(default_factory=time.time)
    began: float = field(default_factory=time.perf_counter)
    seconds: float = 0.0
    route: str = OTHER
    query: str | None = None
    release: str | None = None
    timings: dict[str, float] = field(default_factory=dict)
    status: int = 500
    media_type: str = ""
    length: int | None = None
    sent: int = 0
    outcome: str = "ok"
    cause: str | None = None
    fault: str | None = None


_SEEN: ContextVar[Seen | None] = ContextVar("kgraph-seen", default=None)


def seen() -> Seen | None:
    """Return what is known of the request that this thread is answering, None outside of one."""
    return _SEEN.get()


@contextmanager
def watching(found: Seen) -> Iterator[None]:
    """Let `seen()` be `found` meanwhile."""
    token = _SEEN.set(found)
    try:
        yield
    finally:
        _SEEN.reset(token)


class BrokenResponseError(ConnectionResetError):
    """An answer broke after its first byte: the connection must break too, and the log has said so already.

    Servers take it for what a client that goes away looks like, and close the connection without a word.
    """

    def __init__(self, cause: str | None) -> None:
        super().__init__(errno.ECONNRESET, cause)


class Observe:
    """Gives each request an id and a time, and tells each of `finished` what was seen when its response is over."""

    def __init__(self, app: WSGIApplication, finished: Sequence[Callable[[Seen], None]]) -> None:
        self._app, self._finished = app, finished

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application does, with `X-Request-Id` and `Server-Timing` (https://www.w3.org/TR/server-timing/)."""
        given, address = environ.get("HTTP_X_REQUEST_ID", ""), environ.get("REMOTE_ADDR", "")
        found = arrived(given, environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""), address)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            found.status = int(status[:3])
            for name, value in headers:
                match name.lower():
                    case "content-type":
                        found.media_type = value.partition(";")[0].rstrip()
                    case "content-length":
                        found.length = int(value)
            return start_response(status, [*headers, *told(found)], exc_info)

        token = _SEEN.set(found)
        try:
            parts = self._app(environ, start)
        except BaseException as error:
            note_failure(found, error)
            self._over(found)
            raise
        finally:
            _SEEN.reset(token)
        return _Body(parts, found, self._over)

    def _over(self, found: Seen) -> None:
        over(found, self._finished)


class _Body:
    """The parts of a response on their way out; `over` is called once, at the last one, whatever makes it the last."""

    def __init__(self, parts: Iterable[bytes], found: Seen, over: Callable[[Seen], None]) -> None:
        self._whole, self._parts, self._seen = parts, iter(parts), found
        self._over: Callable[[Seen], None] | None = over

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            part = next(self._parts)
        except StopIteration:
            self._end()
            raise
        except BaseException as error:
            note_failure(self._seen, error)
            self._end()
            if not self._seen.sent or not isinstance(error, Exception):
                raise
            raise BrokenResponseError(self._seen.cause) from None
        self._seen.sent += len(part)
        if self._seen.sent == self._seen.length:
            self._end()
        return part

    def close(self) -> None:
        """Free what makes the parts; whoever closes before the last one has lost the client."""
        try:
            close = getattr(self._whole, "close", None)
            if close is not None:
                close()
        finally:
            if self._over is not None:
                self._seen.outcome = GONE
            self._end()

    def _end(self) -> None:
        over, self._over = self._over, None
        if over is not None:
            over(self._seen)


class Watched:
    """An engine that notes on `seen()` what it was asked, how long it took, and which release answered.

    An engine that can tell more gives its answers `timings`, a mapping from part (`queue`, ...) to seconds.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def query(self, question: Question) -> Answer:
        """Answer a query; see `Engine.query`."""
        found = _SEEN.get()
        if found is None:
            return self._engine.query(question)
        found.query = question.text
        began = time.perf_counter()
        try:
            answer = self._engine.query(question)
        finally:
            found.timings["engine"] = found.timings.get("engine", 0.0) + time.perf_counter() - began
        found.release = answer.release
        found.timings.update(getattr(answer, "timings", {}))
        return answer

    def release(self) -> Release:
        """Return the release that is being read."""
        release, found = self._engine.release(), _SEEN.get()
        if found is not None:
            found.release = release.digest
        return release

    def quads(
        self, subject: URIRef | None = None, predicate: URIRef | None = None, value: Node | None = None,
        graph: URIRef | None = None, *, limit: int | None = None,
    ) -> Sequence[Quad]:  # fmt: skip
        """Return the quads that fit a pattern, at most `limit`."""
        return self._engine.quads(subject, predicate, value, graph, limit=limit)

    def statistics(self) -> Statistics:
        """Return what the engine is doing now."""
        return self._engine.statistics()

    def close(self) -> None:
        """Let go of processes and files."""
        self._engine.close()


def install(app: Flask, finished: Sequence[Callable[[Seen], None]]) -> None:
    """Put `Observe` around `app`, and let it know which route each request takes."""
    app.before_request(_note_route)
    app.wsgi_app = Observe(app.wsgi_app, finished)  # type: ignore[method-assign]


def _note_route() -> None:
    found, rule = _SEEN.get(), request.url_rule
    if found is not None and rule is not None:
        found.route = _route(rule.rule)


@lru_cache(maxsize=1024)
def _route(rule: str) -> str:
    return _VARIABLE.sub(r"{\1}", rule)


def arrived(given: str, method: str, path: str, address: str) -> Seen:
    """Return what is known at first of a request that came with `given` as its id, if that is well-formed.

    A path ends where it holds what no address of ours does: a query, most likely.
    """
    match = _PATH.match(path)
    shown = match[0] if match is not None else ""
    return Seen(
        given if given and _ID.fullmatch(given) else f"{random.getrandbits(64):016x}",
        method if method in METHODS else OTHER,
        shown if shown == path else f"{shown}…",
        address,
    )


def told(found: Seen) -> list[tuple[str, str]]:
    """Return the headers that tell a client its request's id and times so far."""
    parts = {"total": time.perf_counter() - found.began, **found.timings}
    timing = ", ".join([f"{name};dur={seconds * 1000:.2f}" for name, seconds in parts.items()])
    return [("X-Request-Id", found.id), ("Server-Timing", timing)]


def over(found: Seen, finished: Sequence[Callable[[Seen], None]]) -> None:
    """Tell each of `finished` that a request is over."""
    found.seconds = time.perf_counter() - found.began
    for tell in finished:
        tell(found)


def route_of(app: Flask, path: str) -> str:
    """Return the route of `app` that a path takes, `OTHER` where it takes none."""
    try:
        rule, _ = app.url_map.bind("localhost").match(path, return_rule=True)
    except (HTTPException, RoutingException):
        return OTHER
    return _route(rule.rule)


def note_failure(found: Seen, error: BaseException) -> None:
    """Note that a response failed: before its first byte the server answers 500, after it the connection breaks."""
    if isinstance(error, KgraphError):
        found.cause = error.code
    else:
        found.cause = KgraphError.code
        frames = extract_tb(error.__traceback__)
        where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        found.fault = f"{type(error).__name__}{where}"
    if found.sent:
        found.outcome = BROKEN
    else:
        found.status, found.outcome = 500, found.cause
