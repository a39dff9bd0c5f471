"""Coverage: which sentences carry claims, which are excused, which nothing covers; how parties are recorded."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kgraph import build, coverage
from kgraph.cli import main
from kgraph.coverage import NO_PARTY, Report
from kgraph.settings import Settings

EXCUSE = """
- id: smoke
  passage: {document: report, from: The naïve café owner, to: saw smoke}
  reason: It says nothing of any conduct.
"""


def _excused(corpus: Settings, text: str = EXCUSE) -> Report:
    (corpus.root / "data" / "coverage.yaml").write_text(text, encoding="utf-8")
    assert build.anchor(corpus)[1] == []
    return build.coverage(corpus)


def _run(corpus: Settings, *arguments: str) -> str:
    command = ["--corpus", str(corpus.root), "--archive", str(corpus.archive), "coverage", *arguments]
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_sentences_are_spans_of_the_text() -> None:
    """Each sentence is found where it stands, also when it stands twice; headings are no sentences."""
    text = "= A title =\n\nIt rained. It rained. Dr. Ford slept.\n\n== Part ==\nNaïve café.\n\n...\n"
    assert [text[start:end] for start, end in coverage.split(text)] == [
        "It rained.", "It rained.", "Dr. Ford slept.", "Naïve café.",
    ]  # fmt: skip
    assert len({start for start, _ in coverage.split(text)}) == 4


def test_what_covers_each_sentence(corpus: Settings) -> None:
    """A sentence lists the claims whose passages touch it; one with an excuse is excused; the others are open."""
    found = _excused(corpus)
    told = {s.text: (s.claims, s.excuse) for s in found.sentences}
    assert told["Northland denied that."] == (("ford-shelled",), None)
    assert told["Southland said Northland did it."] == (("bridge-hit", "northland-responsible"), None)
    assert told["The naïve café owner saw smoke."] == ((), "It says nothing of any conduct.")
    assert told["Watch Group said little else."] == ((), None)
    assert [(s.start, s.open) for s in found.sentences if s.text.startswith("Watch Group said little")] == [(318, True)]


def test_words_under_no_passage(corpus: Settings) -> None:
    """What of a sentence no passage touches is a gap: here, where the passage ends before the sentence does."""
    found = _excused(corpus)
    gaps = {sentence.text: [sentence.words(gap) for gap in sentence.gaps] for sentence in found.sentences}
    [bridge] = [text for text in gaps if text.startswith("Watch Group and")]
    assert gaps[bridge] == []
    assert gaps["Northland denied that."] == []
    assert gaps["Watch Group said little else."] == ["Watch Group said little else."]
    assert gaps["The naïve café owner saw smoke."] == []


def test_figures_add_up(corpus: Settings) -> None:
    """Sections make up the total; a party's claims are those that allege a wrong by it or by who belongs to it."""
    found = _excused(corpus)
    assert (found.total.sentences, found.total.covered, found.total.excused, found.total.open) == (6, 4, 1, 1)
    assert sum(section.sentences for section in found.sections) == 6
    assert [section.group for section in found.sections] == ["The river town", "Bridge"]
    parties = {party.group: (party.claims, party.sentences) for party in found.parties}
    assert parties == {"northland": (2, 4), "southland": (0, 0), NO_PARTY: (0, 0)}
    assert found.total.claims_per_sentence == 0.5


def test_symmetry_is_the_same_measure_for_every_party(corpus: Settings) -> None:
    """Each party is measured alike, with zeros where no claim alleges a wrong by it."""
    north, south, nobody = build.coverage(corpus).symmetry
    assert (north.party, north.claims, north.with_place, north.with_toll, north.hedged) == (
        "northland",
        2,
        0.5,
        0.5,
        0.5,
    )
    assert (north.opposed, north.attestations_per_claim) == (0.5, 2.5)
    assert (south.claims, south.with_place, nobody.claims) == (0, 0.0, 0)


def test_members_count_for_their_party(corpus: Settings) -> None:
    """A force that belongs to a party, or acts for it, is that party's; chains are followed."""
    path = corpus.root / "data" / "agents.yaml"
    more = """
- {id: army, type: ArmedForce, label: Army, member-of: northland, source: {url: "https://example.org/1"}}
- {id: gunner, type: Person, label: A gunner, acts-for: army, source: {url: "https://example.org/2"}}
"""
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    read = build.check(corpus).corpus
    assert coverage.parties_of(read, "gunner") == {"northland"}
    assert coverage.parties_of(read, "watch-group") == set()


def test_output_as_text_json_and_page(corpus: Settings, tmp_path: Path) -> None:
    """The three forms say the same; the page shows sentences with the words under no passage marked."""
    _excused(corpus)
    text = _run(corpus)
    assert "1 sentences that nothing covers; 1 excused" in text
    assert "open report/318-347: Watch Group said little else." in text
    data = json.loads(_run(corpus, "--format", "json"))
    assert data["total"]["open"] == 1
    assert [s["claims"] for s in data["sentences"]][1] == ["ford-shelled"]
    page = tmp_path / "page.html"
    assert _run(corpus, "--format", "html", "--output", str(page)) == ""
    assert "<mark>Watch Group said little else.</mark>" in page.read_text(encoding="utf-8")
    parties = json.loads(_run(corpus, "--symmetry", "--format", "json"))["parties"]
    assert [party["party"] for party in parties] == ["northland", "southland", NO_PARTY]
    assert "with victim" in _run(corpus, "--symmetry")


def test_text_is_escaped_in_the_page(corpus: Settings) -> None:
    """A reason with markup stays text."""
    found = _excused(
        corpus, EXCUSE.replace("It says nothing", '"<b>It</b> says nothing').replace("conduct.", 'conduct."')
    )
    assert "&lt;b&gt;It&lt;/b&gt;" in coverage.page(found)


def test_sentences_of_restricted_documents_are_not_shown(corpus: Settings) -> None:
    """Of a restricted document the report has offsets and claims, and no words."""
    path = corpus.root / "data" / "documents.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("access: public", "access: restricted"), encoding="utf-8")
    assert corpus.archive is not None
    (corpus.archive / "hmac.key").write_bytes(b"a key")
    found = _excused(corpus)
    assert {sentence.text for sentence in found.sentences} == {""}
    assert "café" not in coverage.page(found)
    assert "café" not in _run(corpus, "--format", "json")


def test_without_archive_or_with_errors(corpus: Settings) -> None:
    """Coverage needs the archive (exit 3) and data without errors (exit 1)."""
    command = ["--corpus", str(corpus.root), "coverage"]
    assert CliRunner().invoke(main, command).exit_code == 3
    (corpus.root / "data" / "claims" / "zz.yaml").write_text("- id: A\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["--archive", str(corpus.archive), *command])
    assert result.exit_code == 1
    assert "bad-id" in result.stderr


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_report_can_be_written_to_a_file(corpus: Settings, tmp_path: Path, form: str) -> None:
    """`--output` takes whichever form."""
    path = tmp_path / "report"
    assert _run(corpus, "--format", form, "--output", str(path)) == ""
    assert "ford-shelled" in path.read_text(encoding="utf-8")
