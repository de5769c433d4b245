"""What an envelope says of itself: that it is not whole, and how many items there are in all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

FAULTS = ("error", "errors")
GAPS = ("partial", "is_partial", "incomplete")
NOTHING = frozenset({"null", "false", "0", '""', "[]", "{}"})
YES = frozenset({"true", "1", '"true"'})
WHOLE_NUMBER = re.compile(r'"?([0-9]+)(?:\.0+)?"?')  # 120, 120.0 and "120" say the same
MAX_DIGITS = 18
COMPARED = {
    "both": ("total", "total_count"),
    "total": ("total",),
    "total_count": ("total_count",),
    "none": (),
}


class Total(NamedTuple):
    """How many items a member of an envelope says there are."""

    member: str
    number: int


def what_is_missing(members: Iterable[tuple[str, object]]) -> str | None:
    """The member, with its value in canonical JSON, that says of the answer that it is not whole.

    >>> what_is_missing([("errors", "[]"), ("partial", "false"), ("error", '"shard 3 is down"')])
    'error is "shard 3 is down"'
    """
    for name, value in members:
        if (name in FAULTS and value not in NOTHING) or (name in GAPS and value in YES):
            return f"{name} is {value}"
    return None


def greatest_total(members: Iterable[tuple[str, object]], compared: Sequence[str]) -> Total | None:
    """The greatest of the compared totals. A value that is no whole number is ignored.

    >>> greatest_total([("total", "120"), ("total_count", '{"value":7}')], ("total", "total_count"))
    Total(member='total', number=120)
    """
    found = [
        Total(name, number)
        for name, value in members
        if name in compared and (number := _whole_number(value)) is not None
    ]
    return max(found, key=lambda total: total.number, default=None)


def _whole_number(value: object) -> int | None:
    written = WHOLE_NUMBER.fullmatch(value) if isinstance(value, str) else None
    if written is None:
        return None
    digits = written[1].lstrip("0") or "0"
    return int(digits) if len(digits) <= MAX_DIGITS else 10**MAX_DIGITS
