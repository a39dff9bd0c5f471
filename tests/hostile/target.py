"""A server under attack, how it is asked, and how it is watched meanwhile: everything on loopback, bounded, ended."""

import contextlib
import os
import re
import select
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

import psutil

from hostile.client import Listener, Reply, read_reply, receive
from hostile.processes import is_ready, lives, processor, resident, worker
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
        with self._log.open("ab") as log:  # both go there: a pipe that nobody reads would fill up
            self._process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.port = self._announced()
        self.master = psutil.Process(self._process.pid)
        self.worker = worker(self.family())
        assert self.ask("ASK {}").status == 200
        self.resting = self.resident()

    def _announced(self) -> int:
        """Return the port that the server says it listens on."""
        until = time.monotonic() + 20
        while time.monotonic() < until and self._process.poll() is None:
            found = re.search(rb"Serving [0-9a-f]{64} at http://127\.0\.0\.1:(\d+)/\n", self.log(told=False))
            if found is not None:
                return int(found[1])
            time.sleep(0.02)
        raise AssertionError(f"the server did not start: {self.log()!r}")

    def stop(self, *, patience: float = 15.0) -> None:
        """End the server, whatever state it is in, and all that it started."""
        self._process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(5)
        self.log()

    def restart(self) -> None:
        """End the server, without waiting for what it has under way, and start another."""
        self.stop(patience=0.5)
        self.start()

    # -- looking at it

    def family(self) -> list[psutil.Process]:
        """Return the server's processes that are alive."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return [p for p in (self.master, *self.master.children(recursive=True)) if lives(p)]
        return []

    def resident(self) -> float:
        """Return the megabytes of memory that all processes hold."""
        return resident(self.family())

    def log(self, *, told: bool = True) -> bytes:
        """Return what the server wrote since it was last `told`."""
        with self._log.open("rb") as log:
            log.seek(self._told)
            text = log.read()
        if told:
            self._told += len(text)
        return text

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

    def ask(
        self, query: str, parameters: Mapping[str, str] | None = None, *, accept: str | None = None, wait: float = 6.0
    ) -> Reply:  # fmt: skip
        """Post a query, with further parameters of the protocol in the address."""
        path = f"/sparql?{urlencode(parameters)}" if parameters else "/sparql"
        headers = {"Content-Type": QUERY_TYPE} | ({"Accept": accept} if accept else {})
        return self.send("POST", path, query, headers, wait)

    def together(self, queries: Sequence[str], *, accepts: Sequence[str | None] = (None,), **more: str) -> list[Reply]:
        """Post queries at the same moment, each with the next of `accepts`; `more` are parameters of the protocol."""
        with ThreadPoolExecutor(len(queries)) as pool:
            return list(pool.map(lambda query, accept: self.ask(query, more, accept=accept), queries, cycle(accepts)))

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
        """Send bytes; return the first reply, none where the connection is closed or `wait` over.

        The server is told that no more will come only where it says nothing for a second: it may drop an answer then.
        """
        began = time.monotonic()
        with self.connect(data, wait=wait) as connection:
            if not select.select([connection], [], [], 1.0)[0]:
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
        before, began = processor(family), time.monotonic()
        time.sleep(0.05)
        used = (processor(family) - before) / (time.monotonic() - began)
        readers, held = sum(map(is_ready, family)), resident(family)
        faults = {
            f"the process that answers is {worker(family)}, it was {self.worker}": worker(family) != self.worker,
            f"{readers} readers are ready": readers != self.readers + 1,
            f"{used:.0%} of a core are in use": used > QUIET,
            f"{held:.0f} MB are held, in rest {self.resting:.0f}": held > self.resting + GROWTH,
        }
        found = [text for text, wrong in faults.items() if wrong]
        if self._process.poll() is not None:
            found.append(f"the server ended with {self._process.returncode}")
        if not found and self.ask("ASK {}", wait=1.0).status != 200:
            found.append("it does not answer")
        return "; ".join(found)


class Watch:
    """Another client that asks `ASK {}` again and again, and now and then for a page, each on a new connection."""

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
            page = len(self.replies) % 3 == 2
            send = self.target.send
            self.replies.append(send("GET", "/health", wait=3.0) if page else self.target.ask("ASK {}", wait=3.0))

    def _weigh(self) -> None:
        while not self._over.wait(0.2):
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
