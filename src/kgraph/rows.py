"""A description as rows of property and values, as a page shows them; a part of a thing has rows of its own."""

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import Literal, URIRef
from rdflib.namespace import XSD
from rdflib.term import Node

from kgraph.resource import Description
from kgraph.store.base import Engine
from kgraph.terms import EDTF, PREFIXES, Iris, Quad
from kgraph.things import Thing, label


@dataclass(frozen=True, kw_only=True)
class Value:
    """A value: another thing (`iri`), a part of this one (`part`: its anchor, with `rows`), or a literal."""

    text: str
    iri: str | None = None
    language: str | None = None
    datatype: str | None = None
    part: str | None = None
    rows: "tuple[Row, ...]" = ()


@dataclass(frozen=True, kw_only=True)
class Row:
    """A property and its values, in order of their text."""

    property: Thing
    values: tuple[Value, ...]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a thing that no value of its rows shows; `triples` of them stand in it where it is a named graph."""

    anchor: str
    iri: str
    rows: tuple[Row, ...]
    triples: int


class Names:
    """What to call things, each looked up once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._iris = Iris(engine.release().manifest.base_iri)
        self._known: dict[str, str] = {}

    def thing(self, iri: Node) -> Thing:
        """Return an IRI with its label."""
        found = self._known.get(str(iri))
        if found is None:
            found = self._known[str(iri)] = label(self._engine, iri)
        return Thing(str(iri), found)

    def whole(self, iri: Node) -> Thing:
        """Return an IRI with its label and, of an attestation or a part of a thing, that of the claim or the thing."""
        whole, mark, part = str(iri).partition("#")
        if mark:
            return Thing(str(iri), f"{self.thing(URIRef(whole)).label} ({part})")
        kind, ident = self._iris.split(whole) or ("", "")
        if kind != "attestation":
            return self.thing(iri)
        claim = self._iris.of("claim", ident.partition("/")[0])
        return Thing(whole, f"{self.thing(iri).label}: {self.thing(claim).label}")


def rows(described: Description, names: Names) -> tuple[Row, ...]:
    """Return the rows of a thing. A part that two properties lead to is shown at the first."""
    return _Table(described, names).made


def parts(described: Description, names: Names) -> tuple[Part, ...]:
    """Return what has a fragment of this thing's IRI and no place in its rows: so each such IRI has an anchor."""
    table = _Table(described, names)
    found = {str(node) for quad in described.quads for node in quad if _is_part(node, described.iri)}
    inside = [str(quad[3]) for quad in described.quads]
    return tuple(
        Part(anchor=iri.partition("#")[2], iri=iri, rows=table.of(iri), triples=inside.count(iri))
        for iri in sorted(found - table.shown)
    )


def incoming(described: Description, names: Names) -> list[tuple[Thing, list[Thing]]]:
    """Return what points at a thing, by property."""
    found: dict[Thing, list[Thing]] = {}
    for subject, predicate, _, _ in described.incoming:
        found.setdefault(names.thing(predicate), []).append(names.whole(subject))
    return list(found.items())


def subjects(quads: Iterable[Quad], names: Names) -> list[Thing]:
    """Return the things that quads are about, each once, in order of their IRIs."""
    return [names.thing(URIRef(iri)) for iri in sorted({str(quad[0]) for quad in quads})]


def short(iri: str) -> str:
    """Return an IRI as prefix and name where it has one of our prefixes, else EDTF as such, else the IRI."""
    for prefix, space in PREFIXES.items():
        if iri.startswith(space):
            return f"{prefix}:{iri.removeprefix(space)}"
    return "EDTF" if iri == str(EDTF) else iri


def _is_part(node: Node, iri: str) -> bool:
    return isinstance(node, URIRef) and node.startswith(f"{iri}#")


class _Table:
    def __init__(self, described: Description, names: Names) -> None:
        self._iri, self._names = described.iri, names
        self._about: dict[str, list[tuple[URIRef, Node]]] = {}
        for subject, predicate, value, _ in dict.fromkeys(described.quads):
            self._about.setdefault(str(subject), []).append((predicate, value))
        self.shown = {str(self._iri)}
        self.made = self.of(self._iri)

    def of(self, iri: str) -> tuple[Row, ...]:
        subject = str(iri)  # an IRI is not equal to its text
        self.shown.add(subject)
        found: dict[URIRef, list[Node]] = {}
        for predicate, value in sorted(self._about.get(subject, ()), key=lambda pair: tuple(map(str, pair))):
            found.setdefault(predicate, []).append(value)
        made = [
            Row(property=self._names.thing(predicate), values=tuple(map(self._value, values)))
            for predicate, values in found.items()
        ]
        return tuple(made)

    def _value(self, node: Node) -> Value:
        if isinstance(node, Literal):
            plain = node.language or node.datatype in {None, XSD.string}
            return Value(text=str(node), language=node.language, datatype=None if plain else short(str(node.datatype)))
        if _is_part(node, self._iri):
            anchor = str(node).partition("#")[2]
            if str(node) in self._about and str(node) not in self.shown:
                return Value(text=anchor, part=anchor, rows=self.of(str(node)))
            return Value(text=anchor, iri=f"#{anchor}")
        told = self._names.thing(node)
        return Value(text=told.label, iri=told.iri)
