"""Claims that were taken back: retracted and superseded ones are shown as such, of withheld ones nothing is left."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kgraph.build import build, check
from kgraph.cli import main
from kgraph.release import Release
from kgraph.settings import Settings
from kgraph.store.embedded import Embedded
from kgraph.terms import KG, Iris
from kgraph.web import create_app

BASE = "https://example.org/river/"
WITHHELD = "  status: withheld\n  status-date: 2026-11-20\n  reason: privacy\n"


def mark(corpus: Settings, claim: str, keys: str) -> None:
    """Put keys into the record of a claim."""
    path = corpus.root / "data" / "claims" / "ford.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f"- id: {claim}\n", f"- id: {claim}\n{keys}"), encoding="utf-8")


def _bytes(release: Release, tmp_path: Path, corpus: Settings) -> str:
    target = tmp_path / "r.nq"
    options = ["--corpus", str(corpus.root), "export", "nquads", "--output", str(target)]
    assert CliRunner().invoke(main, options).exit_code == 0
    texts = [path.read_text(encoding="utf-8") for path in release.path.glob("*.json")]
    return "\n".join([target.read_text(encoding="utf-8"), *texts])


def test_nothing_of_a_withheld_claim_is_in_the_release(corpus: Settings, tmp_path: Path) -> None:
    """Statement, attestations, tolls, passages and records that only it named are gone; a tombstone is left."""
    mark(corpus, "ford-shelled", WITHHELD)
    checked = check(corpus)
    assert checked.errors == []
    assert {finding.value for finding in checked.findings} == {"ford-people", "ford"}
    release, _ = build(corpus)
    text = _bytes(release, tmp_path, corpus)
    for words in (
        "shelled Ford",
        "attestation/ford-shelled",
        "toll-dead",
        "passage/report/20-115",
        "victim/ford-people",
    ):
        assert words not in text
    lines = [line for line in text.splitlines() if "/claim/ford-shelled" in line and line.endswith(" .")]
    assert len(lines) == 3
    assert all(line.endswith(f"<{BASE}claim/ford-shelled#pubinfo> .") for line in lines)
    assert release.manifest.claims == 2
    assert f"{BASE}claim/ford-shelled" in release.manifest.units


def test_a_bare_tombstone_is_enough(corpus: Settings) -> None:
    """A record of which only the tombstone is left builds the same; a key that a claim has not is refused."""
    mark(corpus, "ford-shelled", WITHHELD)
    first, _ = build(corpus)
    path = corpus.root / "data" / "claims" / "ford.yaml"
    _, _, rest = path.read_text(encoding="utf-8").partition("\n\n")
    path.write_text(f"- id: ford-shelled\n{WITHHELD}\n{rest}", encoding="utf-8")
    second, _ = build(corpus)
    claim = f"{BASE}claim/ford-shelled"
    assert second.manifest.units[claim] == first.manifest.units[claim]


def test_links_to_a_withheld_claim(corpus: Settings) -> None:
    """A relation to a withheld claim is left out with a warning; what relays it still relays, without saying whom."""
    path = corpus.root / "data" / "claims" / "zz.yaml"
    path.write_text(
        "- id: heard\n  statement: Northland is said to be so.\n  topic: responsibility\n  event: ford-shelling\n"
        "  about: attestation/northland-responsible/southland\n"
        "  attestations:\n    - {agent: watch-group, stance: asserts, relays: northland-responsible/southland, "
        "passage: {document: report, from: Watch Group said that, to: four people}}\n",
        encoding="utf-8",
    )
    mark(corpus, "northland-responsible", WITHHELD)
    checked = check(corpus)
    assert [(f.code, f.severity, f.value) for f in checked.findings] == [
        ("withheld-name", "warning", "northland-responsible")
    ]
    build(corpus)
    engine = Embedded(corpus.releases, readers=1)
    try:
        gone = Iris(BASE).of("claim", "northland-responsible")
        heard = Iris(BASE).of("claim", "heard")
        assert [str(o) for _, _, o, _ in engine.quads(heard, KG.about)] == [str(gone)]
        assert [str(o) for _, _, o, _ in engine.quads(None, KG.relays)] == [str(gone)]
        assert engine.quads(None, KG.independentAttester, Iris(BASE).of("agent", "watch-group"))
        assert engine.quads(heard, KG.independentAttester) == []
        assert engine.quads(None, KG.narrows) == []
    finally:
        engine.close()


def test_withheld_is_gone_over_http(corpus: Settings) -> None:
    """A withheld claim and what lies below it answer 410 in every form, with date and class of reason."""
    mark(corpus, "ford-shelled", WITHHELD)
    build(corpus)
    engine = Embedded(corpus.releases, readers=1)
    try:
        client = create_app(corpus, engine).test_client()
        for path in ("claim/ford-shelled", "attestation/ford-shelled/northland", "attestation/ford-shelled/nobody"):
            for suffix in ("", ".html", ".ttl", ".jsonld", ".nt", ".nq", ".trig", ".rdf"):
                answer = client.get(f"/{path}{suffix}")
                problem = json.loads(answer.data)
                assert (answer.status_code, problem["date"], problem["reason"]) == (410, "2026-11-20", "privacy")
        page = client.get("/claim/ford-shelled", headers={"Accept": "text/html"})
        assert page.status_code == 410
        assert "2026-11-20, by reason of privacy" in page.text
        assert client.get("/passage/report/20-115.ttl").status_code == 404
        assert "ford-shelled" not in client.get("/").text
        assert client.get("/health").json["claims"] == 2  # type: ignore[index]
    finally:
        engine.close()
    result = CliRunner().invoke(main, ["--corpus", str(corpus.root), "trace", "ford-shelled"])
    assert (result.exit_code, "withheld since 2026-11-20" in result.stderr) == (1, True)


@pytest.mark.parametrize("status", ["retracted", "superseded"])
def test_out_of_force(corpus: Settings, status: str) -> None:
    """A retracted or superseded claim is there, with status, reason and successor; nothing is derived from it."""
    keys = f"  status: {status}\n  status-date: 2026-11-20\n  reason: The report was corrected.\n"
    keys += "  superseded-by: bridge-hit\n" if status == "superseded" else ""
    mark(corpus, "ford-shelled", keys)
    mark(corpus, "northland-responsible", "  status: retracted\n  reason: It says too much.\n")
    assert check(corpus).findings == ()
    build(corpus)
    engine = Embedded(corpus.releases, readers=1)
    try:
        derived = engine.quads(graph=Iris(BASE).graph("derived"))
        assert {str(s) for s, *_ in derived if "/claim/" in str(s)} == {f"{BASE}claim/bridge-hit"}
        assert not any("/event/" in str(s) for s, *_ in derived)
        client = create_app(corpus, engine).test_client()
        page = client.get("/claim/ford-shelled.html")
        assert page.status_code == 200
        assert f"This claim is {status}: The report was corrected." in page.text
        assert ("superseded by" in page.text) == (status == "superseded")
        assert b"statusDate" in client.get("/claim/ford-shelled.nt").data
        home = client.get("/").text
        assert ('href="claim/bridge-hit"' in home, 'href="claim/ford-shelled"' in home) == (True, False)
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("claim", "keys", "code"),
    [
        ("ford-shelled", "  status: withheld\n  reason: privacy\n", "missing-key"),
        (
            "ford-shelled",
            "  status: withheld\n  status-date: 2026-11-20\n  reason: Somebody could be harmed.\n",
            "bad-value",
        ),
        ("ford-shelled", WITHHELD + "  colour: red\n", "unknown-key"),
        ("ford-shelled", "  reason: Why.\n", "bad-status"),
        ("ford-shelled", "  status: superseded\n  reason: Why.\n  superseded-by: nope\n", "unknown-name"),
        ("ford-shelled", "  status: superseded\n  reason: Why.\n  superseded-by: ford-shelled\n", "cycle"),
        ("ford-shelled", WITHHELD.replace("  status", "- id: bridge-hit\n  status", 1), "duplicate-id"),
    ],
)
def test_a_status_that_is_not_whole(corpus: Settings, claim: str, keys: str, code: str) -> None:
    """A status without what belongs to it is a finding with what is accepted."""
    mark(corpus, claim, keys)
    errors = check(corpus).errors
    assert code in {finding.code for finding in errors}
    assert all(finding.accepted for finding in errors)
