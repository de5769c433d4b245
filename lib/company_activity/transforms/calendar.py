"""Which dates are complete, as bit masks: a window over the calendar is a mask, a count is `bit_count`.

Bit i of a date's mask stands for the date i days earlier, so `mask & 0b1111111` is its last week.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date, timedelta

from pyspark.sql import Column
from pyspark.sql import functions as F

from company_activity.dates import HORIZON_DAYS

CALENDAR = "activity_date date, complete_mask bigint, weekday_mask bigint"
SATURDAY = 5


def calendar_rows(dates: Iterable[date], complete: Collection[date]) -> list[tuple[date, int, int]]:
    """For each date: the mask of complete dates and the mask of Mondays to Fridays among its last 60 days.

    >>> monday = date(2025, 1, 6)
    >>> [(bin(c), bin(w & 0b1111111)) for _, c, w in calendar_rows([monday], {monday, date(2025, 1, 4)})]
    [('0b101', '0b1111001')]
    """
    return [
        (day, _mask(day, lambda d: d in complete), _mask(day, lambda d: d.weekday() < SATURDAY))
        for day in sorted(dates)
    ]


def _mask(day: date, holds: Callable[[date], bool]) -> int:
    return sum(1 << back for back in range(HORIZON_DAYS) if holds(day - timedelta(days=back)))


def bits(first: int, last: int) -> int:
    """The mask of the days from `first` to `last` days back, both included.

    >>> bin(bits(7, 9))
    '0b1110000000'
    """
    return (1 << (last + 1)) - (1 << first)


def is_whole(mask: Column, window: int) -> Column:
    """Every day of `window` (a mask) is in `mask`."""
    return mask.bitwiseAND(F.lit(window)) == F.lit(window)


def days_in(mask: Column, window: int) -> Column:
    """How many days of `window` are in `mask`."""
    return F.bit_count(mask.bitwiseAND(F.lit(window))).cast("bigint")
