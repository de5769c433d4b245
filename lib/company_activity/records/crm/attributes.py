"""The optional columns of a CRM row: each value read by itself; one that cannot be read is None and costs nothing."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from company_activity.dates import MICROS_PER_DAY, day_of
from company_activity.records import fields
from company_activity.records.crm.csv_text import is_readable
from company_activity.records.crm.records import BLANKS_AND_TABS, OPTIONAL, Unread

SEATS = re.compile("0|[1-9][0-9]{0,17}")
CONTRACT_VALUE = re.compile(r"(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,2})?")


def text(cell: str) -> str | None:
    """The text exactly as it is; None where it has nothing but blanks (U+0020).

    Raises:
        ValueError: if a byte of it is no UTF-8, or NUL, or if it is longer than 1,024 code points.
    """
    if not cell.strip(" "):
        return None
    if len(cell) > fields.MAX_TEXT or not is_readable(cell):
        raise ValueError
    return sys.intern(cell)


def seats(cell: str) -> int | None:
    """A whole number of at most 18 digits; None where there are only blanks and tabs.

    Raises:
        ValueError: for anything else.
    """
    trimmed = cell.strip(BLANKS_AND_TABS)
    return int(_matched(SEATS, trimmed)) if trimmed else None


def contract_value(cell: str) -> Decimal | None:
    """An amount of at most 16 digits, and two behind the point; None where there are only blanks and tabs.

    Raises:
        ValueError: for anything else: a sign, a currency, a thousands separator.

    >>> contract_value(" 1200.5"), contract_value("\t")
    (Decimal('1200.5'), None)
    """
    trimmed = cell.strip(BLANKS_AND_TABS)
    return Decimal(_matched(CONTRACT_VALUE, trimmed)) if trimmed else None


@lru_cache(maxsize=10_000)
def renewal_on(cell: str) -> date | None:
    """A date, or the UTC date of a time; None where there are only blanks and tabs.

    Raises:
        ValueError: for anything else.

    >>> renewal_on("2025-03-31T23:30:00-01:00")
    datetime.date(2025, 4, 1)
    """
    trimmed = cell.strip(BLANKS_AND_TABS)
    if not trimmed:
        return None
    micros, _ = fields.timestamp(trimmed)
    if micros is None:
        raise ValueError
    return day_of(micros // MICROS_PER_DAY)


def _matched(form: re.Pattern[str], trimmed: str) -> str:
    if form.fullmatch(trimmed) is None:
        raise ValueError
    return trimmed


READERS: Mapping[str, Callable[[str], Any]] = {
    "owner": text,
    "segment": text,
    "seats": seats,
    "contract_value": contract_value,
    "renewal_on": renewal_on,
}


def read_attributes(cells: Iterable[str], unread: MutableMapping[str, Unread]) -> list[Any]:
    """The values of the optional columns, in their order; what cannot be read is None, and is counted in `unread`.

    >>> unread = {}
    >>> read_attributes(["Ana", "", "12 seats", "99", "2025-03-31"], unread)
    ['Ana', None, None, Decimal('99'), datetime.date(2025, 3, 31)]
    >>> unread["seats"].samples
    ["'12 seats'"]
    """
    values: list[Any] = []
    for name, cell in zip(OPTIONAL, cells, strict=True):
        try:
            values.append(READERS[name](cell) if cell else None)
        except ValueError:
            unread.setdefault(name, Unread()).add(cell)
            values.append(None)
    return values
