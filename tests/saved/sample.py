"""A saved query with a parameter of each type, and names that accept any IRI."""

from collections.abc import Sequence
from dataclasses import dataclass

from rdflib import URIRef

from kgraph.saved.library import SavedQuery, parse

BASE = "https://example.org/river/"
XSD = "http://www.w3.org/2001/XMLSchema#"
SAMPLE = f"""#+ id: sample
#+ summary: What is what?
#+ tags: [events]
#+ params:
#+   - {{name: thing, type: iri, of: kg:Event, several: true, example: event/flood, description: Only this event.}}
#+   - {{name: day, type: date, example: 2020-01-01, description: Only this day.}}
#+   - {{name: whole, type: integer, example: 1, description: Only this number.}}
#+   - {{name: part, type: decimal, example: 1.5, description: Only this number.}}
#+   - {{name: text, type: string, several: true, example: it, description: Only this text.}}
#+   - {{name: flag, type: boolean, default: true, description: This or that.}}
#+   - {{name: choice, type: enum, values: [all, one-of], required: true, example: all, description: Which.}}
#+ columns:
#+   - {{name: s, type: string, description: a thing}}
#+   - {{name: flag, type: boolean, description: the flag}}
#+   - {{name: choice, type: string, description: the choice}}
#+ tests:
#+   - {{with: {{choice: all}}, least: 1}}
PREFIX : <{BASE}>  # VALUES ?thing {{ :no }}
SELECT DISTINCT ?s ?flag ?choice WHERE {{
  VALUES ?thing {{ <{BASE}event/flood> }} ?s :a ?thing .
  VALUES ?day {{ "2020-01-01"^^<{XSD}date> }} ?s :b ?day .
  VALUES ?whole {{ 1 }} ?s :c ?whole .
  VALUES ?part {{ 1.5 }} ?s :d ?part .
  VALUES ?text {{ "it" }} ?s :e ?text . # }} VALUES ?text {{ "no" }}
  VALUES ?flag {{ true }}
  VALUES ?choice {{ "all" }}
  VALUES (?s) {{ ("}} VALUES ?choice {{ 'no' }}") ('''a
VALUES ?flag {{ false }}''') }}
}}
ORDER BY ?s ?flag ?choice
"""


@dataclass(frozen=True)
class Anything:
    """Names that have every IRI below the base."""

    base: str = BASE

    def holds(self, iri: URIRef, of: Sequence[str]) -> bool:  # noqa: ARG002 - as the protocol has it
        """Return whether the IRI is below the base."""
        return iri.startswith(f"{self.base}event/")

    def nearest(self, text: str, of: Sequence[str]) -> list[str]:  # noqa: ARG002 - as the protocol has it
        """Return the one name there is."""
        return ["event/flood"]


def sample(text: str = SAMPLE) -> SavedQuery:
    """Return the query that a text is."""
    read = parse(text, "queries/sample.rq")
    assert read.query is not None, read.findings
    return read.query
