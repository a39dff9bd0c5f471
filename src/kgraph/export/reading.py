"""Things of a release as the exports read them: by subject, straight from the store, and what each is called.

A claim at a time is in memory, besides a bounded number of shared things and the IRIs of all that is meant.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any

import pyoxigraph as ox
from rdflib.namespace import DCTERMS, RDF, RDFS, SKOS

from kgraph.errors import BrokenRelease
from kgraph.export.source import Source
from kgraph.terms import KG, OA, fragment, local_name

SHARED = ("agent", "victim", "place", "event", "document", "passage")
STANCES = ("supporting", "opposing", "neutral")
_CHUNK = 1 << 16
_CACHED = 4096


class Node:
    """A thing with everything that the release says of it, by predicate; values in order of their text."""

    def __init__(self, iri: str, quads: Iterable[ox.Quad]) -> None:
        self.iri = iri
        self._quads = sorted(quads, key=lambda quad: str(quad.object))

    def __bool__(self) -> bool:
        return bool(self._quads)

    def iris(self, predicate: str) -> list[str]:
        """Return the IRIs that a predicate leads to."""
        found = (quad.object for quad in self._quads if quad.predicate.value == str(predicate))
        return [value.value for value in found if isinstance(value, ox.NamedNode)]

    def iri_of(self, predicate: str) -> str | None:
        """Return the first IRI that a predicate leads to."""
        return next(iter(self.iris(predicate)), None)

    def words(self, predicate: str) -> list[tuple[str, str]]:
        """Return the literals of a predicate, each with its language tag (empty without one)."""
        found = (quad.object for quad in self._quads if quad.predicate.value == str(predicate))
        return [(value.value, value.language or "") for value in found if isinstance(value, ox.Literal)]

    def texts(self, predicate: str) -> list[str]:
        """Return the literals of a predicate as text."""
        return [text for text, _ in self.words(predicate)]

    def text(self, predicate: str) -> str | None:
        """Return the first literal of a predicate as text."""
        return next(iter(self.texts(predicate)), None)

    def span(self) -> tuple[int, int]:
        """Return from where to where a passage runs, in code points, the end exclusive, as its IRI says."""
        start, _, end = self.iri.rpartition("/")[2].partition("-")
        return int(start), int(end)

    def leads_to(self, *, but: str) -> Iterator[str]:
        """Yield the IRIs that anything leads to, but for what stands in the graph `but`."""
        for quad in self._quads:
            if isinstance(quad.object, ox.NamedNode) and quad.graph_name != ox.NamedNode(but):
                yield quad.object.value


class Reader:
    """Reads the store of a release for an export; raises `BrokenRelease` where that fails."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.iris = source.iris
        self._only = None if source.only is None else frozenset(source.only)
        self.shared = lru_cache(_CACHED)(self.node)
        self.label = lru_cache(_CACHED)(self._label)

    def node(self, iri: str) -> Node:
        """Return a thing; of one that the release does not know, nothing is said."""
        return Node(iri, self._quads(ox.NamedNode(iri), None, None, None))

    def subjects(self, predicate: str, value: str) -> list[str]:
        """Return the IRIs of what leads to `value`, in order."""
        quads = self._quads(None, ox.NamedNode(predicate), ox.NamedNode(value), None)
        return sorted(quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode))

    def claims(self) -> Iterator[Node]:
        """Yield the claims that are meant, in order."""
        for iri in self.source.claims():
            yield self.node(iri)

    def curation(self, claim: str) -> Node:
        """Return what is said of the nanopublication of a claim."""
        return self.node(fragment(claim, "np"))

    def parts(self, claim: Node, predicate: str) -> Iterator[Node]:
        """Yield the attestations or the tolls of a claim."""
        for iri in claim.iris(predicate):
            yield self.node(iri)

    def stance_group(self, attestation: Node) -> str:
        """Return to which of `STANCES` an attestation's stance belongs, an empty text where to none."""
        stance = attestation.iri_of(KG.stance)
        broader = [] if stance is None else [stance, *self.shared(stance).iris(SKOS.broader)]
        return next((local_name(iri) for iri in broader if local_name(iri) in STANCES), "")

    def taken(self, attestation: Node) -> str:
        """Return who takes which stance: `Armenia denies`."""
        return " ".join(self.label(iri) for name in (KG.agent, KG.stance) for iri in attestation.iris(name))

    def standing(self, claim: Node) -> str:
        """Return the standing of a claim, or its status where it was taken back: then it has no standing."""
        standing = claim.iri_of(KG.standing)
        return claim.text(KG.status) or (local_name(standing) if standing else "")

    def claims_at(self, place: str) -> Iterator[str]:
        """Yield the claims, of those meant, that are said to have their place there."""
        for iri in self.subjects(KG.place, place):
            if self._kind(iri) == "claim" and self.means(iri):
                yield iri

    def means(self, claim: str) -> bool:
        """Return whether this is a claim, and one of those meant; a withheld one is none."""
        if self._only is not None:
            return claim in self._only
        return str(KG.Claim) in self.shared(claim).iris(RDF.type)

    def things(self, kind: str) -> list[str]:
        """Return the shared things of a kind (one of `SHARED`) that are meant, in order.

        With everything these are all that the release has; else those that the claims, or what they lead to, rest on.
        """
        if self.source.only is not None:
            return self._reached.get(kind, [])
        found = self._quads(None, ox.NamedNode(str(RDF.type)), None, ox.NamedNode(self.iris.graph(f"{kind}s")))
        subjects = {quad.subject.value for quad in found if isinstance(quad.subject, ox.NamedNode)}
        return sorted(iri for iri in subjects if self._kind(iri) == kind)

    @cached_property
    def _reached(self) -> dict[str, list[str]]:
        derived = self.iris.graph("derived")
        seen: set[str] = set()
        for claim in self.claims():
            parts = [*self.parts(claim, KG.attestation), *self.parts(claim, KG.toll), self.curation(claim.iri)]
            for node in (claim, *parts):
                seen.update(iri for iri in node.leads_to(but=derived) if self._kind(iri) in SHARED)
        ahead = list(seen)
        while ahead:
            further = {iri for iri in self.node(ahead.pop()).leads_to(but=derived) if self._kind(iri) in SHARED} - seen
            seen |= further
            ahead += further
        return {kind: sorted(iri for iri in seen if self._kind(iri) == kind) for kind in SHARED}

    def _kind(self, iri: str) -> str | None:
        kind, _ = self.iris.split(iri) or (None, "")
        return kind

    def _label(self, iri: str) -> str:
        """Return what to call a thing: all its labels where it has several and none is preferred."""
        node = self.node(iri)
        for predicate in (SKOS.prefLabel, RDFS.label, DCTERMS.title, KG.statement):
            found = sorted(set(node.texts(predicate)))
            if found:
                return " / ".join(found)
        home = node.iri_of(OA.hasSource)
        return f"{self._label(home)}, {local_name(iri)}" if home else local_name(iri)

    def _quads(
        self, subject: ox.NamedNode | None, predicate: ox.NamedNode | None,
        value: ox.NamedNode | None, graph: ox.NamedNode | None,
    ) -> list[ox.Quad]:  # fmt: skip
        try:
            return list(self.source.store.quads_for_pattern(subject, predicate, value, graph))
        except (OSError, RuntimeError) as error:
            raise BrokenRelease(f"release {self.source.release.digest}: its store cannot be read: {error}") from error


def chunks(texts: Iterable[str]) -> Iterator[bytes]:
    """Yield texts as UTF-8, gathered into parts of about 64 kB."""
    held: list[bytes] = []
    size = 0
    for text in texts:
        held.append(text.encode())
        size += len(held[-1])
        if size >= _CHUNK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def dumped(value: Any) -> str:
    """Return a value as JSON in one line, members in the order given."""
    return json.dumps(value, ensure_ascii=False)


def separated(items: Iterable[str], *, between: str = ",\n") -> Iterator[str]:
    """Yield texts with a text between each two of them."""
    for number, item in enumerate(items):
        yield f"{between}{item}" if number else item


def known(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of an object that have a value: what is not known is absent, never null."""
    return {name: value for name, value in members.items() if value is not None and value not in ([], "")}


def single(values: list[Any]) -> Any:
    """Return the only one of some values, else all of them, None where there are none."""
    return values[0] if len(values) == 1 else values or None
