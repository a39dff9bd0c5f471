"""Pages and counts of a query keep what it means."""

import json
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgraph.errors import BadRequest
from kgraph.saved.paging import counted, page
from kgraph.store.base import Question
from kgraph.store.embedded import Embedded

ROWS = "VALUES ?x { 5 3 1 4 1 5 9 2 6 } # LIMIT 1"
QUERIES = [
    f"SELECT ?x {{ {ROWS}\n}} ORDER BY ?x",
    f"SELECT DISTINCT ?x WHERE {{ {ROWS}\n}} ORDER BY DESC(?x) # the end",
    f"SELECT ?x {{ {ROWS}\n}} ORDER BY ?x LIMIT 5",
    f"SELECT ?x {{ {ROWS}\n}} ORDER BY ?x LIMIT 5 OFFSET 2",
    f"SELECT ?x {{ {ROWS}\n}} ORDER BY ?x OFFSET 2 LIMIT 5",
    f"SELECT ?x {{ {ROWS}\n}} ORDER BY ?x OFFSET 3",
    f"SELECT (COUNT(?x) AS ?n) ?x {{ {ROWS}\n}} GROUP BY ?x HAVING (COUNT(?x) > 0) ORDER BY ?n ?x",
    f"PREFIX limit: <urn:x:> SELECT ?x {{ {{ SELECT ?x {{ {ROWS}\n}} ORDER BY ?x LIMIT 4 }} }} ORDER BY ?x",
    f"SELECT ?x {{ {ROWS}\n}} ORDER BY ?x VALUES ?x {{ 1 5 9 }}",
    f"SELECT ?x {{ {ROWS}\n}} ORDER BY ?x LIMIT 3 VALUES ?x {{ 1 5 9 }}",
]


def _rows(engine: Embedded, text: str) -> list[dict[str, str]]:
    rows = json.loads(engine.query(Question(text=text)).read())["results"]["bindings"]
    return [{name: cell["value"] for name, cell in row.items()} for row in rows]


@pytest.mark.parametrize("text", QUERIES)
@given(st.integers(1, 12))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_make_the_whole(engine: Embedded, text: str, size: int) -> None:
    """Pages of any size, one behind the other, are the whole, and the count is right."""
    whole = _rows(engine, text)
    pages: list[dict[str, str]] = []
    for start in count(0, size):
        got = _rows(engine, page(text, limit=size, offset=start))
        pages += got
        if len(got) < size:
            break
    assert pages == whole
    assert _rows(engine, counted(text)) == [{"total": str(len(whole))}]


def test_no_page_is_the_query() -> None:
    """Without a limit and an offset the text is as it was."""
    assert page(QUERIES[0]) == QUERIES[0]
    assert page(QUERIES[0], offset=2).endswith("ORDER BY ?x\nOFFSET 2\n")


@pytest.mark.parametrize("text", ["ASK {}", "CONSTRUCT WHERE { ?s ?p ?o }", "DESCRIBE <urn:x:y>"])
def test_only_rows_have_pages(text: str) -> None:
    """Other forms have no pages."""
    with pytest.raises(BadRequest):
        page(text, limit=1)
