"""Rows with a position as GeoJSON (RFC 7946): each row a feature, with every cell among its properties."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from kgraph.saved.model import Column

_WKT = re.compile(r"(?:<[^>]*/CRS84>\s*)?(POINT|LINESTRING|POLYGON|MULTILINESTRING|MULTIPOLYGON)\s*(\(.*\))", re.DOTALL)
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_POSITION = re.compile(rf"\s*({_NUMBER})\s+({_NUMBER})(?:\s+({_NUMBER}))?\s*")
_NAMES = {
    "POINT": "Point", "LINESTRING": "LineString", "POLYGON": "Polygon", "MULTILINESTRING": "MultiLineString",
    "MULTIPOLYGON": "MultiPolygon",
}  # fmt: skip
_DEPTHS = {"POINT": 1, "LINESTRING": 1, "POLYGON": 2, "MULTILINESTRING": 2, "MULTIPOLYGON": 3}
Cells = Mapping[str, Mapping[str, str]]


def collection(rows: Sequence[Cells], columns: Sequence[Column], **members: Any) -> bytes:
    """Return a FeatureCollection of the rows of a query; `members` stand beside the features.

    The geometry is that of the first column of type wkt, longitude before latitude. It is null, as RFC 7946 has it for
    what has no place on a map, in a row without a position, and for a WKT that is not of one of the shapes here: no row
    is left out.
    """
    where = next(column.name for column in columns if column.type == "wkt")
    types = {column.name: column.type for column in columns}
    features = [
        {
            "type": "Feature",
            "geometry": geometry(row[where]["value"]) if where in row else None,
            "properties": {name: _property(row.get(name), types[name]) for name in types},
        }
        for row in rows
    ]
    return json.dumps({"type": "FeatureCollection", **members, "features": features}, ensure_ascii=False).encode()


def geometry(wkt: str) -> dict[str, Any] | None:
    """Return the geometry that a WKT is, in WGS 84 (the default of GeoSPARQL); None where it is another thing."""
    match = _WKT.fullmatch(wkt.strip())
    if match is None:
        return None
    text = _POSITION.sub(_position, match[2]).replace("(", "[").replace(")", "]")
    try:
        coordinates = json.loads(text)
    except ValueError:
        return None
    if not _nested(coordinates, _DEPTHS[match[1]]):
        return None
    return {"type": _NAMES[match[1]], "coordinates": coordinates[0] if match[1] == "POINT" else coordinates}


def _nested(value: Any, depth: int) -> bool:
    """Return whether a value is positions in so many lists, each with something in it."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(n, float) for n in value) if depth == 0 else all(_nested(n, depth - 1) for n in value)


def _position(match: re.Match[str]) -> str:
    return json.dumps([float(number) for number in match.groups() if number is not None])


def _property(cell: Mapping[str, str] | None, kind: str) -> Any:
    """Return a cell as JSON has it: a number for a number, null for none."""
    if cell is None:
        return None
    value = cell["value"]
    try:
        if kind == "integer":
            return int(value)
        if kind == "decimal":
            return float(value)
    except ValueError:
        return value
    return value == "true" if kind == "boolean" else value
