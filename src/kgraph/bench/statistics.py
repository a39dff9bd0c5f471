"""What many measurements come to: percentiles, and ratios of medians. Times are in milliseconds."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of `values` that at least `share` (0 to 1) of them do not pass (nearest rank)."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """Return `{samples, p50_ms, p99_ms}` of times in seconds."""
    return {
        "samples": len(seconds),
        "p50_ms": round(percentile(seconds, 0.5) * 1000, 3),
        "p99_ms": round(percentile(seconds, 0.99) * 1000, 3),
    }


def compared(rows: Sequence[dict[str, Any]], value: str, *, to: str, by: Sequence[str]) -> list[dict[str, Any]]:
    """Return `rows` with a `ratio` of each one's `value` to that of system `to`, of rows alike in the members `by`.

    There is no ratio where that system has no such row, or where its value is 0.
    """
    base = {_key(row, by): row.get(value) for row in rows if row["system"] == to}
    found = []
    for row in rows:
        other, own = base.get(_key(row, by)), row.get(value)
        ratio = {"ratio": round(own / other, 3)} if other and own is not None and row["system"] != to else {}
        found.append(row | ratio)
    return found


def _key(row: Mapping[str, Any], by: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in by)
