"""Queries that never end, four at a time: each is ended at its deadline, and nobody else notices."""

import pytest

from hostile.client import Reply
from hostile.target import SLACK, Target

CROSS = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l"
NEVER = "FILTER(CONCAT(STR(?a), STR(?d), STR(?g), STR(?j)) = 'x')"  # only true of whole rows: nothing is cut short
ANYWHERE = "(<http://none.example/>|!<http://none.example/>)*"


def _values(name: str, count: int = 1000) -> str:
    return f"VALUES ?{name} {{ {' '.join(map(str, range(count)))} }}"


def _doubled(times: int, step: str = "CONCAT({0}, {0})", first: str = '"0123456789"') -> str:
    binds = [f"BIND({first} AS ?s0)"]
    binds += [f"BIND({step.format(f'?s{n}')} AS ?s{n + 1})" for n in range(times)]
    return " ".join(binds)


MANY = f"CONCAT({', '.join(['{0}'] * 32)})"
ENDLESS = {
    "cross join of four": f"SELECT (COUNT(*) AS ?n) {{ {CROSS} }}",
    "cross join that finds nothing": f"SELECT * {{ {CROSS} {NEVER} }}",
    "cross join for ASK": f"ASK {{ {CROSS} {NEVER} }}",
    "cross join for CONSTRUCT": f"CONSTRUCT {{ ?a ?b ?c }} {{ {CROSS} {NEVER} }}",
    "VALUES of a thousand million rows": f"SELECT (SUM(?x * ?y * ?z) AS ?n) {{ {' '.join(map(_values, 'xyz'))} }}",
    "two unbounded paths": f"SELECT (COUNT(*) AS ?n) {{ ?a {ANYWHERE} ?b . ?c {ANYWHERE} ?d . ?b {ANYWHERE} ?d }}",
    "path in a path": f"SELECT (COUNT(*) AS ?n) {{ ?a ({ANYWHERE}/{ANYWHERE})+ ?b . ?c {ANYWHERE} ?d }}",
    "GROUP_CONCAT over a cross product": f"SELECT (GROUP_CONCAT(CONCAT(STR(?a), STR(?l))) AS ?n) {{ {CROSS} }}",
    "ORDER BY over a cross product": f"SELECT * {{ {CROSS} }} ORDER BY DESC(?l) ?a LIMIT 1",
    "DISTINCT over a cross product": f"SELECT (COUNT(*) AS ?n) {{ SELECT DISTINCT * {{ {CROSS} }} }}",
    "GROUP BY over a cross product": f"SELECT ?a (COUNT(*) AS ?n) {{ {CROSS} }} GROUP BY ?a ?c ?d ?f ?g HAVING(?n < 0)",
    "EXISTS over a cross product":
    f"SELECT ?s {{ ?s ?p ?o FILTER NOT EXISTS {{ {CROSS} FILTER(STR(?l) = STR(?o) && STR(?a) = 'x') }} }}",
    "MINUS a cross product": f"SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c MINUS {{ {CROSS} }} }}",
    "two hundred OPTIONALs": "SELECT * { ?s ?p ?o "
    + " ".join(f"OPTIONAL {{ ?s ?p{n} ?o{n} }}" for n in range(200)) + " }",
    "ninety nested OPTIONALs": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o " + "OPTIONAL { ?a ?b ?c " * 90 + "}" * 90 + " }",
    "four hundred triple patterns": "SELECT * { "
    + " ".join(f"?s{n} ?p{n} ?s{n + 1} ." for n in range(400)) + " }",
    "four hundred unconnected patterns": "SELECT * { " + " ".join(f"?s{n} ?p{n} ?o{n} ." for n in range(400)) + " }",
}  # fmt: skip
PLANNED = {name for name in ENDLESS if name.startswith(("two hundred", "ninety", "four hundred"))}
SWELLING = {
    "string doubled to ten gigabytes": f"SELECT (STRLEN(?s30) AS ?n) {{ {_doubled(30)} }}",
    "string doubled in one expression": f"SELECT (STRLEN(?s6) AS ?n) {{ {_doubled(6, MANY)} }}",
    "string grown by REPLACE": "SELECT (STRLEN(?s30) AS ?n) { "
    + _doubled(30, 'REPLACE({0}, "(.+)", "$1$1", "s")') + " }",
    "string grown by its separators":
    f'SELECT (STRLEN(GROUP_CONCAT(?a; SEPARATOR="{"x" * 50_000}")) AS ?n) {{ {CROSS} }}',
    "a gigabyte as the answer": f"SELECT * {{ {_doubled(27)} }}",
    "a gigabyte built by CONSTRUCT":
    f"CONSTRUCT {{ <http://a.example/> <http://b.example/> ?s27 }} {{ {_doubled(27)} }}",
}  # fmt: skip
EXPRESSIONS = {
    "nested repetition": r"^(a+)+$",
    "nested alternatives": r"^(a|a)*$",
    "overlapping stars": "^" + "(.*a)" * 25 + "$",
    "counted repetition of repetitions": r"((a{0,100}){0,100}){0,100}b",
    "a pattern of 100 kB": "(" + "|".join(f"a{n}" for n in range(15_000)) + ")*b",
}


def ended(reply: Reply, statuses: set[int], deadline: float) -> None:
    """Assert that a query came to one of the ends that are allowed, in time, with a problem document."""
    assert reply.status in statuses, (reply.status, reply.body[:300])
    assert reply.whole
    assert reply.seconds < deadline + SLACK
    if reply.status != 200:
        assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ENDLESS)
def test_query_without_end(quick: Target, name: str) -> None:
    """Four at a time end in 504 at the deadline; what cannot be planned may also be refused beforehand."""
    with quick.watched():
        for reply in quick.together([ENDLESS[name]] * 4):
            ended(reply, {504, 413, 503} | ({400} if name in PLANNED else set()), quick.timeout)


@pytest.mark.parametrize("name", SWELLING)
def test_query_that_swells(quick: Target, name: str) -> None:
    """Four at a time end in 413, 503 or 504, and never hold more memory than their readers may."""
    with quick.watched() as watch:
        for reply in quick.together([SWELLING[name]] * 4):
            ended(reply, {413, 503, 504}, quick.timeout)
    assert watch.peak < quick.resting + (quick.readers + 1) * quick.memory


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_regular_expression(quick: Target, name: str) -> None:
    """An expression that takes others exponential time is answered, refused or ended."""
    query = f'SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o FILTER REGEX("{"a" * 5000}!", "{EXPRESSIONS[name]}") }}'
    with quick.watched():
        for reply in quick.together([query] * 4):
            ended(reply, {200, 400, 413, 503, 504}, quick.timeout)


@pytest.mark.parametrize("count", [8, 16])
def test_more_than_there_are_readers(quick: Target, count: int) -> None:
    """Who finds no reader is told so, and when to come again; none waits longer than the deadline."""
    with quick.watched():
        replies = quick.together([ENDLESS["cross join of four"]] * count)
        for reply in replies:
            ended(reply, {504, 503}, quick.timeout)
            assert reply.status == 504 or int(reply.headers["retry-after"]) > 0


def test_flood_of_forty(quick: Target) -> None:
    """Forty at once: each is ended in time or told to come again, and one who asks afterwards is served."""
    with quick.watched():
        pass
    replies = quick.together([*ENDLESS.values()][:20] * 2)
    for reply in replies:
        ended(reply, {504, 503, 413}, quick.timeout)
    assert quick.ask("ASK {}").seconds < quick.timeout


@pytest.mark.parametrize("timeout", ["inf", "nan", "1e999", "-1", "0", "", "1_000", "٣", "1e308", "9" * 400])
def test_deadline_of_the_clients_own(quick: Target, timeout: str) -> None:
    """A client may lower the deadline, never lift it."""
    with quick.watched():
        ended(quick.ask(ENDLESS["cross join of four"], {"timeout": timeout}), {400, 504}, quick.timeout)
