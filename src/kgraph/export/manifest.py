"""The manifest of a release: the digests that an export, or a copy, is verified against."""

from collections.abc import Iterator

from kgraph.export.source import Source


def manifest(source: Source) -> Iterator[bytes]:
    """Yield the manifest of the release, whichever claims are meant."""
    yield source.release.manifest.to_json().encode()
