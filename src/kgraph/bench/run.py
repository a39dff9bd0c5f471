"""One run of the benchmark: corpora, servers, measures, and what came of it as plain data."""

import os
import platform
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kgraph import __version__, settings
from kgraph.bench import MEASURES, generate, load, measures, queries
from kgraph.bench.measures import Ask, Row, by_http, in_process
from kgraph.bench.servers import COMPETITORS, REFERENCE, Data, Fleet, versions
from kgraph.bench.statistics import compared, percentile
from kgraph.build import build
from kgraph.release import current_release
from kgraph.settings import FILE, Settings
from kgraph.store.embedded import Embedded
from kgraph.terms import Iris

REAL, MADE_UP = "current release", "made-up claims"
IN_PROCESS = "kgraph in process"
_STREAMED = 100 * measures.MEGABYTE
_STREAM_TIMEOUT = 20.0
Note = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to measure: made-up claims, seconds for each measure and system, rounds, measures, and beside whom."""

    claims: int = 2000
    seconds: float = 1.0
    rounds: int = 3
    only: tuple[str, ...] = MEASURES
    competitors: tuple[str, ...] = tuple(COMPETITORS)


@dataclass(frozen=True)
class _Corpus:
    """A release to measure over."""

    name: str
    settings: Settings
    data: Data
    facts: Row


def run(loaded: Settings, options: Options, *, note: Note = lambda _: None) -> dict[str, Any]:
    """Measure, over the current release of a corpus and over made-up claims, and return the results.

    `{software, machine, client, options, corpora, left_out, remarks}` and a list of rows for each measure; times in
    milliseconds, `ratio` is that of medians, to Oxigraph's server. Raises `NoRelease` where nothing was built.
    """
    results: dict[str, Any] = {
        "software": versions() | {"kgraph": __version__, "python": platform.python_version()},
        "machine": {"cpus": os.cpu_count(), "system": platform.system(), "processor": platform.machine()},
        "client": load.client(options.seconds), "options": asdict(options),
        "corpora": {}, "left_out": {}, "remarks": [],
    } | {name: [] for name in MEASURES if name in options.only}  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="kgraph-bench-") as temporary:
        for corpus in _corpora(loaded, options, Path(temporary), note):
            results["corpora"][corpus.name] = corpus.facts
            _Run(corpus, options, note, results).all()
    return _with_ratios(results)


def _corpora(loaded: Settings, options: Options, folder: Path, note: Note) -> Iterator[_Corpus]:
    yield _corpus(REAL, loaded, folder / "real")
    if {"latency", "throughput", "stream"} & set(options.only):
        note(f"making up {options.claims} claims")
        yield _corpus(MADE_UP, _made_up(loaded, options.claims, folder / "corpus"), folder / "made-up")


def _corpus(name: str, loaded: Settings, scratch: Path) -> _Corpus:
    release = current_release(loaded.releases)
    scratch.mkdir()
    dump = scratch / "release.nq"
    ox.Store.read_only(str(release.store)).dump(str(dump), format=ox.RdfFormat.N_QUADS)
    members = release.manifest
    facts = {"release": release.digest, "claims": members.claims, "quads": members.quads}
    return _Corpus(name, loaded, Data(root=loaded.root, dump=dump, quads=members.quads, scratch=scratch), facts)


def _made_up(loaded: Settings, claims: int, folder: Path) -> Settings:
    """Return a corpus of made-up claims, built, with the ontology of another."""
    folder.mkdir()
    shutil.copytree(loaded.root / "ontology", folder / "ontology")
    (folder / FILE).write_text(f'base_iri = "{generate.BASE}"\ntitle = "Made-up claims"\n', encoding="utf-8")
    made = settings.load(folder, environ={})
    path = folder / "made-up.nq"
    generate.write(path, claims, iris=Iris(made.base_iri), licence=made.licence, curator=made.curator)
    build(made, quads=path)
    return made


class _Run:
    """The measures over one corpus; what they give is added to the results."""

    def __init__(self, corpus: _Corpus, options: Options, note: Note, results: dict[str, Any]) -> None:
        self._corpus, self._options, self._results = corpus, options, results
        self._note = note
        self._names = ("kgraph", *options.competitors)

    def all(self) -> None:
        """Run what is measured over this corpus."""
        chosen = set(self._options.only)
        if self._corpus.name == REAL:
            chosen -= {"stream"}
        else:
            chosen -= {"crowded", "replacement"}
        with self._engine() as engine:
            mix = queries.mix(engine)
            if chosen & {"latency", "throughput"}:
                self._side_by_side(engine, mix, chosen)
            if "replacement" in chosen:
                self._say("replacing readers")
                times = max(2, round(10 * self._options.seconds))
                self._add("replacement", [measures.replacement(engine, times=times)])
        if "crowded" in chosen:
            self._crowded(mix["ask"])
        if "stream" in chosen:
            self._stream()

    @contextmanager
    def _engine(self) -> Iterator[Embedded]:
        engine = Embedded(self._corpus.settings.releases, readers=1)
        try:
            yield engine
        finally:
            engine.close()

    @contextmanager
    def _fleet(self, *names: str) -> Iterator[Fleet]:
        with Fleet(names, self._corpus.data) as fleet:
            for name, reason in fleet.left_out.items():
                self._results["left_out"][f"{name}, {self._corpus.name}"] = reason
            yield fleet

    def _side_by_side(self, engine: Embedded, mix: Mapping[str, queries.Query], chosen: set[str]) -> None:
        options = self._options
        with self._fleet(*self._names) as fleet, ExitStack() as connections:

            def asks() -> dict[str, Ask]:
                connections.pop_all().close()
                http = {
                    name: by_http(server, connections.enter_context(server.connection()))
                    for name, server in fleet.servers.items()
                }
                return {IN_PROCESS: in_process(engine)} | http

            if "latency" in chosen:
                self._say("latency")
                rows, remarks = measures.latency(
                    asks, mix.values(), seconds=options.seconds, rounds=options.rounds, renew=fleet.renew
                )
                self._add("latency", rows)
                self._results["remarks"] += [{"corpus": self._corpus.name} | remark for remark in remarks]
            if "throughput" in chosen:
                self._say("requests a second")
                asked = [mix["ask"], mix["trace"]]
                rows = measures.throughput(
                    fleet.servers, asked, seconds=options.seconds, rounds=options.rounds, renew=fleet.renew
                )
                self._add("throughput", rows)

    def _crowded(self, query: queries.Query) -> None:
        self._say("a short query beside four cross joins")
        for name in self._names:
            with self._fleet(name) as fleet:  # its own server: some go on with cross joins that nobody waits for
                rows = [
                    measures.crowded(server, query, seconds=3 * self._options.seconds)
                    for server in fleet.servers.values()
                ]
            self._add("crowded", rows)

    def _stream(self) -> None:
        self._say("streaming")
        size = max(measures.MEGABYTE, round(_STREAMED * min(1.0, self._options.seconds)))
        query = queries.stream(self._corpus.data.quads, size)
        found: dict[str, list[Row]] = defaultdict(list)
        for _ in range(self._options.rounds):
            for name in self._names:
                if any(row["megabytes"] * measures.MEGABYTE < size for row in found[name]):
                    continue  # too slow once is enough
                with self._fleet(name) as fleet:
                    found[name] += [
                        measures.stream(server, query, size=size, timeout=_STREAM_TIMEOUT)
                        for server in fleet.servers.values()
                    ]
        self._add("stream", [_middle(rows) for rows in found.values() if rows])

    def _say(self, what: str) -> None:
        self._note(f"{self._corpus.name}: {what}")

    def _add(self, measure: str, rows: list[Row]) -> None:
        self._results[measure] += [{"corpus": self._corpus.name} | row for row in rows]


def _middle(rows: list[Row]) -> Row:
    """Return one row for several of a system: the median speed, the highest peak."""
    speed = percentile([row["megabytes_per_second"] for row in rows], 0.5)
    peak = max(row["peak_memory_megabytes"] for row in rows)
    return rows[0] | {"megabytes_per_second": speed, "peak_memory_megabytes": peak}


def _with_ratios(results: dict[str, Any]) -> dict[str, Any]:
    values = {
        "latency": ("p50_ms", ("corpus", "query")),
        "throughput": ("requests_per_second", ("corpus", "query", "cached", "connections")),
        "stream": ("megabytes_per_second", ("corpus",)),
        "crowded": ("p50_ms", ("corpus",)),
    }
    for name, (value, by) in values.items():
        if name in results:
            results[name] = compared(results[name], value, to=REFERENCE, by=by)
    return results
