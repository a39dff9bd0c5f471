"""A reader: a process that answers one query after another over one release's store.

It is forked by `kgraph.store.forkserver`. It is the only place where text of strangers is parsed as SPARQL; whatever
that does to it, the server has it ended and another forked. Should nobody be there to do so, an alarm that the kernel
delivers ends it all the same.
"""

import contextlib
import json
import marshal
import os
import resource
import signal
import socket
from typing import Any

import pyoxigraph as ox

from kgraph.store import wire
from kgraph.store.sandbox import forbid_connections
from kgraph.store.wellformed import Sink, Unwritable, wellformed

_CHUNK = 1 << 16
_GRACE = 5


class _TooLargeError(Exception):
    """The answer passes a limit. The engine may wrap it: what the pipe says it has exceeded counts."""


class _Pipe:
    """A binary file that gathers what is written to it and sends it in frames, and counts bytes and rows."""

    def __init__(self, connection: socket.socket, question: dict[str, Any]) -> None:
        self._connection, self._seconds = connection, question["seconds"]
        self._bytes, self._rows = question["max_bytes"], question["max_rows"]
        self._buffer = bytearray()
        self._size = 0
        self._marker = b""
        self.exceeded = ""
        self._frames = bytearray()
        self._started = b""

    def start(self, payload: bytes) -> None:
        """Say what kind of answer it is, together with what comes next: the parent is woken once for a short one."""
        self._started = payload

    def count_rows(self, media_type: str) -> None:
        """Count from now on the rows of a table in `media_type`."""
        self._marker, extra = _ROW[media_type]
        self._rows += extra

    def write(self, data: bytes) -> int:
        self._buffer += data
        if len(self._buffer) >= _CHUNK:
            self._gather()
            self.send()
        return len(data)

    def flush(self) -> None:
        """Do nothing: what is small goes out with the end."""

    def finish(self) -> None:
        """Send what is left, and that it is all."""
        if self._size == 0:
            self._check()
            self._frames += wire.whole(self._started, bytes(self._buffer))
        else:
            self._gather()
            self._frames += wire.frame(wire.END)
        self.send()

    def fail(self, payload: bytes) -> None:
        """Say why there is no answer, or no more of it; what was not sent is forgotten."""
        self._buffer.clear()
        self._frames += wire.frame(wire.FAILED, payload)
        self.send()

    def send(self) -> None:
        signal.alarm(self._seconds)
        self._connection.sendall(self._frames)
        self._frames.clear()

    def _gather(self) -> None:
        if not self._buffer:
            return
        self._check()
        if self._size == 0:
            self._frames += wire.frame(wire.STARTED, self._started)
        self._size += len(self._buffer)
        self._frames += wire.frame(wire.DATA, bytes(self._buffer))
        self._buffer.clear()

    def _check(self) -> None:
        """Raise where the answer passes a limit."""
        if self._size + len(self._buffer) > self._bytes:
            self.exceeded = f"the result has more than {self._bytes} bytes"
        if self._marker:
            self._rows -= self._buffer.count(self._marker)
            if self._rows < 0:
                self.exceeded = "the result has more rows than this server gives"
        if self.exceeded:
            raise _TooLargeError(self.exceeded)


# What stands once a row in each form, and how often more in a whole table. In a quoted field of CSV it may stand, too.
_ROW = {
    "application/sparql-results+json": (b'},{"', -1),
    "application/sparql-results+xml": (b"<result>", 0),
    "text/csv": (b"\r\n", 1),
    "text/tab-separated-values": (b"\n", 1),
}


def _answer(store: ox.Store, question: dict[str, Any], pipe: _Pipe) -> None:
    graphs: list[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] = [
        ox.NamedNode(iri) for iri in question["default_graphs"]
    ]
    names: list[ox.NamedNode | ox.BlankNode] = [ox.NamedNode(iri) for iri in question["named_graphs"]]
    named = bool(graphs or names)
    result = store.query(
        question["text"],
        base_iri=question["base"],
        prefixes=question["prefixes"],
        use_default_graph_as_union=not named and not question["own_dataset"],
        default_graph=graphs if named else None,
        named_graphs=names if named else None,
    )
    kind = (
        "select" if isinstance(result, ox.QuerySolutions) else "ask" if isinstance(result, ox.QueryBoolean) else "graph"
    )
    media_type = question["graph"] if kind == "graph" else question["results"]
    pipe.start(json.dumps({"kind": kind, "media_type": media_type}).encode())
    if media_type is None:
        return
    sink = wellformed(pipe, media_type)
    if isinstance(result, ox.QueryTriples):
        _write_triples(result, media_type, sink, question["prefixes"])
        return
    chosen = ox.QueryResultsFormat.from_media_type(media_type)
    if chosen is None or (isinstance(result, ox.QueryBoolean) and media_type.startswith("text/")):
        pipe.write(b"true" if result else b"false")  # the CSV and TSV formats define nothing for ASK
        return
    if kind == "select":
        pipe.count_rows(media_type)
    result.serialize(sink, format=chosen)  # type: ignore[arg-type]


def _write_triples(triples: ox.QueryTriples, media_type: str, sink: Sink, prefixes: dict[str, str]) -> None:
    chosen = ox.RdfFormat.from_media_type(media_type)
    assert chosen is not None
    used = prefixes if chosen in {ox.RdfFormat.TURTLE, ox.RdfFormat.RDF_XML, ox.RdfFormat.TRIG} else None
    try:
        ox.serialize(triples, sink, format=chosen, prefixes=used)  # type: ignore[arg-type]
    except OSError as error:
        if "does not support" in str(error):  # triple terms in JSON-LD
            raise Unwritable(str(error)) from error
        raise


def _serve(store: ox.Store, connection: socket.socket, always: dict[str, Any]) -> None:
    inbox = wire.Inbox(connection)
    while True:
        _, payload = inbox.next()
        question = always | marshal.loads(payload)  # noqa: S302 - it comes from our parent, of whose code this is a copy
        question["seconds"] = int(question["timeout"]) + _GRACE
        signal.alarm(question["seconds"])
        pipe = _Pipe(connection, question)
        try:
            _answer(store, question, pipe)
            pipe.finish()
        except SyntaxError as error:
            _fail(pipe, "syntax", str(error))
        except Unwritable as error:
            _fail(pipe, "form", str(error))
        except MemoryError:
            _fail(pipe, "memory", "the query needs more memory than a reader has")
        except Exception as error:  # noqa: BLE001 - whatever the engine raises is told to the parent
            _fail(pipe, "size" if pipe.exceeded else "engine", pipe.exceeded or str(error))
        signal.alarm(0)


def _fail(pipe: _Pipe, code: str, message: str) -> None:
    pipe.fail(json.dumps({"code": code, "message": message}).encode())


def run(connection: socket.socket, folder: str, store: ox.Store | None) -> None:
    """Answer over a connection until the other side hangs up, from `store`, or else from that in a folder.

    The first frame tells what is the same for all questions; what this process may not do is settled before it is
    answered.
    """
    with contextlib.suppress(EOFError, BrokenPipeError):
        _, payload = wire.Inbox(connection).next()
        always = json.loads(payload)
        os.nice(always["niceness"])
        opened = store if store is not None else ox.Store.read_only(folder)
        limit = _mapped() + always["memory"] * 1_000_000
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if not always["calls"]:
            forbid_connections()
        connection.sendall(wire.frame(wire.READY))
        _serve(opened, connection, always)


def _mapped() -> int:
    """Return the bytes of address space in use, 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123 - one line, once
            return int(stream.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0
