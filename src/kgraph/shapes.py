"""What is emitted, held against `ontology/shapes.ttl`: a broken shape becomes a finding at the record behind it."""

from collections.abc import Callable, Iterable
from pathlib import Path

from rdflib import SH, Graph, URIRef
from rdflib.term import Node

from kgraph.model import Corpus, Finding, Origin
from kgraph.terms import Iris, Quad, local_name

SHAPES = Path("ontology", "shapes.ttl")


def check(quads: Iterable[Quad], shapes: Path, where: Callable[[str], Origin]) -> list[Finding]:
    """Return a finding for each shape that the union of `quads` breaks, at the place that `where` gives for the node.

    The quads are those of the records, of the ontology and of the vocabularies: shapes ask for subclasses and concepts.
    """
    data = Graph()
    for subject, predicate, value, _ in quads:
        data.add((subject, predicate, value))
    from pyshacl import validate  # noqa: PLC0415 - half a second that only a check needs

    _, report, _ = validate(data, shacl_graph=Graph().parse(shapes, format="turtle"), inplace=True)
    assert isinstance(report, Graph)
    found = {_finding(report, result, where) for result in report.objects(None, SH.result)}
    return sorted(found, key=lambda finding: (finding.file, finding.line, finding.message))


def locate(corpus: Corpus, iris: Iris) -> Callable[[str], Origin]:
    """Return what gives the place of the record that a node was made from; of any other node, that of the shapes."""

    def where(iri: str) -> Origin:
        thing, _, part = iri.partition("#")
        kind, ident = iris.split(thing) or ("", "")
        path: tuple[str | int, ...] = ()
        if kind == "attestation":
            ident, *rest = ident.split("/")
            kind, path = "claim", _attestation(corpus, ident, rest)
        elif kind == "passage":
            kind, ident = "document", ident.partition("/")[0]
        elif kind == "claim":
            path = _part(corpus, ident, part)
        known = (f"{kind}s", ident) in corpus.origins
        return corpus.where(f"{kind}s", ident, *path) if known else Origin(SHAPES.as_posix(), 1)

    return where


def _attestation(corpus: Corpus, claim: str, rest: list[str]) -> tuple[str | int, ...]:
    """Return the path of the attestation whose IRI ends in `rest`: its agent, and its own identifier if it has one."""
    record = corpus.claims.get(claim)
    for n, attestation in enumerate(record.attestations if record else ()):
        if any(rest == [agent, *filter(None, [attestation.id])] for agent in attestation.agent):
            return ("attestations", n)
    return ()


def _part(corpus: Corpus, claim: str, part: str) -> tuple[str | int, ...]:
    """Return the path of the toll or relation of a claim that has the fragment `part`."""
    record = corpus.claims.get(claim)
    if record is None:
        return ()
    paths = {record.toll_id(n): ("tolls", n) for n in range(len(record.tolls))}
    paths |= {f"relation-{n + 1}": ("relations", n) for n in range(len(record.relations))}
    return paths.get(part, ())


def _finding(report: Graph, result: Node, where: Callable[[str], Origin]) -> Finding:
    focus, value, path = (report.value(result, name) for name in (SH.focusNode, SH.value, SH.resultPath))
    accepted = str(report.value(result, SH.resultMessage))
    at = where(str(focus))
    # A shape of a whole node gives that node as the value, one that counts gives none.
    wrong = "" if value is None or value == focus else f", not {value.n3()}"
    name = f", {local_name(path)}" if isinstance(path, URIRef) else ""
    return Finding(
        code="shape", file=at.file, line=at.line, value=str(focus if value is None else value),
        message=f"{focus}{name}: {accepted}{wrong}", accepted=accepted,
        severity="error" if (result, SH.resultSeverity, SH.Violation) in report else "warning",
    )  # fmt: skip
