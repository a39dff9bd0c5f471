"""A pool of reader processes over one release: who is free, who is at work, and who must be ended.

pyoxigraph cannot cancel a query, so a deadline is kept from outside: the process that passes it is killed and replaced.
One reader is reserved for short work. A query of unknown length that finds all others busy may have that one for a
moment (`EXPRESS`); if it is not done by then, it goes back into the queue and starts anew.
"""

import contextlib
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgraph.errors import BadRequest, Busy, DeadlinePassed, KgraphError, NotAcceptable, QuerySyntaxError, ReaderDied
from kgraph.formats import GRAPHS, RESULTS, Format
from kgraph.store import wire
from kgraph.store.base import Answer, Question, Statistics, Stream

EXPRESS = 0.25
WITHHELD = 1 << 20
_START = 20.0
_SHORT = 100
_SYNTAX = re.compile(r"error at (\d+):(\d+): ?(.*)", re.DOTALL)
_FUNCTION = re.compile(r"custom (?:aggregate )?function (<[^>]*>)", re.IGNORECASE)


@dataclass
class Reader:
    """A reader process and the parent's end of its socket."""

    process: subprocess.Popen[bytes]
    connection: socket.socket

    def end(self) -> None:
        """Kill the process, if it is still there, and wait until it is gone."""
        self.process.kill()
        self.process.wait()
        self.connection.close()


def start(store: Path, *, memory: int, niceness: int) -> Reader:
    """Start a reader over `store` with `memory` megabytes, and return it when it is ready."""
    ours, theirs = socket.socketpair()
    with theirs:
        command = [
            sys.executable,
            "-m",
            "kgraph.store.reader",
            str(theirs.fileno()),
            str(store),
            str(memory),
            str(niceness),
        ]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603
    reader = Reader(process, ours)
    ours.settimeout(_START)
    try:
        wire.receive(ours)
    except (EOFError, TimeoutError) as error:
        reader.end()
        raise ReaderDied(f"a reader of {store} did not start") from error
    return reader


class _Lane:
    """Readers of one sort; `take` gives one that nobody else has, `give` brings it back or replaces it."""

    def __init__(self, store: Path, count: int, *, memory: int, niceness: int) -> None:
        self._store, self._memory, self._niceness = store, memory, niceness
        self.count, self.waiting, self.killed = count, 0, 0
        self._free: list[Reader] = [self._start() for _ in range(count)]
        self._changed = threading.Condition()
        self._closed = False

    def _start(self) -> Reader:
        return start(self._store, memory=self._memory, niceness=self._niceness)

    def take(self, wait: float) -> Reader | None:
        with self._changed:
            self.waiting += 1
            self._changed.wait_for(lambda: self._free, timeout=wait)
            self.waiting -= 1
            reader = self._free.pop() if self._free else None
        if reader is not None and reader.process.poll() is not None:
            reader.end()
            reader = self._start()
        return reader

    def give(self, reader: Reader, *, usable: bool) -> None:
        if not usable or self._closed:
            reader.end()
            if self._closed:
                return
            self.killed += 1
            reader = self._start()
        with self._changed:
            self._free.append(reader)
            self._changed.notify()
        if self._closed:
            self.close()

    @property
    def busy(self) -> int:
        """Return how many readers are at work."""
        return self.count - len(self._free)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            free, self._free = self._free, []
        for reader in free:
            reader.end()


@dataclass
class _Run:
    """One query on one reader. Time counts only while the parent waits for the reader, not for a slow client."""

    lane: _Lane
    reader: Reader
    left: float
    limit: float
    done: bool = False

    def next(self) -> tuple[bytes, bytes]:
        began = time.monotonic()
        try:
            if self.left <= 0:
                raise TimeoutError
            self.reader.connection.settimeout(self.left)
            frame = wire.receive(self.reader.connection)
        except TimeoutError:
            raise DeadlinePassed(
                f"the query was not done after {self.limit:g} seconds and was ended", timeout=self.limit
            ) from None
        except (EOFError, OSError) as error:
            raise ReaderDied("the query used more memory than it may, or broke its reader, and was ended") from error
        self.left -= time.monotonic() - began
        return frame

    def finish(self, *, usable: bool) -> None:
        if not self.done:
            self.done = True
            self.lane.give(self.reader, usable=usable)


class Pool:
    """The readers of one release."""

    def __init__(
        self, store: Path, *, digest: str, base: str, prefixes: dict[str, str], readers: int, memory: int
    ) -> None:
        self._digest, self._base, self._prefixes = digest, base, prefixes
        self._general = _Lane(store, readers, memory=memory, niceness=10)
        self._reserved = _Lane(store, 1, memory=memory, niceness=0)

    def query(self, question: Question, *, timeout: float, own_dataset: bool = False) -> Answer:
        """Answer a query within `timeout` seconds; see `Engine.query`. `own_dataset`: the query says FROM."""
        payload = self._payload(question, timeout, own_dataset=own_dataset)
        until = time.monotonic() + timeout
        if question.short:
            reader = self._reserved.take(timeout)
            return self._run(question, payload, self._reserved, reader, timeout, timeout)
        reader = self._general.take(0)
        if reader is None:
            express = self._reserved.take(min(EXPRESS, timeout))
            if express is not None:
                slice_ = min(EXPRESS, timeout)
                with contextlib.suppress(DeadlinePassed):
                    return self._run(question, payload, self._reserved, express, slice_, timeout)
            reader = self._general.take(max(0.0, until - time.monotonic()))
        return self._run(question, payload, self._general, reader, timeout, timeout)

    def _run(
        self, question: Question, payload: bytes, lane: _Lane, reader: Reader | None, left: float, limit: float
    ) -> Answer:
        if reader is None:
            raise Busy("every reader is at work", retry_after=max(1, round(limit / 2)))
        run = _Run(lane, reader, left, limit)
        try:
            wire.send(reader.connection, wire.QUESTION, payload)
            return self._begin(run, question)
        except KgraphError as error:
            run.finish(usable=not isinstance(error, DeadlinePassed | ReaderDied))
            raise
        except OSError as error:
            run.finish(usable=False)
            raise ReaderDied("the reader was gone") from error
        except BaseException:
            run.finish(usable=False)
            raise

    def _payload(self, question: Question, limit: float, *, own_dataset: bool) -> bytes:
        payload: dict[str, Any] = {
            "text": question.text,
            "base": self._base,
            "prefixes": self._prefixes,
            "results": question.results and question.results.media_type,
            "graph": question.graph and question.graph.media_type,
            "default_graphs": question.default_graphs,
            "named_graphs": question.named_graphs,
            "own_dataset": own_dataset,
            "timeout": limit,
        }
        return json.dumps(payload).encode()

    def _begin(self, run: _Run, question: Question) -> Answer:
        """Return the answer when it is whole, or has grown so long that it is sent while it is made."""
        frame, payload = run.next()
        if frame == wire.FAILED:
            raise _failure(payload, question.text)
        started = json.loads(payload)
        held: list[bytes] = []
        size, ended = 0, False
        while size < WITHHELD and not ended:
            frame, payload = run.next()
            if frame == wire.FAILED:
                raise _failure(payload, question.text)
            ended = frame == wire.END
            held.append(payload)
            size += len(payload)
        if ended:
            run.finish(usable=True)
        elif run.lane is self._reserved and not question.short:
            raise DeadlinePassed("an answer of this length is not for the reader of short work")
        chosen = _format(started["kind"], started["media_type"])
        if chosen is None:
            run.finish(usable=True)
            types = [item.media_type for item in (GRAPHS if started["kind"] == "graph" else RESULTS)]
            raise NotAcceptable("Accept takes no form that an answer to this query has", accepted=types)
        parts = _parts(run, held, question.text)
        return Answer(started["kind"], chosen, self._digest, Stream(parts, lambda: run.finish(usable=False)))

    def statistics(self) -> Statistics:
        """Return what the readers are doing, and how many were ended; outcomes are counted by the engine."""
        lanes = (self._general, self._reserved)
        return Statistics(
            readers=sum(lane.count for lane in lanes), busy=sum(lane.busy for lane in lanes),
            waiting=sum(lane.waiting for lane in lanes), killed=sum(lane.killed for lane in lanes),
        )  # fmt: skip

    def close(self) -> None:
        """End all readers: those at work when they are done."""
        self._general.close()
        self._reserved.close()


def _parts(run: _Run, held: list[bytes], text: str) -> Iterator[bytes]:
    """Yield what was withheld, then the rest as it comes."""
    yield from filter(None, held)
    while not run.done:
        frame, payload = run.next()
        if frame == wire.DATA:
            yield payload
            continue
        run.finish(usable=True)
        if frame == wire.FAILED:
            raise _failure(payload, text)


def _format(kind: str, media_type: str | None) -> Format | None:
    offered = GRAPHS if kind == "graph" else RESULTS
    return next((item for item in offered if item.media_type == media_type), None)


def _syntax(message: str, text: str) -> QuerySyntaxError:
    """Return a syntax error that shows where it is; the engine's long lists of what it expected are left out."""
    match = _SYNTAX.match(message)
    if match is None:
        return QuerySyntaxError(message)
    line, column, expected = int(match[1]), int(match[2]), match[3]
    lines = text.splitlines() or [""]
    source = lines[min(line, len(lines)) - 1]
    found = re.match(r"[\w?$:@<]+|.", source[column - 1 :])
    problem = f"unexpected {found[0]!r}" if found else "unexpected end of the line"
    if "Prefix not found" in expected:
        problem = "a prefix that is not declared"
    elif len(expected) <= _SHORT:
        problem += f", {expected}"
    return QuerySyntaxError(
        f"not SPARQL at line {line}, column {column}: {problem}", line=line, column=column, source=source[:200]
    )


def _failure(payload: bytes, text: str) -> KgraphError:
    """Return the error for what a reader reports."""
    told = json.loads(payload)
    code, message = told["code"], told["message"]
    if code == "memory":
        return ReaderDied(message)
    if code == "syntax":
        return _syntax(message, text)
    if code == "form":
        return NotAcceptable(message, accepted=[item.media_type for item in GRAPHS])
    function = _FUNCTION.search(message)
    if function:
        return BadRequest(
            f"unknown function {function[1]}", value=function[1], accepted="functions of SPARQL 1.1 and XSD casts"
        )
    return KgraphError(f"the engine could not answer: {message}")
