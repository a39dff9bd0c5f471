"""The exports of a release: each a stream of bytes, in forms that other programs read.

One function a format, in `EXPORTS`; a new format is one more row.
"""

import gzip
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kgraph.errors import KgraphError
from kgraph.export.nquads import manifest, nquads
from kgraph.export.source import Source, opened

__all__ = ["EXPORTS", "Export", "Source", "opened", "write_file"]


@dataclass(frozen=True)
class Export:
    """A form in which a release can be had; `write` yields its bytes, and raises before its end what went wrong."""

    name: str
    suffix: str
    media_type: str
    about: str
    write: Callable[[Source], Iterator[bytes]]


EXPORTS = {
    export.name: export
    for export in (
        Export("nquads", ".nq", "application/n-quads", "every quad, unit by unit, in canonical lines", nquads),
        Export(
            "manifest", ".json", "application/json", "the digests of release and units, to verify against", manifest
        ),
    )
}


def write_file(chunks: Iterable[bytes], path: Path) -> None:
    """Write a file whole or not at all, gzipped (and the same bytes every time) where its name ends in `.gz`.

    Raises `KgraphError` where it cannot be written; what stood there before stays.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with new.open("wb") as stream:
            _write(chunks, stream, packed=path.suffix == ".gz")
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(path)
    except OSError as error:
        raise KgraphError(f"{path} could not be written: {error.strerror or error}; it is as it was") from error
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


def _write(chunks: Iterable[bytes], stream: BinaryIO, *, packed: bool) -> None:
    if not packed:
        stream.writelines(chunks)
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as inner:
        inner.writelines(chunks)
