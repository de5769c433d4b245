"""A landed usage line and what it says: one line in, one typed record with its broken rules out."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from company_activity.dates import MICROS_PER_DAY, day_number
from company_activity.errors import LandingCorrupt
from company_activity.records import fields
from company_activity.records.landed_line import FETCH_AGAIN, split_line, unwrapped

CONTRACT = frozenset({"company_id", "active_users", "events", "ts"})
NOT_A_COUNT = 1.5  # any number that is no integer: its value never matters


@dataclass(slots=True)
class UsageRecord:
    """One item of the API, typed where it could be; `reasons` names every rule it broke."""

    page: int
    item: int
    raw: str
    company_id: str | None = None
    active_users: int | None = None
    events: int | None = None
    ts: int | None = None
    extras: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def parse_line(line: str) -> UsageRecord:
    """Read a landed line: the item as the API sent it, with its place appended.

    >>> parse_line('{"company_id":" a ","active_users":"3","events":1,"ts":"2025-01-01",'
    ...            '"_date":"2025-01-01","_page":1,"_item":2}').reasons
    ['WRONG_TYPE']

    Raises:
        LandingCorrupt: if the line has no place at its end, or its date is none.
    """
    landed = split_line(line)
    record = UsageRecord(landed.page, landed.number, landed.text)
    content = _loads(landed.text)
    if isinstance(content, dict) and list(content) != ["_raw"]:
        _fill(record, content, landed.day)
    else:
        record.raw = unwrapped(landed.text)
        record.reasons = ["NOT_AN_OBJECT"]
    return record


def _fill(record: UsageRecord, content: dict[str, object], day: str) -> None:
    record.extras = _extras(content)
    record.company_id, id_reason = _company_id(content.get("company_id"))
    record.active_users, users_reason = _count(content.get("active_users"))
    record.events, events_reason = _count(content.get("events"))
    record.ts, ts_reason = _timestamp(content.get("ts"))
    broken = [id_reason, users_reason, events_reason, ts_reason]
    if record.ts is not None and record.ts // MICROS_PER_DAY != _day_number(day):
        broken.append("WRONG_DATE")
    if isinstance(content, Repeating) and not CONTRACT.isdisjoint(content.repeated):
        broken.append("DUPLICATE_KEY")
    if any(broken):
        record.reasons = sorted({reason for reason in broken if reason})


def _extras(content: dict[str, object]) -> list[str]:
    """The names that the contract does not know, sorted."""
    if CONTRACT.issuperset(content):
        return []
    return sorted(_storable(name) for name in content if name not in CONTRACT)


def _company_id(value: object) -> tuple[str | None, str | None]:
    return fields.company_id(value) if isinstance(value, str) else (None, _missing_or_wrong(value))


def _timestamp(value: object) -> tuple[int | None, str | None]:
    return fields.timestamp(value) if isinstance(value, str) else (None, _missing_or_wrong(value))


def _count(value: object) -> tuple[int | None, str | None]:
    return (None, "MISSING_FIELD") if value is None else fields.count(value)


def _missing_or_wrong(value: object) -> str:
    return "MISSING_FIELD" if value is None else "WRONG_TYPE"


@lru_cache(maxsize=1024)
def _day_number(day: str) -> int:
    try:
        return day_number(date.fromisoformat(day))
    except ValueError:
        raise LandingCorrupt(f"a line is of {day}, which is no day", remedy=FETCH_AGAIN) from None


def _storable(text: str) -> str:
    """The text with what UTF-8 cannot hold (half a surrogate pair) replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _loads(text: str) -> object:
    try:
        value, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return value if end == len(text) else None


def _integer(literal: str) -> int:
    """An integer of any length; a very long one becomes -1 or one that is out of range.

    >>> [_integer("12"), _integer("-" + "9" * 5000), _integer("9" * 5000) > fields.MAX_COUNT]
    [12, -1, True]
    """
    if len(literal) <= 20:
        return int(literal)
    return -1 if literal.startswith("-") else fields.MAX_COUNT + 1


class Repeating(dict[str, object]):
    """An object with repeated names: the last value of each, and which names were repeated."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        counted = Counter(name for name, _ in pairs)
        self.repeated = {name for name, times in counted.items() if times > 1}


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Repeating(pairs)


DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=lambda _: NOT_A_COUNT,
    parse_constant=lambda _: NOT_A_COUNT,
)
