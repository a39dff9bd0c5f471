"""What follows from the claims: one SPARQL CONSTRUCT a rule, run in order, into `graph/derived`."""

import re
from collections.abc import Sequence
from pathlib import Path

import pyoxigraph as ox

from kgraph.model import Finding
from kgraph.terms import Iris

_PLACE = re.compile(r"error at (\d+):(\d+): ?(.*)", re.DOTALL)


def derive(store: ox.Store, rules: Sequence[Path], root: Path, iris: Iris) -> list[Finding]:
    """Run `rules` over `store`, each seeing what those before it derived, and add what they derive.

    A triple that stands in a graph already is not derived again: every triple stands in exactly one graph.
    """
    home = ox.NamedNode(str(iris.graph("derived")))
    findings: list[Finding] = []
    for path in rules:
        try:
            derived = store.query(path.read_text(encoding="utf-8"), use_default_graph_as_union=True)
        except SyntaxError as error:
            findings.append(_finding(path.relative_to(root).as_posix(), error))
            continue
        if not isinstance(derived, ox.QueryTriples):
            message, name = "a rule is a CONSTRUCT query", path.relative_to(root).as_posix()
            findings.append(Finding(code="rule-form", file=name, message=message, accepted="CONSTRUCT"))
            continue
        for triple in set(derived):
            if next(store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None), None) is None:
                store.add(ox.Quad(triple.subject, triple.predicate, triple.object, home))
    return findings


def _finding(name: str, error: SyntaxError) -> Finding:
    match = _PLACE.match(str(error))
    line, message = (int(match[1]), match[3]) if match else (1, str(error))
    return Finding(code="rule-syntax", file=name, line=line, message=f"not SPARQL: {message}", accepted="SPARQL 1.1")
