"""One item of the usage API: its JSON with number literals kept, and the rules it breaks (design §6)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from .fields import is_bad_company_id, parse_timestamp, trim

FIELDS = ("company_id", "active_users", "events", "ts")
COUNTS = ("active_users", "events")
MAX_COUNT = 10**9


@dataclass(frozen=True)
class Integer:
    """A JSON number "without fraction or exponent", as sent."""

    literal: str

    @property
    def is_negative(self) -> bool:
        """Below zero; −0 is 0."""
        return self.literal.startswith("-") and self.literal != "-0"

    @property
    def is_too_large(self) -> bool:
        """Design: "`OUT_OF_RANGE` (a count > 10⁹)"; length first: a literal may have thousands of digits."""
        return not self.is_negative and (len(self.literal) > 10 or int(self.literal) > MAX_COUNT)


@dataclass(frozen=True)
class Inexact:
    """A JSON number with fraction or exponent, or NaN or Infinity: never a count."""

    literal: str


def parse_json(text: str) -> Any:
    """The item with its number literals kept, None when it is not JSON; of a repeated key the last is judged."""
    try:
        return json.loads(text, parse_int=Integer, parse_float=Inexact, parse_constant=Inexact)
    except json.JSONDecodeError:
        return None


def repeats_a_field(text: str) -> bool:
    """Design: "`DUPLICATE_KEY` (an item that names a member of the contract twice)"."""
    try:
        members = json.loads(text, object_pairs_hook=tuple, parse_int=str)
    except json.JSONDecodeError:
        return False
    names = [member[0] for member in members] if isinstance(members, tuple) else []
    return any(names.count(name) > 1 for name in FIELDS)


def trimmed_id(value: Any) -> str | None:
    """The company_id "after the trim", None where there is no such text."""
    company_id = value.get("company_id") if isinstance(value, dict) else None
    return trim(company_id) if isinstance(company_id, str) else None


def item_reasons(value: Any, day: date) -> Iterator[str]:
    """Design: "Reasons (all that apply)"; an item that is no object has only that one."""
    if not isinstance(value, dict):
        yield "NOT_AN_OBJECT"
        return
    if any(value.get(name) is None for name in FIELDS):
        yield "MISSING_FIELD"
    for name in COUNTS:
        yield from count_reasons(value.get(name))
    yield from company_id_reasons(value.get("company_id"))
    yield from ts_reasons(value.get("ts"), day)


def count_reasons(value: Any) -> Iterator[str]:
    """Design: "A count is a JSON number without fraction or exponent; anything else […] is [its] fault"."""
    if isinstance(value, Integer):
        if value.is_negative:
            yield "NEGATIVE"
        if value.is_too_large:
            yield "OUT_OF_RANGE"
    elif value is not None:
        yield "WRONG_TYPE"


def company_id_reasons(value: Any) -> Iterator[str]:
    """A text that is a company id, or why not."""
    if isinstance(value, str):
        if is_bad_company_id(trim(value)):
            yield "BAD_COMPANY_ID"
    elif value is not None:
        yield "WRONG_TYPE"


def ts_reasons(value: Any, day: date) -> Iterator[str]:
    """Design: "`WRONG_DATE` (ts not in the date, UTC)" is asked of good timestamps only."""
    if isinstance(value, str):
        ts = parse_timestamp(value)
        if ts is None:
            yield "BAD_TIMESTAMP"
        elif ts.date() != day:
            yield "WRONG_DATE"
    elif value is not None:
        yield "WRONG_TYPE"
