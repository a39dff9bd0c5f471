"""The servers that are measured: each over the same quads, on a free port of the loopback, ended in all cases."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import IO, Self

import psutil

from kgraph.bench.client import BadAnswer, Connection, fetch, request
from kgraph.bench.queries import SELECT
from kgraph.errors import KgraphError

HOST = "127.0.0.1"
_START, _END = 120.0, 3.0
_SAMPLE = 0.02
LARGE = 300_000  # quads: more take rdflib minutes to load


class NotThere(KgraphError):
    """A system that is to be measured is not installed, or cannot take part."""

    title, code = "Not there", "not-there"


@dataclass(frozen=True, kw_only=True)
class Data:
    """What a server is to serve: the corpus folder of a release, its quads as a file; a folder for scratch files."""

    root: Path
    dump: Path
    quads: int
    scratch: Path


@dataclass(frozen=True)
class Server:
    """A server that answers: its port, the path of its SPARQL endpoint, and its process."""

    name: str
    port: int
    path: str
    process: psutil.Process

    def connection(self) -> Connection:
        """Return a connection to it."""
        return Connection(HOST, self.port)

    def memory(self) -> int:
        """Return the bytes of memory of its process and of all below it; pages that they share count once, on Linux."""
        total = 0
        for process in (self.process, *self.process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                whole = process.memory_full_info()
                total += getattr(whole, "pss", whole.rss)
        return total


@dataclass
class Peak:
    """The most memory that a server has used, in bytes."""

    bytes: int = 0


@contextmanager
def peak_memory(server: Server) -> Iterator[Peak]:
    """Watch the memory of a server, fifty times a second."""
    peak, over = Peak(), threading.Event()

    def watch() -> None:
        while not over.wait(_SAMPLE):
            with suppress(psutil.NoSuchProcess):
                peak.bytes = max(peak.bytes, server.memory())

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield peak
    finally:
        over.set()
        watching.join()


@contextmanager
def kgraph(data: Data) -> Iterator[Server]:
    """Run our own server."""
    port = _free_port()
    command = [sys.executable, "-m", "kgraph", "--corpus", str(data.root), "serve"]
    with _running("kgraph", [*command, "--host", HOST, "--port", str(port)], port, "/sparql") as server:
        yield server


@contextmanager
def oxigraph(data: Data) -> Iterator[Server]:
    """Run Oxigraph's server over the same quads, its default graph the union of all."""
    program = _program("oxigraph")
    port, folder = _free_port(), data.scratch / "oxigraph"
    if not folder.exists():
        for command in (["load", "--location", str(folder), "--file", str(data.dump)], ["optimize", "-l", str(folder)]):
            subprocess.run([program, *command], check=True, capture_output=True)  # noqa: S603
    command = [program, "serve-read-only", "--location", str(folder), "--bind", f"{HOST}:{port}"]
    command += ["--union-default-graph"]
    with _running("oxigraph", command, port, "/query") as server:
        yield server


@contextmanager
def rdflib_endpoint(data: Data) -> Iterator[Server]:
    """Run rdflib-endpoint over the same quads, in rdflib's Oxigraph store."""
    if data.quads > LARGE:
        raise NotThere(f"rdflib would take minutes to load {data.quads} quads; at most {LARGE}")
    program = _program("rdflib-endpoint")
    port = _free_port()
    command = [program, "serve", "--store", "Oxigraph", "--host", HOST, "--port", str(port), str(data.dump)]
    with _running("rdflib-endpoint", command, port, "/") as server:
        yield server


Start = Callable[[Data], AbstractContextManager[Server]]
REFERENCE = "oxigraph"
COMPETITORS: dict[str, Start] = {"oxigraph": oxigraph, "rdflib-endpoint": rdflib_endpoint}
SYSTEMS: dict[str, Start] = {"kgraph": kgraph} | COMPETITORS


class Fleet:
    """Servers over the same data, side by side, all ended with the context; who could not start is `left_out`."""

    def __init__(self, names: Iterable[str], data: Data) -> None:
        self._data = data
        self._stack = ExitStack()
        self._each: dict[str, ExitStack] = {}
        self.servers: dict[str, Server] = {}
        self.left_out: dict[str, str] = {}
        self._names = tuple(names)

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.callback(self._stack.close)
            for name in self._names:
                self.renew(name)
            starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def renew(self, name: str) -> None:
        """End the server of this name, if it runs, and start it anew: it may still be at work for nobody."""
        if name in self._each:
            self._each.pop(name).close()
        self.servers.pop(name, None)
        stack = self._stack.enter_context(ExitStack())
        try:
            self.servers[name] = stack.enter_context(SYSTEMS[name](self._data))
            self._each[name] = stack
        except NotThere as error:
            self.left_out[name] = error.detail


def versions() -> dict[str, str]:
    """Return the versions of what is measured, where it is installed."""
    found = {}
    for name in (*SYSTEMS, "pyoxigraph", "rdflib", "oxrdflib"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _program(name: str) -> str:
    """Return the program of a package, from our own environment or the PATH."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        raise NotThere(f"{name} is not installed", accepted="pip install 'kgraph[bench]'")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(name: str, command: list[str], port: int, path: str) -> Iterator[Server]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KGRAPH_")}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        try:
            server = Server(name, port, path, psutil.Process(process.pid))
            _wait(process, server, log)
            yield server
        finally:
            _end(process)


def _wait(process: "subprocess.Popen[bytes]", server: Server, log: IO[bytes]) -> None:
    """Return when the server answers; raise `NotThere`, with the end of what it wrote, where it does not."""
    until = monotonic() + _START
    asked = request(f"{server.path}?query=ASK%7B%7D", SELECT, HOST)
    while process.poll() is None and monotonic() < until:
        with suppress(OSError, BadAnswer), server.connection() as connection:
            fetch(connection, asked, timeout=5)
            return
        sleep(0.05)
    log.seek(0)
    last = log.read().decode(errors="replace").strip().splitlines()[-1:] or ["it wrote nothing"]
    raise NotThere(f"{server.name} did not start: {last[0][:300]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the server, and, in its own session, all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
