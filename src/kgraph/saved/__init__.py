"""Saved queries: described, typed and tested SPARQL, with parameters that are bound as terms.

A saved query is a file `queries/NAME.rq`: runnable SPARQL below a header, lines with `#+` that are one YAML mapping
(docs/queries.md).
"""
