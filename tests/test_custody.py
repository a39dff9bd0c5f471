"""The custody of documents: size, media type and steps, in records and as PROV; what is not known is not there."""

import re
from pathlib import Path

import pyoxigraph as ox
import pytest

from conftest import REPOSITORY
from kgraph.build import build, check
from kgraph.custody import MEDIA_TYPES
from kgraph.passages import Archive
from kgraph.release import current_release
from kgraph.settings import Settings
from kgraph.store.embedded import Embedded
from kgraph.trace import trace

CUSTODY = """  size: SIZE
  media-type: text/plain
  custody:
    - step: collected
      by: editors
      at: 2026-11-01T09:30:00Z
      how: Saved from a browser.
    - {step: verified, at: 2026-11-02, by: [editors, aid-union]}
"""


def _kept(corpus: Settings, size: str | None = None) -> int:
    """Give the report of the test corpus its custody; return its size."""
    found = (corpus.root / "archive" / "report.txt").stat().st_size
    path = corpus.root / "data" / "documents.yaml"
    text = path.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines(keepends=True) if line.startswith("  sha256:"))
    path.write_text(text.replace(line, line + CUSTODY.replace("SIZE", size or str(found))), encoding="utf-8")
    return found


def _rows(corpus: Settings, query: str) -> list[dict[str, str]]:
    store = ox.Store.read_only(str(current_release(corpus.releases).store))
    found = store.query(query, use_default_graph_as_union=True)
    assert isinstance(found, ox.QuerySolutions)
    names = [variable.value for variable in found.variables]
    return [{name: row[name].value for name in names if row[name] is not None} for row in found]


def _query() -> str:
    text = (REPOSITORY / "docs" / "custody.md").read_text(encoding="utf-8")
    [query] = re.findall(r"```sparql\n(.*?)```", text, re.DOTALL)
    return str(query)


def test_chain_of_custody(corpus: Settings) -> None:
    """The query of docs/custody.md gives each step with who, when and how; times and days keep their datatypes."""
    size = _kept(corpus)
    assert check(corpus).findings == ()
    build(corpus)
    [first, *others] = [row for row in _rows(corpus, _query()) if row["document"].endswith("/report")]
    assert (first["size"], first["type"]) == (str(size), MEDIA_TYPES + "text/plain")
    assert (first["step"], first["who"], first["at"]) == ("collected", "Editors", "2026-11-01T09:30:00Z")
    assert first["how"] == "Saved from a browser."
    assert {(row["step"], row["who"], row["at"]) for row in others} == {
        ("verified", "Editors", "2026-11-02"),
        ("verified", "Aid Union", "2026-11-02"),
    }
    [row] = _rows(
        corpus,
        """PREFIX prov: <http://www.w3.org/ns/prov#> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
        SELECT ?document ?address ?time { ?document prov:wasGeneratedBy ?step . ?step prov:used ?address ;
          prov:endedAtTime ?time FILTER(DATATYPE(?time) = xsd:dateTime) }""",
    )
    assert row["document"].endswith("/report")
    assert row["address"].startswith("https://")


def test_trace_tells_custody(corpus: Settings) -> None:
    """A trace tells size and steps, in order."""
    _kept(corpus)
    build(corpus)
    engine = Embedded(corpus.releases, readers=1)
    try:
        [document] = trace(engine, "bridge-hit", Archive(corpus.root / "archive")).documents
    finally:
        engine.close()
    assert document.size is not None
    assert [(step.step and step.step.label, step.at) for step in document.custody] == [
        ("collected", "2026-11-01T09:30:00Z"),
        ("verified", "2026-11-02"),
    ]


def test_steps_stand_in_order(corpus: Settings) -> None:
    """More than nine steps are told in the order of the record, not of their names."""
    _kept(corpus)
    path = corpus.root / "data" / "documents.yaml"
    more = "".join(f"    - {{step: transferred, at: 2026-11-{day:02}}}\n" for day in range(3, 13))
    path.write_text(
        path.read_text(encoding="utf-8").replace("aid-union]}\n", f"aid-union]}}\n{more}"), encoding="utf-8"
    )
    build(corpus)
    engine = Embedded(corpus.releases, readers=1)
    try:
        [document] = trace(engine, "bridge-hit").documents
    finally:
        engine.close()
    assert [step.at for step in document.custody][1:] == [f"2026-11-{day:02}" for day in range(2, 13)]


def test_size_is_measured(corpus: Settings) -> None:
    """A size that is not that of the archived text is an error, with file, line, and the size that is right."""
    size = _kept(corpus, "12")
    [finding] = check(corpus).findings
    assert (finding.code, finding.value, finding.accepted) == ("wrong-size", "12", str(size))
    line = (corpus.root / finding.file).read_text(encoding="utf-8").splitlines()[finding.line - 1]
    assert line == "  size: 12"


def test_what_is_not_known_is_not_there(real: Settings, archive: Path) -> None:
    """Of our first document nobody recorded who collected it and when: there is its measured size, and no step."""
    assert check(real, with_archive=False).findings == ()
    [row] = [row for row in _rows(real, _query()) if "digest" in row]
    assert row["size"] == str(next(archive.glob("*.txt")).stat().st_size)
    assert not {"step", "who", "at", "how"} & row.keys()


@pytest.mark.parametrize("step", ["identified", "collected", "converted", "transferred", "preserved", "verified"])
def test_each_step_is_described(step: str) -> None:
    """docs/custody.md tells what each step is."""
    assert f"| `{step}` |" in (REPOSITORY / "docs" / "custody.md").read_text(encoding="utf-8")
