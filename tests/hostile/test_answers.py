"""Answers too long to end: the connection is broken at the deadline, and no cut answer looks whole."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from hostile.target import GROWTH, QUERY_TYPE, SLACK, Target
from hostile.test_clients import all_free, break_off, posted

CROSS = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l"
TEN_MILLION = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } LIMIT 10000000"
ROWS = ["application/sparql-results+json", "application/sparql-results+xml", "text/csv", "text/tab-separated-values"]
TRIPLES = ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"]
ENDLESS = {
    "rows": f"SELECT * {{ {CROSS} }}",
    "one wide row after another": "SELECT * { ?a ?b ?c . ?d ?e ?f "
    + " ".join(f"BIND(CONCAT(STR(?a), STR(?d), '{n}') AS ?x{n})" for n in range(90)) + " }",
    "rows of long strings": "SELECT ?x { ?a ?b ?c . ?d ?e ?f BIND(CONCAT("
    + ", ".join(["STR(?a)", "STR(?d)"] * 400) + ") AS ?x) }",
}  # fmt: skip


def looks_whole(body: bytes) -> bool:
    """Return whether JSON could be taken for an answer that came to its end."""
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("accepts", [ROWS, TRIPLES], ids=["rows", "triples"])
def test_answer_without_end(quick: Target, accepts: list[str]) -> None:
    """In every form the connection breaks at the deadline, and no error text is glued to what was sent."""
    query = f"SELECT * {{ {CROSS} }}" if accepts is ROWS else f"CONSTRUCT {{ ?a ?b ?c . ?d ?e ?f }} {{ {CROSS} }}"
    with quick.watched():
        for reply in quick.together([query] * 4, accepts=accepts):
            assert (reply.status, reply.whole) in {(200, False), (504, True), (413, True)}
            assert reply.seconds < quick.timeout + 2
            if reply.status == 200:
                assert len(reply.body) > 100_000
                assert b"kgraph/problem" not in reply.body
                assert not looks_whole(reply.body)


@pytest.mark.parametrize("name", ENDLESS)
def test_four_answers_without_end(quick: Target, name: str) -> None:
    """Four at a time are broken off, and cost no memory that grows with them."""
    with quick.watched() as watch:
        for reply in quick.together([ENDLESS[name]] * 4):
            assert (reply.status, reply.whole) in {(200, False), (504, True), (413, True), (503, True)}
            assert reply.seconds < quick.timeout + 2
    assert watch.peak < quick.resting + (quick.readers + 1) * quick.memory


def test_compressed_answer_without_end(quick: Target) -> None:
    """An answer that is compressed keeps nobody else waiting either, and is broken off as others are."""
    headers = {"Content-Type": QUERY_TYPE, "Accept-Encoding": "gzip"}
    with quick.watched(), ThreadPoolExecutor(4) as pool:
        query = f"SELECT * {{ {CROSS} }}"
        for reply in pool.map(lambda text: quick.send("POST", "/sparql", text, headers), [query] * 4):
            assert (reply.status, reply.whole) in {(200, False), (504, True), (413, True), (503, True)}
            assert reply.seconds < quick.timeout + 2


def test_answers_that_fill_a_cache(quick: Target) -> None:
    """More than a hundred answers of a megabyte, each another, are not all kept."""
    with quick.watched() as watch:
        for turn in range(30):
            rows = "SELECT ?a ?b ?c { ?a ?b ?c . ?d ?e ?f } LIMIT 3000"
            for reply in quick.together([f"{rows} # {turn} {n}" for n in range(4)]):
                assert reply.status == 200
    assert watch.peak < quick.resting + GROWTH


def test_ten_million_rows_and_gone(patient: Target) -> None:
    """A client that closes in the midst of ten million rows ends its query at once."""
    with patient.watched(settle=2.0):
        for _ in range(patient.readers):
            with patient.connect(posted(TEN_MILLION)) as connection:
                read = 0
                while read < 3_000_000:
                    read += len(connection.recv(1 << 16))
                break_off(connection)
    all_free(patient)


def test_head_of_ten_million_rows(patient: Target) -> None:
    """HEAD of a long answer sends none of it and holds no reader."""
    with patient.watched(settle=2.0):
        began = time.monotonic()
        reply = patient.send(
            "HEAD", "/sparql?query=SELECT*%7B%3Fa%20%3Fb%20%3Fc.%3Fd%20%3Fe%20%3Ff.%3Fg%20%3Fh%20%3Fi%7D"
        )
        assert reply.status in {200, 413, 504}
        assert reply.body == b""
        assert time.monotonic() - began < patient.timeout + SLACK


def test_long_answer_that_ends(patient: Target) -> None:
    """An answer of megabytes that does end is whole, while four without an end are broken off."""
    with patient.watched():
        replies = patient.together([f"SELECT * {{ {CROSS} }}"] * patient.readers)
        assert not any(reply.whole for reply in replies if reply.status == 200)
    reply = patient.ask("SELECT ?a ?b ?c { ?a ?b ?c . ?d ?e ?f } LIMIT 20000")
    assert (reply.status, reply.whole) == (200, True)
    assert len(json.loads(reply.body)["results"]["bindings"]) == 20_000
