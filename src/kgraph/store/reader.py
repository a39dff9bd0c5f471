"""A reader: a process that holds one release's store open and answers one query after another.

Run as `python -m kgraph.store.reader DESCRIPTOR STORE MEGABYTES NICENESS`. It is the only place where text of
strangers is parsed as SPARQL; whatever that does to it, its parent ends it and starts another. Should the
parent be gone, an alarm that the kernel delivers ends it all the same.
"""

import contextlib
import json
import os
import resource
import signal
import socket
import sys
from typing import Any

import pyoxigraph as ox

from kgraph.store import wire
from kgraph.store.sandbox import forbid_connections
from kgraph.store.wellformed import Sink, Unwritable, wellformed

_CHUNK = 1 << 16
_GRACE = 5


class _Pipe:
    """A binary file that gathers what is written to it and sends it in frames."""

    def __init__(self, connection: socket.socket, seconds: int) -> None:
        self._connection, self._seconds = connection, seconds
        self._buffer = bytearray()

    def write(self, data: bytes) -> int:
        self._buffer += data
        if len(self._buffer) >= _CHUNK:
            self.flush()
        return len(data)

    def flush(self) -> None:
        if self._buffer:
            signal.alarm(self._seconds)
            wire.send(self._connection, wire.DATA, bytes(self._buffer))
            self._buffer.clear()


def _answer(store: ox.Store, question: dict[str, Any], connection: socket.socket) -> None:
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
    wire.send(connection, wire.STARTED, json.dumps({"kind": kind, "media_type": media_type}).encode())
    if media_type is None:
        return
    pipe = _Pipe(connection, question["seconds"])
    sink = wellformed(pipe, media_type)
    if isinstance(result, ox.QueryTriples):
        _write_triples(result, media_type, sink, question["prefixes"])
    else:
        chosen = ox.QueryResultsFormat.from_media_type(media_type)
        if chosen is None or (isinstance(result, ox.QueryBoolean) and media_type.startswith("text/")):
            pipe.write(b"true" if result else b"false")  # the CSV and TSV formats define nothing for ASK
        else:
            result.serialize(sink, format=chosen)  # type: ignore[arg-type]
    pipe.flush()


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


def _serve(store: ox.Store, connection: socket.socket) -> None:
    wire.send(connection, wire.READY)
    while True:
        _, payload = wire.receive(connection)
        question = json.loads(payload)
        question["seconds"] = int(question["timeout"]) + _GRACE
        signal.alarm(question["seconds"])
        try:
            _answer(store, question, connection)
        except SyntaxError as error:
            _fail(connection, "syntax", str(error))
        except Unwritable as error:
            _fail(connection, "form", str(error))
        except MemoryError:
            _fail(connection, "memory", "the query needs more memory than a reader has")
        except Exception as error:  # noqa: BLE001 - whatever the engine raises is told to the parent
            _fail(connection, "engine", str(error))
        else:
            wire.send(connection, wire.END)
        signal.alarm(0)


def _fail(connection: socket.socket, code: str, message: str) -> None:
    wire.send(connection, wire.FAILED, json.dumps({"code": code, "message": message}).encode())


def main() -> None:
    """Open the store and answer until the parent hangs up."""
    descriptor, folder, megabytes, niceness = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides; a terminal sends it to the whole group
    os.nice(int(niceness))
    connection = socket.socket(fileno=int(descriptor))
    store = ox.Store.read_only(folder)
    limit = _mapped() + int(megabytes) * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    forbid_connections()
    with contextlib.suppress(EOFError, BrokenPipeError):
        _serve(store, connection)


def _mapped() -> int:
    """Return the bytes of address space in use, 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123 - one line, once
            return int(stream.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


if __name__ == "__main__":
    main()
