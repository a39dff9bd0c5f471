"""`/metrics`: what the server has done and is doing, for Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/).

Labels are routes, statuses, codes: never a path, a query or whatever else a client makes up, so series stay few. The
numbers are of the process that answers; readers are processes of their own.
"""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from typing import Protocol, cast

from flask import Blueprint, Response, current_app, request
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from kgraph.errors import KgraphError
from kgraph.store.base import Engine
from kgraph.web.observe import BROKEN, GONE, Seen

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

blueprint = Blueprint("metrics", __name__)


class Holdings(Protocol):
    """What a cache holds and how it has done since it was made; `size` is in bytes."""

    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def entries(self) -> int: ...  # noqa: D102
    @property
    def hits(self) -> int: ...  # noqa: D102
    @property
    def misses(self) -> int: ...  # noqa: D102


class Cached(Protocol):
    """A cache that can say what it holds."""

    def statistics(self) -> Holdings:
        """Return what it holds now."""


class Metrics(Collector):
    """The counts of one application; an instance is called with each request that is over, in any thread."""

    def __init__(self, engine: Engine, cache: Cached | None = None) -> None:
        self._engine, self._cache = engine, cache
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._seconds: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}
        self._cut: Counter[str] = Counter()
        self._bytes = 0
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def __call__(self, seen: Seen) -> None:
        """Count a request that is over."""
        with self._lock:
            self._requests[seen.route, seen.method, seen.status] += 1
            counts = self._seconds.get(seen.route)
            if counts is None:
                counts = self._seconds[seen.route] = [0] * (len(BUCKETS) + 1)
            counts[bisect_left(BUCKETS, seen.seconds)] += 1
            self._sums[seen.route] = self._sums.get(seen.route, 0.0) + seen.seconds
            self._bytes += seen.sent
            if seen.outcome in {BROKEN, GONE}:
                self._cut[seen.cause or GONE] += 1

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as they are now."""
        yield from self._of_requests()
        yield from self._of_engine()
        if self._cache is not None:
            yield from _of_cache(self._cache.statistics())

    def _of_requests(self) -> Iterator[Metric]:
        with self._lock:
            requests, cuts, sums, size = dict(self._requests), dict(self._cut), dict(self._sums), self._bytes
            seconds = {route: list(counts) for route, counts in self._seconds.items()}
        counted = CounterMetricFamily("kgraph_requests", "Requests answered.", labels=["route", "method", "status"])
        for (route, method, status), count in requests.items():
            counted.add_metric([route, method, str(status)], count)
        yield counted
        took = HistogramMetricFamily(
            "kgraph_request_seconds", "Seconds from a request to the last byte of its response.", labels=["route"]
        )
        bounds = [*map(str, BUCKETS), "+Inf"]
        for route, counts in seconds.items():
            took.add_metric([route], list(zip(bounds, accumulate(counts), strict=True)), sums[route])
        yield took
        yield CounterMetricFamily("kgraph_response_bytes", "Bytes of response bodies.", value=size)
        cut = CounterMetricFamily(
            "kgraph_responses_cut",
            "Responses that ended early: client-gone, or the code of what went wrong after the first byte.",
            labels=["cause"],
        )
        for cause, count in cuts.items():
            cut.add_metric([cause], count)
        yield cut

    def _of_engine(self) -> Iterator[Metric]:
        found = self._engine.statistics()
        queries = CounterMetricFamily(
            "kgraph_queries", "Queries by how they ended: ok, or the code of the problem.", labels=["outcome"]
        )
        for outcome, count in sorted(found.outcomes.items()):
            queries.add_metric([outcome], count)
        yield queries
        readers = GaugeMetricFamily("kgraph_readers", "Reader processes.", labels=["state"])
        readers.add_metric(["busy"], found.busy)
        readers.add_metric(["free"], max(0, found.readers - found.busy))
        yield readers
        yield GaugeMetricFamily("kgraph_queue_waiting", "Queries that have no reader yet.", value=found.waiting)
        yield CounterMetricFamily("kgraph_readers_killed", "Readers that were ended and replaced.", value=found.killed)
        try:
            digest = self._engine.release().digest
        except KgraphError:
            return  # without a release the rest can still be told, and that it is missing tells the same
        yield InfoMetricFamily("kgraph_release", "The release that is served.", value={"digest": digest})


def _of_cache(found: Holdings) -> Iterator[Metric]:
    yield GaugeMetricFamily("kgraph_cache_size_bytes", "Bytes of answers that the cache holds.", value=found.size)
    yield GaugeMetricFamily("kgraph_cache_entries", "Answers that the cache holds.", value=found.entries)
    yield CounterMetricFamily("kgraph_cache_hits", "Queries answered from the cache.", value=found.hits)
    yield CounterMetricFamily("kgraph_cache_misses", "Queries that the cache had no answer to.", value=found.misses)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Give the numbers of this server in the Prometheus text format, or as OpenMetrics by Accept."""
    counted = cast("Metrics", current_app.extensions["kgraph-metrics"])
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    response = Response(encode(counted.registry), content_type=content_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept"
    return response
