"""Which dates are complete, as bit masks: a window of days is a mask, a count a `bit_count`.

Bit i of a date's mask stands for the date i days earlier, so `mask & 0b1111111` is its last week.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from company_activity.dates import HORIZON_DAYS, WEEK_DAYS

Calendar = Sequence[tuple[date, int, int]]
CALENDAR = "activity_date date, complete_mask bigint, weekday_mask bigint"
SATURDAY = 5  # as Python's and Spark's `weekday` count, from Monday = 0
MONTH_DAYS = 30


def calendar_rows(dates: Iterable[date], complete: Collection[date]) -> Calendar:
    """For each date, two masks of its last 60 days: complete dates, and Mondays to Fridays.

    >>> monday = date(2025, 1, 6)
    >>> rows = calendar_rows([monday], {monday, date(2025, 1, 4)})
    >>> [(bin(complete), bin(weekdays & 0b1111111)) for _, complete, weekdays in rows]
    [('0b101', '0b1111001')]
    """

    def is_complete(day: date) -> bool:
        return day in complete

    return [(day, _mask(day, is_complete), _mask(day, _is_weekday)) for day in sorted(dates)]


def on_each_date(rows: DataFrame, calendar: Calendar) -> DataFrame:
    """Each row once for every date of the calendar.

    The calendar stands in the plan itself: a join would need a job to broadcast it.

    Shape: any rows in; the columns of `CALENDAR` added.

    >>> calendar = calendar_rows([date(2025, 1, 6), date(2025, 1, 7)], {date(2025, 1, 6)})
    >>> dated = on_each_date(spark.sql("SELECT 'a' AS company_id"), calendar)
    >>> [(row.company_id, row.activity_date.day, row.complete_mask) for row in dated.collect()]
    [('a', 6, 1), ('a', 7, 2)]
    """
    dates = ", ".join(
        f"struct(DATE'{day}', {complete}L, {weekdays}L)" for day, complete, weekdays in calendar
    )
    listed = f"CAST(array({dates}) AS array<struct<{CALENDAR}>>)"
    return rows.select("*", F.expr(f"inline({listed})"))


def _is_weekday(day: date) -> bool:
    return day.weekday() < SATURDAY


def _mask(day: date, holds: Callable[[date], bool]) -> int:
    mask = 0
    for back in range(HORIZON_DAYS):
        if holds(day - timedelta(days=back)):
            mask |= 1 << back
    return mask


def bits(first: int, last: int) -> int:
    """The mask of the days from `first` to `last` days back, both included.

    >>> bin(bits(7, 9))
    '0b1110000000'
    """
    return (1 << (last + 1)) - (1 << first)


THIS_WEEK = bits(0, WEEK_DAYS - 1)
WEEK_BEFORE = bits(WEEK_DAYS, 2 * WEEK_DAYS - 1)
LAST_MONTH = bits(0, MONTH_DAYS - 1)
HORIZON = bits(0, HORIZON_DAYS - 1)


def is_whole(mask: Column, window: int) -> Column:
    """Every day of `window` (a mask) is in `mask`."""
    return mask.bitwiseAND(F.lit(window)) == F.lit(window)


def days_in(mask: Column, window: int) -> Column:
    """How many days of `window` are in `mask`.

    >>> masks = spark.sql("SELECT 1023L AS mask")
    >>> masks.select(days_in(F.col("mask"), THIS_WEEK), is_whole(F.col("mask"), HORIZON)).first()[:]
    (7, False)
    """
    return F.bit_count(mask.bitwiseAND(F.lit(window))).cast("bigint")
