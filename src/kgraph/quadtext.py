"""Quads as text: a file of them opened, packed or not, and TriG read as a stream, with the line of each quad."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import pyoxigraph as ox

DAMAGE = (OSError, EOFError, zlib.error)
"""What reading a file may raise: it cannot be read, or what is packed in it is broken."""

_GZIP = b"\x1f\x8b"


def opened(path: Path) -> BinaryIO:
    """Open a file for reading, unpacked where it is gzipped, whatever its name."""
    with path.open("rb") as stream:
        packed = stream.read(2) == _GZIP
    return cast("BinaryIO", gzip.open(path)) if packed else path.open("rb")


def trig(stream: BinaryIO) -> Iterator[tuple[int, ox.Quad]]:
    """Yield each quad of TriG with the line, from 1, on which it ends; raise `SyntaxError` where it is not TriG."""
    lines = _Lines(stream)
    for quad in ox.parse(cast("BinaryIO", lines), format=ox.RdfFormat.TRIG):
        yield lines.number, quad


class _Lines:
    """A file that gives a line at a time, so that whoever parses it is never ahead of what was parsed."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.number, self._fresh = 0, True

    def read(self, size: int) -> bytes:
        line = self._stream.readline(size)
        self.number += self._fresh and bool(line)
        self._fresh = line.endswith(b"\n")
        return line
