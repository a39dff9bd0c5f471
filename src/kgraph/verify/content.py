"""What a file of N-Quads, or the store of a release, holds: its units and their digests, read as a stream."""

import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import pyoxigraph as ox

from kgraph import canonical
from kgraph.errors import CannotVerify
from kgraph.terms import Iris
from kgraph.verify.faults import Fault
from kgraph.verify.indexes import index_faults

DEFAULT_GRAPH = "(default graph)"
DESCRIPTION = "/graph/release"
MOST = 100  # faults of form that are told
_BATCH = 1 << 20
_LONGEST = 64 << 20  # bytes of a line: a file without line ends is no N-Quads
_ROOM = 256 << 20  # bytes of lines that are gathered at a time, where a unit's lines stand apart
_TYPE = b"<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_PLACE = re.compile(r"^Parser error at line \d+,? ?")
_DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)


@dataclass
class Content:
    """The units of a release: digests by IRI, and for a file the first and the last line of each.

    `descriptions` are the canonical lines of each unit that may be the release's description of itself, `wanted` those
    of the unit that was asked for. `classes` and `properties` count quads by class and by predicate, `sizes` by unit.
    """

    units: dict[str, str] = field(default_factory=dict)
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)
    sizes: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)
    properties: Counter[str] = field(default_factory=Counter)
    descriptions: dict[str, list[bytes]] = field(default_factory=dict)
    wanted: list[bytes] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def finish(self, unit: str, lines: Sequence[bytes], wanted: str | None) -> None:
        """Take a unit, whole: its canonical lines, in code-point order, each once."""
        self.units[unit] = canonical.digest_of(lines)
        self.sizes[unit] = len(lines)
        for line in lines:
            _, predicate, value, *_ = line.split(b" ", 3)
            self.properties[_iri(predicate)] += 1
            if predicate == _TYPE:
                self.classes[_iri(value)] += 1
        if unit.endswith(DESCRIPTION):
            self.descriptions[unit] = list(lines)
        if wanted is not None and is_named(unit, wanted):
            self.wanted = list(lines)

    @property
    def quads(self) -> int:
        """Return how many quads there are, each counted once."""
        return self.sizes.total()


def is_named(unit: str, name: str) -> bool:
    """Tell whether a unit is meant by its IRI or, for a claim, by its identifier."""
    return unit == name or unit.endswith(f"/claim/{name}")


def _iri(term: bytes) -> str:
    return term[1:-1].decode()


def read_store(path: Path, iris: Iris, *, wanted: str | None = None) -> Content:
    """Return what the store in the folder `path` holds; raise `OSError` where it cannot be read."""
    content = Content()
    store = ox.Store.read_only(str(path))
    for unit, graphs in canonical.graphs_of_units(store, iris).items():
        content.finish(unit, canonical.lines(canonical.unit_quads(store, graphs)), wanted)
    content.faults += index_faults(store)
    return content


def read_file(path: Path, *, wanted: str | None = None) -> Content:
    """Return what a file of N-Quads holds, in whatever order, gzipped or not.

    Memory stays flat where the lines of each unit stand together, as an export writes them. Where they do not, the file
    is read again, a part of its units at a time. Raises `CannotVerify` where the file cannot be opened; what is no
    N-Quads is a fault, and the rest is read.
    """
    content = Content()
    size = 0
    together = True
    unit, run = "", set[bytes]()
    for number, found, line in _quads(path, content.faults):
        if found != unit:
            together = together and found not in content.spans
            if run and together:
                content.finish(unit, sorted(run), wanted)
            unit, run = found, set()
        if together:
            run.add(line)
        size += len(line)
        first, _ = content.spans.get(unit, (number, number))
        content.spans[unit] = (first, number)
    if not together:
        return _gathered(path, content, 1 + size // _ROOM, wanted)
    if run:
        content.finish(unit, sorted(run), wanted)
    return content


def _gathered(path: Path, read: Content, rounds: int, wanted: str | None) -> Content:
    """Read a file in which the lines of a unit stand apart, in `rounds`, each for a part of its units."""
    content = Content(spans=read.spans, faults=read.faults)
    for turn in range(rounds):
        lines: dict[str, set[bytes]] = {}
        for _, unit, line in _quads(path, []):
            if zlib.crc32(unit.encode()) % rounds == turn:
                lines.setdefault(unit, set()).add(line)
        for unit, found in lines.items():
            content.finish(unit, sorted(found), wanted)
    return content


def _quads(path: Path, faults: list[Fault]) -> Iterator[tuple[int, str, bytes]]:
    """Yield the line number, the unit and the canonical line of each quad of a file."""
    for first, lines in _batches(path, faults):
        try:
            quads = _parsed(b"".join(lines))
        except (SyntaxError, ValueError):
            quads = []
        if len(quads) == len(lines):
            yield from zip(range(first, first + len(lines)), map(_unit, quads), _canonical(quads), strict=True)
            continue
        for number, line in enumerate(lines, first):
            found = _parsed_line(line, number, faults)
            yield from ((number, _unit(quad), text) for quad, text in zip(found, _canonical(found), strict=True))


def _parsed(data: bytes) -> list[ox.Quad]:
    return list(ox.parse(data, format=ox.RdfFormat.N_QUADS))


def _parsed_line(line: bytes, number: int, faults: list[Fault]) -> list[ox.Quad]:
    try:
        return _parsed(line)
    except (SyntaxError, ValueError) as error:
        if len(faults) < MOST:
            shown = line[:120].decode("utf-8", errors="replace").strip()
            message = f"line {number} is not N-Quads: {_PLACE.sub('', str(error))}: {shown}"
            faults.append(Fault(kind="syntax", message=message, line=number))
        return []


def _canonical(quads: list[ox.Quad]) -> list[bytes]:
    """Return the canonical line of each quad, in the order of the quads."""
    text = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
    assert text is not None
    return text.splitlines(keepends=True)


def _unit(quad: ox.Quad) -> str:
    graph = quad.graph_name
    if isinstance(graph, ox.DefaultGraph):
        return DEFAULT_GRAPH
    return graph.value.partition("#")[0]


def _batches(path: Path, faults: list[Fault]) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the lines of a file, about a megabyte at a time, with the number of the first."""
    first, rest = 1, b""
    try:
        with path.open("rb") as raw, _unpacked(raw) as stream:
            while block := stream.read(_BATCH):
                whole, end, after = (rest + block).rpartition(b"\n")
                rest = after
                if len(rest) > _LONGEST:
                    faults.append(Fault(kind="syntax", message=f"a line of more than {_LONGEST} bytes", line=first))
                    return
                lines = (whole + end).split(b"\n")[:-1]
                yield first, [line + b"\n" for line in lines]
                first += len(lines)
    except _DAMAGE as error:
        faults.append(Fault(kind="damaged", message=f"the compressed file ends or breaks here: {error}", line=first))
    except OSError as error:
        raise CannotVerify(f"{path} cannot be read: {error.strerror or error}") from error
    if rest:
        yield first, [rest]


def _unpacked(stream: BinaryIO) -> BinaryIO:
    packed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    return cast("BinaryIO", gzip.open(stream)) if packed else stream
