"""The exports of a release: each a stream of bytes, in forms that other programs read.

One function a format, in `EXPORTS`; a new format is one more row.
"""

import gzip
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kgraph.errors import KgraphError
from kgraph.export import ftm, nanopubs, rdf
from kgraph.export.annotations import CONTEXT, annotations
from kgraph.export.geojson import geojson
from kgraph.export.jsonld import jsonld
from kgraph.export.layout import TABLES
from kgraph.export.manifest import manifest
from kgraph.export.schema_claims import schema_claims
from kgraph.export.source import Source, opened
from kgraph.export.tables import archive, table

__all__ = ["EXPORTS", "Export", "Source", "opened", "write_file"]


@dataclass(frozen=True)
class Export:
    """A form in which a release can be had; `write` yields its bytes, and raises before its end what went wrong."""

    name: str
    suffix: str
    media_type: str
    about: str
    write: Callable[[Source], Iterator[bytes]]


EXPORTS = {
    export.name: export
    for export in (
        Export("nquads", ".nq", "application/n-quads", "every quad, unit by unit, in canonical lines", rdf.nquads),
        Export("trig", ".trig", "application/trig", "the same quads, by graph, with prefixes", rdf.trig),
        Export("jsonld", ".jsonld", "application/ld+json", "the same quads as JSON, with the context", jsonld),
        Export("turtle", ".ttl", "text/turtle", "the union of all graphs, by subject, with prefixes", rdf.turtle),
        Export("ntriples", ".nt", "application/n-triples", "the union of all graphs, a triple a line", rdf.ntriples),
        Export("rdfxml", ".rdf", "application/rdf+xml", "the union of all graphs as XML", rdf.rdfxml),
        Export("nanopubs", ".nanopubs.trig", "application/trig", "every claim as a nanopublication", nanopubs.nanopubs),
        Export(
            "nanopub-files", ".nanopubs.tar", "application/x-tar", "the same, a file for each claim", nanopubs.files
        ),
        Export(
            "nanopub-index", ".nanopubs.tsv", "text/tab-separated-values",
            "the IRI of each nanopublication, and of its claim", nanopubs.index,
        ),
        Export(
            "manifest", ".json", "application/json", "the digests of release and units, to verify against", manifest
        ),
        Export(
            "annotations",
            ".jsonld",
            f'application/ld+json; profile="{CONTEXT}"',
            "Web Annotations: the passages, with who says what there",
            annotations,
        ),
        Export("ftm", ".ftm.json", "application/x-ndjson", "FollowTheMoney entities, one a line", ftm.entities),
        Export("ftm-statements", ".csv", "text/csv", "FollowTheMoney statements, each with its origin", ftm.statements),
        Export("geojson", ".geojson", "application/geo+json", "the places, with what is claimed there", geojson),
        Export(
            "schema-claims", ".jsonld", "application/ld+json", "schema.org Claims and actions on them", schema_claims
        ),
        Export("csv", ".zip", "application/zip", "all tables as CSV with their description (CSVW)", archive),
        *(Export(f"csv-{name}", ".csv", "text/csv", found.about, table(name)) for name, found in TABLES.items()),
    )
}  # fmt: skip


def write_file(chunks: Iterable[bytes], path: Path) -> None:
    """Write a file whole or not at all, gzipped (and the same bytes every time) where its name ends in `.gz`.

    Raises `KgraphError` where it cannot be written; what stood there before stays.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with new.open("wb") as stream:
            _write(chunks, stream, packed=path.suffix == ".gz")
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(path)
    except OSError as error:
        raise KgraphError(f"{path} could not be written: {error.strerror or error}; it is as it was") from error
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


def _write(chunks: Iterable[bytes], stream: BinaryIO, *, packed: bool) -> None:
    if not packed:
        stream.writelines(chunks)
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as inner:
        inner.writelines(chunks)
