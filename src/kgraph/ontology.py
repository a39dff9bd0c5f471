"""The ontology and the concept schemes of a corpus, as quads and as what records may name."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from rdflib import BNode, Graph, URIRef
from rdflib.compare import to_canonical_graph
from rdflib.namespace import RDF, SKOS
from rdflib.term import Node

from kgraph.model import Finding
from kgraph.terms import SCHEMES, SKOLEM, VOCAB, Iris, Quad


@dataclass(frozen=True)
class Ontology:
    """The quads of the ontology and the vocabularies, and the concepts of each scheme."""

    quads: tuple[Quad, ...]
    concepts: dict[str, frozenset[str]]


def load(root: Path, iris: Iris) -> tuple[Ontology, list[Finding]]:
    """Read `ontology/kgraph.ttl` and `ontology/vocab/*.ttl`; a triple that stands in both is kept in the first."""
    findings: list[Finding] = []
    seen: set[tuple[Node, Node, Node]] = set()
    quads: list[Quad] = []
    concepts: dict[str, set[str]] = defaultdict(set)
    for path in ontology_files(root):
        name = path.relative_to(root).as_posix()
        graph = _parse(path, name, findings)
        home = iris.graph("ontology" if path.parent.name == "ontology" else "vocabularies")
        for triple in graph:
            if triple not in seen:
                seen.add(triple)
                assert isinstance(triple[1], URIRef)
                quads.append((triple[0], triple[1], triple[2], home))
        groups = set(graph.objects(None, SKOS.broader)) if path.stem == "stance" else set()
        for subject in set(graph.subjects(RDF.type, SKOS.Concept)) - groups:
            scheme, _, slug = str(subject).removeprefix(str(VOCAB)).partition("/")
            concepts[scheme].add(slug)
            if scheme not in SCHEMES:
                findings.append(
                    Finding(
                        code="unknown-scheme", file=name, value=str(subject), accepted=", ".join(SCHEMES),
                        message=f"concept {subject} belongs to no scheme of the design",
                    )
                )  # fmt: skip
    return Ontology(tuple(quads), {scheme: frozenset(concepts[scheme]) for scheme in SCHEMES}), findings


def ontology_files(root: Path) -> list[Path]:
    """Return the Turtle files of the ontology, in the order in which they are read."""
    paths = [root / "ontology" / "kgraph.ttl", *sorted((root / "ontology" / "vocab").glob("*.ttl"))]
    return [path for path in paths if path.is_file()]


def rule_files(root: Path) -> list[Path]:
    """Return the rules, in the order in which they run."""
    return sorted((root / "ontology" / "rules").glob("*.rq"))


def _parse(path: Path, name: str, findings: list[Finding]) -> Graph:
    graph = Graph()
    try:
        graph.parse(path, format="turtle")
    except Exception as error:  # noqa: BLE001 - rdflib's parsers raise many kinds
        last = path.read_bytes().count(b"\n") or 1
        line = min(getattr(error, "lines", 0) + 1, last)
        message = f"not Turtle: {str(error).splitlines()[0]}"
        findings.append(Finding(code="turtle-syntax", file=name, line=line, message=message, accepted="Turtle"))
        return Graph()
    return _named(graph)


def _named(graph: Graph) -> Graph:
    """Return `graph` with an IRI for each blank node, the same whatever the order of the file."""
    if not any(isinstance(node, BNode) for triple in graph for node in triple):
        return graph
    named = Graph()
    for triple in to_canonical_graph(graph):
        named.add(tuple(URIRef(SKOLEM + node) if isinstance(node, BNode) else node for node in triple))  # type: ignore[arg-type]
    return named
