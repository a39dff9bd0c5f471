"""Our saved queries over our corpus: each gives the rows that its header expects, written from the source."""

import json
from functools import cache
from itertools import count

import pytest

from conftest import REPOSITORY
from kgraph.saved.bind import bind, unasked
from kgraph.saved.library import SavedQuery, query_files, read_file
from kgraph.saved.lint import lint
from kgraph.saved.model import TAGS
from kgraph.saved.names import Names
from kgraph.saved.trial import answered, run
from kgraph.store.base import Question
from kgraph.store.embedded import Embedded
from kgraph.store.tokens import tokens

NOTHING = {"taken-back"}  # nothing has been taken back yet
NAMES = [path.stem for path in query_files(REPOSITORY / "queries")]


@cache
def _read(name: str) -> SavedQuery:
    read = read_file(REPOSITORY / "queries" / f"{name}.rq", f"queries/{name}.rq")
    assert read.findings == ()
    assert read.query is not None
    return read.query


def test_there_are_enough() -> None:
    """There are at least thirty-nine, and each group of queries has some."""
    assert len(NAMES) >= 39
    assert {tag for name in NAMES for tag in _read(name).header.tags} == set(TAGS)


@pytest.mark.parametrize("name", NAMES)
def test_is_clean_and_passes(answers: Embedded, name: str) -> None:
    """Nothing is found wrong with it, its tests pass, every row has a claim, and none comes twice."""
    query, names = _read(name), Names(answers)
    assert lint(query, names) == []
    assert [outcome.as_dict() for outcome in run(query, answers, names) if not outcome.passed] == []
    rows = answered(unasked(query), answers)
    assert bool(rows) == (name not in NOTHING)
    assert all(row["claim"].startswith("claim/") for row in rows)
    cells = [tuple(sorted(row.items())) for row in rows]
    if name != "places":  # two languages may have the same name for a place
        assert len(set(cells)) == len(cells)


@pytest.mark.parametrize("name", NAMES)
def test_runs_as_it_stands(answers: Embedded, name: str) -> None:
    """The file as it is, header and examples included, is a query that gives rows."""
    assert bool(answered(_read(name).text, answers)) == (name not in NOTHING)


@pytest.mark.parametrize("name", NAMES)
def test_optional_parameters_only_restrict(answers: Embedded, name: str) -> None:
    """Each parameter, given alone, leaves rows that come without it too, and at least one."""
    query, names = _read(name), Names(answers)
    everything = [tuple(sorted(row.items())) for row in answered(unasked(query), answers)]
    required = {parameter.name: parameter.example for parameter in query.header.params if parameter.required}
    for parameter in query.header.params:
        bound = bind(query, required | {parameter.name: parameter.example}, names)
        some = [tuple(sorted(row.items())) for row in answered(bound.text, answers)]
        assert bool(some) == (name not in NOTHING)
        assert set(some) <= set(everything) or "GROUP" in query.layout.modifiers  # a group gathers what is left


@pytest.mark.parametrize("name", NAMES)
def test_left_out_is_as_never_there(name: str) -> None:
    """Without parameters, what is asked is the text without their lines."""
    query = _read(name)
    required = {parameter.name for parameter in query.header.params if parameter.required}
    kept = tuple(f"  VALUES ?{name} " for name in required)
    lines = query.body.splitlines(keepends=True)
    lines = [line for line in lines if not line.startswith("  VALUES ?") or (kept and line.startswith(kept))]
    assert unasked(query) == "".join(lines)
    variables = {block.variable for block in query.layout.blocks} - required
    assert not variables & {token.text[1:] for token in tokens(unasked(query)) if token.kind == "variable"}


@pytest.mark.parametrize("name", NAMES)
def test_pages_make_the_whole(answers: Embedded, name: str) -> None:
    """Pages, one behind the other, are the rows of the query in their order, and are counted right."""
    query = _read(name)
    required = {parameter.name: parameter.example for parameter in query.header.params if parameter.required}
    bound = bind(query, required, Names(answers))
    whole = _rows(answers, bound.text)
    [total] = _rows(answers, bound.counted())
    assert int(total["total"]["value"]) == len(whole)
    size = max(7, len(whole) // 5)
    pages = []
    for start in count(0, size):
        page = _rows(answers, bound.page(limit=size, offset=start))
        pages += page
        if len(page) < size:
            break
    assert pages == whole


def _rows(engine: Embedded, text: str) -> list[dict[str, dict[str, str]]]:
    found: list[dict[str, dict[str, str]]] = json.loads(engine.query(Question(text=text)).read())["results"]["bindings"]
    return found
