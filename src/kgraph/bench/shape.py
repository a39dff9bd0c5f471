"""What claims look like: how often each thing stands in our corpus, as tables to draw from.

Counted in `data/` of this repository in November 2026: 479 claims, 530 attestations, one article. A table maps a value
to the number of times that it was seen; one called `..._EACH` maps how many of a thing a record has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")

CORPUS = 479  # claims; made-up claims come in corpora of this size
EVENTS = (
    46, 40, 31, 29, 29, 25, 24, 23, 22, 21, 18, 18, 16, 13, 13, 11, 10, 10, 9, 8, 7, 7, 7, 6, 6, 6, 5, 5, 4, 3, 3, 2, 2,
)  # fmt: skip
PLACES, DOCUMENTS, VICTIMS_EACH_EVENT = 36, 48, {0: 6, 1: 8, 2: 6, 3: 6, 4: 3, 5: 2, 7: 2}


@dataclass(frozen=True)
class Table(Generic[T]):
    """Values with the weights with which they are drawn."""

    values: tuple[T, ...]
    cumulative: tuple[int, ...]

    def draw(self, chance: Random) -> T:
        """Return one value."""
        return chance.choices(self.values, cum_weights=self.cumulative)[0]

    def some(self, chance: Random, count: int) -> list[T]:
        """Return `count` different values, in order of their drawing; fewer where there are not as many."""
        found: dict[T, None] = {}
        while len(found) < min(count, len(self.values)):
            found[self.draw(chance)] = None
        return list(found)


def table(weights: Mapping[T, int]) -> Table[T]:
    """Return the table of values with these weights."""
    return Table(tuple(weights), tuple(accumulate(weights.values())))


def ranked(values: tuple[T, ...], weights: tuple[int, ...]) -> Table[T]:
    """Return the table of `values`, the first with the first weight; those beyond the weights have the last one."""
    return table({value: weights[min(n, len(weights) - 1)] for n, value in enumerate(values)})


EACH = {
    name: table(weights)
    for name, weights in {
        "topic": {1: 398, 2: 77, 3: 4},
        "conduct": {0: 131, 1: 334, 2: 10, 3: 4},
        "perpetrator": {0: 316, 1: 157, 2: 6},
        "actor": {0: 389, 1: 88, 2: 2},
        "addressee": {0: 450, 1: 29},
        "attribution": {0: 438, 1: 39, 2: 2},
        "victim": {0: 326, 1: 152, 3: 1},
        "target": {0: 376, 1: 95, 2: 7, 3: 1},
        "weapon": {0: 361, 1: 112, 2: 3, 4: 3},
        "violation": {0: 437, 1: 40, 2: 2},
        "characterised-as": {0: 429, 1: 47, 2: 3},
        "place": {0: 241, 1: 229, 3: 9},
        "about": {0: 355, 1: 122, 2: 2},
        "tolls": {0: 401, 1: 78},
        "relations": {0: 447, 1: 32},
        "attestations": {1: 443, 2: 30, 3: 3, 6: 3},
        "method": {0: 401, 1: 128, 2: 1},
        "passage": {1: 501, 2: 29},
    }.items()
}

CONCEPTS = {
    name: table(weights)
    for name, weights in {
        "topic": {
            "attack": 58, "video-content": 56, "casualties": 46, "characterisation": 44, "identity": 37,
            "weapon-use": 35, "treatment-of-prisoners": 27, "investigation": 26, "responsibility": 23,
            "publication": 22, "accountability": 18, "detention-and-return": 18,
        },
        "conduct": {
            "shelling": 56, "attack": 32, "missile-strike": 32, "cluster-munition-use": 30, "investigation": 22,
            "rocket-strike": 14, "ill-treatment": 13, "torture": 13, "dissemination-of-images": 13, "publication": 11,
            "military-presence": 8,
        },
        "attribution": {"fired": 20, "supplied": 6, "commanded": 6},
        "target": {
            "populated-area": 15, "military-objective": 11, "civilian-area": 11, "town": 11, "civilian-object": 9,
            "place-of-worship": 9, "civilian-population": 8, "cemetery": 8, "agricultural-area": 3, "infrastructure": 3,
        },
        "weapon": {
            "cluster-munition": 33, "artillery": 22, "munition": 11, "white-phosphorus": 10, "rocket": 8,
            "ballistic-missile": 7, "missile": 6, "large-calibre-artillery": 5, "knife": 4,
            "unguided-artillery-rocket": 4,
        },
        "violation": {
            "war-crime": 14, "indiscriminate-attack": 8, "torture": 7, "execution-of-prisoners": 4,
            "inhuman-treatment": 3, "cruel-treatment": 2, "humanitarian-law-violation": 1,
        },
        "method": {
            "report": 56, "on-site-investigation": 18, "interview": 9, "video-analysis": 7, "expert-opinion": 6,
            "official-statement": 6, "legal-filing": 6, "on-site-reporting": 5, "telephone-call": 3,
            "munition-remnants": 3, "press-statement": 3,
        },
        "stance": {
            "asserts": 438, "confirms": 27, "calls-for": 16, "reports": 14, "denies": 8, "disputes": 7, "condemns": 9,
            "acknowledges": 1, "declines-to-comment": 1,
        },
        "second stance": {"asserts": 16, "confirms": 8, "denies": 6, "disputes": 4, "reports": 2},
        "basis": {"explicit": 294, "context": 232, "nested": 4},
        "harm": {
            "killed": 24, "injured": 17, "cases": 11, "strikes": 5, "arrested": 3, "damaged": 3, "measured": 3,
            "ill-treated": 2, "fired": 2, "captured": 1, "displaced": 1, "affected": 1,
        },
        "unit": {"person": 51, "attack": 8, "place": 6, "object": 4, "video": 3, "metre": 3, "munition": 2},
        "qualifier": {
            "exactly": 60, "several": 4, "more-than": 4, "many": 2, "at-least": 2, "about": 2, "some": 1, "dozens": 1,
            "close-to": 1, "thousands": 1,
        },
        "victim-category": {
            "civilian": 33, "soldier": 9, "prisoner-of-war": 8, "captive": 7, "child": 5, "deceased-person": 5,
            "medical-or-aid-worker": 3, "elderly": 3, "displaced-person": 2,
        },
        "relation": {
            "part-of/full": 13, "narrows/partial": 7, "supports/full": 4, "supports/partial": 4, "narrows/full": 2,
            "part-of/partial": 1, "contradicts/partial": 1,
        },
    }.items()
}  # fmt: skip

ATTESTERS = (198, 106, 38, 19, 9, 8, 7, 6, *[5] * 10, *[4] * 6, *[3] * 8, *[2] * 12, 1)
PERPETRATORS = (73, 22, 18, 8, 7, 7, 5, 4, 3, 3, 3, 2)
PLACE_USES = (40, 32, 19, 19, 14, 12, 10, 9, 8, 8, 8, 7, 5, 4, 3, 2)
COUNTS = table(
    {1: 13, 2: 20, 3: 1, 4: 7, 5: 1, 6: 1, 7: 2, 11: 2, 12: 1, 15: 1, 17: 1, 18: 1, 19: 2, 20: 1, 26: 1, 32: 1, 40: 1,
     61: 1, 80: 1, 83: 1, 93: 1, 125: 1, 400: 1, 416: 1, 500: 1, 1000: 1, 1200: 1, 2000: 1, 15500: 1}
)  # fmt: skip

# Shares of the records that have a thing, from 0 to 1.
DATED, TIME_NOTE, ONE_OF = 120 / 479, 41 / 479, 3 / 479
STATED_ON, PUBLISHED, MEDIUM, HEDGE, RELAYS = 97 / 530, 126 / 530, 16 / 530, 48 / 530, 4 / 530
TOLL_VICTIM, INCLUDED_IN, AS_OF = 49 / 78, 6 / 78, 4 / 78
NEW_PASSAGE, POSITION, PART_OF, OPENS_WITH = 355 / 523, 29 / 36, 8 / 36, 0.3
