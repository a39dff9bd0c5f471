"""What some claims need beside them to be read alone: the shared things that they name, and what those name."""

from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from kgraph.export.source import Source
from kgraph.terms import VOCAB, Iris

SHARED = ("agent", "victim", "place", "event", "document", "passage")


def home(iris: Iris, iri: str) -> str | None:
    """Return the shared graph that tells of a thing or of a concept, None where there is none."""
    if iri.startswith(str(VOCAB)):
        return str(iris.graph("vocabularies"))
    kind, _ = iris.split(iri) or ("", "")
    return str(iris.graph(f"{kind}s")) if kind in SHARED else None


class Needed:
    """The quads of shared graphs that some claims need: each thing once, whole, with its parts."""

    def __init__(self, source: Source) -> None:
        self._store, self._iris = source.store, source.iris
        self._found: dict[str, list[ox.Quad]] = {}
        self._seen: set[str] = set()

    def by(self, quads: Iterable[ox.Quad]) -> None:
        """Take what `quads` name, and what that names: members of, parts of, publishers, earlier versions."""
        waiting = list(_named(quads))
        while waiting:
            iri = waiting.pop()
            graph = None if iri in self._seen else home(self._iris, iri)
            if graph is None:
                continue
            self._seen.add(iri)
            told = list(self._about(iri, graph))
            self._found.setdefault(graph, []).extend(told)
            if not iri.startswith(str(VOCAB)) or "/" in iri.removeprefix(str(VOCAB)):  # a scheme names all its concepts
                waiting += _named(told)

    def derived(self, claim: str) -> None:
        """Take what was derived of a claim."""
        graph = str(self._iris.graph("derived"))
        told = list(self._about(claim, graph))
        self._found.setdefault(graph, []).extend(told)
        self.by(told)

    def graphs(self) -> Iterator[list[ox.Quad]]:
        """Yield the quads, graph by graph."""
        for _, quads in sorted(self._found.items()):
            yield quads

    def _about(self, iri: str, graph: str) -> Iterator[ox.Quad]:
        for quad in self._store.quads_for_pattern(ox.NamedNode(iri), None, None, ox.NamedNode(graph)):
            yield quad
            value = quad.object
            if isinstance(value, ox.NamedNode) and value.value.startswith(f"{iri}#"):
                yield from self._store.quads_for_pattern(value, None, None, ox.NamedNode(graph))


def _named(quads: Iterable[ox.Quad]) -> Iterator[str]:
    for quad in quads:
        if isinstance(quad.object, ox.NamedNode):
            yield quad.object.value
