"""Lines that are written to standard error or to a file, at once or behind the back of whoever has them to tell."""

import json
import os
import sys
import threading
import time
from collections import deque
from io import FileIO, TextIOWrapper
from pathlib import Path
from typing import Protocol, TextIO

from kgraph.errors import SettingsError

_LOOK = 1.0
_GATHER = 0.05
_CLOSE = 2.0
MOST = 20_000
"""Lines that wait to be written; more are dropped, and counted."""


class Sink(Protocol):
    """Takes lines."""

    def write(self, lines: str) -> None:
        """Take one line or several, each with its end."""

    def close(self) -> None:
        """Take no more."""


class Lines:
    """Lines on standard error, or at the end of a file: each whole, whichever threads write.

    Where `logging` takes 10 microseconds a line, this takes 3. Lines that cannot be written cost no answer: standard
    error says so once, until they can be written again.
    """

    def __init__(self, path: Path | None) -> None:
        self._path, self._lock = path, threading.Lock()
        self._looked, self._well = time.monotonic(), True
        try:
            self._stream = _open(path)
        except OSError as error:
            raise SettingsError(
                f"log_file: cannot write to {path}: {error.strerror}",
                value=str(path), accepted="a file in a folder that is there, and that may be written to",
            ) from error  # fmt: skip

    def write(self, lines: str) -> None:
        """Write one line or several, each with its end."""
        with self._lock:
            try:
                if self._path is not None and time.monotonic() - self._looked > _LOOK:
                    self._follow(self._path)
                self._stream.write(lines)
                self._stream.flush()
                self._well = True
            except (OSError, ValueError) as error:
                if self._well and self._path is not None:
                    sys.stderr.write(f"kgraph: the log cannot be written: {error}\n")
                self._well = False

    def _follow(self, path: Path) -> None:
        """Open the file anew where the old one was moved away, as rotation does."""
        self._looked = time.monotonic()
        if not path.exists() or not os.path.samestat(path.stat(), os.fstat(self._stream.fileno())):
            stream = _open(path)
            self._stream.close()
            self._stream = stream

    def close(self) -> None:
        """Close the file."""
        if self._path is not None:
            self._stream.close()


class Behind:
    """Writes lines from a thread of its own, many at a time, so that a log that is slow or stuck holds nobody up."""

    def __init__(self, lines: Sink) -> None:
        self._lines = lines
        self._waiting: deque[str] = deque()
        self._dropped = 0
        self._told, self._closed = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="kgraph-log", daemon=True)
        self._thread.start()

    def write(self, lines: str) -> None:
        """Take one line or several, each with its end."""
        if len(self._waiting) >= MOST:
            self._dropped += 1
            return
        self._waiting.append(lines)
        if not self._told.is_set():
            self._told.set()

    def _run(self) -> None:
        while not self._closed or self._waiting:
            self._told.wait()
            if not self._closed:
                time.sleep(_GATHER)
            self._told.clear()
            taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if self._dropped:
                taken.append(json.dumps({"dropped": self._dropped}) + "\n")
                self._dropped = 0
            if taken:
                self._lines.write("".join(taken))

    def close(self) -> None:
        """Write what is left, and close the file; wait at most two seconds for a log that is stuck."""
        self._closed = True
        self._told.set()
        self._thread.join(_CLOSE)
        if not self._thread.is_alive():
            self._lines.close()


def _open(path: Path | None) -> TextIO:
    """Return where lines go. No buffer: what a full disk refused is gone, and is not tried again with the next line."""
    return sys.stderr if path is None else TextIOWrapper(FileIO(path, "a"), encoding="utf-8", write_through=True)
