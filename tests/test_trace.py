"""The trace of a claim shows every step from the statement to the words of the source."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgraph.build import anchor, build
from kgraph.errors import UnknownThing
from kgraph.passages import KEY_FILE, Archive
from kgraph.settings import Settings
from kgraph.store.embedded import Embedded
from kgraph.terms import Iris
from kgraph.trace import is_claim, mentioning, trace
from kgraph.trace.picture import picture


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
    assert found.release.digest == engine.release().digest
    told = [(relation.words, relation.claim.iri.rpartition("/")[2]) for relation in found.relations]
    assert told == [("narrows", "northland-responsible")]
    assert aid.agent.relation == "no tie to a party stated"
    assert found.explanation is not None
    judged = found.judged(aid.iri)
    assert judged is not None
    assert [reason.label for reason in judged.reasons] == ["hedged"]


def test_sentences_around(answers: Embedded, archive: Path) -> None:
    """A passage stands among the sentences around it, and together they stand so in the archived text."""
    text = next(archive.glob("*.txt")).read_text(encoding="utf-8")
    found = trace(answers, "barda-armenia-responsible", Archive(archive))
    [passage] = found.attestations[0].passages
    assert passage.text == text[passage.start : passage.end]
    assert passage.before
    assert passage.after
    assert text[passage.start - len(passage.before) : passage.end + len(passage.after)] == (
        passage.before + passage.text + passage.after
    )
    assert "\n" not in passage.before + passage.after


def test_restricted_documents_show_no_words(corpus: Settings) -> None:
    """Of a restricted document there is no text, no words and no address into it, archive or not."""
    documents = corpus.root / "data" / "documents.yaml"
    documents.write_text(documents.read_text(encoding="utf-8").replace("access: public", "access: restricted"))
    (corpus.root / "archive" / KEY_FILE).write_bytes(b"k" * 32)
    anchor(corpus)
    build(corpus)
    engine = Embedded(corpus.releases, readers=1)
    try:
        found = trace(engine, "bridge-hit", Archive(corpus.root / "archive"))
    finally:
        engine.close()
    passages = [passage for attestation in found.attestations for passage in attestation.passages]
    assert passages
    for passage in passages:
        assert (passage.text, passage.before, passage.first_words, passage.live) == (None, None, None, None)
        assert passage.keyed


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("bridge-hit", True),
        ("claim/bridge-hit", True),
        ("event/ford-shelling", False),
        ("https://example.org/river/claim/bridge-hit", True),
        ("https://example.org/river/agent/northland", False),
        ("https://w3id.org/kgraph/vocab/weapon/artillery", False),
    ],
)
def test_what_is_a_claim(target: str, *, expected: bool) -> None:
    """A word is a claim's identifier; a path or an IRI says what kind of thing it is."""
    assert is_claim(Iris("https://example.org/river/"), target) == expected


def test_mentions(engine: Embedded, built: Settings) -> None:
    """Of an agent, place or concept, the claims that mention it are told, with the properties by which they do."""
    found = mentioning(engine, f"{built.base_iri}agent/aid-union")
    assert [mention.claim.iri.rpartition("/")[2] for mention in found.mentions] == ["bridge-hit"]
    assert [by.label for by in found.mentions[0].by] == ["agent"]
    assert (found.total, found.whole) == (1, True)
    page = mentioning(engine, f"{built.base_iri}event/ford-shelling", limit=1, offset=1)
    assert (len(page.mentions), page.total > 1) == (1, True)
    with pytest.raises(UnknownThing):
        mentioning(engine, f"{built.base_iri}agent/nobody")


WORDS = st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=80)


@given(WORDS, WORDS)
def test_picture_escapes_all(engine: Embedded, label: str, hedge: str) -> None:
    """Whatever names and words hold, the picture is well-formed XML, and nothing of them is markup."""
    found = trace(engine, "bridge-hit")
    first = found.attestations[0]
    agent = replace(first.agent, label=label)
    drawn = picture(replace(found, statement=hedge, attestations=[replace(first, agent=agent, hedge=hedge)]))
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    plain = picture(
        replace(found, statement="x", attestations=[replace(first, agent=replace(agent, label="x"), hedge="x")])
    )
    names = {element.tag for element in root.iter()}
    assert names == {element.tag for element in ET.fromstring(plain).iter()}  # noqa: S314


def test_picture_tells_all(answers: Embedded) -> None:
    """Every attester, stance and document of a claim is in its picture, in words; a denial is drawn otherwise."""
    found = trace(answers, "barda-armenia-responsible")
    drawn = picture(found)
    text = " ".join(ET.fromstring(drawn).itertext())  # noqa: S314
    for name in ("Armenia", "denies", "Amnesty International", "Human Rights Watch", found.release.digest):
        assert name in text
    assert 'stroke-dasharray="8 5"' in drawn


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
