"""The measures. Systems take turns (A B C A B C), so what else the machine does meets all of them alike."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import product
from time import monotonic, perf_counter, sleep
from typing import Any, Protocol

from kgraph.bench import load as loading
from kgraph.bench.client import BadAnswer, Connection, Reply, fetch, request
from kgraph.bench.load import Load
from kgraph.bench.queries import CROSS_JOIN, Query
from kgraph.bench.servers import HOST, Server, peak_memory
from kgraph.bench.statistics import percentile, summary
from kgraph.errors import DeadlinePassed, KgraphError
from kgraph.formats import GRAPHS, RESULTS
from kgraph.store.base import Engine, Question

Row = dict[str, Any]
CONNECTIONS = (1, 16, 64)
_PATIENCE = 10.0  # seconds for an answer, before a system is left out of a query
_DEADLINE = 0.2
CROSS_JOINS = 4
MEGABYTE = 1_000_000


class Failed(Exception):
    """A system gave no answer to a query."""


class Ask(Protocol):
    """Asks one system a query, with `more` behind it; the answer counts only where it is to be kept."""

    def __call__(self, query: Query, more: str = "", *, keep: bool = False) -> bytes:
        """Return the answer, whole; raise `Failed` where there is none."""


def in_process(engine: Engine) -> Ask:
    """Return what asks our engine, without HTTP."""

    def ask(query: Query, more: str = "", *, keep: bool = False) -> bytes:  # noqa: ARG001 - one signature for all
        question = Question(text=query.text + more, results=RESULTS[0], graph=GRAPHS[1])
        try:
            return engine.query(question).read()
        except KgraphError as error:
            raise Failed(error.detail) from error

    return ask


def by_http(server: Server, connection: Connection) -> Ask:
    """Return what asks a server over one connection."""

    def ask(query: Query, more: str = "", *, keep: bool = False) -> bytes:
        target = query.address(server.path) + more.replace("\n", "%0A").replace("#", "%23")
        try:
            reply = fetch(connection, request(target, query.accept, HOST), timeout=_PATIENCE, keep=keep)
        except (OSError, BadAnswer) as error:
            raise Failed(str(error) or type(error).__name__) from error
        return bytes(reply.body)

    return ask


def latency(
    asks: Callable[[], Mapping[str, Ask]], queries: Iterable[Query], *, seconds: float, rounds: int,
    renew: Callable[[str], None] = lambda _: None,
) -> tuple[list[Row], list[Row]]:  # fmt: skip
    """Return how long each query takes on each system, one after the other, and who failed or answered otherwise.

    Each time the query is another text, by a comment, so that no cache answers it. `seconds` are for each query and
    system, over all rounds; the first answer warms up, and its rows are compared. A system that fails is renewed.
    """
    rows: list[Row] = []
    remarks: list[Row] = []
    for query in queries:
        sizes: dict[str, int] = {}
        for name, ask in asks().items():
            try:
                sizes[name] = query.rows(ask(query, keep=True))
            except (Failed, ValueError) as error:
                remarks.append({"query": query.name, "system": name, "remark": f"failed: {error}"})
                renew(name)
        first = next(iter(sizes.values()), 0)
        remarks += [
            {"query": query.name, "system": name, "remark": f"{size} rows, not {first}"}
            for name, size in sizes.items()
            if size != first
        ]
        times = _turns({name: ask for name, ask in asks().items() if name in sizes}, query, seconds / rounds, rounds)
        rows += [{"query": query.name, "system": name, "rows": sizes[name]} | summary(t) for name, t in times.items()]
    return rows, remarks


def _turns(asks: Mapping[str, Ask], query: Query, seconds: float, rounds: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = defaultdict(list)
    for turn in range(rounds):
        for name, ask in asks.items():
            until, count = monotonic() + seconds, 0
            while count == 0 or monotonic() < until:
                count += 1
                began = perf_counter()
                with suppress(Failed):
                    ask(query, f"\n#{turn}-{count}")
                    times[name].append(perf_counter() - began)
    return {name: found for name, found in times.items() if found}


def throughput(
    servers: Mapping[str, Server], queries: Sequence[Query], *, seconds: float, rounds: int,
    renew: Callable[[str], None] = lambda _: None,
) -> list[Row]:  # fmt: skip
    """Return requests a second at several numbers of connections: median of the rounds, `seconds` each.

    `cached`: the same text each time; otherwise never the same twice. A server that did not answer every request is
    renewed before its next load, one that broke altogether gets no row.
    """
    rows = []
    for query, cached, connections in product(queries, (True, False), CONNECTIONS):
        found: dict[str, list[loading.Result]] = defaultdict(list)
        for name in list(servers) * rounds:
            server = servers[name]
            load = Load(
                host=HOST, port=server.port, target=query.address(server.path), accept=query.accept,
                connections=connections, seconds=seconds, vary=not cached,
            )  # fmt: skip
            try:
                result = loading.run(load)
            except KgraphError:
                renew(name)
                continue
            found[name].append(result)
            if result.errors:
                renew(name)
        rows += [
            {"query": query.name, "cached": cached, "connections": connections, "system": name} | _rates(results)
            for name, results in found.items()
        ]
    return rows


def _rates(results: Sequence[loading.Result]) -> Row:
    return {
        "requests_per_second": round(percentile([result.rate for result in results], 0.5), 1),
        "p50_ms": round(percentile([result.p50_ms for result in results], 0.5), 3),
        "p99_ms": round(percentile([result.p99_ms for result in results], 0.5), 3),
        "errors": sum(result.errors for result in results),
    }


def stream(server: Server, query: Query, *, size: int, timeout: float) -> Row:
    """Return megabytes a second of an answer of `size` bytes or more, and the most memory of the server's processes.

    What did not come in `timeout` seconds does not count; then the speed is that of what came.
    """
    asked = request(query.address(server.path), query.accept, HOST)
    got = 0

    def enough(reply: Reply) -> bool:
        nonlocal got
        got = reply.size
        return got >= size

    began = perf_counter()
    with peak_memory(server) as peak, server.connection() as connection, suppress(OSError, BadAnswer):
        connection.ask(asked, timeout=timeout, enough=enough)
    return {
        "system": server.name, "megabytes": round(got / MEGABYTE, 2),
        "megabytes_per_second": round(got / MEGABYTE / (perf_counter() - began), 2),
        "peak_memory_megabytes": round(peak.bytes / MEGABYTE, 1),
    }  # fmt: skip


def crowded(server: Server, query: Query, *, seconds: float) -> Row:
    """Return how long a short query takes alone and while four cross joins run on the same server."""
    with server.connection() as connection:
        ask = by_http(server, connection)
        alone = _probe(ask, query, seconds / 2)
        others = [server.connection() for _ in range(CROSS_JOINS)]
        try:
            for n, other in enumerate(others):
                text = Query("cross-join", f"{CROSS_JOIN} #{n}")
                other.send(request(text.address(server.path), text.accept, HOST))
            threading.Event().wait(min(0.5, seconds))
            busy = _probe(ask, query, seconds)
        finally:
            for other in others:
                other.close()
    row = {"system": server.name, "alone_p50_ms": summary(alone)["p50_ms"] if alone else None}
    return row | (summary(busy) if busy else {"samples": 0, "p50_ms": None, "p99_ms": None})


def _probe(ask: Ask, query: Query, seconds: float) -> list[float]:
    """Return how long each answer took; one that does not come counts with its wait."""
    times: list[float] = []
    until = monotonic() + seconds
    while not times or monotonic() < until:
        began = perf_counter()
        with suppress(Failed):
            ask(query, f"\n#{len(times)}")
        times.append(perf_counter() - began)
    return times


def replacement(engine: Engine, *, times: int) -> Row:
    """Return how long a reader that passed its deadline takes to be ended and another to be ready."""
    found = []
    for n in range(times):
        began = perf_counter()
        with suppress(DeadlinePassed):
            engine.query(Question(text=f"{CROSS_JOIN} #{n}", timeout=_DEADLINE)).read()
        while engine.statistics().starting:
            sleep(0.001)
        found.append(max(0.0, perf_counter() - began - _DEADLINE))
    return {"system": "kgraph"} | summary(found)
