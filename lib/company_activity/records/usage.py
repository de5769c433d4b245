"""A landed usage line and what it says: one line in, one typed record with its broken rules out."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from company_activity.dates import MICROS_PER_DAY, day_number
from company_activity.records import fields

CONTRACT = frozenset({"company_id", "active_users", "events", "ts"})
OURS = re.compile(r',?"_date":"(?P<date>[^"]*)","_page":(?P<page>\d+),"_item":(?P<item>\d+)\}$')
WRAPPED = '{"_raw":'
NOT_A_COUNT = 1.5  # any number that is no integer: its value never matters, only that it is none


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
    """Read a landed line: the item as the API sent it, with `_date`, `_page` and `_item` appended.

    >>> parse_line('{"company_id":" a ","active_users":"3","events":1,"ts":"2025-01-01",'
    ...            '"_date":"2025-01-01","_page":1,"_item":2}').reasons
    ['WRONG_TYPE']
    """
    ours = OURS.search(line)
    if ours is None:
        raise ValueError(f"not a landed line: {line[:80]!r}")
    raw = f"{line[: ours.start()]}}}"
    record = UsageRecord(int(ours["page"]), int(ours["item"]), raw)
    content = _loads(raw)
    if not isinstance(content, dict) or list(content) == ["_raw"]:
        record.raw = raw.removeprefix(WRAPPED)[:-1] if raw.startswith(WRAPPED) else raw
        record.reasons = ["NOT_AN_OBJECT"]
        return record
    _fill(record, content, ours["date"])
    return record


def _fill(record: UsageRecord, content: dict[str, object], day: str) -> None:
    broken: list[str | None] = []
    if len(content) > len(CONTRACT) or not CONTRACT.issuperset(content):
        record.extras = sorted(_storable(name) for name in content if name not in CONTRACT)
    text = content.get("company_id")
    if isinstance(text, str):
        record.company_id, reason = fields.company_id(text)
        broken.append(reason)
    else:
        broken.append(_missing_or_wrong(text))
    record.active_users, reason = _count(content.get("active_users"))
    broken.append(reason)
    record.events, reason = _count(content.get("events"))
    broken.append(reason)
    text = content.get("ts")
    if isinstance(text, str):
        record.ts, reason = fields.timestamp(text)
        broken.append(reason)
        if record.ts is not None and record.ts // MICROS_PER_DAY != _day_number(day):
            broken.append("WRONG_DATE")
    else:
        broken.append(_missing_or_wrong(text))
    if isinstance(content, Repeating) and not CONTRACT.isdisjoint(content.repeated):
        broken.append("DUPLICATE_KEY")
    if any(broken):
        record.reasons = sorted({reason for reason in broken if reason})


def _count(value: object) -> tuple[int | None, str | None]:
    return (None, "MISSING_FIELD") if value is None else fields.count(value)


def _missing_or_wrong(value: object) -> str:
    return "MISSING_FIELD" if value is None else "WRONG_TYPE"


@lru_cache(maxsize=1024)
def _day_number(day: str) -> int:
    return day_number(date.fromisoformat(day))


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
    """An integer of any length, cut to what still tells its sign and that it is out of range."""
    return int(literal) if len(literal) <= 20 else (-1 if literal[0] == "-" else fields.MAX_COUNT + 1)


class Repeating(dict[str, object]):
    """An object that named members more than once: the last value of each, and which were repeated."""

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
