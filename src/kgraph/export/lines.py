"""What an export is made of: canonical lines, unit by unit, in batches, each unit held to the manifest as it goes by.

Units come by IRI, in code-point order, `graph/release` among them, and the lines of each in code-point order. Memory
stays flat, however large a unit: more lines than `ROOM` are sorted on disk.
"""

import hashlib
import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice

import pyoxigraph as ox

from kgraph import canonical
from kgraph.errors import BrokenRelease
from kgraph.export.part import Needed
from kgraph.export.source import Source
from kgraph.release import Release
from kgraph.terms import NANOPUB_GRAPHS, fragment

ROOM = 50_000  # lines that are sorted in memory
BATCH = 1000

Batch = list[bytes]


def batches(source: Source) -> Iterator[Batch]:
    """Yield the canonical N-Quads lines that are meant, a batch at a time; no batch is of two units.

    For everything these are all units of the release; for some claims, theirs, and then the lines of shared graphs that
    are needed beside them. Raises `BrokenRelease` at a unit that is not as the manifest says: what was altered is never
    exported as if whole.
    """
    try:
        yield from _whole(source) if source.only is None else _some(source, source.only)
    except (OSError, ValueError, RuntimeError) as error:
        raise BrokenRelease(f"release {source.release.digest}: its store cannot be read: {error}") from error


def _whole(source: Source) -> Iterator[Batch]:
    expected = source.release.manifest.units
    own = str(source.iris.graph("release"))
    _refuse_added(source, expected.keys() | {own})
    for unit in sorted(expected.keys() | {own}):
        if unit != own:
            yield from _unit(source, unit)
            continue
        lines = canonical.lines(_quads(source, unit))
        if source.release.manifest.description not in {None, canonical.description_digest(lines)[0]}:
            raise _altered(source.release, unit)
        yield from _cut(lines)


def _some(source: Source, claims: Iterable[str]) -> Iterator[Batch]:
    needed = Needed(source)
    for claim in sorted(claims):
        yield from _unit(source, claim)
        needed.by(_quads(source, claim))
        needed.derived(claim)
    for quads in needed.graphs():
        yield from ordered(quads)


def _unit(source: Source, unit: str) -> Iterator[Batch]:
    """Yield the lines of a unit; raise `BrokenRelease` at its end where they are not those of the manifest."""
    digest = hashlib.sha256()
    for batch in ordered(_quads(source, unit)):
        digest.update(b"".join(batch))
        yield batch
    if digest.hexdigest() != source.release.manifest.units.get(unit):
        raise _altered(source.release, unit)


def require_intact(source: Source, unit: str) -> None:
    """Raise `BrokenRelease` where a unit is not as the manifest says."""
    for _ in _unit(source, unit):
        pass


def _quads(source: Source, unit: str) -> Iterator[ox.Quad]:
    claim = unit.startswith(source.iris.of("claim", ""))
    graphs = [str(fragment(unit, name)) for name in NANOPUB_GRAPHS] if claim else [unit]
    return canonical.unit_quads(source.store, map(ox.NamedNode, graphs))


def _refuse_added(source: Source, units: set[str]) -> None:
    """Raise `BrokenRelease` where the store has a graph that is of none of its units."""
    for graph in source.store.named_graphs():
        unit, mark, name = str(graph)[1:-1].partition("#")
        if unit not in units or (mark and name not in NANOPUB_GRAPHS):
            raise _altered(source.release, unit)
    if next(source.store.quads_for_pattern(None, None, None, ox.DefaultGraph()), None) is not None:
        raise _altered(source.release, "its default graph")


def ordered(quads: Iterable[ox.Quad], room: int = ROOM) -> Iterator[Batch]:
    """Yield the canonical lines of `quads` in code-point order; those of one subject stand in one batch."""
    quads = iter(quads)
    lines = canonical.lines(islice(quads, room))
    if len(lines) < room:
        yield from _cut(lines)
        return
    with ExitStack() as stack:
        runs = []
        while lines:
            run = stack.enter_context(tempfile.TemporaryFile())
            run.writelines(lines)
            run.seek(0)
            runs.append(run)
            lines = canonical.lines(islice(quads, room))
        yield from _cut(heapq.merge(*runs))


def _cut(lines: Iterable[bytes]) -> Iterator[Batch]:
    batch: Batch = []
    last = b""
    for line in lines:
        subject = line[: line.index(b" ")]
        if len(batch) >= BATCH and subject != last:
            yield batch
            batch = []
        batch.append(line)
        last = subject
    if batch:
        yield batch


def _altered(release: Release, unit: str) -> BrokenRelease:
    return BrokenRelease(f"release {release.digest} was altered in {unit}: `kgraph verify` says more")


def marked(source: Source) -> bytes:
    """Return the line that says, in a file of a part of a release, what it is a part of; nothing for a whole one."""
    if source.only is None:
        return b""
    many = f"{len(source.only)} claims" if len(source.only) != 1 else source.only[0]
    return f"# A part of release {source.release.digest}: {many}\n".encode()
