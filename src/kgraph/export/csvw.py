"""What the tables hold, in CSV on the Web (https://www.w3.org/TR/tabular-metadata/): types, keys, descriptions."""

from typing import Any

from kgraph.export.columns import Column, Table
from kgraph.export.layout import TABLES
from kgraph.export.reading import dumped, known
from kgraph.release import Manifest

METADATA = "csv-metadata.json"


def metadata(manifest: Manifest) -> str:
    """Return the metadata of all tables, as `csv-metadata.json`."""
    group = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "dc:title": manifest.title,
        "dc:license": {"@id": manifest.licence},
        "dc:identifier": manifest.digest,
        "dialect": {"encoding": "utf-8", "delimiter": ",", "header": True, "lineTerminators": ["\r\n"]},
        "tables": [_table(name, table) for name, table in TABLES.items()],
    }
    return f"{dumped(group)}\n"


def _table(name: str, table: Table) -> dict[str, Any]:
    keys = [
        {"columnReference": column.name, "reference": {"resource": f"{column.key}.csv", "columnReference": "iri"}}
        for column in table.columns
        if column.key is not None and not column.many
    ]
    schema = {"columns": [_column(column) for column in table.columns], "primaryKey": "iri", "foreignKeys": keys}
    return {"url": f"{name}.csv", "dc:description": table.about, "tableSchema": known(schema)}


def _column(column: Column) -> dict[str, Any]:
    described: dict[str, Any] = {"name": column.name, "titles": column.name, "dc:description": column.about}
    described["datatype"] = (
        {"base": column.datatype, "format": "true|false"} if column.datatype == "boolean" else column.datatype
    )
    return known(
        described | {"separator": "|" if column.many else None, "required": True if column.name == "iri" else None}
    )
