"""`/metrics` tells what the server does, in few series."""

import random
import string
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from kgraph.errors import NoRelease
from kgraph.release import Release
from kgraph.settings import Settings
from kgraph.store.base import Engine, Statistics
from kgraph.store.embedded import Embedded
from kgraph.web import create_app
from kgraph.web.metrics import Metrics

ASK = "ASK {}"


@pytest.fixture
def client(built: Settings, engine: Embedded) -> FlaskClient:
    """Return a client of an application with counts of its own."""
    return create_app(replace(built, log="none"), engine).test_client()


def _series(text: str, parse: Any = prometheus) -> dict[tuple[str, ...], float]:
    """Return the samples of a text by their name and label values, in the order of label names."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def test_numbers(client: FlaskClient, engine: Embedded) -> None:
    """Requests are counted by route, method and status, and timed by route; readers, queries and release are told."""
    for path in ("/claim/ford-shelled", "/claim/none", "/event/none.ttl", "/static/none.css"):
        client.get(path)
    size = len(client.get("/sparql", query_string={"query": ASK}).data)
    answer = client.get("/metrics")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    found = _series(answer.text)
    assert found["kgraph_requests_total", "GET", "/{kind}/{ident}", "303"] == 1
    assert found["kgraph_requests_total", "GET", "/{kind}/{ident}", "404"] == 2
    assert found["kgraph_requests_total", "GET", "/static/{filename}", "404"] == 1
    assert found["kgraph_request_seconds_bucket", "+Inf", "/{kind}/{ident}"] == 3
    assert found["kgraph_request_seconds_count", "/sparql"] == 1
    assert 0 < found["kgraph_request_seconds_sum", "/sparql"] < 10
    assert found["kgraph_response_bytes_total",] > size
    outcomes = engine.statistics().outcomes
    assert found["kgraph_queries_total", "ok"] == outcomes["ok"]
    assert (found["kgraph_readers", "busy"], found["kgraph_readers", "free"]) == (0, 3)
    assert found["kgraph_queue_waiting",] == 0
    assert found["kgraph_readers_killed_total",] == engine.statistics().killed
    assert found["kgraph_release_info", engine.release().digest] == 1
    assert found["process_resident_memory_bytes",] > 1e6
    assert not [name for name, *_ in found if name.endswith("_created")]


def test_buckets_add_up(client: FlaskClient) -> None:
    """Buckets of a histogram are cumulative, and the last one is the count."""
    for _ in range(5):
        client.get("/health")
    buckets = [v for k, v in _series(client.get("/metrics").text).items() if k[0].endswith("bucket") and "/health" in k]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 5


def test_openmetrics(client: FlaskClient) -> None:
    """Whoever takes OpenMetrics gets the same numbers as that."""
    client.get("/health")
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert _series(answer.text, openmetrics)["kgraph_requests_total", "GET", "/health", "200"] == 1


def test_labels_stay_few(client: FlaskClient) -> None:
    """However many paths, methods and queries come, they make no more series than there are routes and statuses."""
    chosen = random.Random(7)  # noqa: S311 - no secret

    def word() -> str:
        return "".join(chosen.choices(string.ascii_letters, k=8))

    known = ["/claim/", "/agent/", "/static/", "/sparql?query=", "/health?", "/metrics?", "/", "/?x="]
    for n in range(300):
        method = chosen.choice(["GET", "POST", "PUT", word()])
        client.open(known[n % 8] + word(), method=method, headers={"X-Request-Id": word(), "Accept": word()})
    found = [key for key in _series(client.get("/metrics").text) if key[0] == "kgraph_requests_total"]
    methods, routes, statuses = ({key[n] for key in found} for n in (1, 2, 3))
    assert methods == {"GET", "POST", "PUT", "other"}
    rules = client.application.url_map.iter_rules()
    assert routes <= {"other", "/{kind}/{ident}", "/static/{filename}", *(rule.rule for rule in rules)}
    assert statuses <= {"200", "303", "400", "404", "405", "406", "415"}


def test_each_application_counts_for_itself(client: FlaskClient, built: Settings, engine: Embedded) -> None:
    """Two applications in one process share no number."""
    other = create_app(replace(built, log="none"), engine).test_client()
    client.get("/health")
    assert ("kgraph_requests_total", "GET", "/health", "200") not in _series(other.get("/metrics").text)


@dataclass
class Held:
    """A cache that can say what it holds."""

    size: int = 4096
    entries: int = 2
    hits: int = 30
    misses: int = 10

    def statistics(self) -> "Held":
        """Return the counts."""
        return self


def _told(metrics: Metrics) -> dict[tuple[str, ...], float]:
    return {(s.name, *s.labels.values()): s.value for family in metrics.registry.collect() for s in family.samples}


def test_cache(engine: Embedded) -> None:
    """A cache, where there is one, is told by size, entries, hits and misses."""
    found = _told(Metrics(engine, Held()))
    assert {key[0]: value for key, value in found.items() if key[0].startswith("kgraph_cache")} == {
        "kgraph_cache_size_bytes": 4096,
        "kgraph_cache_entries": 2,
        "kgraph_cache_hits_total": 30,
        "kgraph_cache_misses_total": 10,
    }


def test_busy_and_without_a_release() -> None:
    """Readers at work, queries that wait and readers that were ended are told, even where the release is gone."""

    class Busy:
        def statistics(self) -> Statistics:
            return Statistics(readers=5, busy=2, waiting=7, killed=3, outcomes={"busy": 4})

        def release(self) -> Release:
            raise NoRelease("there is none")

    engine: Engine = Busy()  # type: ignore[assignment]
    found = _told(Metrics(engine))
    assert (found["kgraph_readers", "busy"], found["kgraph_readers", "free"]) == (2, 3)
    assert (found["kgraph_queue_waiting",], found["kgraph_readers_killed_total",]) == (7, 3)
    assert found["kgraph_queries_total", "busy"] == 4
    assert "kgraph_release_info" not in {name for name, *_ in found}
