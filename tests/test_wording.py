"""Words that take a side are found in statements, but not where the claim names who characterises so."""

import pytest

from kgraph.model import Claim
from kgraph.wording import loaded_words


def _claim(statement: str, **keys: object) -> Claim:
    passage = {"document": "report", "from": "a", "to": "b"}
    required = {"id": "c", "topic": "casualties", "event": "war"}
    attestations = [{"agent": "watch-group", "stance": "asserts", "passage": passage}]
    return Claim.model_validate({**required, "statement": statement, "attestations": attestations, **keys})


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("Northland shelled Ford.", []),
        ("Northland's brutal shelling was a massacre.", ["brutal", "massacre"]),
        ("The so-called authorities of Southland claimed it.", ["so-called", "claimed"]),
        ("The Regime occupied the Inhumanly treated town.", ["Regime", "occupied", "Inhumanly"]),
        ("The proclaimed regiment was mass-acclaimed.", []),
    ],
)
def test_loaded_words_are_found(statement: str, words: list[str]) -> None:
    """Each loaded word is found in whatever inflection and case, and no word that only holds one."""
    assert sorted(word for word, _ in loaded_words(_claim(statement))) == sorted(words)


def test_a_named_characterisation_is_no_fault() -> None:
    """A word stands in a statement where the claim names it as a characterisation or violation, and only that word."""
    statement = "The brutal treatment of prisoners was inhuman."
    assert [w for w, _ in loaded_words(_claim(statement, violation="inhuman-treatment"))] == ["brutal"]
    both = _claim(statement, **{"violation": "inhuman-treatment", "characterised-as": "so brutal an act"})
    assert list(loaded_words(both)) == []
