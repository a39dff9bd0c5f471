"""Ready-made quads into a store on disk: loaded as a stream, rules run where the quads lie, so memory stays small."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
from rdflib.namespace import RDF

from kgraph import canonical, derive
from kgraph.model import Finding
from kgraph.ontology import Ontology
from kgraph.quadfile import QuadFile, refused
from kgraph.terms import KG, Iris, Quad

_MOST = 20


@dataclass
class Loaded:
    """A store on disk that is being made, what it is made of, and the digests of its units."""

    store: ox.Store
    units: dict[str, str]
    claims: int
    attestations: int

    def finish(self, about: Iterable[Quad]) -> int:
        """Add what the release says of itself, optimise, let go of the store, and return how many quads it has."""
        self.store.bulk_extend(map(canonical.ox_quad, about))
        self.store.optimize()
        self.store.flush()
        count = len(self.store)
        del self.store  # the folder is about to be renamed
        return count


def load(
    path: Path, folder: Path, onto: Ontology, rules: Sequence[Path], iris: Iris, *, note: Callable[[str], None]
) -> Loaded:
    """Compile the quads of the file `path`, with the ontology and what the rules derive, into a store at `folder`.

    Raises `InvalidData` with findings for bad lines, and for triples that stand in more than one graph.
    """
    store = ox.Store(str(folder))
    note(f"loading {path.name}")
    source = QuadFile(path, onto, iris)
    store.bulk_extend(source.quads())
    store.bulk_extend(map(canonical.ox_quad, onto.quads))
    store.optimize()
    note("deriving")
    derive.derive(store, rules, iris)
    note("counting graphs of each triple")
    findings = _doubled(store, source)
    if findings:
        raise refused(findings, path.name)
    note("taking digests")
    units = canonical.unit_digests(store, iris)
    claims, attestations = (_count(store, kind) for kind in (KG.Claim, KG.Attestation))
    return Loaded(store, units, claims, attestations)


def _count(store: ox.Store, kind: str) -> int:
    return sum(1 for _ in store.quads_for_pattern(None, ox.NamedNode(str(RDF.type)), ox.NamedNode(kind), None))


def _doubled(store: ox.Store, source: QuadFile) -> list[Finding]:
    """Return a finding for each triple in more than one graph: a hash a triple is kept, and what collides looked up."""
    seen: set[int] = set()
    homes: dict[ox.Triple, list[str]] = {}
    for quad in store:
        triple = quad.triple
        mark = hash(triple)
        if mark in seen and triple not in homes and len(homes) < _MOST:
            found = store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
            graphs = sorted(str(other.graph_name) for other in found)
            if len(graphs) > 1:
                homes[triple] = graphs
        seen.add(mark)
    lines = source.lines_of(set(homes)) if homes else {}
    return [
        Finding(
            code="triple-twice", file=source.path.name, line=lines.get(triple, 1), accepted="one graph a triple",
            value=str(triple), message=f"{triple} stands in {' and in '.join(graphs)}",
        )
        for triple, graphs in homes.items()
    ]  # fmt: skip
