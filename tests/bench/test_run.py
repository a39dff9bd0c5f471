"""A tiny run: well-formed results of every measure, on a terminal and as JSON, and no process left behind."""

import json
from itertools import product
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from kgraph.bench import MEASURES, servers
from kgraph.bench.queries import NAMES
from kgraph.bench.run import IN_PROCESS, MADE_UP, REAL
from kgraph.bench.servers import Data, Fleet
from kgraph.cli import main
from kgraph.release import current_release
from kgraph.settings import Settings

TINY = ("--corpus", "30", "--seconds", "0.2", "--rounds", "1", "--alone")


def _children() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


@pytest.fixture(scope="module")
def results(built: Settings) -> dict[str, object]:
    """Return the results of a tiny run without competitors."""
    before = _children()
    command = ["--corpus", str(built.root), "bench", *TINY, "--format", "json"]
    done = CliRunner().invoke(main, command, catch_exceptions=False)
    assert done.exit_code == 0
    assert _children() <= before
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def _rows(results: dict[str, object], measure: str) -> list[dict[str, object]]:
    rows = results[measure]
    assert isinstance(rows, list)
    assert rows
    return rows


def test_members(results: dict[str, object], built: Settings) -> None:
    """The results say what was measured, over what, and what was left out."""
    corpora = results["corpora"]
    assert isinstance(corpora, dict)
    assert list(corpora) == [REAL, MADE_UP]
    assert corpora[REAL]["release"] == current_release(built.releases).digest
    assert corpora[MADE_UP]["claims"] == 30
    assert set(MEASURES) < set(results)
    assert (results["left_out"], results["remarks"], results["client"]) == ({}, [], "kgraph.bench.load")


def test_latency(results: dict[str, object]) -> None:
    """Every query has times over both corpora, by HTTP and in process; nobody failed, and rows agree."""
    rows = _rows(results, "latency")
    expected = {(c, q, s) for c in (REAL, MADE_UP) for q in NAMES for s in (IN_PROCESS, "kgraph")}
    assert {(row["corpus"], row["query"], row["system"]) for row in rows} == expected
    for row in rows:
        assert isinstance(row["p50_ms"], float)
        assert isinstance(row["p99_ms"], float)
        assert 0 < row["p50_ms"] <= row["p99_ms"]


def test_load(results: dict[str, object]) -> None:
    """Requests are counted at 1, 16 and 64 connections, none with an error."""
    rows = _rows(results, "throughput")
    found = {(row["query"], row["cached"], row["connections"]) for row in rows}
    asked = product(("ask", "trace"), (True, False))
    assert found == {(*query, count) for query in asked for count in (1, 16, 64)}
    assert {row["errors"] for row in rows} == {0}


def test_other_measures(results: dict[str, object]) -> None:
    """A long answer comes whole with the memory that it took; a short query is answered beside endless ones."""
    [stream] = _rows(results, "stream")
    assert isinstance(stream["megabytes"], float)
    assert stream["megabytes"] >= 20
    assert isinstance(stream["peak_memory_megabytes"], float)
    assert stream["peak_memory_megabytes"] > 20
    [crowded] = _rows(results, "crowded")
    assert crowded["samples"]
    [replacement] = _rows(results, "replacement")
    assert isinstance(replacement["p50_ms"], float)
    assert 1 < replacement["p50_ms"] < 5000


def test_tables(built: Settings) -> None:
    """On a terminal there is a table for each measure that was asked for."""
    command = ["--corpus", str(built.root), "bench", *TINY, "--only", "replacement", "--only", "crowded"]
    done = CliRunner().invoke(main, command, catch_exceptions=False)
    assert done.exit_code == 0
    assert "a reader is ended and replaced" in done.stdout
    assert "beside four cross joins" in done.stdout
    assert "latency" not in done.stdout


def test_nothing_built(corpus: Settings) -> None:
    """Before the first build, the answer is to build."""
    done = CliRunner().invoke(main, ["--corpus", str(corpus.root), "bench"])
    assert (done.exit_code, "kgraph build" in done.stderr) == (3, True)


@pytest.fixture
def data(built: Settings, tmp_path: Path) -> Data:
    """Return what a server is to serve."""
    return Data(root=built.root, dump=tmp_path / "none.nq", quads=1, scratch=tmp_path)


def test_server_that_is_not_there(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that is not installed, or too slow to load so much, is left out with the reason."""
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("sys.executable", str(data.scratch / "python"))
    with Fleet(["oxigraph"], data) as fleet:
        assert (fleet.servers, "not installed" in fleet.left_out["oxigraph"]) == ({}, True)
    large = Data(root=data.root, dump=data.dump, quads=servers.LARGE + 1, scratch=data.scratch)
    with Fleet(["rdflib-endpoint"], large) as fleet:
        assert "minutes" in fleet.left_out["rdflib-endpoint"]


def test_servers_are_ended_in_all_cases(data: Data) -> None:
    """A server ends with the context, also by an exception, with all its processes; one renewed is another process."""
    before = _children()
    seen: list[psutil.Process] = []

    def use() -> None:
        with Fleet(["kgraph"], data) as fleet:
            first = fleet.servers["kgraph"].process
            seen.extend([first, *first.children(recursive=True)])
            fleet.renew("kgraph")
            assert fleet.servers["kgraph"].process.pid != first.pid
            assert fleet.servers["kgraph"].memory() > 20_000_000
            raise KeyError

    with pytest.raises(KeyError):
        use()
    assert len(seen) > 4
    assert _children() <= before
    _, alive = psutil.wait_procs(seen, timeout=5)
    assert alive == []


def test_server_that_does_not_start(data: Data) -> None:
    """What does not start is left out with the last that it wrote."""
    data.root.joinpath("broken").mkdir(exist_ok=True)
    broken = Data(root=data.root / "broken", dump=data.dump, quads=1, scratch=data.scratch)
    with Fleet(["kgraph"], broken) as fleet:
        assert "did not start" in fleet.left_out["kgraph"]
