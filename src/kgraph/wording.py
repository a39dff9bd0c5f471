"""Words that take a side: they belong into a characterisation that names who uses it, never into our own statement."""

import re
from collections.abc import Iterator

from kgraph.model import Claim

# Beginnings of words, as regular expressions, each with the reason why a statement does without it.
LOADED = {
    "aggress": "says who is in the wrong",
    "atrocit": "characterises an act",
    "barbar": "characterises an act",
    "brutal": "characterises an act",
    "butcher": "characterises an act",
    "cowardly": "characterises an act",
    "cruel": "characterises an act",
    "ethnic cleansing": "characterises an act",
    "fascis": "characterises an agent",
    "genocid": "characterises an act",
    "heinous": "characterises an act",
    "horrif": "characterises an act",
    "inhuman": "characterises an act",
    "invad": "says who is in the wrong",
    "invasion": "says who is in the wrong",
    "liberat": "says who is in the right",
    "martyr": "says who is in the right",
    "massacr": "characterises an act",
    "monstr": "characterises an act",
    "murder": "characterises an act",
    "occupation": "says who is in the wrong",
    "occupie": "says who is in the wrong",
    "occupy": "says who is in the wrong",
    "proxies": "says for whom somebody acts",
    "puppet": "says for whom somebody acts",
    "reckless": "characterises an act",
    r"regimes?\b": "characterises an authority",
    "savage": "characterises an act",
    "separatis": "characterises an authority",
    "slaughter": "characterises an act",
    "so-called": "casts doubt",
    "terror": "characterises an act",
    "vandal": "characterises an act",
    "admitted": "the stance says how an agent stands to a claim",
    "claimed": "the stance says how an agent stands to a claim",
    "purport": "casts doubt",
}
_PATTERNS = [(re.compile(rf"(?<![\w-]){stem}[\w-]*", re.IGNORECASE), reason) for stem, reason in LOADED.items()]


def loaded_words(claim: Claim) -> Iterator[tuple[str, str]]:
    """Yield each loaded word of a claim's statement with the reason, but for those that the claim names as somebody's.

    A word is named where its beginning stands in `characterised-as`, or in the identifier of a violation or conduct.
    """
    identifiers = " ".join((*claim.violation, *claim.conduct)).replace("-", " ")
    named = " ".join((*claim.characterised_as, identifiers))
    for pattern, reason in _PATTERNS:
        if not pattern.search(named):
            yield from ((match[0], reason) for match in pattern.finditer(claim.statement))
