"""What values of type IRI may name: things and concepts of the release, by identifier, label and class."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from rapidfuzz.fuzz import ratio
from rapidfuzz.process import extract
from rdflib import DCTERMS, RDF, RDFS, SKOS, URIRef
from rdflib.term import Node

from kgraph.saved.model import CLASSES
from kgraph.saved.values import fits_iri
from kgraph.store.base import Engine
from kgraph.store.iris import is_iri
from kgraph.terms import KG, KINDS, SCHEMES, VOCAB, Iris

MAX_CHOICES = 5000
_LABELS = (RDFS.label, SKOS.prefLabel, DCTERMS.title, KG.statement)


@dataclass(frozen=True)
class Choice:
    """Something that a value may name: its IRI, its short form (`event/barda-strikes`), its label."""

    iri: URIRef
    short: str
    label: str

    @property
    def bare(self) -> str:
        """Return the identifier alone."""
        return self.short.partition("/")[2]


class Named(Protocol):
    """What tells whether an IRI names a member of a class or scheme, and which members are near to a text."""

    @property
    def base(self) -> str:
        """Return the base IRI of the corpus."""

    def holds(self, iri: URIRef, of: Sequence[str]) -> bool:
        """Return whether `iri` is a member of one of the classes and schemes `of`."""

    def nearest(self, text: str, of: Sequence[str]) -> list[str]:
        """Return the short forms of at most five members that `text` may mean."""


class Names:
    """The names of the release that an engine reads; follows it to a new release."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: dict[tuple[str, tuple[str, ...]], tuple[Choice, ...]] = {}

    @property
    def base(self) -> str:
        """Return the base IRI of the corpus."""
        return self._engine.release().manifest.base_iri

    def holds(self, iri: URIRef, of: Sequence[str]) -> bool:
        """Return whether the release has `iri` as a member of one of the classes and schemes `of`."""
        kinds = {value for _, _, value, _ in self._engine.quads(iri, RDF.type)}
        schemes = {value for _, _, value, _ in self._engine.quads(iri, SKOS.inScheme)}
        return any(VOCAB[name] in schemes if name in SCHEMES else kinds & self._classes(name) for name in of)

    def _classes(self, name: str) -> set[Node]:
        """Return a class and those below it."""
        found: set[Node] = set()
        todo: list[Node] = [KG[name.removeprefix("kg:")]]
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo += [subject for subject, *_ in self._engine.quads(None, RDFS.subClassOf, one)]
        return found

    def choices(self, of: Sequence[str]) -> tuple[Choice, ...]:
        """Return the members of the classes and schemes `of`, by label; of very many, the first `MAX_CHOICES`."""
        key = (self._engine.release().digest, tuple(of))
        kept = self._kept.get(key)
        if kept is None:
            members = dict.fromkeys(iri for name in of for iri in self._members(name))
            found = [self._choice(iri) for iri in list(members)[:MAX_CHOICES]]
            kept = tuple(sorted(found, key=lambda choice: (choice.label.casefold(), choice.short)))
            # Another dictionary, since threads may be reading this one.
            self._kept = {k: v for k, v in list(self._kept.items()) if k[0] == key[0]} | {key: kept}
        return kept

    def _members(self, name: str) -> Iterator[URIRef]:
        if name in SCHEMES:
            patterns: list[tuple[URIRef, Node]] = [(SKOS.inScheme, VOCAB[name])]
        else:
            patterns = [(RDF.type, one) for one in sorted(self._classes(name), key=str)]
        for predicate, value in patterns:
            for subject, *_ in self._engine.quads(None, predicate, value, limit=MAX_CHOICES):
                if isinstance(subject, URIRef):
                    yield subject

    def _choice(self, iri: URIRef) -> Choice:
        short = shortened(iri, self.base)
        labels = (value for predicate in _LABELS for _, _, value, _ in self._engine.quads(iri, predicate))
        return Choice(iri, short, str(next(labels, short)))

    def nearest(self, text: str, of: Sequence[str]) -> list[str]:
        """Return the short forms of at most five members whose identifier or label is near to `text`."""
        return nearest(text, self.choices(of))


def nearest(text: str, choices: Sequence[Choice]) -> list[str]:
    """Return the short forms of at most five choices whose identifier or label is near to `text`.

    Among 5,000 claims difflib took up to 2.9 s, this takes 5 ms: nobody may keep a server busy by it.
    """
    known: dict[str, str] = {}
    for choice in choices:
        for word in (choice.short, choice.bare, choice.label):
            known.setdefault(word.casefold(), choice.short)
    found = extract(text[:200].casefold(), list(known), scorer=ratio, limit=10, score_cutoff=60)
    return list(dict.fromkeys(known[word] for word, *_ in found))[:5]


def shortened(iri: str, base: str) -> str:
    """Return an IRI relative to the corpus, or to the vocabularies; in full where it is of neither."""
    return iri.removeprefix(base) if iri.startswith(base) else iri.removeprefix(str(VOCAB))


def candidates(value: str, of: Sequence[str], base: str) -> list[URIRef]:
    """Return what `value` may stand for: itself if it is an IRI, else what it is relative to base or vocabularies.

    An identifier alone stands for the members of that name of the classes and schemes `of`.
    """
    if not fits_iri(value):
        return []
    if ":" in value:
        return [URIRef(value)] if is_iri(value) else []
    head, slash, ident = value.partition("/")
    found: list[URIRef] = []
    if slash and head in KINDS:
        found = [Iris(base).of(head, ident)]
    elif slash and head in SCHEMES:
        found = [VOCAB[value]]
    else:
        for name in of:
            kinds = CLASSES.get(name, ())
            found += [VOCAB[f"{name}/{value}"]] if name in SCHEMES else [Iris(base).of(kind, value) for kind in kinds]
    return [iri for iri in dict.fromkeys(found) if is_iri(iri)]
