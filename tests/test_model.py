"""Dates and scalars of records."""

import datetime as dt

import pytest

from kgraph.model import Refused, edtf_bounds


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("2020-10-27", "2020-10-27", "2020-10-27"),
        ("2020-02", "2020-02-01", "2020-02-29"),
        ("2020", "2020-01-01", "2020-12-31"),
        ("{2020-10-27,2020-10-28}", "2020-10-27", "2020-10-28"),
        ("[2020-10-09..2020-10-15]", "2020-10-09", "2020-10-15"),
        ("2020-10-01/2020-10-03", "2020-10-01", "2020-10-03"),
        ("2020-10~", "2020-10-01", "2020-10-31"),
        ("../2020-11-09", None, "2020-11-09"),
        ("2020-10-27/..", "2020-10-27", None),
        ("/2020-11-09", None, "2020-11-09"),
    ],
)
def test_edtf_bounds(value: str, first: str | None, last: str | None) -> None:
    """An EDTF date covers whole days, both ends inclusive; an open or unknown side has none."""
    expected = tuple(day and dt.date.fromisoformat(day) for day in (first, last))
    assert edtf_bounds(value) == expected


@pytest.mark.parametrize("value", ["2020-02-30", "2020-13", "27 October", "", "2020-10-03/2020-10-01", "2021-36"])
def test_edtf_refused(value: str) -> None:
    """What is no date of the calendar, no EDTF of level 1 or set, or ends before it starts, is refused."""
    with pytest.raises(Refused):
        edtf_bounds(value)
