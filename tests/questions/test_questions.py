"""What researchers ask, as saved queries, with rows that must come out: written from the article, not from the answers.

Each `NAME.yaml` beside this file is for the saved query NAME: `rows` that must be there (a row may leave out columns),
and `complete: true` where there are no others. A claim, agent or other thing is written as `kind/id`, a concept as
`scheme/id`.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from conftest import REPOSITORY
from kgraph.store.base import Question
from kgraph.store.embedded import Embedded
from kgraph.terms import VOCAB

HERE = Path(__file__).parent
QUERIES = sorted(path.stem for path in (REPOSITORY / "queries").glob("*.rq"))


def _text(term: dict[str, str], base: str) -> str:
    value = term["value"]
    return value.removeprefix(base).removeprefix(str(VOCAB)) if term["type"] == "uri" else value


def _ask(engine: Embedded, name: str) -> tuple[list[str], list[dict[str, str]]]:
    text = (REPOSITORY / "queries" / f"{name}.rq").read_text(encoding="utf-8")
    data = json.loads(engine.query(Question(text=text)).read())
    base = engine.release().manifest.base_iri
    rows = [{var: _text(term, base) for var, term in row.items()} for row in data["results"]["bindings"]]
    return data["head"]["vars"], rows


def _expected(name: str) -> dict[str, Any]:
    found = YAML(typ="base").load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    assert set(found) <= {"question", "rows", "complete"}
    return found


def test_every_query_is_a_question() -> None:
    """Each saved query has its expected rows, and there are at least thirty."""
    assert {path.stem for path in HERE.glob("*.yaml")} == set(QUERIES)
    assert len(QUERIES) >= 30


@pytest.mark.parametrize("name", QUERIES)
def test_question(answers: Embedded, name: str) -> None:
    """The rows that must come out do, each row of the answer carries its claim, and no row comes twice."""
    columns, rows = _ask(answers, name)
    expected = _expected(name)
    assert "claim" in columns
    assert all(row["claim"].startswith("claim/") for row in rows)
    assert len({tuple(sorted(row.items())) for row in rows}) == len(rows)
    wanted = expected["rows"]
    assert {column for row in wanted for column in row} <= set(columns)
    missing = [want for want in wanted if not any(want.items() <= row.items() for row in rows)]
    assert missing == []
    if expected.get("complete") == "true":
        extra = [row for row in rows if not any(want.items() <= row.items() for want in wanted)]
        assert extra == []
        assert len(rows) == len(wanted)
