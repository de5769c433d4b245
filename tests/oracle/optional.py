"""The optional CRM columns: texts to values; "a value that is not so is NULL" (design §7)."""

from __future__ import annotations

from datetime import UTC, date
from decimal import Decimal
from typing import NamedTuple

from .fields import parse_timestamp
from .model import CrmRow

DIGITS = frozenset("0123456789")


class Optional(NamedTuple):
    """The five values, in the order of the tables."""

    owner: str | None = None
    segment: str | None = None
    seats: int | None = None
    contract_value: Decimal | None = None
    renewal_on: date | None = None


def optional_values(row: CrmRow) -> Optional:
    """What the row says."""
    return Optional(
        to_text(row.owner),
        to_text(row.segment),
        to_seats(trimmed(row.seats)),
        to_value(trimmed(row.contract_value)),
        to_day(trimmed(row.renewal_on)),
    )


def to_text(text: str | None) -> str | None:
    """Design §6: "An empty or blank field is NULL […]; other text is kept exactly"; more than 1,024 is no text."""
    return None if text is None or not text.strip(" ") or len(text) > 1024 else text


def trimmed(text: str | None) -> str:
    """Design §6: "dates, times and numbers are trimmed of blanks and tabs first"."""
    return (text or "").strip(" \t")


def is_whole(text: str, most: int) -> bool:
    """ASCII digits without a leading zero, at most so many."""
    return 0 < len(text) <= most and DIGITS.issuperset(text) and (text == "0" or text[0] != "0")


def to_seats(text: str) -> int | None:
    """Design: "`0|[1-9][0-9]{0,17}`"."""
    return int(text) if is_whole(text, 18) else None


def to_value(text: str) -> Decimal | None:
    """Design: "`(0|[1-9][0-9]{0,15})(\\.[0-9]{1,2})?`"."""
    whole, point, cents = text.partition(".")
    has_cents = 1 <= len(cents) <= 2 and DIGITS.issuperset(cents)
    return Decimal(text) if is_whole(whole, 16) and (has_cents or not point) else None


def to_day(text: str) -> date | None:
    """Design: "`YYYY-MM-DD`, or a time of §6, of which the UTC date"."""
    instant = parse_timestamp(text) if text else None
    return None if instant is None else instant.astimezone(UTC).date()
