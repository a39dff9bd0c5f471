"""The trace of a claim: who says so and who denies it, where that stands, who curated it, in which release."""

from rdflib import URIRef

from kgraph.passages import Archive
from kgraph.store.base import Engine
from kgraph.terms import Iris
from kgraph.trace import jsonld, mentions, prov, read
from kgraph.trace.model import AttestationTrace, Mention, Mentions, PassageTrace, Trace

__all__ = [
    "AttestationTrace",
    "Mention",
    "Mentions",
    "PassageTrace",
    "Trace",
    "is_claim",
    "jsonld",
    "mentioning",
    "mentions",
    "prov",
    "trace",
]


def trace(engine: Engine, ident: str, archive: Archive | None = None) -> Trace:
    """Return the trace of the claim called `ident` (or of that IRI).

    Raises `UnknownThing` where there is none, `Withheld` where it is withheld. With an `archive` it shows the words of
    passages of public documents.
    """
    iris = Iris(engine.release().manifest.base_iri)
    ident = ident.removeprefix(iris.base).removeprefix("claim/")
    return read.read(engine, iris.of("claim", ident), archive)


def mentioning(engine: Engine, iri: str, *, limit: int = mentions.LIMIT, offset: int = 0) -> Mentions:
    """Return the claims that mention the thing `iri`, at most `limit` of them, from `offset` on."""
    return mentions.read(engine, URIRef(iri), limit=limit, offset=offset)


def is_claim(iris: Iris, target: str) -> bool:
    """Tell whether `target` names a claim: an identifier, `claim/` with one, or the IRI of a claim of this corpus."""
    if "://" in target:
        return (iris.split(target) or ("",))[0] == "claim"
    return "/" not in target or target.startswith("claim/")
