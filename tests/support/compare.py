"""What the oracle says against what a table holds, cell by cell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def differences(expected: Mapping[str, Any], found: Mapping[str, Any], columns: Iterable[str]) -> list[str]:
    """The columns whose values differ; doubles may by 1e-12 of their size."""
    return [
        f"{name}: expected {expected[name]!r}, found {found[name]!r}"
        for name in columns
        if not same(expected[name], found[name])
    ]


def same(expected: Any, found: Any) -> bool:
    if isinstance(expected, datetime):
        expected = micros(expected)
    if isinstance(expected, float) and isinstance(found, float):
        return math.isclose(expected, found, rel_tol=1e-12, abs_tol=1e-12)
    if isinstance(expected, (tuple, list)):
        return list(expected) == list(found)
    return bool(expected == found)


def micros(value: datetime) -> int:
    return (value - EPOCH) // (EPOCH.resolution)
