"""The stress scripts, in small: their full counts are for the command line."""

import kills
import switch


def test_kills_lose_nothing() -> None:
    """Builds and anchor runs that are killed at random points leave everything whole."""
    tally = kills.main(6, seed=2)
    assert tally["build killed"] >= 3


def test_switch_mixes_nothing() -> None:
    """Releases that are switched under load cost no answer, and no answer mixes two."""
    tally = switch.main(960, connections=16, releases=3)
    assert tally["fine"] == sum(n for name, n in tally.items() if not name.startswith("from ")) >= 960
    assert len([name for name in tally if name.startswith("from ")]) == 4
