"""The newer text of a source, from an address: whole, plain, in time, or refused by what is wrong with it."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner

from kgraph.build import check
from kgraph.cli import main
from kgraph.drift.source import read
from kgraph.errors import BadRequest, DeadlinePassed, KgraphError, TooLarge, UnsupportedMediaType
from kgraph.settings import Settings

TEXT = "The naïve café owner saw smoke.\n".encode()


class _Pages(BaseHTTPRequestHandler):
    """Answers by path: status, headers, body, and how."""

    pages: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {
        "/text": (200, {"Content-Type": "text/plain; charset=utf-8"}, TEXT),
        "/plain": (200, {"Content-Type": "text/plain"}, TEXT),
        "/html": (200, {"Content-Type": "text/html; charset=utf-8"}, b"<p>Words"),
        "/hidden-html": (200, {"Content-Type": "text/plain"}, b"<!doctype html><p>Words"),
        "/latin": (200, {"Content-Type": "text/plain; charset=iso-8859-1"}, b"caf\xe9"),
        "/strange": (200, {"Content-Type": "text/plain; charset=none-such"}, b"cafe"),
        "/broken": (200, {"Content-Type": "text/plain"}, b"caf\xe9"),
        "/packed": (200, {"Content-Type": "text/plain", "Content-Encoding": "gzip"}, b"\x1f\x8b"),
        "/untyped": (200, {}, TEXT),
        "/gone": (410, {"Content-Type": "text/plain"}, b"gone"),
        "/short": (200, {"Content-Type": "text/plain", "Content-Length": "999"}, TEXT),
        "/endless": (200, {"Content-Type": "text/plain", "Content-Length": ""}, TEXT),
        "/chunked": (200, {"Content-Type": "text/plain", "Transfer-Encoding": "chunked"}, b"3\r\nabc\r\n0\r\n\r\n"),
        "/cut": (200, {"Content-Type": "text/plain", "Transfer-Encoding": "chunked"}, b"9\r\nabc"),
        "/large": (200, {"Content-Type": "text/plain"}, b"a" * 2000),
        "/large-chunks": (
            200,
            {"Content-Type": "text/plain", "Transfer-Encoding": "chunked"},
            b"7d0\r\n" + b"a" * 2000,
        ),
        "/there": (302, {"Location": "/text"}, b""),
        "/ftp": (302, {"Location": "ftp://127.0.0.1/text"}, b""),
        "/file": (302, {"Location": "file:///etc/passwd"}, b""),
        "/secret": (302, {"Location": "http://user:password@127.0.0.1/"}, b""),
        "/round": (302, {"Location": "/round"}, b""),
    }

    def do_GET(self) -> None:
        """Answer as the table says; `/slow` a byte at a time."""
        if self.path == "/slow":
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", "100")
            self.end_headers()
            with suppress(ConnectionError):
                for _ in range(20):
                    self.wfile.write(b"a")
                    time.sleep(0.05)
            return
        status, headers, body = self.pages[self.path]
        self.send_response(status)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        if not {"Content-Length", "Transfer-Encoding"} & set(headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Return the address of a server on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as found:
        found.daemon_threads = True
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.mark.parametrize("path", ["/text", "/plain", "/there"])
def test_plain_text(server: str, path: str) -> None:
    """UTF-8 text is read as it is, also behind a redirect."""
    assert read(server + path) == TEXT.decode()


def test_chunks(server: str) -> None:
    """An answer in chunks is read to its last one."""
    assert read(f"{server}/chunked") == "abc"


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("/html", UnsupportedMediaType, "is text/html"),
        ("/hidden-html", UnsupportedMediaType, "HTML or XML"),
        ("/latin", UnsupportedMediaType, "charset iso-8859-1"),
        ("/strange", UnsupportedMediaType, "charset none-such"),
        ("/packed", UnsupportedMediaType, "coding gzip"),
        ("/untyped", UnsupportedMediaType, "(none)"),
        ("/broken", KgraphError, "byte 3 is not UTF-8"),
        ("/gone", KgraphError, "answers 410"),
        ("/short", KgraphError, "broke off"),
        ("/endless", KgraphError, "does not say how long it is"),
        ("/cut", KgraphError, "could not be fetched"),
        ("/large", TooLarge, "more than 1000 bytes"),
        ("/large-chunks", TooLarge, "more than 1000 bytes"),
        ("/ftp", KgraphError, "redirects from http to ftp"),
        ("/file", KgraphError, "answers 302 .*not allowed"),
        ("/secret", BadRequest, "not accepted"),
        ("/round", KgraphError, "answers 302"),
        ("/slow", DeadlinePassed, "not there whole in time"),
    ],
)
def test_refusals(server: str, path: str, kind: type[KgraphError], words: str) -> None:
    """What is no whole, plain UTF-8 text within size and time is refused by name."""
    with pytest.raises(kind, match=words):
        read(server + path, max_bytes=1000, seconds=0.5)


def test_no_server() -> None:
    """Where nobody listens, it could not be done."""
    with pytest.raises(KgraphError, match="could not be fetched"):
        read("http://127.0.0.1:9/")


def test_large_file(tmp_path: Path) -> None:
    """A file above the limit is not read."""
    (tmp_path / "large").write_bytes(b"a" * 20)
    with pytest.raises(TooLarge, match="more than 10 bytes"):
        read(str(tmp_path / "large"), max_bytes=10)


def test_update_from_an_address(corpus: Settings, server: str) -> None:
    """The record of a version that was fetched names the address and the day."""
    command = ["--corpus", str(corpus.root), "--archive", str(corpus.archive), "drift", "report"]
    result = CliRunner().invoke(main, [*command, f"{server}/text", "--update"], catch_exceptions=False)
    assert (result.exit_code, result.stderr) == (1, "")
    assert "Wrote report-v2" in result.stdout
    text = (corpus.root / "data" / "documents.yaml").read_text(encoding="utf-8")
    assert f'source: {{url: "{server}/text"}}' in text
    assert "retrieved: 20" in text
    assert check(corpus).findings == ()
