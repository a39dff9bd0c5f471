"""A release as JSON-LD 1.1 (https://www.w3.org/TR/json-ld11/), with the published context, `ontology/context.jsonld`.

One document, written while it is made: `@context`, and in `@graph` one object for each named graph; a large one comes
in several parts with the same `id`. The context stands in the document, so reading it opens no connection.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kgraph.export.rdf import gathered
from kgraph.export.source import Source

Json = dict[str, Any]
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_SAFE = 15  # digits of an integer that every reader of JSON keeps


def jsonld(source: Source) -> Iterator[bytes]:
    """Yield one JSON-LD document; a node of a graph is an object, with the terms of the context as its keys."""
    context = published()
    terms = Terms(context)
    yield b'{"@context": ' + json.dumps(context, ensure_ascii=False, indent=1).encode() + b',\n"@graph": [\n'
    comma = b""
    for quads in gathered(source):
        for graph, found in groupby(quads, key=_graph):
            nodes = [terms.node(subject, list(about)) for subject, about in groupby(found, key=_subject)]
            yield comma + json.dumps({"id": graph, "graph": nodes}, ensure_ascii=False).encode()
            comma = b",\n"
    yield b"\n]}\n"


def _graph(quad: ox.Quad) -> str:
    assert isinstance(quad.graph_name, ox.NamedNode)
    return quad.graph_name.value


def _subject(quad: ox.Quad) -> str:
    assert isinstance(quad.subject, ox.NamedNode)
    return quad.subject.value


@cache
def published() -> Json:
    """Return the published context: what stands in `@context`."""
    carried = Path(__file__).parents[1] / "ontology"
    folder = carried if carried.is_dir() else Path(__file__).parents[3] / "ontology"
    context: Json = json.loads((folder / "context.jsonld").read_text(encoding="utf-8"))["@context"]
    return context


class Terms:
    """What a context says of its terms, and so how nodes are written with them."""

    def __init__(self, context: Json) -> None:
        self._spaces = {name: iri for name, iri in context.items() if isinstance(iri, str) and iri[-1:] in {"#", "/"}}
        self._properties: dict[str, tuple[str, Json]] = {}
        self._classes: dict[str, str] = {}
        for name, meaning in context.items():
            if isinstance(meaning, dict):
                known = meaning | ({"@type": self._iri(meaning["@type"])} if "@type" in meaning else {})
                self._properties[self._iri(meaning["@id"])] = name, known
            elif isinstance(meaning, str) and name not in self._spaces and not meaning.startswith("@"):
                self._classes[self._iri(meaning)] = name

    def _iri(self, text: str) -> str:
        name, colon, rest = text.partition(":")
        return self._spaces[name] + rest if colon and name in self._spaces else text

    def node(self, subject: str, quads: Iterable[ox.Quad]) -> Json:
        """Return a node, with all that `quads`, which have it as their subject, say of it."""
        values: dict[str, list[ox.NamedNode | ox.Literal]] = {}
        for quad in quads:
            assert isinstance(quad.object, ox.NamedNode | ox.Literal)
            values.setdefault(quad.predicate.value, []).append(quad.object)
        found: Json = {"id": subject}
        for predicate, objects in values.items():
            if predicate == _TYPE and all(isinstance(value, ox.NamedNode) for value in objects):
                found["type"] = _one([self._classes.get(value.value, value.value) for value in objects])
            else:
                key, written = self._property(predicate, objects)
                found[key] = written
        return found

    def _property(self, predicate: str, objects: list[ox.NamedNode | ox.Literal]) -> tuple[str, Any]:
        term, meaning = self._properties.get(predicate, ("", {}))
        if meaning.get("@container") == "@language":
            languages = [value.language if isinstance(value, ox.Literal) else None for value in objects]
            if None not in languages:
                texts: dict[str, list[str]] = {}
                for language, value in zip(languages, objects, strict=True):
                    texts.setdefault(str(language), []).append(value.value)
                return term, {language: _one(found) for language, found in texts.items()}
            term, meaning = "", {}
        return term or self._short(predicate), _one([_value(value, meaning) for value in objects])

    def _short(self, iri: str) -> str:
        """Return an IRI as prefix and name where there is a prefix for it."""
        for name, space in self._spaces.items():
            if iri.startswith(space):
                return f"{name}:{iri.removeprefix(space)}"
        return iri


def _value(value: ox.NamedNode | ox.Literal, meaning: Json) -> Any:
    """Return a value as short as the meaning of its term lets it be."""
    text = value.value
    if isinstance(value, ox.NamedNode):
        return text if meaning.get("@type") == "@id" else {"id": text}
    wanted, datatype = meaning.get("@type"), value.datatype.value
    plain = datatype == f"{_XSD}string" and not value.language
    if value.language:
        return text if meaning.get("@language") == value.language else {"@value": text, "@language": value.language}
    if plain:
        return {"@value": text} if wanted or "@language" in meaning else text
    if datatype == f"{_XSD}integer" and len(text) <= _SAFE and text == str(int(text)):
        return int(text)
    if datatype == f"{_XSD}boolean" and text in {"true", "false"}:
        return text == "true"
    return text if wanted == datatype else {"@value": text, "type": datatype}


def _one(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
