"""Ready-made quads into a store: read as a stream, compiled in memory, or, where the file is large, on disk."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pyoxigraph as ox
from rdflib.namespace import RDF

from kgraph import canonical, derive
from kgraph.model import Finding
from kgraph.ontology import Ontology
from kgraph.quadfile import QuadFile, refused
from kgraph.terms import Iris

# Bytes of a file that is compiled in memory, which takes about three times as many. On disk it takes three times as
# long, and about 100 bytes a quad.
ROOM = 1 << 30
_MOST = 20
_PACKED = 15  # times as large is a file of quads once it is unpacked


class Loaded:
    """The store of a release that is being made in `folder`, and the digests of its units."""

    def __init__(self, folder: Path, *, on_disk: bool) -> None:
        self._folder = folder
        self._disk = ox.Store(str(folder)) if on_disk else None
        self.store = ox.Store() if self._disk is None else self._disk
        self.units: dict[str, str] = {}
        self.stated: str | None = None  # the digest of the release that its file says it is

    def count(self, kind: str) -> int:
        """Return how many nodes of a class there are."""
        pattern = self.store.quads_for_pattern(None, ox.NamedNode(str(RDF.type)), ox.NamedNode(kind), None)
        return sum(1 for _ in pattern)

    def finish(self) -> int:
        """Write all of it, let go of it, and return how many quads there are."""
        disk = self._disk
        if disk is None:
            disk = ox.Store(str(self._folder))
            disk.bulk_extend(self.store)
        disk.optimize()
        disk.flush()
        total = len(self.store)
        del self.store, self._disk  # the folder is about to be renamed
        return total


def load(
    path: Path, folder: Path, onto: Ontology, rules: Sequence[Path], iris: Iris, *, note: Callable[[str], None]
) -> Loaded:
    """Compile the quads of the file `path`, with the ontology and what the rules derive, for a store at `folder`.

    Raises `InvalidData` with findings for bad lines, and for triples that stand in more than one graph.
    """
    on_disk = path.stat().st_size * (_PACKED if path.suffix == ".gz" else 1) > ROOM
    loaded = Loaded(folder, on_disk=on_disk)
    store, source = loaded.store, QuadFile(path, onto, iris)
    note(f"loading {path.name} {'on disk' if on_disk else 'into memory'}")
    store.bulk_extend(source.quads())
    loaded.stated = source.stated
    store.bulk_extend(map(canonical.ox_quad, onto.quads))
    if on_disk:
        store.optimize()
    note("deriving")
    derive.derive(store, rules, iris)
    note("taking digests")
    watch = _Watch(store)
    loaded.units = canonical.unit_digests(store, iris, through=watch.through)
    findings = _findings(watch.doubled, source)
    if findings:
        raise refused(findings, path.name)
    return loaded


class _Watch:
    """Notices triples that stand in more than one graph: a hash a triple is kept, and what collides is looked up."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._seen: set[int] = set()
        self.doubled: dict[ox.Triple, list[str]] = {}

    def through(self, quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
        """Yield `quads`, having looked at each."""
        for quad in quads:
            mark = hash(quad.triple)
            if mark in self._seen and len(self.doubled) < _MOST:
                self._look_up(quad.triple)
            self._seen.add(mark)
            yield quad

    def _look_up(self, triple: ox.Triple) -> None:
        found = self._store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
        graphs = sorted(str(quad.graph_name) for quad in found)
        if len(graphs) > 1:
            self.doubled[triple] = graphs


def _findings(doubled: dict[ox.Triple, list[str]], source: QuadFile) -> list[Finding]:
    lines = source.lines_of(set(doubled)) if doubled else {}
    return [
        Finding(
            code="triple-twice", file=source.path.name, line=lines.get(triple, 1), accepted="one graph a triple",
            value=str(triple), message=f"{triple} stands in {' and in '.join(graphs)}",
        )
        for triple, graphs in doubled.items()
    ]  # fmt: skip
