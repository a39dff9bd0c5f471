"""What an export reads: the store of a release, and which of its claims are meant."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyoxigraph as ox

from kgraph.errors import BrokenRelease, UnknownThing
from kgraph.release import Release
from kgraph.terms import KG, Iris, fragment

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


@dataclass(frozen=True)
class Source:
    """A release that is being exported; `only` are the IRIs of the claims that are meant, None for everything."""

    release: Release
    store: ox.Store
    iris: Iris
    only: Sequence[str] | None = None

    def claims(self) -> Sequence[str]:
        """Return the IRIs of the claims that are meant, in order; withheld ones are none of them."""
        if self.only is not None:
            return self.only
        found = self.store.quads_for_pattern(None, _TYPE, ox.NamedNode(KG.Claim), None)
        return sorted(quad.subject.value for quad in found if isinstance(quad.subject, ox.NamedNode))


@contextmanager
def opened(release: Release, *, claim: str | None = None, event: str | None = None) -> Iterator[Source]:
    """Open a release for an export of one claim, of the claims on one event (each an identifier or IRI), or of all.

    Raises `UnknownThing` where there is no such claim, or no claim on such an event; `BrokenRelease` where the store
    cannot be read.
    """
    iris = Iris(release.manifest.base_iri)
    try:
        store = ox.Store.read_only(str(release.store))
    except (OSError, ValueError, RuntimeError) as error:
        raise BrokenRelease(f"release {release.digest}: its store cannot be read: {error}") from error
    yield Source(release, store, iris, _meant(store, iris, claim, event))


def _meant(store: ox.Store, iris: Iris, claim: str | None, event: str | None) -> Sequence[str] | None:
    if claim is not None:
        iri = claim if claim.startswith(iris.base) else str(iris.of("claim", claim))
        home = ox.NamedNode(fragment(iri, "assertion"))
        if next(store.quads_for_pattern(ox.NamedNode(iri), _TYPE, None, home), None) is None:
            raise UnknownThing(f"there is no claim {claim!r} in this release", value=claim)
        return [iri]
    if event is not None:
        iri = event if event.startswith(iris.base) else str(iris.of("event", event))
        found = store.quads_for_pattern(None, ox.NamedNode(KG.event), ox.NamedNode(iri), None)
        claims = sorted(quad.subject.value for quad in found if isinstance(quad.subject, ox.NamedNode))
        if not claims:
            raise UnknownThing(f"there is no claim on an event {event!r} in this release", value=event)
        return claims
    return None
