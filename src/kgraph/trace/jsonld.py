"""Triples as JSON-LD that carries the part of our context that it uses: read without a network, in our short names.

The terms are those of `ontology/context.jsonld`, and those of PROV-O and the like that a trace adds.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from rdflib import Literal, URIRef
from rdflib.namespace import RDF, XSD
from rdflib.term import Node

import kgraph
from kgraph.terms import PREFIXES
from kgraph.trace.prov import HYDRA, SPDX, Triple

_PROV = (
    "Activity", "Agent", "Collection", "Entity", "SoftwareAgent", "generated", "hadMember", "used", "wasAssociatedWith",
    "wasAttributedTo", "wasGeneratedBy", "wasInformedBy", "wasQuotedFrom", "wasRevisionOf",
)  # fmt: skip
_TYPES = {"Activity", "Agent", "Collection", "Entity", "SoftwareAgent"}
_NATIVE = {str(XSD.integer), str(XSD.boolean)}


@cache
def context() -> dict[str, Any]:
    """Return our context with the terms that a trace adds to it."""
    home = Path(kgraph.__file__).parent
    folder = home / "ontology" if (home / "ontology").is_dir() else home.parents[1] / "ontology"
    found: dict[str, Any] = json.loads((folder / "context.jsonld").read_text(encoding="utf-8"))["@context"]
    found |= {"spdx": str(SPDX), "hydra": str(HYDRA)}
    for name in _PROV:
        plain = f"prov:{name}" if name in _TYPES else {"@id": f"prov:{name}", "@type": "@id"}
        found.setdefault(f"prov{name}" if name == "Agent" else name, plain)
    found |= {
        "Checksum": "spdx:Checksum", "checksum": {"@id": "spdx:checksum", "@type": "@id"},
        "algorithm": {"@id": "spdx:algorithm", "@type": "@id"},
        "checksumValue": {"@id": "spdx:checksumValue", "@type": "xsd:hexBinary"},
        "member": {"@id": "hydra:member", "@type": "@id"}, "totalItems": {"@id": "hydra:totalItems"},
        "mentions": {"@id": "schema:mentions", "@type": "@id"},
        "isPartOf": {"@id": "dcterms:isPartOf", "@type": "@id"},
    }  # fmt: skip
    return found


@cache
def _terms() -> dict[str, list[tuple[str, Any]]]:
    """Return the names of each IRI in the context, with how their values are to be read."""
    known: dict[str, list[tuple[str, Any]]] = {}
    for name, told in context().items():
        iri = told if isinstance(told, str) else told.get("@id", "") if isinstance(told, dict) else ""
        if ":" in iri and name not in PREFIXES and not iri.startswith("http"):
            known.setdefault(_expanded(iri), []).append((name, told if isinstance(told, dict) else {}))
    return known


def _expanded(name: str) -> str:
    prefix, _, rest = name.partition(":")
    return f"{context()[prefix]}{rest}"


class _Writer:
    """Makes the nodes of one document, and remembers which terms they use."""

    def __init__(self) -> None:
        self.used: set[str] = {"id", "type", "graph"}

    def node(self, subject: URIRef, pairs: Sequence[tuple[URIRef, Node]]) -> dict[str, Any]:
        found: dict[str, Any] = {"id": str(subject)}
        for predicate, value in pairs:
            if predicate == RDF.type:
                key, shown = "type", self._type(str(value))
            else:
                key, told = self._property(str(predicate))
                if told.get("@container") == "@language":
                    if isinstance(value, Literal) and value.language:
                        _add(found.setdefault(key, {}), value.language, str(value))
                        continue
                    key, told = self._short(str(predicate)), {}
                shown = self._value(value, told)
            _add(found, key, shown)
        return found

    def _type(self, iri: str) -> str:
        names = [name for name, told in _terms().get(iri, ()) if not told]
        if names:
            self.used.add(names[0])
            return names[0]
        return self._short(iri)

    def _property(self, iri: str) -> tuple[str, dict[str, Any]]:
        for name, told in _terms().get(iri, ()):
            if told:
                self.used.add(name)
                return name, told
        return self._short(iri), {}

    def _short(self, iri: str) -> str:
        for prefix, base in PREFIXES.items():
            rest = iri[len(base) :]
            if iri.startswith(base) and rest and "/" not in rest and prefix in context():
                self.used.add(prefix)
                return f"{prefix}:{rest}"
        return iri

    def _value(self, value: Node, told: dict[str, Any]) -> Any:
        coerced = told.get("@type")
        if isinstance(value, URIRef):
            return str(value) if coerced == "@id" else {"@id": str(value)}
        assert isinstance(value, Literal)
        if value.language:
            plain = told.get("@language") == value.language and coerced is None
            return str(value) if plain else {"@value": str(value), "@language": value.language}
        kind = str(value.datatype or XSD.string)
        if kind == str(XSD.string):
            plain = coerced is None and "@language" not in told and "@container" not in told
            return str(value) if plain else {"@value": str(value)}
        if coerced and coerced != "@id" and _expanded(coerced) == kind:
            return _native(value, kind)
        if kind in _NATIVE and coerced is None:
            return _native(value, kind)
        return {"@value": str(value), "@type": kind}

    def context(self) -> dict[str, Any]:
        """Return what of the context is used, with the prefixes that it needs."""
        whole = context()
        needed = set(self.used)
        for name in self.used:
            told = whole[name]
            for text in (told,) if isinstance(told, str) else (told.get("@id", ""), told.get("@type", "")):
                needed |= {text.partition(":")[0]} & set(whole)
        return {name: told for name, told in whole.items() if name == "@version" or name in needed}


def _native(value: Literal, kind: str) -> Any:
    """Return a number or truth value as JSON has it, where that is read back as the same literal."""
    text = str(value)
    if kind == str(XSD.integer) and text == str(int(text)) and len(text) < 16:  # noqa: PLR2004 - what a double holds
        return int(text)
    return text == "true" if kind == str(XSD.boolean) and text in {"true", "false"} else text


def _add(found: dict[str, Any], key: str, value: Any) -> None:
    if key not in found:
        found[key] = value
    elif isinstance(found[key], list):
        found[key].append(value)
    else:
        found[key] = [found[key], value]


def plain(told: dict[str, Any]) -> bytes:
    """Return plain data as JSON."""
    return (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()


def write(triples: Iterable[Triple]) -> bytes:
    """Return triples as a JSON-LD document: a node for each subject, in the order in which they come first."""
    subjects: dict[URIRef, list[tuple[URIRef, Node]]] = {}
    for subject, predicate, value in triples:
        subjects.setdefault(subject, []).append((predicate, value))
    writer = _Writer()
    nodes = [writer.node(subject, pairs) for subject, pairs in subjects.items()]
    return (json.dumps({"@context": writer.context(), "graph": nodes}, indent=1, ensure_ascii=False) + "\n").encode()
