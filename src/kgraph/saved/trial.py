"""The tests of a saved query, run over a release: what must come out, and whether it did."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kgraph.errors import KgraphError
from kgraph.saved.bind import bind
from kgraph.saved.library import SavedQuery
from kgraph.saved.model import Test
from kgraph.saved.names import Names, shortened
from kgraph.store.base import Engine, Question

Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One test: how many rows came (milliseconds for that), those that are missing, those too many, or the error."""

    query: str
    test: int
    line: int
    given: Mapping[str, tuple[str, ...]]
    rows: int = 0
    least: int = 0
    milliseconds: float = 0.0
    missing: tuple[Row, ...] = ()
    extra: tuple[Row, ...] = ()
    error: str | None = None

    @property
    def passed(self) -> bool:
        """Tell whether all came out as it must."""
        return self.error is None and self.rows >= self.least and not self.missing and not self.extra

    def as_dict(self) -> dict[str, Any]:
        """Return the members, and whether the test passed."""
        return {"passed": self.passed, **asdict(self)}


def run(query: SavedQuery, engine: Engine, names: Names) -> list[Outcome]:
    """Run the tests of a query, in order."""
    return [_run(query, number, test, engine, names) for number, test in enumerate(query.header.tests)]


def _run(query: SavedQuery, number: int, test: Test, engine: Engine, names: Names) -> Outcome:
    known: dict[str, Any] = {
        "query": query.id, "test": number + 1, "line": query.header_line("tests", number), "given": test.with_,
        "least": test.least,
    }  # fmt: skip
    start = time.perf_counter()
    try:
        rows = answered(bind(query, test.with_, names).text, engine)
    except KgraphError as error:
        return Outcome(**known, error=error.detail)
    spent = round(1000 * (time.perf_counter() - start), 1)
    missing = tuple(want for want in test.rows if not any(_fits(want, row) for row in rows))
    extra: tuple[Row, ...] = ()
    if test.complete:
        extra = tuple(row for row in rows if not any(_fits(want, row) for want in test.rows))
        if not extra and not missing and len(rows) != len(test.rows):
            return Outcome(**known, rows=len(rows), error=f"{len(rows)} rows for the {len(test.rows)} that must come")
    return Outcome(**known, rows=len(rows), milliseconds=spent, missing=missing, extra=extra)


def answered(text: str, engine: Engine) -> list[Row]:
    """Return the rows of a query, IRIs relative to the corpus or the vocabularies; of an ASK, one row, `boolean`."""
    data = json.loads(engine.query(Question(text=text)).read())
    if "boolean" in data:
        return [{"boolean": str(data["boolean"]).lower()}]
    base = engine.release().manifest.base_iri
    return [{name: _text(cell, base) for name, cell in row.items()} for row in data["results"]["bindings"]]


def _text(cell: Mapping[str, str], base: str) -> str:
    return shortened(cell["value"], base) if cell["type"] == "uri" else cell["value"]


def _fits(want: Row, row: Row) -> bool:
    return want.items() <= row.items()
