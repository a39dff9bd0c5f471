"""Percentiles and ratios."""

from typing import Any

import pytest

from kgraph.bench.statistics import compared, percentile, summary


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3.0], 0.5, 3.0), ([4, 1, 3, 2], 0.5, 2), ([1, 2, 3], 0.5, 2), (range(1, 101), 0.99, 99), ([1, 2], 0.99, 2),
     ([5, 1], 0.0, 1), ([5, 1], 1.0, 5)],
)  # fmt: skip
def test_percentile(values: list[float], share: float, expected: float) -> None:
    """The nearest rank, whatever the order; it is always one of the values."""
    assert percentile(values, share) == expected


def test_percentile_of_nothing() -> None:
    """There is none of no values."""
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_summary() -> None:
    """Seconds become milliseconds."""
    assert summary([0.001, 0.003, 0.0025]) == {"samples": 3, "p50_ms": 2.5, "p99_ms": 3.0}


def test_compared() -> None:
    """Each row has the ratio to that system's row of the same query; none without one, with 0, or of itself."""
    rows: list[dict[str, Any]] = [
        {"query": "a", "system": "x", "p50_ms": 3.0}, {"query": "a", "system": "o", "p50_ms": 2.0},
        {"query": "b", "system": "x", "p50_ms": 3.0}, {"query": "c", "system": "x", "p50_ms": 3.0},
        {"query": "c", "system": "o", "p50_ms": 0}, {"query": "a", "system": "y", "p50_ms": None},
    ]  # fmt: skip
    found = compared(rows, "p50_ms", to="o", by=("query",))
    assert [row.get("ratio") for row in found] == [1.5, None, None, None, None, None]
    assert "ratio" not in rows[0]
