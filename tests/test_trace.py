"""The trace of a claim shows every step from the statement to the words of the source."""

from pathlib import Path

import pytest

from kgraph.errors import UnknownThing
from kgraph.passages import Archive
from kgraph.settings import Settings
from kgraph.store.embedded import Embedded
from kgraph.trace import trace


def test_trace(engine: Embedded, built: Settings) -> None:
    """Attester, stance, hedge, passage with its text, curation and release are all there."""
    found = trace(engine, "bridge-hit", Archive(built.root / "archive"))
    aid = next(a for a in found.attestations if a.agent.label == "Aid Union")
    assert (aid.stance.label, aid.hedge) == ("asserts", "appears to have been")
    passage = aid.passages[0]
    assert passage.section == "Bridge"
    assert passage.text is not None
    assert passage.text.startswith("Watch Group and Aid Union")
    assert len(passage.text) == passage.end - passage.start
    assert found.record == {"file": "data/claims/ford.yaml", "line": 17}
    assert found.curator is not None
    assert found.curator.label == "Editors"
    assert found.release == engine.release().digest
    assert [(name, other.iri.rpartition("/")[2]) for name, other in found.related] == [
        ("narrows", "northland-responsible")
    ]


def test_text_needs_the_archive_and_the_anchored_words(engine: Embedded, built: Settings, tmp_path: Path) -> None:
    """Without the archive, or with other words in it, no text is shown."""
    (tmp_path / "report.txt").write_text("x" * 400, encoding="utf-8")
    for archive in (None, Archive(tmp_path), Archive(tmp_path / "nowhere")):
        found = trace(engine, "bridge-hit", archive)
        assert {passage.text for a in found.attestations for passage in a.passages} == {None}


def test_unknown_claim(engine: Embedded) -> None:
    """A claim that is not there is said not to be there."""
    with pytest.raises(UnknownThing, match="bridge-hti"):
        trace(engine, "bridge-hti")
