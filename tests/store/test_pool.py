"""Readers are ended at the deadline and replaced, and short queries go on being answered meanwhile."""

import asyncio
import contextlib
import os
import signal
import socket
import threading
import time
from pathlib import Path

import psutil
import pytest

from kgraph.build import build
from kgraph.errors import Busy, DeadlinePassed, KgraphError, ReaderDied, TooLarge
from kgraph.formats import RESULTS, Format
from kgraph.settings import Settings
from kgraph.store.base import Question
from kgraph.store.embedded import Embedded
from kgraph.store.processes import ForkServer

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
    readers = {child.pid for child in psutil.Process().children(recursive=True)}
    answer.chunks.close()
    assert len(readers - {child.pid for child in psutil.Process().children(recursive=True)}) == 1
    assert engine.query(Question(text="ASK {}")).read()


def test_reader_that_dies_is_replaced(corpus: Settings) -> None:
    """Readers that were killed while idle are replaced before anybody notices."""
    build(corpus)
    engine = Embedded(corpus.releases, readers=1, timeout=2)
    try:
        for pid in _readers_of(engine.release().store):
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
        assert {engine.query(Question(text="ASK {}")).read() for _ in range(3)} == {b'{"head":{},"boolean":true}'}
    finally:
        engine.close()


@pytest.mark.parametrize("in_memory", [500_000, 0])
def test_what_forks_readers_is_replaced(built: Settings, in_memory: int) -> None:
    """Where the process that forks readers is killed, its readers end with it, and others answer soon."""
    engine = Embedded(built.releases, readers=2, in_memory=in_memory)
    try:
        host = psutil.Process(_host(engine))
        before = [child.pid for child in host.children()]
        assert len(before) == 3
        host.kill()
        until = time.monotonic() + 20
        while any(map(_lives, before)) and time.monotonic() < until:
            time.sleep(0.02)
        assert not any(map(_lives, before))
        assert {engine.query(Question(text="ASK {}")).read() for _ in range(5)} == {b'{"head":{},"boolean":true}'}
        while len(psutil.Process(_host(engine)).children()) < 3 and time.monotonic() < until:
            time.sleep(0.02)
        last = _host(engine)
        assert len(psutil.Process(last).children()) == 3
    finally:
        engine.close()
    assert not _lives(last)


def _host(engine: Embedded) -> int:
    """Return the number of the process that forks readers."""
    host = engine.core._generation.pool._server._host
    assert host is not None
    return host.pid


def _lives(pid: int) -> bool:
    """Return whether a process is there; one that nobody has waited for is not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


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


def test_short_work_of_unknown_length_goes_on_waiting_for_the_reserved_reader(built: Settings) -> None:
    """While an endless query holds the one general reader, another is answered as soon as the reserved one is free."""
    engine = Embedded(built.releases, readers=1)
    ended: list[KgraphError] = []

    def endless(*, short: bool, seconds: float) -> None:
        try:
            engine.query(Question(text=CROSS_JOIN, short=short, timeout=seconds)).read()
        except KgraphError as error:
            ended.append(error)

    holds = [
        threading.Thread(target=endless, kwargs={"short": False, "seconds": 60}),
        threading.Thread(target=endless, kwargs={"short": True, "seconds": 2}),
    ]
    with contextlib.closing(engine):
        for thread in holds:
            thread.start()
        while engine.statistics().busy < 2:
            time.sleep(0.01)
        assert engine.query(Question(text="ASK {}", timeout=20)).read()
        assert engine.statistics().waiting == 0
        assert [type(error) for error in ended] == [DeadlinePassed]  # of the short one alone
    for thread in holds:
        thread.join(timeout=10)


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
        until = time.monotonic() + 10
        while _readers_of(first.store) and time.monotonic() < until:
            time.sleep(0.02)
        assert _readers_of(first.store) == []
    finally:
        engine.close()


def _readers_of(store: Path) -> list[int]:
    """Return the readers of a store that are there."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if str(store) in child.cmdline():
                found += [reader.pid for reader in child.children()]
    return found


def test_readers_cannot_open_connections(built: Settings, engine: Embedded) -> None:
    """Were the guard to miss a SERVICE, the reader still could not connect."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        port = listener.getsockname()[1]
        question = Question(text=f"ASK {{ SERVICE SILENT <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}")

        async def past_the_guard() -> None:
            await engine.core._generation.pool.query(question, timeout=2)

        asyncio.run_coroutine_threadsafe(past_the_guard(), engine._loop).result()
        with pytest.raises(TimeoutError):
            listener.accept()


def test_start_of_what_is_no_store(tmp_path: Path) -> None:
    """A reader over a folder that is no store is reported, not waited for."""

    async def begin(*, memory: bool) -> None:
        server = ForkServer(tmp_path, memory=memory)
        try:
            await server.fork({"memory": 300, "niceness": 0, "calls": False})
        finally:
            await server.close()

    for memory in (True, False):
        with pytest.raises(ReaderDied):
            asyncio.run(begin(memory=memory))


@pytest.mark.parametrize("form", RESULTS)
def test_rows_are_limited(built: Settings, form: Format) -> None:
    """A table of as many rows as are allowed is given; one of more is refused whole, never cut."""
    engine = Embedded(built.releases, readers=1, max_rows=3)
    try:
        text = "SELECT * {{ VALUES ?x {{ {} }} }}"
        assert engine.query(Question(text=text.format("1 2 3"), results=form)).read()
        with pytest.raises(TooLarge, match="more rows"):
            engine.query(Question(text=text.format("1 2 3 4"), results=form))
    finally:
        engine.close()


def test_bytes_are_limited(built: Settings) -> None:
    """An answer longer than allowed is refused, or breaks off where it was too long to be withheld."""
    engine = Embedded(built.releases, readers=1, max_bytes=100_000)
    try:
        with pytest.raises(TooLarge, match="100000 bytes"):
            engine.query(Question(text=MANY_ROWS))
        assert engine.query(Question(text="ASK {}")).read()
    finally:
        engine.close()


def test_queue_is_bounded(built: Settings) -> None:
    """Where as many wait as may, the next one is told at once to come again."""
    engine = Embedded(built.releases, readers=1, timeout=3, queue=1)
    threads = [threading.Thread(target=_quietly, args=(engine,)) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        time.sleep(0.8)
        assert engine.statistics().waiting <= 2
        outcomes = [_outcome(engine) for _ in range(3)]
        assert "busy" in outcomes
    finally:
        for thread in threads:
            thread.join()
        engine.close()


def _outcome(engine: Embedded) -> str:
    try:
        engine.query(Question(text=CROSS_JOIN, timeout=0.6))
    except KgraphError as error:
        return error.code
    return "ok"
