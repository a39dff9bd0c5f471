"""Tables as CSV (RFC 4180, UTF-8): each alone, or all in a zip file with their description in CSV on the Web.

No cell of text begins with what a spreadsheet takes for a formula: see `guarded`, which loses nothing.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from kgraph.export.columns import Cell, Column, Table
from kgraph.export.csvw import METADATA, metadata
from kgraph.export.layout import TABLES
from kgraph.export.reading import Reader, chunks
from kgraph.export.source import Source

SEPARATOR = "|"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_HUGE = 1_000_000  # claims from which on a table may pass 2 GiB, where a zip file needs its 64-bit form
_UNIX, _TEXT_FILE = 3, 0o644 << 16


def table(name: str) -> Callable[[Source], Iterator[bytes]]:
    """Return what writes the table called `name` (one of `TABLES`) as CSV, its first line the names of its columns."""
    return partial(_table, TABLES[name])


def _table(found: Table, source: Source) -> Iterator[bytes]:
    return chunks(lines(found, Reader(source)))


def archive(source: Source) -> Iterator[bytes]:
    """Yield a zip file of all tables and of `csv-metadata.json` (https://www.w3.org/TR/tabular-metadata/).

    It is the same bytes for the same release: members in order, and no time of day in it.
    """
    reader = Reader(source)
    sink = _Sink()
    huge = source.release.manifest.claims >= _HUGE
    with zipfile.ZipFile(sink, "w") as packed:
        members = [(METADATA, chunks([metadata(source.release.manifest)]))]
        members += [(f"{name}.csv", chunks(lines(found, reader))) for name, found in TABLES.items()]
        for name, parts in members:
            with packed.open(_member(name), "w", force_zip64=huge) as member:
                for part in parts:
                    member.write(part)
                    yield from sink.taken()
    yield from sink.taken()


def lines(found: Table, reader: Reader) -> Iterator[str]:
    """Yield the lines of a table, each with its CR LF."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in _rows(found, reader):
        writer.writerow(row)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _rows(found: Table, reader: Reader) -> Iterator[Iterable[str]]:
    yield [column.name for column in found.columns]
    for node in found.nodes(reader):
        yield [_written(column, column.value(reader, node)) for column in found.columns]


def _written(column: Column, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, list):
        cell = SEPARATOR.join(text.replace(SEPARATOR, "%7C") for text in cell)
    return guarded(cell) if column.datatype == "string" else cell


def guarded(text: str) -> str:
    """Return a text as it stands in a cell: with an apostrophe in front where it begins with one of = + - @ ' TAB CR.

    So no spreadsheet runs it (https://owasp.org/www-community/attacks/CSV_Injection), and who takes one apostrophe off
    the front of every cell that begins with one has the text again.
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)  # dated 1980, as early as the format goes
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system, member.external_attr = _UNIX, _TEXT_FILE
    return member


class _Sink(io.RawIOBase):
    """What a zip file is written to, piece by piece, without going back."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[bytes] = []

    def writable(self) -> bool:
        """Return that this can be written."""
        return True

    def write(self, part: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        """Keep a part until it is taken."""
        self._held.append(bytes(part))
        return len(self._held[-1])

    def taken(self) -> Iterator[bytes]:
        """Yield what was written since the last time."""
        held, self._held = self._held, []
        if held:
            yield b"".join(held)
