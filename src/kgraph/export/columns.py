"""Kinds of columns of tables: what each is called, of which type it is, what it says, and where it comes from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from kgraph.export.reading import Node, Reader
from kgraph.terms import GEO, local_name

Cell = str | list[str] | None
Datatype = Literal["anyURI", "string", "integer", "decimal", "boolean", "date"]


@dataclass(frozen=True)
class Column:
    """A column; `many` values of one cell are separated, `key` is the table whose `iri` it holds."""

    name: str
    datatype: Datatype
    about: str
    value: Callable[[Reader, Node], Cell]
    many: bool = False
    key: str | None = None


@dataclass(frozen=True)
class Table:
    """A table: what a row is, its columns, and the things that are its rows, in order."""

    about: str
    columns: tuple[Column, ...]
    nodes: Callable[[Reader], Iterator[Node]]


def iri(about: str) -> Column:
    """Return a column with the IRI of a row, its key."""
    return Column("iri", "anyURI", about, lambda _, node: node.iri)


def link(name: str, term: str, about: str, key: str | None = None) -> Column:
    """Return a column with the IRI that a property leads to."""
    return Column(name, "anyURI", about, lambda _, node: node.iri_of(term), key=key)


def links(name: str, term: str, about: str, key: str | None = None) -> Column:
    """Return a column with the IRIs that a property leads to."""
    return Column(name, "anyURI", about, lambda _, node: node.iris(term), many=True, key=key)


def label(name: str, term: str, about: str) -> Column:
    """Return a column with what the thing is called that a property leads to."""
    return Column(name, "string", about, lambda reader, node: next(map(reader.label, node.iris(term)), None))


def concept(name: str, term: str, about: str) -> Column:
    """Return a column with the short name of the concept that a property leads to."""
    return Column(name, "string", about, lambda _, node: next(map(local_name, node.iris(term)), None))


def concepts(name: str, term: str, about: str) -> Column:
    """Return a column with the short names of the concepts that a property leads to."""
    return Column(name, "string", about, lambda _, node: [*map(local_name, node.iris(term))], many=True)


def text(name: str, term: str, about: str, datatype: Datatype = "string") -> Column:
    """Return a column with a text, number or date."""
    return Column(name, datatype, about, lambda _, node: node.text(term))


def texts(name: str, term: str, about: str) -> Column:
    """Return a column with texts."""
    return Column(name, "string", about, lambda _, node: node.texts(term), many=True)


def flag(name: str, term: str, about: str) -> Column:
    """Return a column with true where the release says so, else false."""
    return Column(name, "boolean", about, lambda _, node: node.text(term) or "false")


def names(*terms: str) -> Column:
    """Return a column with names with their languages."""

    def found(_: Reader, node: Node) -> Cell:
        words = {word for term in terms for word in node.words(term)}
        return [f"{text}@{language}" if language else text for text, language in sorted(words)]

    return Column(
        "names", "string", "every name that sources use, each with @ and its language, none preferred", found, many=True
    )


def curation(name: str, term: str, datatype: Datatype, about: str) -> Column:
    """Return a column with what is said of the record of a claim."""

    def found(reader: Reader, node: Node) -> Cell:
        curation = reader.curation(node.iri)
        return curation.iri_of(term) or curation.text(term)

    return Column(name, datatype, about, found)


def number(name: str, term: str, about: str) -> Column:
    """Return a column with how many values a property has."""
    return Column(name, "integer", about, lambda _, node: str(len(node.iris(term))))


def position(name: str, about: str, datatype: Datatype, found: Callable[[Node], Cell]) -> Column:
    """Return a column with what is said of a position."""

    def value(reader: Reader, node: Node) -> Cell:
        geometry = node.iri_of(GEO.hasGeometry)
        return None if geometry is None else found(reader.node(geometry))

    return Column(name, datatype, about, value)


def _owner(reader: Reader, node: Node) -> str:
    """Return the claim that an attestation or a toll belongs to: their IRIs say it."""
    kind, ident = reader.iris.split(node.iri.partition("#")[0]) or ("", "")
    return str(reader.iris.of("claim", ident.partition("/")[0] if kind == "attestation" else ident))


def of_claim() -> tuple[Column, ...]:
    """Return the columns with the claim that an attestation or a toll belongs to."""
    return (
        Column("claim", "anyURI", "the claim that it belongs to", _owner, key="claims"),
        Column(
            "statement", "string", "the statement of that claim, which somebody claims and nobody here says to be so",
            lambda reader, node: reader.label(_owner(reader, node)),
        ),
    )  # fmt: skip


def shared(kind: str) -> Callable[[Reader], Iterator[Node]]:
    """Return what yields the shared things of a kind."""
    return lambda reader: map(reader.node, reader.things(kind))


def parts(term: str) -> Callable[[Reader], Iterator[Node]]:
    """Return what yields the parts of claims that a property leads to."""
    return lambda reader: (part for claim in reader.claims() for part in reader.parts(claim, term))
