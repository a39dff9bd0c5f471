"""Saved queries as linked data, in the shape that SPARQL examples have elsewhere.

An example says what it asks, and its text; tools that write queries learn from it
(https://github.com/sib-swiss/sparql-examples).
"""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

from rdflib import SH, Literal, URIRef
from rdflib.namespace import RDF, RDFS

from kgraph.model import Finding
from kgraph.passages import write_whole
from kgraph.terms import SLUG, SPEX, Iris, Quad

_GAP = r"(?:\s|#[^\r\n]*+)*+"
_PROLOGUE = rf"{_GAP}(?:(?:BASE|PREFIX{_GAP}[^\s:<#]*:){_GAP}<[^>]*>{_GAP})*"
_FORM = re.compile(rf"{_PROLOGUE}(SELECT|ASK|CONSTRUCT|DESCRIBE)\b", re.IGNORECASE)
_FORMS: dict[str, tuple[URIRef, URIRef]] = {
    "SELECT": (SH.SPARQLSelectExecutable, SH.select),
    "ASK": (SH.SPARQLAskExecutable, SH.ask),
    "CONSTRUCT": (SH.SPARQLConstructExecutable, SH.construct),
    "DESCRIBE": (SPEX.SPARQLDescribeExecutable, SPEX.describe),
}


def query_files(root: Path) -> list[Path]:
    """Return the saved queries of a corpus."""
    return sorted((root / "queries").glob("*.rq"))


def query_form(text: str) -> str | None:
    """Return SELECT, ASK, CONSTRUCT or DESCRIBE, None for a text that is no query.

    The form is the first word behind the prologue (https://www.w3.org/TR/sparql11-query/#rQuery).
    """
    match = _FORM.match(text)
    return match[1].upper() if match else None


def leading_comment(text: str) -> str:
    """Return the comment that a query begins with, as one line; empty where there is none."""
    lines = takewhile(lambda line: line.startswith("#"), text.lstrip().splitlines())
    return " ".join(" ".join(line.lstrip("#") for line in lines).split())


def check_names(paths: Sequence[Path], root: Path) -> list[Finding]:
    """Return the findings on saved queries that cannot be named by an IRI, or whose form does not show."""
    findings = []
    for path in paths:
        name = path.relative_to(root).as_posix()
        if not SLUG.fullmatch(path.stem):
            accepted = "lower-case ASCII letters, digits and single hyphens, before .rq"
            message = f"{path.stem!r} cannot name a query: its IRI ends in it"
            findings.append(Finding(code="query-name", file=name, message=message, value=path.stem, accepted=accepted))
        if query_form(path.read_text(encoding="utf-8", errors="replace")) is None:
            message = "no query form behind the prologue"
            findings.append(Finding(code="query-form", file=name, message=message, accepted=", ".join(_FORMS)))
    return findings


def examples(paths: Sequence[Path], iris: Iris) -> Iterator[Quad]:
    """Yield `graph/queries`: what each saved query asks, and its text; the names and forms have passed `check_names`.

    The endpoint that an example is for (`schema:target`) is known only to a server, and is added there.
    """
    home = iris.graph("queries")
    for path in paths:
        text = path.read_text(encoding="utf-8")
        form = query_form(text)
        assert form is not None
        kind, predicate = _FORMS[form]
        query = iris.of("query", path.stem)
        yield query, RDF.type, SH.SPARQLExecutable, home
        yield query, RDF.type, kind, home
        yield query, RDFS.comment, Literal(leading_comment(text) or path.stem.replace("-", " "), lang="en"), home
        yield query, predicate, Literal(text), home
        yield query, SH.prefixes, URIRef(iris.base), home


def write_queries(paths: Sequence[Path], folder: Path) -> None:
    """Make the saved queries in the folder of a release those at `paths`."""
    for path in paths:
        write_whole(folder / path.name, path.read_text(encoding="utf-8"))
    for path in set(folder.glob("*.rq")) - {folder / path.name for path in paths}:
        path.unlink()
