"""Many requests at once: by wrk (https://github.com/wg/wrk) where it is on the PATH, else by a process of our own.

Ours is run as `python -m kgraph.bench.load` with a `Load` as JSON in its argument, and prints a `Result` as JSON.
"""

import json
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from secrets import token_hex
from time import monotonic

from kgraph.bench.client import BadAnswer, Reply, request
from kgraph.bench.statistics import percentile
from kgraph.errors import KgraphError

_SCRIPT = """
local n = 0
wrk.headers["Accept"] = "{accept}"
request = function()
  n = n + 1
  return wrk.format("GET", "{target}" .. ({vary} and ("%0A%23{run}-" .. n) or ""))
end
done = function(summary, latency, requests)
  local bad = summary.errors
  local lost = bad.connect + bad.read + bad.write + bad.timeout
  io.write(string.format('\\n{{"requests": %d, "seconds": %f, "errors": %d, "p50_ms": %f, "p99_ms": %f}}\\n',
    summary.requests + lost, summary.duration / 1e6, lost + bad.status,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""
_OK = 200
_SLACK = 30.0


@dataclass(frozen=True, kw_only=True)
class Load:
    """A GET of `target`, again and again for `seconds`, over so many connections; `vary`: never the same twice."""

    host: str
    port: int
    target: str
    accept: str
    connections: int
    seconds: float
    vary: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    """How many requests were answered in how many seconds, how many not or with another status, and how fast."""

    requests: int
    seconds: float
    errors: int
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Return answers a second."""
        return (self.requests - self.errors) / self.seconds


def client(seconds: float) -> str:
    """Return which client measures: wrk counts in whole seconds, and not everybody has it."""
    return "wrk" if seconds >= 1 and shutil.which("wrk") else "kgraph.bench.load"


def run(load: Load) -> Result:
    """Put the load on a server and return what came of it; it runs in another process."""
    if client(load.seconds) == "wrk":
        return _wrk(load)
    command = [sys.executable, "-m", "kgraph.bench.load", json.dumps(asdict(load))]
    return Result(**json.loads(_output(command, load)))


def _wrk(load: Load) -> Result:
    filled = {"accept": load.accept, "target": load.target, "vary": str(load.vary).lower(), "run": token_hex(6)}
    with tempfile.TemporaryDirectory(prefix="kgraph-wrk-") as folder:
        script = Path(folder) / "load.lua"
        script.write_text(_SCRIPT.format(**filled), encoding="utf-8")
        command = ["wrk", "-t1", f"-c{load.connections}", f"-d{ceil(load.seconds)}s", "--timeout", "10s"]
        text = _output([*command, "-s", str(script), f"http://{load.host}:{load.port}/"], load)
    return Result(**json.loads(text.strip().splitlines()[-1]))


def _output(command: list[str], load: Load) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=load.seconds + _SLACK)  # noqa: S603
    if done.returncode != 0:
        told = " ".join((done.stderr or done.stdout).split())
        raise KgraphError(f"the load on {load.host}:{load.port}{load.target[:40]} ended: {told[:300]}")
    return done.stdout


class _Client:
    """One connection of many: it sends the next request when an answer is whole."""

    def __init__(self, load: Load, number: int) -> None:
        self._load, self._number, self._run = load, number, token_hex(6)
        self._count = 0
        self.times: list[float] = []
        self.errors = self.broken = 0
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection((self._load.host, self._load.port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send()

    def send(self) -> None:
        self._count += 1
        more = f"%0A%23{self._run}-{self._number}-{self._count}" if self._load.vary else ""
        self._reply, self._began = Reply(), monotonic()
        self.socket.sendall(request(self._load.target + more, self._load.accept, self._load.host))

    def read(self) -> bool:
        """Take what has come; return whether the connection has to be made anew."""
        try:
            if not self._reply.feed(self.socket.recv(1 << 18)):
                return False
        except (BadAnswer, OSError):
            self.errors += 1
            self.broken += 1
            return True
        self.times.append(monotonic() - self._began)
        self.errors += self._reply.status != _OK
        if self._reply.closes:
            return True
        self.send()
        return False


def measure(load: Load) -> Result:
    """Put the load on a server from this process."""
    began = monotonic()
    clients = [_Client(load, number) for number in range(load.connections)]
    with selectors.DefaultSelector() as selector:
        for one in clients:
            selector.register(one.socket, selectors.EVENT_READ, one)
        while (left := began + load.seconds - monotonic()) > 0:
            for key, _ in selector.select(timeout=left):
                one = key.data
                if one.read():
                    selector.unregister(one.socket)
                    one.socket.close()
                    one.open()
                    selector.register(one.socket, selectors.EVENT_READ, one)
    seconds = monotonic() - began
    for one in clients:
        one.socket.close()
    times = [time * 1000 for one in clients for time in one.times] or [load.seconds * 1000]
    errors = sum(one.errors for one in clients)
    tried = sum(len(one.times) + one.broken for one in clients)
    return Result(
        requests=tried, seconds=seconds, errors=errors, p50_ms=percentile(times, 0.5),
        p99_ms=percentile(times, 0.99),
    )  # fmt: skip


if __name__ == "__main__":
    result = measure(Load(**json.loads(sys.argv[1])))
    sys.stdout.write(json.dumps(asdict(result)))
