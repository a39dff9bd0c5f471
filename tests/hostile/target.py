"""A server under attack, how it is asked, and how it is watched meanwhile: everything on loopback, bounded, ended."""

import contextlib
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

import psutil

from hostile.client import Listener, Reply, read_reply, receive
from kgraph.settings import Settings

SLACK = 0.5  # seconds that an answer may come after its deadline
QUIET = 0.6  # share of one core that an idle server may use while it is looked at
GROWTH = 500  # megabytes that a server, all its processes together, may keep after an attack
QUERY_TYPE = "application/sparql-query"


class Target:
    """A server process of our own, started anew where an attack brought it down."""

    def __init__(
        self, corpus: Settings, listener: Listener, log: Path, *, readers: int, timeout: float, memory: int
    ) -> None:
        self._corpus, self.listener, self._log, self._told = corpus, listener, log, 0
        self.readers, self.timeout, self.memory = readers, timeout, memory
        self.samples: list[float] = []
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = {"port": 0, "readers": self.readers, "timeout": self.timeout, "memory": self.memory}
        flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        command = [sys.executable, "-m", "kgraph", "--corpus", str(self._corpus.root), "serve", *flags]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("KGRAPH_")}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )
        assert self._process.stdout is not None
        found = re.fullmatch(r"Serving [0-9a-f]{64} at http://127\.0\.0\.1:(\d+)/\n", self._process.stdout.readline())
        assert found is not None, "the server did not start"
        self.port = int(found[1])
        self.master = psutil.Process(self._process.pid)
        self.worker = _worker(self.family())
        assert self.ask("ASK {}").status == 200
        self.resting = self.resident()

    def stop(self, *, patience: float = 15.0) -> None:
        """End the server, whatever state it is in, and all that it started."""
        self._process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(5)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def restart(self) -> None:
        """End the server, without waiting for what it has under way, and start another."""
        self.stop(patience=0.5)
        self.start()

    # -- looking at it

    def family(self) -> list[psutil.Process]:
        """Return the server's processes that are alive."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return [p for p in (self.master, *self.master.children(recursive=True)) if _lives(p)]
        return []

    def resident(self) -> float:
        """Return the megabytes of memory that all processes hold."""
        return _resident(self.family())

    def log(self) -> bytes:
        """Return what the server wrote to its log since it was last asked."""
        told, text = self._told, self._log.read_bytes()
        self._told = len(text)
        return text[told:]

    # -- asking it

    def send(
        self, method: str, path: str, body: bytes | str | None = None, headers: Mapping[str, str] | None = None,
        wait: float = 6.0,
    ) -> Reply:  # fmt: skip
        """Send one request on a connection of its own; return what came back, within `wait` seconds of silence."""
        began = time.monotonic()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=wait)
        data = body.encode() if isinstance(body, str) else body
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, data, dict(headers or {}))
            reply = receive(connection.getresponse())
        except (OSError, HTTPException):
            reply = Reply(None)
        finally:
            connection.close()
        return Reply(reply.status, reply.body, reply.whole, time.monotonic() - began, reply.headers)

    def ask(self, query: str | bytes, *, accept: str | None = None, wait: float = 6.0, **parameters: str) -> Reply:
        """Post a query, with further parameters of the protocol in the address."""
        path = f"/sparql?{urlencode(parameters)}" if parameters else "/sparql"
        headers = {"Content-Type": QUERY_TYPE} | ({"Accept": accept} if accept else {})
        return self.send("POST", path, query, headers, wait)

    def together(self, queries: Sequence[str], *, accept: str | None = None) -> list[Reply]:
        """Post queries at the same moment."""
        with ThreadPoolExecutor(len(queries)) as pool:
            return list(pool.map(lambda query: self.ask(query, accept=accept), queries))

    def connect(self, data: bytes = b"", *, wait: float = 5.0, buffer: int | None = None) -> socket.socket:
        """Return a connection, with `data` sent as far as the server takes it."""
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if buffer is not None:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        found.settimeout(wait)
        found.connect(("127.0.0.1", self.port))
        with contextlib.suppress(OSError):
            found.sendall(data)
        return found

    def raw(self, data: bytes, *, wait: float = 5.0) -> Reply:
        """Send bytes, and no more; return the first reply, none where the connection is closed or `wait` over."""
        began = time.monotonic()
        with self.connect(data, wait=wait) as connection:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
            reply = read_reply(connection)
        return Reply(reply.status, reply.body, reply.whole, time.monotonic() - began, reply.headers)

    # -- watching it

    @contextlib.contextmanager
    def watched(self, *, settle: float | None = None) -> Iterator["Watch"]:
        """Attack inside: another client asks meanwhile; after it, nothing may be dead, busy, swollen or called.

        `settle` seconds, the deadline and two more where not given, are left for what still runs to end.
        """
        if self._process.poll() is not None:
            self.restart()
        self.log()
        watch, patience = Watch(self), self.timeout + 2 if settle is None else settle
        try:
            with watch:
                yield watch
        finally:
            fault = self.settle(patience)
            if fault:
                self.restart()
        faults = watch.faults() + [f"{patience:g} s later: {fault}"] * bool(fault)
        assert not faults, "; ".join(faults)

    def settle(self, patience: float) -> str:
        """Wait, at most `patience` seconds, until the server is as in rest; return what is not."""
        until = time.monotonic() + patience
        while (fault := self.unsettled()) and time.monotonic() < until:
            pass
        return fault

    def unsettled(self) -> str:
        """Return what about the server is not as in rest; it is looked at for a moment."""
        family = self.family()
        before, began = _processor(family), time.monotonic()
        time.sleep(0.05)
        used = (_processor(family) - before) / (time.monotonic() - began)
        readers, resident = sum(map(_is_ready, family)), _resident(family)
        faults = {
            f"the process that answers is {_worker(family)}, it was {self.worker}": _worker(family) != self.worker,
            f"{readers} readers are ready": readers != self.readers + 1,
            f"{used:.0%} of a core are in use": used > QUIET,
            f"{resident:.0f} MB are held, in rest {self.resting:.0f}": resident > self.resting + GROWTH,
        }
        found = [text for text, wrong in faults.items() if wrong]
        if not found and self.ask("ASK {}", wait=1.0).status != 200:
            found.append("it does not answer")
        return "; ".join(found)


class Watch:
    """Another client that asks `ASK {}` again and again, each time on a new connection."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.replies: list[Reply] = []
        self.peak = 0.0  # megabytes, all processes together
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask), threading.Thread(target=self._weigh)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._over.wait(0.01) or len(self.replies) < 3:
            self.replies.append(self.target.ask("ASK {}", wait=3.0))

    def _weigh(self) -> None:
        while not self._over.wait(0.1):
            self.peak = max(self.peak, self.target.resident())

    def faults(self) -> list[str]:
        """Return how others were not served, who was called, and what unforeseen thing is in the log."""
        times = sorted(reply.seconds for reply in self.replies)
        self.target.samples += times
        failed = [reply.status for reply in self.replies if (reply.status, reply.whole) != (200, True)]
        calls, log = self.target.listener.take(), self.target.log()
        found = {
            f"of {len(times)} other requests, these failed: {failed}": failed,
            f"others waited {statistics.median(times):.2f} s in the median": statistics.median(times) > 0.5,
            f"others waited up to {times[-1]:.2f} s": percentile(times, 0.99) > 1.5,
            f"the server called: {calls}": calls,
            f"the log says {log[-3000:].decode(errors='replace')}": b"unforeseen error" in log,
        }
        return [text for text, wrong in found.items() if wrong]


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` of `ordered` lies."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _worker(family: Sequence[psutil.Process]) -> int:
    """Return the process that answers, 0 where there is none: it is the parent of the readers."""
    return next((process.ppid() for process in family if _is_reader(process)), 0)


def _resident(family: Sequence[psutil.Process]) -> float:
    return sum(_measure(process, lambda p: float(p.memory_info().rss)) for process in family) / 1e6


def _processor(family: Sequence[psutil.Process]) -> float:
    """Return the seconds of processor time that processes have used."""
    return sum(_measure(process, lambda p: sum(p.cpu_times()[:2])) for process in family)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _is_reader(process: psutil.Process) -> bool:
    try:
        return "kgraph.store.reader" in process.cmdline()
    except psutil.Error:
        return False


def _is_ready(process: psutil.Process) -> bool:
    """Return whether a process is a reader that has opened its store: it limits its memory then."""
    try:
        return _is_reader(process) and process.rlimit(psutil.RLIMIT_AS)[0] != psutil.RLIM_INFINITY
    except psutil.Error:
        return False


def _measure(process: psutil.Process, what: Callable[[psutil.Process], float]) -> float:
    try:
        return what(process)
    except psutil.Error:
        return 0.0
