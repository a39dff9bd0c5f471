"""The places of claims as GeoJSON (RFC 7946): each a feature, those without a position with geometry null.

Coordinates are written digit by digit as the release has them, longitude first, in WGS 84; how far off they may be is
`precision_m`. A feature says what is claimed to have happened there, and how each claim stands.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from rdflib.namespace import RDFS

from kgraph.export.reading import Node, Reader, chunks, dumped, known, separated
from kgraph.export.source import Source
from kgraph.terms import GEO, KG

_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"
_POINT = re.compile(rf"\s*POINT\s*\(\s*({_NUMBER})\s+({_NUMBER})\s*\)\s*", re.IGNORECASE)


def geojson(source: Source) -> Iterator[bytes]:
    """Yield a FeatureCollection of the places that are meant; its `bbox` stands last."""
    return chunks(_collection(Reader(source)))


def _collection(reader: Reader) -> Iterator[str]:
    yield f'{{"type": "FeatureCollection",\n"title": {dumped(reader.source.release.manifest.title)},\n"features": [\n'
    box = _Box()
    for number, iri in enumerate(reader.things("place")):
        yield ",\n" if number else ""
        yield from _feature(reader, reader.node(iri), box)
    yield f"\n]{box.member()}}}\n"


def _feature(reader: Reader, place: Node, box: "_Box") -> Iterator[str]:
    geometry = place.iri_of(GEO.hasGeometry)
    position = Node(place.iri, ()) if geometry is None else reader.node(geometry)
    point = coordinates(position)
    written = "null"
    if point is not None:
        box.add(point)
        written = f'{{"type": "Point", "coordinates": [{", ".join(point)}]}}'
    yield f'{{"type": "Feature", "id": {dumped(place.iri)}, "geometry": {written}, "properties": '
    claims = list(reader.claims_at(place.iri))
    properties = dumped(_properties(reader, place, position) | {"claim_count": len(claims)})
    yield f'{properties[:-1]}, "claims": ['
    yield from separated((dumped(_claim(reader, iri)) for iri in claims), between=", ")
    yield "]}}"


def coordinates(position: Node) -> tuple[str, str] | None:
    """Return longitude and latitude of a geometry as printed, None for none and for what is no point."""
    match = _POINT.fullmatch(position.text(GEO.asWKT) or "")
    return None if match is None else (match[1], match[2])


def _properties(reader: Reader, place: Node, position: Node) -> dict[str, Any]:
    names = place.words(RDFS.label)
    precision = position.text(KG.precision)
    part_of = place.iri_of(KG.partOf)
    return {
        "iri": place.iri,
        "name": " / ".join(sorted({text for text, _ in names})),
        "names": [known({"text": text, "language": language}) for text, language in names],
        "precision_m": None if precision is None else int(precision) if precision.isdecimal() else float(precision),
        "position_of": position.text(KG.positionOf),
        "gazetteer_entry": position.text(KG.gazetteerEntry),
        "part_of": part_of,
        "part_of_name": reader.label(part_of) if part_of else None,
    }


def _claim(reader: Reader, iri: str) -> dict[str, Any]:
    claim = reader.node(iri)
    return known({"iri": iri, "claimed": claim.text(KG.statement), "standing": reader.standing(claim)})


class _Box:
    """The smallest box around all points, in the digits of the points themselves."""

    def __init__(self) -> None:
        self._points: list[str] = []

    def add(self, point: tuple[str, str]) -> None:
        west, south, east, north = self._points or (*point, *point)
        self._points = [
            min(west, point[0], key=Decimal), min(south, point[1], key=Decimal),
            max(east, point[0], key=Decimal), max(north, point[1], key=Decimal),
        ]  # fmt: skip

    def member(self) -> str:
        """Return the member `bbox` (RFC 7946, section 5), nothing where no place has a position."""
        return f',\n"bbox": [{", ".join(self._points)}]' if self._points else ""
