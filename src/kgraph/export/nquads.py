"""A release as canonical N-Quads, and its manifest.

The order: units by IRI, in code-point order, `graph/release` among them; the lines of each unit in code-point order.
So the lines of a unit stand together, and whoever verifies the file needs the memory of one unit.
"""

from collections.abc import Iterator

from kgraph import canonical
from kgraph.errors import BrokenRelease
from kgraph.export.source import Source
from kgraph.release import Release


def nquads(source: Source) -> Iterator[bytes]:
    """Yield the release as canonical N-Quads (https://www.w3.org/TR/rdf12-n-quads/#canonical-quads), a unit a part.

    Raises `BrokenRelease` at a unit that is not as the manifest says: what was altered is never exported as if whole.
    """
    release, store = source.release, source.store
    expected = release.manifest.units
    try:
        units = canonical.graphs_of_units(store, source.iris)
        missing = expected.keys() - units.keys()
        if missing:
            raise _altered(release, min(missing))
        for unit, graphs in units.items():
            lines = canonical.lines(canonical.unit_quads(store, graphs))
            if unit == str(source.iris.graph("release")):
                intact = release.manifest.description in {None, canonical.description_digest(lines)[0]}
            else:
                intact = canonical.digest_of(lines) == expected.get(unit)
            if not intact:
                raise _altered(release, unit)
            yield b"".join(lines)
    except (OSError, ValueError, RuntimeError) as error:
        raise BrokenRelease(f"release {release.digest}: its store cannot be read: {error}") from error


def _altered(release: Release, unit: str) -> BrokenRelease:
    return BrokenRelease(f"release {release.digest} was altered in {unit}: `kgraph verify` says more")


def manifest(source: Source) -> Iterator[bytes]:
    """Yield the manifest of the release."""
    yield source.release.manifest.to_json().encode()
