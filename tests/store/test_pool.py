"""Readers are ended at the deadline and replaced, and short queries go on being answered meanwhile."""

import os
import signal
import socket
import threading
import time

import psutil
import pytest

from kgraph.build import build
from kgraph.errors import Busy, DeadlinePassed, ReaderDied
from kgraph.settings import Settings
from kgraph.store.base import Question
from kgraph.store.embedded import Embedded
from kgraph.store.pool import start

CROSS_JOIN = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
MANY_ROWS = "SELECT * { ?a ?b ?c . ?d ?e ?f }"


def test_deadline(engine: Embedded) -> None:
    """A cross join of the whole store ends at its deadline, while ASK goes on being answered."""
    outcome: list[BaseException] = []

    def ask() -> None:
        try:
            engine.query(Question(text=CROSS_JOIN, timeout=1.0))
        except DeadlinePassed as error:
            outcome.append(error)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    answered = 0
    while any(thread.is_alive() for thread in threads):
        assert engine.query(Question(text="ASK {}")).read()
        answered += 1
    assert len(outcome) == 2
    assert 1.0 <= time.monotonic() - began < 5
    assert answered > 5
    assert engine.query(Question(text="ASK {}")).read()


def test_deadline_while_rows_are_sent(engine: Embedded) -> None:
    """An answer that grew too long to withhold breaks off; it never ends as if it were whole."""
    answer = engine.query(Question(text=MANY_ROWS, timeout=1.0))
    with pytest.raises(DeadlinePassed):
        answer.read()
    assert engine.query(Question(text="ASK {}")).read()


def test_client_that_goes_away_ends_its_query(engine: Embedded) -> None:
    """Closing an answer ends the process that makes it."""
    answer = engine.query(Question(text=MANY_ROWS))
    readers = {child.pid for child in psutil.Process().children()}
    answer.chunks.close()
    assert len(readers - {child.pid for child in psutil.Process().children()}) == 1
    assert engine.query(Question(text="ASK {}")).read()


def test_reader_that_dies_is_replaced(corpus: Settings) -> None:
    """Readers that were killed while idle are replaced before anybody notices."""
    build(corpus)
    engine = Embedded(corpus.releases, readers=1, timeout=2)
    try:
        for child in psutil.Process().children():
            if str(engine.release().store) in child.cmdline():
                os.kill(child.pid, signal.SIGKILL)
        time.sleep(0.1)
        assert {engine.query(Question(text="ASK {}")).read() for _ in range(3)} == {b'{"head":{},"boolean":true}'}
    finally:
        engine.close()


def test_busy(built: Settings) -> None:
    """Where no reader comes free in time, the client is told to come again."""
    engine = Embedded(built.releases, readers=1, timeout=3)
    threads = [threading.Thread(target=_quietly, args=(engine,)) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        time.sleep(0.8)
        with pytest.raises(Busy) as caught:
            engine.query(Question(text=CROSS_JOIN, timeout=0.3))
        assert caught.value.extra["retry_after"] >= 1
    finally:
        for thread in threads:
            thread.join()
        engine.close()


def _quietly(engine: Embedded) -> None:
    with pytest.raises((DeadlinePassed, Busy)):
        engine.query(Question(text=CROSS_JOIN, timeout=1.5))


def test_memory_limit(built: Settings) -> None:
    """A query that wants more memory than a reader has ends in an error, and the next one is answered."""
    engine = Embedded(built.releases, readers=1, memory=200, timeout=20)
    try:
        with pytest.raises((ReaderDied, DeadlinePassed)):
            engine.query(
                Question(text="SELECT DISTINCT ?a ?d ?g { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?g")
            ).read()
        assert engine.query(Question(text="ASK {}")).read()
    finally:
        engine.close()


def test_moves_to_a_new_release(corpus: Settings) -> None:
    """A running engine answers from the new release as soon as it is current, and lets the old readers go."""
    first, _ = build(corpus)
    engine = Embedded(corpus.releases, readers=1)
    try:
        held = engine.query(Question(text=MANY_ROWS))
        path = corpus.root / "data" / "claims" / "ford.yaml"
        path.write_text(
            path.read_text(encoding="utf-8").replace("hit the bridge", "struck the bridge"), encoding="utf-8"
        )
        second, _ = build(corpus)
        assert held.release == first.digest
        assert engine.query(Question(text="ASK {}")).release == second.digest
        held.chunks.close()
        old = [c for c in psutil.Process().children() if str(first.store) in c.cmdline()]
        assert old == []
    finally:
        engine.close()


def test_readers_cannot_open_connections(built: Settings, engine: Embedded) -> None:
    """Were the guard to miss a SERVICE, the reader still could not connect."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        port = listener.getsockname()[1]
        generation = engine._generation
        question = Question(text=f"ASK {{ SERVICE SILENT <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}")
        generation.pool.query(question, timeout=2).read()
        with pytest.raises(TimeoutError):
            listener.accept()


def test_start_of_what_is_no_store(tmp_path: object) -> None:
    """A reader over a folder that is no store is reported, not waited for."""
    with pytest.raises(ReaderDied):
        start(tmp_path, memory=300, niceness=0)  # type: ignore[arg-type]
