"""Saved queries as linked data, in the shape that SPARQL examples have elsewhere.

An example says what it asks, and its text; tools that write queries learn from it
(https://github.com/sib-swiss/sparql-examples).
"""

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from rdflib import SH, SKOS, XSD, Literal, URIRef
from rdflib.namespace import RDF, RDFS
from rdflib.term import Node

from kgraph.model import Finding
from kgraph.passages import write_whole
from kgraph.release import QUERIES
from kgraph.saved import library
from kgraph.saved.bind import unasked
from kgraph.saved.lint import lint
from kgraph.saved.model import Parameter
from kgraph.store.syntax import mistake
from kgraph.terms import KG, SCHEMA, SCHEMES, SLUG, SPEX, VOCAB, Iris, Quad, fragment

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
    return library.query_files(root / QUERIES)


def query_form(text: str) -> str | None:
    """Return SELECT, ASK, CONSTRUCT or DESCRIBE, None for a text that is no query.

    The form is the first word behind the prologue (https://www.w3.org/TR/sparql11-query/#rQuery).
    """
    match = _FORM.match(text)
    return match[1].upper() if match else None


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


def check_headers(paths: Sequence[Path], root: Path) -> list[Finding]:
    """Return the findings on what saved queries say of themselves; a text that is no query is not judged here."""
    findings: list[Finding] = []
    for path in paths:
        read = library.read_file(path, path.relative_to(root).as_posix())
        findings += read.findings
        if read.query is not None and mistake(read.query.body) is None:
            findings += lint(read.query)
    return findings


def examples(paths: Sequence[Path], iris: Iris) -> Iterator[Quad]:
    """Yield `graph/queries`: what each saved query asks, its text and parameters; names and forms passed `check_names`.

    The text is the one that is asked where nobody gives a parameter; the digest is that of the whole file. The endpoint
    that an example is for (`schema:target`) is known only to a server, and is added there.
    """
    home = iris.graph("queries")
    for path in paths:
        saved = library.read_file(path, f"{QUERIES}/{path.name}").query
        assert saved is not None
        form = query_form(saved.body)
        assert form is not None
        kind, predicate = _FORMS[form]
        query = iris.of("query", path.stem)
        yield query, RDF.type, SH.SPARQLExecutable, home
        yield query, RDF.type, kind, home
        if saved.described:
            yield query, RDFS.label, Literal(saved.header.summary, lang="en"), home
        yield query, RDFS.comment, Literal(saved.header.description or saved.header.summary, lang="en"), home
        for tag in saved.header.tags:
            yield query, SCHEMA.keywords, Literal(tag), home
        yield query, predicate, Literal(unasked(saved)), home
        yield query, SH.prefixes, URIRef(iris.base), home
        yield query, KG.sha256, Literal(sha256(_text(path).encode()).hexdigest()), home
        for parameter in saved.header.params:
            yield from ((*triple, home) for triple in _parameter(query, parameter))


def _parameter(query: URIRef, parameter: Parameter) -> Iterator[tuple[URIRef, URIRef, Node]]:
    """Yield a parameter as a declaration (https://www.w3.org/TR/shacl/#SPARQLConstraintComponent, `sh:parameter`)."""
    node = fragment(query, f"parameter-{parameter.name}")
    yield query, SH.parameter, node
    yield node, RDF.type, SH.Parameter
    yield node, SH.path, fragment(query, parameter.name)
    yield node, SH.name, Literal(parameter.name)
    yield node, SH.description, Literal(parameter.description, lang="en")
    yield node, SH.optional, Literal(not parameter.required)
    for name in parameter.of:
        yield node, SH["class"], SKOS.Concept if name in SCHEMES else KG[name.removeprefix("kg:")]
        if name in SCHEMES:
            yield node, RDFS.seeAlso, VOCAB[name]
    if not parameter.of:
        yield node, SH.datatype, XSD.string if parameter.type == "enum" else XSD[parameter.type]


def write_queries(paths: Sequence[Path], folder: Path) -> None:
    """Make the saved queries in the folder of a release those at `paths`."""
    for path in paths:
        write_whole(folder / path.name, _text(path))
    for path in set(folder.glob("*.rq")) - {folder / path.name for path in paths}:
        path.unlink()


def _text(path: Path) -> str:
    """Return a saved query as it stands in a release."""
    return path.read_text(encoding="utf-8")
