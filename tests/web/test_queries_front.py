"""Saved queries on the running server: whole answers are kept for a release, pandas reads them, tools find them."""

import json
from collections.abc import Iterator
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pandas as pd
import pytest
from over_http import get
from queries_corpus import built_with_queries

from conftest import running
from kgraph.build import build
from kgraph.settings import Settings

HEADS = """PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX void: <http://rdfs.org/ns/void#> PREFIX ext: <http://ldf.fi/void-ext#> PREFIX schema: <https://schema.org/>"""


@pytest.fixture(scope="module")
def address(real: Settings) -> Iterator[str]:
    """Return where a server of our corpus listens."""
    with running(real) as found:
        yield found[1]


def _hits(address: str) -> float:
    lines = get(address, "/metrics")[2].decode().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("kgraph_cache_hits_total "))


@pytest.mark.parametrize(
    "path",
    [
        "/queries", "/queries.json", "/openapi.json", "/queries/killed?place=ganja", "/queries/killed.csv?place=ganja",
        "/queries/killed.rq", "/queries/killed.ttl", "/queries/places.geojson", "/queries/who-says-what.json?limit=5",
    ],
)  # fmt: skip
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_answers_are_kept(address: str, path: str, accept: str) -> None:
    """The second time, an answer is not made anew: it is the same, headers and all; a client that has it is told so."""
    for _ in range(3):  # the end of a body reaches a client a little before it is kept
        status, headers, body = get(address, path, Accept=accept)
        assert status == 200
    known = _hits(address)
    again = get(address, path, Accept=accept)
    assert again[2] == body
    for name in ("etag", "link", "x-total-count", "content-type", "vary"):
        assert again[1].get(name) == headers.get(name)
    told = get(address, path, Accept=accept, If_None_Match=headers["etag"])
    assert (told[0], told[2]) == (304, b"")
    assert _hits(address) >= known + 2


def test_mistakes_are_not_kept(address: str) -> None:
    """A page that shows a mistake, or a problem, is made each time."""
    for accept in ("*/*", "text/html"):
        known = _hits(address)
        for _ in range(2):
            assert get(address, "/queries/killed?place=ganjaa", Accept=accept)[0] == 400
        assert _hits(address) == known


def test_another_release(tmp_path_factory: pytest.TempPathFactory) -> None:
    """With another release, rows, totals, tags and pages are its own; a link that pins the old one is refused."""
    loaded = built_with_queries(tmp_path_factory.mktemp("kept") / "corpus")
    paths = ["/queries/every-type.csv?claim=ford-shelled", "/queries/every-type.html?claim=ford-shelled", "/queries"]
    with running(loaded) as (first, where):
        before = {path: [get(where, path) for _ in range(3)][-1] for path in paths}
        pinned = f"/queries/every-type.csv?claim=ford-shelled&release={first}"
        assert get(where, pinned)[0] == 200
        records = loaded.root / "data" / "claims" / "ford.yaml"
        records.write_text(
            records.read_text("utf-8").replace("Northland shelled Ford", "Northland fired on Ford"), "utf-8"
        )
        second, _ = build(loaded)
        assert second.digest != first
        after = {path: get(where, path) for path in paths}
        for path in paths:
            assert first[:32] in before[path][1]["etag"]
            assert second.digest[:32] in after[path][1]["etag"]
        assert b"fired on Ford" in after[paths[1]][2]
        assert b"fired on Ford" not in before[paths[1]][2]
        gone = get(where, pinned)
        assert (gone[0], json.loads(gone[2])["served"]["release"]) == (404, second.digest)


def test_pandas_reads_by_address(address: str) -> None:
    """One line of pandas has the rows, with numbers as numbers and every name as it is spelled."""
    frame = pd.read_csv(f"{address}queries/killed.csv?place=ganja")
    assert list(frame.columns) == ["claim", "qualifier", "count", "who", "attester", "stance", "hedge"]
    assert list(frame["count"]) == [32, 1]
    whole = pd.read_csv(f"{address}queries/places.csv")
    assert "Əyricə" in set(whole["name"])
    assert len(whole) == int(get(address, "/queries/places.csv")[1]["x-total-count"])


def _rows(address: str, query: str) -> list[dict[str, str]]:
    """Return what a tool that loads an endpoint gets: a POST of a form, for SPARQL results as JSON."""
    request = Request(
        f"{address}sparql",
        urlencode({"query": f"{HEADS} {query}"}).encode(),
        {"Accept": "application/sparql-results+json"},
    )
    with urlopen(request, timeout=20) as answer:
        bindings = json.load(answer)["results"]["bindings"]
    return [{name: cell["value"] for name, cell in row.items()} for row in bindings]


def test_tools_load_the_endpoint(address: str) -> None:
    """Prefixes, examples and classes are there for tools that write queries; each example runs under the prefixes."""
    prefixes = _rows(address, "SELECT DISTINCT ?p ?n { [] sh:declare [ sh:prefix ?p ; sh:namespace ?n ] } ORDER BY ?p")
    assert "kg" in {row["p"] for row in prefixes}
    examples = _rows(
        address,
        """SELECT ?example ?comment ?query (GROUP_CONCAT(DISTINCT ?word; separator=",") AS ?words) {
          ?example a sh:SPARQLExecutable ; rdfs:comment ?comment ; sh:prefixes/sh:declare [] ;
            sh:select|sh:ask|sh:construct ?query . OPTIONAL { ?example schema:keywords ?word }
        } GROUP BY ?example ?comment ?query""",
    )
    listed = json.loads(get(address, "/queries.json")[2])["queries"]
    assert len(examples) == len(listed) > 0
    assert all(row["comment"] and row["words"] for row in examples)
    declared = " ".join(f"PREFIX {row['p']}: <{row['n']}>" for row in prefixes)
    for row in examples:
        if not _rows(address, f"{declared} {row['query']}"):  # as its saved query, which has none either
            name = row["example"].rpartition("/")[2]
            assert get(address, f"/queries/{name}.json")[1]["x-total-count"] == "0"
    partitions = _rows(
        address,
        """SELECT DISTINCT ?class ?property ?leads {
          ?part void:class ?class ; void:propertyPartition ?own . ?own void:property ?property .
          OPTIONAL { ?own void:classPartition/void:class|ext:datatypePartition/ext:datatype ?leads }
        }""",
    )
    assert {row["class"].rpartition("#")[2] for row in partitions} >= {"Claim", "Attestation", "Toll", "Place"}
    assert all("property" in row for row in partitions)
