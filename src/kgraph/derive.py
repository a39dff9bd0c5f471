"""What follows from the claims: one SPARQL CONSTRUCT a rule, run in order, into `graph/derived`."""

import re
from collections.abc import Sequence
from pathlib import Path

import pyoxigraph as ox

from kgraph.model import Finding
from kgraph.terms import Iris

_PLACE = re.compile(r"error at (\d+):(\d+): ?(.*)", re.DOTALL)


def derive(store: ox.Store, rules: Sequence[Path], iris: Iris) -> None:
    """Run `rules` over `store`, each seeing what those before it derived, and add what they derive.

    The rules have passed `check_queries`. A triple that stands in a graph already is not derived again: every triple
    stands in exactly one graph.
    """
    home = ox.NamedNode(str(iris.graph("derived")))
    for path in rules:
        derived = store.query(path.read_text(encoding="utf-8"), use_default_graph_as_union=True)
        assert isinstance(derived, ox.QueryTriples)
        store.bulk_extend(
            [
                ox.Quad(triple.subject, triple.predicate, triple.object, home)
                for triple in set(derived)
                if next(store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None), None) is None
            ]
        )


def check_queries(paths: Sequence[Path], root: Path) -> list[Finding]:
    """Return the findings on the form of rules and saved queries: each is run over an empty store."""
    findings = []
    for path in paths:
        name = path.relative_to(root).as_posix()
        try:
            found = ox.Store().query(path.read_text(encoding="utf-8"))
        except SyntaxError as error:
            findings.append(_finding(name, error))
            continue
        except (UnicodeDecodeError, RuntimeError, ValueError) as error:
            findings.append(Finding(code="query-form", file=name, message=str(error), accepted="SPARQL 1.1, in UTF-8"))
            continue
        if path.parent.name == "rules" and not isinstance(found, ox.QueryTriples):
            findings.append(Finding(code="rule-form", file=name, message="a rule is a CONSTRUCT", accepted="CONSTRUCT"))
    return findings


def _finding(name: str, error: SyntaxError) -> Finding:
    match = _PLACE.match(str(error))
    line, message = (int(match[1]), match[3]) if match else (1, str(error))
    return Finding(code="query-syntax", file=name, line=line, message=f"not SPARQL: {message}", accepted="SPARQL 1.1")
