"""What the oracle says against what a table holds, cell by cell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def differences(expected: Mapping[str, Any], found: Mapping[str, Any], columns: Iterable[str]) -> list[str]:
    """The columns whose values differ; doubles may by 1e-12, of their size where that is above 1."""
    return [
        f"{name}: expected {expected[name]!r}, found {found[name]!r}"
        for name in columns
        if not same(expected[name], found[name])
    ]


def same(expected: Any, found: Any) -> bool:
    """One type and one value: NULL is no zero, a count is no double and no boolean, an array has its order.

    A timestamp is expected as a moment and found as microseconds since 1970 (see `frames.dictionaries`).

    >>> same(None, 0), same(0, 0.0), same(1, True), same(None, []), same(["a", "b"], ["b", "a"])
    (False, False, False, False, False)
    >>> same(0.1 + 0.2, 0.3), same(1.0, 1.0 + 1e-11), same(1e9, 1e9 + 1e-4), same(math.nan, 0.0)
    (True, False, True, False)
    >>> same(EPOCH, 0), same(EPOCH, 1), same(EPOCH, None)
    (True, False, False)
    """
    if isinstance(expected, datetime):
        expected = micros(expected)
    if isinstance(expected, tuple):
        expected = list(expected)
    if type(expected) is not type(found):
        return False
    if isinstance(expected, float):
        return math.isclose(expected, found, rel_tol=1e-12, abs_tol=1e-12)
    if isinstance(expected, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    return bool(expected == found)


def micros(value: datetime) -> int:
    return (value - EPOCH) // (EPOCH.resolution)
