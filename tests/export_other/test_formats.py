"""Exports that are no RDF files: each is read by a tool that we did not write."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from geojson_pydantic import FeatureCollection
from pyld import jsonld
from pyshacl import validate
from rdflib import SDO, Graph, URIRef
from rdflib.namespace import RDF

from conftest import REPOSITORY
from kgraph.export.csvw import METADATA
from kgraph.export.layout import TABLES
from kgraph.export.tables import guarded
from kgraph.terms import OA

Exported = Callable[..., bytes]
BASE = "https://w3id.org/kgraph/nk2020/"
# The terms of the two contexts that we use: their own are not on this machine, and are not fetched.
ANNO = {
    "oa": str(OA), "dc": "http://purl.org/dc/elements/1.1/", "dcterms": "http://purl.org/dc/terms/",
    "as": "http://www.w3.org/ns/activitystreams#", "rdf": str(RDF), "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#", "id": {"@type": "@id", "@id": "@id"}, "type": "@type",
    "Annotation": "oa:Annotation", "AnnotationCollection": "as:OrderedCollection",
    "AnnotationPage": "as:OrderedCollectionPage", "SpecificResource": "oa:SpecificResource",
    "TextualBody": "oa:TextualBody", "TextPositionSelector": "oa:TextPositionSelector",
    "FragmentSelector": "oa:FragmentSelector", "body": {"@type": "@id", "@id": "oa:hasBody"},
    "target": {"@type": "@id", "@id": "oa:hasTarget"}, "source": {"@type": "@id", "@id": "oa:hasSource"},
    "selector": {"@type": "@id", "@id": "oa:hasSelector"}, "start": "oa:start", "end": "oa:end", "value": "rdf:value",
    "motivation": {"@type": "@vocab", "@id": "oa:motivatedBy"}, "describing": "oa:describing", "linking": "oa:linking",
    "purpose": {"@type": "@vocab", "@id": "oa:hasPurpose"}, "creator": {"@type": "@id", "@id": "dcterms:creator"},
    "rights": {"@type": "@id", "@id": "dcterms:rights"}, "format": "dc:format", "language": "dc:language",
    "conformsTo": {"@type": "@id", "@id": "dcterms:conformsTo"}, "name": "foaf:name", "label": "rdfs:label",
    "items": {"@type": "@id", "@id": "as:items", "@container": "@list"}, "total": "as:totalItems",
    "first": {"@type": "@id", "@id": "as:first"}, "last": {"@type": "@id", "@id": "as:last"},
    "startIndex": "as:startIndex", "partOf": {"@type": "@id", "@id": "as:partOf"},
}  # fmt: skip
SHAPE = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix oa: <http://www.w3.org/ns/oa#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
[] a sh:NodeShape ; sh:targetClass oa:Annotation ;
  sh:property [ sh:path oa:hasBody ; sh:minCount 1 ] ; sh:property [ sh:path oa:hasTarget ; sh:minCount 1 ] ;
  sh:property [ sh:path (oa:hasTarget oa:hasSource) ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path oa:motivatedBy ; sh:minCount 1 ; sh:nodeKind sh:IRI ] .
[] a sh:NodeShape ; sh:targetClass oa:TextPositionSelector ;
  sh:property [ sh:path oa:start ; sh:minCount 1 ; sh:maxCount 1 ; sh:datatype xsd:integer ; sh:minInclusive 0 ] ;
  sh:property [ sh:path oa:end ; sh:minCount 1 ; sh:maxCount 1 ; sh:datatype xsd:integer ; sh:minInclusive 1 ] .
"""


def _loader(contexts: dict[str, Any]) -> Callable[[str, Any], dict[str, Any]]:
    """Return a loader of JSON-LD contexts that opens no connection."""

    def load(url: str, _options: Any) -> dict[str, Any]:
        return {"contextUrl": None, "documentUrl": url, "document": {"@context": contexts[url]}}

    return load


def _graph(data: Any, contexts: dict[str, Any]) -> Graph:
    options = {"format": "application/n-quads", "documentLoader": _loader(contexts)}
    return Graph().parse(data=jsonld.to_rdf(data, options), format="nt")


def test_annotations(exported: Exported) -> None:
    """Each passage that a claim rests on is an annotation with body, target and position, to pyld and to a shape."""
    data = json.loads(exported("annotations"))
    graph = _graph(data, {"http://www.w3.org/ns/anno.jsonld": ANNO})
    found = set(graph.subjects(RDF.type, OA.Annotation))
    assert len(found) == data["total"] == len(data["first"]["items"]) > 300
    conforms, _, text = validate(graph, shacl_graph=Graph().parse(data=SHAPE, format="turtle"))
    assert conforms, text
    assert len(set(graph.subjects(RDF.type, OA.TextPositionSelector))) == len(found)
    graph.remove((next(iter(found)), OA.hasTarget, None))
    assert not validate(graph, shacl_graph=Graph().parse(data=SHAPE, format="turtle"))[0]


def test_annotations_tell_no_time_of_day(exported: Exported) -> None:
    """A record has a day: no time is made up for it."""
    assert b"T00:00:00" not in exported("annotations")


def test_geojson(exported: Exported) -> None:
    """The collection is valid to geojson-pydantic, longitude first; places without a position are there as well."""
    data = json.loads(exported("geojson"), parse_float=str)
    found: Any = FeatureCollection.model_validate_json(exported("geojson"))
    assert len(found.features) == 36
    assert sum(feature.geometry is None for feature in found.features) == 7
    [ganja] = [f for f in data["features"] if f["properties"]["iri"] == f"{BASE}place/ganja"]
    assert float(ganja["geometry"]["coordinates"][0]) > float(ganja["geometry"]["coordinates"][1])
    assert ganja["properties"]["precision_m"]
    west, south, east, north = map(float, data["bbox"])
    for feature in data["features"]:
        if feature["geometry"] is not None:
            longitude, latitude = map(float, feature["geometry"]["coordinates"])
            assert west <= longitude <= east
            assert south <= latitude <= north


def test_tables(exported: Exported) -> None:
    """Pandas reads every table of the zip file, with the columns and the number of rows that there are to be."""
    rows = {}
    with zipfile.ZipFile(io.BytesIO(exported("csv"))) as archive:
        assert archive.testzip() is None
        metadata = json.loads(archive.read(METADATA))
        for described in metadata["tables"]:
            frame = pd.read_csv(io.BytesIO(archive.read(described["url"])), keep_default_na=False, dtype=str)
            assert list(frame.columns) == [column["name"] for column in described["tableSchema"]["columns"]]
            assert frame["iri"].is_unique
            rows[described["url"].removesuffix(".csv")] = frame
    assert rows.keys() == TABLES.keys()
    assert (len(rows["claims"]), len(rows["attestations"])) == (479, 530)
    for name in ("claims", "tolls"):
        text = exported(f"csv-{name}").decode()
        assert list(csv.reader(io.StringIO(text)))[1] == list(rows[name].iloc[0])
    counts = rows["tolls"]["count"]
    assert all(count == "" or float(count) >= 0 for count in counts)
    assert (rows["tolls"]["qualifier"] == "dozens").any()


def test_tables_are_the_same_each_time(small: Exported, exported: Exported) -> None:
    """The same release gives the same bytes, and a claim alone its rows alone."""
    assert small("csv") == small("csv")
    text = exported("csv-claims", claim="barda-armenia-responsible").decode()
    assert len(list(csv.reader(io.StringIO(text)))) == 2


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "'quoted", "\tx"])
def test_no_cell_is_run(text: str) -> None:
    """What a spreadsheet would run has an apostrophe in front, and comes back whole without it."""
    assert guarded(text) == f"'{text}"
    assert guarded("Armenia") == "Armenia"


def test_schema_claims(exported: Exported) -> None:
    """Every property is one of schema.org; a claim has no rating, and a denial is not lost."""
    data = json.loads(exported("schema-claims"))
    graph = _graph(data, {"https://schema.org/": {"@vocab": "https://schema.org/"}})
    used = {str(term) for triple in graph for term in triple if str(term).startswith("https://schema.org/")}
    assert len(used) > 15
    known = {str(term).rpartition("/")[2] for term in SDO.__annotations__}
    assert {term.rpartition("/")[2] for term in used} <= known
    claims = set(graph.subjects(RDF.type, URIRef("https://schema.org/Claim")))
    assert len(claims) == 479
    assert not {term for term in used if "Review" in term or "ating" in term}
    text = exported("schema-claims", claim="barda-armenia-responsible").decode()
    assert "denies" in text.lower() or "DisagreeAction" in text


def test_columns_are_documented() -> None:
    """docs/exports.md has each column of each table, as it is described in the tables themselves."""
    text = (REPOSITORY / "docs" / "exports.md").read_text(encoding="utf-8")
    for name, table in TABLES.items():
        assert f"### `{name}.csv`" in text
        for column in table.columns:
            assert f"| `{column.name}` | {column.datatype} | {column.about} |" in text
