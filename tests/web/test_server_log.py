"""What the running server writes: one line a request, whatever happens to it, and nothing that is not ours to tell."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from kgraph.settings import Settings

LONG = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


class Server:
    """A server of the test corpus, and how to speak to it without a client that would mend what is broken."""

    def __init__(self, corpus: Settings, *flags: str) -> None:
        command = [sys.executable, "-m", "kgraph", "--corpus", str(corpus.root), "serve", "--port", "0"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("KGRAPH_")}
        self.process = subprocess.Popen(
            [*command, "--readers", "1", *flags],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        found = re.search(r":(\d+)/\n", self.process.stdout.readline())
        assert found is not None
        self.port = int(found[1])

    def send(self, request: str, most: int = 1 << 30) -> bytes:
        """Return what comes back until the server closes, or until `most` bytes."""
        got = 0
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(request.encode("latin-1"))
            last = b""
            while got < most and (part := connection.recv(1 << 16)):
                got, last = got + len(part), (last + part)[-4096:]
        return last

    def stop(self) -> list[str]:
        """Stop the server; return what it wrote to standard error."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=20)[1].splitlines()


@pytest.fixture
def server(built: Settings) -> Iterator[Server]:
    """Return a server with a short deadline."""
    running = Server(built, "--timeout", "0.6")
    yield running
    if running.process.poll() is None:
        running.stop()


def _get(target: str) -> str:
    return f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def test_deadline_in_mid_stream_is_one_line(server: Server) -> None:
    """An answer that meets its deadline on the way breaks the connection and leaves one line, no traceback."""
    last = server.send(_get(f"/sparql?query={quote(LONG)}"))
    assert not last.endswith(b"0\r\n\r\n")
    [line] = server.stop()
    told: dict[str, Any] = json.loads(line)
    assert (told["outcome"], told["cause"]) == ("broken-after-first-byte", "deadline-passed")
    assert told["bytes"] > 1 << 20


def test_client_that_goes_is_one_line(server: Server) -> None:
    """A client that leaves in the middle of an answer is told as such."""
    server.send(_get(f"/sparql?query={quote(LONG)}"), most=1 << 18)
    server.send(_get("/health"))
    told = [json.loads(line) for line in server.stop()]
    assert sorted(line["outcome"] for line in told) == ["client-gone", "ok"]


def test_requests_that_are_no_http(server: Server) -> None:
    """What the server refuses before the application sees it leaves neither address nor text."""
    for bad in (
        "GET /sparql?query=ASK {secret} HTTP/1.1\r\n\r\n",
        "secret\r\n\r\n",
        "GET / HTTP/1.1\r\nse cret\r\n\r\n",
    ):
        assert b"400" in server.send(bad)
    told = server.stop()
    assert len(told) == 3
    for line in told:
        assert line == "a request was refused: it is no HTTP, or too large"
        assert "127.0.0.1" not in line


def test_log_that_nobody_reads(server: Server) -> None:
    """A pipe that is full of log lines holds nobody up; when it is read again, the log says how many lines are lost."""
    request = "GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        for _ in range(25):
            connection.sendall((request * 1000).encode())
            answers = b""
            while answers.count(b"HTTP/1.1 200") < 1000:
                answers += connection.recv(1 << 16)
    lines = [json.loads(line) for line in server.stop()]
    [lost] = [line["dropped"] for line in lines if "dropped" in line]
    assert len(lines) - 1 + lost == 25_000


def test_log_file_is_refused_before_the_server_starts(built: Settings) -> None:
    """A log that cannot be written is a bad setting, said in one line."""
    command = [sys.executable, "-m", "kgraph", "--corpus", str(built.root), "serve", "--port", "0"]
    file = built.root / "none" / "log"
    done = subprocess.run([*command, "--log-file", file], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert "log_file" in done.stderr
    assert "Traceback" not in done.stderr
