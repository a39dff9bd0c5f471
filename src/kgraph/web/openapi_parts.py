"""The parts that operations of the OpenAPI description share: cells, values, problems, headers."""

from collections.abc import Mapping
from typing import Any

from kgraph.saved.model import Column, Parameter
from kgraph.saved.names import Names
from kgraph.web.asking import LONGEST_TIMEOUT, MOST_ROWS

Json = dict[str, Any]
MOST_CHOICES = 1000
"""Choices up to which a schema lists them; of more, it says only that they are texts."""

DIGEST = "^[0-9a-f]{12,64}$"
_TEXT = {"type": "string"}
_LITERALS: Mapping[str, Json] = {
    "string": _TEXT,
    "integer": {"type": "string", "pattern": "^-?[0-9]+$"},
    "decimal": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
    "date": {"type": "string", "format": "date"},
    "boolean": {"type": "string", "enum": ["true", "false"]},
    "edtf": {"type": "string", "description": "Extended Date/Time Format, level 1 and sets"},
    "wkt": {"type": "string", "description": "Well-Known Text: longitude, then latitude"},
}
# As `kgraph.saved.values` reads them.
_VALUES: Mapping[str, Json] = {
    "date": {"type": "string", "format": "date"},
    "integer": {"type": "integer", "minimum": -(10**18 - 1), "maximum": 10**18 - 1},
    "decimal": {"type": "string", "pattern": r"^[+-]?[0-9]{1,18}(\.[0-9]{1,9})?$"},
    "string": {
        "type": "string",
        "minLength": 1,
        "maxLength": 2000,
        "pattern": "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]*$",
    },
    "boolean": {"type": "boolean"},
}
RESERVED: Mapping[str, Json] = {
    "limit": {
        "description": "At most so many rows; `Link` leads to the other pages.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
    },
    "offset": {
        "description": "Without the first so many rows.",
        "schema": {"type": "integer", "minimum": 0, "maximum": MOST_ROWS, "default": 0},
    },
    "timeout": {
        "description": "Seconds until the query ends; the server's own deadline holds where it is shorter.",
        "schema": {"type": "number", "minimum": 0.01, "maximum": LONGEST_TIMEOUT},
    },
    "version": {
        "description": "The version of the query, or its first twelve digits or more: 404 where another one is served.",
        "schema": {"type": "string", "pattern": DIGEST},
    },
    "release": {
        "description": "The release, or its first twelve digits or more: 404 where another one is served.",
        "schema": {"type": "string", "pattern": DIGEST},
    },
}
HEADERS: Mapping[str, Json] = {
    "ETag": {"description": "Release, query and form: the same as long as the answer is.", "schema": _TEXT},
    "Link": {
        "description": "first, prev, next, last: pages; cite-as: exactly this answer or none; alternate: other forms.",
        "schema": _TEXT,
    },
    "X-Total-Count": {
        "description": "All rows, without paging, counted in the same release.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-Request-Id": {"description": "By which the line of the log is found.", "schema": _TEXT},
}
_PROBLEM: Json = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "parameter": _TEXT,
        "value": {"description": "What was given."},
        "accepted": {
            "description": "What would be accepted.",
            "oneOf": [_TEXT, {"type": "array", "items": _TEXT}],
        },
        "nearest": {"type": "array", "items": _TEXT, "description": "What may have been meant."},
        "line": {"type": "integer"},
        "column": {"type": "integer"},
        "source": _TEXT,
        "requestId": _TEXT,
    },
}
_STATUSES = {
    "BadRequest": "A parameter is missing, unknown or wrong; the query is no SPARQL.",
    "Refused": "What this endpoint never does: an update, a call to another server.",
    "NotFound": "There is nothing of this name; or a pinned version or release is not the one served now.",
    "NotAcceptable": "Nothing on offer has a form that the client takes.",
    "TooLarge": "The request or its answer passes a limit.",
    "UnsupportedMediaType": "The body is of a type that is not taken here.",
    "Unavailable": "Every reader is at work, or the query took too much memory: come again.",
    "DeadlinePassed": "The query was not done at its deadline and was ended.",
}
_CODES = {
    "BadRequest": 400, "Refused": 403, "NotFound": 404, "NotAcceptable": 406, "TooLarge": 413,
    "UnsupportedMediaType": 415, "Unavailable": 503, "DeadlinePassed": 504,
}  # fmt: skip


def problems(*names: str) -> Json:
    """Return the responses of an operation that can end in these problems."""
    return {str(_CODES[name]): {"$ref": f"#/components/responses/{name}"} for name in names}


def components() -> Json:
    """Return what operations refer to, without the schemas of single queries."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        "schemas": {"Problem": _PROBLEM, "CellIri": _cell("uri", {"type": "string", "format": "uri"})}
        | {_cell_name(kind): _cell("literal", schema) for kind, schema in _LITERALS.items()},
        "parameters": {name: {"name": name, "in": "query", **said} for name, said in RESERVED.items()},
        "headers": dict(HEADERS),
        "responses": {name: {"description": said, "content": content} for name, said in _STATUSES.items()},
    }


def headers(*names: str) -> Json:
    """Return these headers of a response."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def reserved(*names: str) -> list[Json]:
    """Return these reserved parameters of an operation."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _cell_name(kind: str) -> str:
    return "CellWKT" if kind == "wkt" else "CellEDTF" if kind == "edtf" else f"Cell{kind.capitalize()}"


def _cell(kind: str, value: Json) -> Json:
    """Return the schema of a cell (https://www.w3.org/TR/sparql11-results-json/#select-encode-terms)."""
    more: Json = {"datatype": {"type": "string", "format": "uri"}, "xml:lang": _TEXT} if kind == "literal" else {}
    properties = {"type": {"type": "string", "enum": [kind]}, "value": value, **more}
    return {"type": "object", "required": ["type", "value"], "properties": properties, "additionalProperties": False}


def cell(column: Column) -> Json:
    """Return the schema of the cells of a column."""
    return {"$ref": f"#/components/schemas/{_cell_name(column.type)}", "description": column.description}


def parameter(said: Parameter, names: Names, schemas: Json) -> Json:
    """Return a parameter of a query; what its values may be is added to `schemas` where others share it."""
    value = _value(said, names, schemas)
    default = said.default if said.several else next(iter(said.default), None)
    schema: Json = {"type": "array", "items": value, "minItems": 1, "maxItems": 200} if said.several else value
    if default:
        schema = {**schema, "default": default}
    found: Json = {"name": said.name, "in": "query", "required": said.required, "description": said.description}
    shown = [_as_json(said, text) for text in said.shown]
    return {**found, "schema": schema, "example": shown if said.several else shown[0]}


def _as_json(said: Parameter, text: str) -> Any:
    if said.type == "integer":
        return int(text)
    return text == "true" if said.type == "boolean" else text


def _value(said: Parameter, names: Names, schemas: Json) -> Json:
    if said.type == "enum":
        return {"type": "string", "enum": list(said.values)}
    if said.type != "iri":
        return dict(_VALUES[said.type])
    name = "Or".join(sorted(_capitalised(of) for of in said.of)) + "Value"
    if name not in schemas:
        choices = [choice.short for choice in names.choices(said.of)]
        taken = (
            f"{' or '.join(said.of)}: the short form of its IRI. The whole IRI is taken too, and the identifier alone."
        )
        schemas[name] = {"type": "string", "description": taken, "minLength": 1}
        if 0 < len(choices) <= MOST_CHOICES:
            schemas[name]["enum"] = sorted(choices)
    return {"$ref": f"#/components/schemas/{name}"}


def _capitalised(of: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in of.removeprefix("kg:").split("-"))
