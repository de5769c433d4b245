"""What the metrics are computed from: exact integers per company and date, over calendar windows.

Two formulations of the same table. `facts_by_slices` reads each date's 60 days and sums them under
conditions: no window, no sort, right for one date or a few. `facts_by_windows` walks each company's
calendar once with running sums, of which a window's sum is a difference: right for long ranges. A
test holds them equal.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W
from pyspark.sql.window import WindowSpec

from company_activity.dates import HORIZON_DAYS, WEEK_DAYS
from company_activity.transforms.calendar import (
    HORIZON,
    MONTH_DAYS,
    SATURDAY,
    on_each_date,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.transforms.calendar import Calendar


class WindowSum(NamedTuple):
    """A measure summed from `last` to `first` days back, both included."""

    measure: str
    first: int
    last: int


WEEKS_BEFORE = range(1, 8)  # the whole weeks before this one that 60 days hold
SUMS = {
    "active_users": WindowSum("users", 0, 0),
    "events": WindowSum("events", 0, 0),
    "users_1_back": WindowSum("users", 1, 1),
    "users_7_back": WindowSum("users", 7, 7),
    "users_7d": WindowSum("users", 0, 6),
    **{f"users_week_{week}": WindowSum("users", 7 * week, 7 * week + 6) for week in WEEKS_BEFORE},
    "users_30d": WindowSum("users", 0, 29),
    "users_30d_before": WindowSum("users", 30, 59),
    "events_30d": WindowSum("events", 0, 29),
    "users_squared_30d": WindowSum("users_squared", 0, 29),
    "weekday_users_30d": WindowSum("weekday_users", 0, 29),
    "weekday_users_squared_30d": WindowSum("weekday_users_squared", 0, 29),
    "records": WindowSum("records", 0, 0),
}
MEASURES = tuple(dict.fromkeys(window.measure for window in SUMS.values()))


def usage_days(usage: DataFrame) -> DataFrame:
    """Usage summed per company and date; `has_conflict` where a record of the day had rivals.

    Shape: `stg.product_usage` in; `company_id, date, users, events, largest_record, has_conflict,
    records` out, key company_id, date.

    >>> usage = spark.sql(
    ...     "VALUES ('a', 3, 30, false), ('a', 2, 5, true)"
    ...     " AS t(company_id, active_users, events, has_conflict)"
    ... )
    >>> tuple(usage_days(usage.withColumn("date", F.lit("2025-03-01"))).first())[2:]
    (5, 35, 3, True, 2)
    """
    return usage.groupBy("company_id", "date").agg(
        F.sum("active_users").alias("users"),
        F.sum("events").alias("events"),
        F.max("active_users").alias("largest_record"),
        F.max("has_conflict").alias("has_conflict"),
        F.count("*").alias("records"),
    )


def facts_by_slices(days: DataFrame, spine: DataFrame, calendar: Calendar) -> DataFrame:
    """The facts by conditional sums over each date's own 60 days.

    Shape: `usage_days`, the spine `company_id, activity_date, …` and the calendar that it was made
    of in; out comes the spine with the columns of `SUMS`, `largest_record_30d`,
    `days_since_last_active`, `active_mask` (bit i: active i days back) and `has_conflict`. Zeros
    where a company has no usage.

    >>> from datetime import date
    >>> days = spark.sql(
    ...     "SELECT 'a' AS company_id, DATE'2025-03-01' AS date, 3L AS users, 30L AS events,"
    ...     " 3L AS largest_record, false AS has_conflict, 1L AS records"
    ... )
    >>> spine = spark.sql("VALUES ('a', DATE'2025-03-02') AS t(company_id, activity_date)")
    >>> facts = facts_by_slices(days, spine, [(date(2025, 3, 2), 0, 0)])
    >>> columns = ["active_users", "users_1_back", "events_30d", "days_since_last_active"]
    >>> facts.select(*columns).first()[:]
    (0, 3, 30, 1)
    """
    back = F.datediff("activity_date", "date")
    dated = days.transform(_with_measures).transform(on_each_date, calendar)
    sliced = dated.withColumn("back", back).where(F.col("back").between(0, HORIZON_DAYS - 1))
    is_of_the_month = F.col("back") < MONTH_DAYS
    is_of_the_day = F.col("back") == 0
    facts = sliced.groupBy("company_id", "activity_date").agg(
        *(_sum_of_slice(window).alias(name) for name, window in SUMS.items()),
        F.max(F.when(is_of_the_month, F.col("largest_record"))).alias("largest_record_30d"),
        F.min(F.when(_is_active(), F.col("back"))).alias("days_since_last_active"),
        F.bit_or(F.when(_is_active(), _bit(F.col("back")))).alias("active_mask"),
        F.max(F.when(is_of_the_day, F.col("has_conflict"))).alias("has_conflict"),
    )
    return _on_spine(spine, facts)


def _sum_of_slice(window: WindowSum) -> Column:
    is_in_window = F.col("back").between(window.first, window.last)
    return F.sum(F.when(is_in_window, F.col(window.measure)))


def facts_by_windows(days: DataFrame, spine: DataFrame, companies: DataFrame) -> DataFrame:
    """The facts by running sums over each company's calendar.

    Shape: as `facts_by_slices`, and `companies` (`company_id, first_seen_date`), whose calendar
    starts at the first day seen: nothing is used before.

    >>> days = spark.sql(
    ...     "SELECT 'a' AS company_id, DATE'2025-03-01' AS date, 3L AS users, 30L AS events,"
    ...     " 3L AS largest_record, false AS has_conflict, 1L AS records"
    ... )
    >>> spine = spark.sql("VALUES ('a', DATE'2025-03-02') AS t(company_id, activity_date)")
    >>> companies = spark.sql("VALUES ('a', DATE'2025-03-01') AS t(company_id, first_seen_date)")
    >>> facts = facts_by_windows(days, spine, companies)
    >>> columns = ["active_users", "users_1_back", "events_30d", "days_since_last_active"]
    >>> facts.select(*columns).first()[:]
    (0, 3, 30, 1)
    """
    calendar = _calendar_of(companies, spine)
    measured = _with_measures(calendar.join(days, ["company_id", "date"], "left"))
    running = _running_sums(measured)
    by_day = W.partitionBy("company_id").orderBy("activity_date")
    silent_days = F.datediff("activity_date", "last_active_date")
    facts = running.select(
        "company_id",
        "activity_date",
        *(_sum_of_window(window, by_day).alias(name) for name, window in SUMS.items()),
        "largest_record_30d",
        F.when(silent_days < HORIZON_DAYS, silent_days).alias("days_since_last_active"),
        _mask_of_weeks(by_day).alias("active_mask"),
        "has_conflict",
    )
    return _on_spine(spine, facts)


def _running_sums(measured: DataFrame) -> DataFrame:
    """Each measure summed from the calendar's first day on, as `<measure>_to_here`."""
    by_day = W.partitionBy("company_id").orderBy("date")
    to_here = by_day.rowsBetween(W.unboundedPreceding, 0)
    month = by_day.rowsBetween(1 - MONTH_DAYS, 0)
    active_date = F.when(_is_active(), F.col("date"))
    return measured.select(
        "company_id",
        F.col("date").alias("activity_date"),
        *(_sum_to_here(measure, to_here) for measure in MEASURES),
        F.max("largest_record").over(month).alias("largest_record_30d"),
        F.last(active_date, ignorenulls=True).over(to_here).alias("last_active_date"),
        _mask_of_week(by_day).alias("week_mask"),
        "has_conflict",
    )


def _mask_of_week(by_day: WindowSpec) -> Column:
    """The active days of the week that ends here, a bit for each."""
    is_active = F.coalesce(_is_active(), F.lit(False)).cast("bigint")
    days = (F.lag(is_active, back, 0).over(by_day) * F.lit(1 << back) for back in range(WEEK_DAYS))
    return reduce(Column.bitwiseOR, days)


def _mask_of_weeks(by_day: WindowSpec) -> Column:
    """The active days of the 60 that end here, from the weeks that end a whole number of weeks before."""
    weeks = (
        F.shiftleft(F.lag("week_mask", back, 0).over(by_day), back)
        for back in range(0, HORIZON_DAYS, WEEK_DAYS)
    )
    return reduce(Column.bitwiseOR, weeks).bitwiseAND(F.lit(HORIZON))


def _bit(back: Column) -> Column:
    return F.call_function("shiftleft", F.lit(1).cast("bigint"), back)


def _sum_to_here(measure: str, to_here: WindowSpec) -> Column:
    zero_where_absent = F.coalesce(measure, F.lit(0))
    return F.sum(zero_where_absent).over(to_here).alias(f"{measure}_to_here")


def _sum_of_window(window: WindowSum, by_day: WindowSpec) -> Column:
    """The running sum at the window's newest day, less the running sum before its oldest."""
    total = F.col(f"{window.measure}_to_here")
    until = F.lag(total, window.first).over(by_day) if window.first else total
    before = F.lag(total, window.last + 1).over(by_day)
    return F.coalesce(until, F.lit(0)) - F.coalesce(before, F.lit(0))


def _calendar_of(companies: DataFrame, spine: DataFrame) -> DataFrame:
    """`company_id, date`: every calendar day, complete or not, that a window of the spine reaches.

    A company's calendar begins with its first day seen.
    """
    first = F.min("activity_date").alias("first")
    last = F.max("activity_date").alias("last")
    span = spine.agg(first, last)
    begins = F.greatest("first_seen_date", F.date_sub("first", HORIZON_DAYS - 1))
    days = F.explode(F.sequence(begins, "last"))
    return (
        companies.select("company_id", "first_seen_date")
        .crossJoin(F.broadcast(span))
        .where(F.col("first_seen_date") <= F.col("last"))
        .select("company_id", days.alias("date"))
    )


def _with_measures(days: DataFrame) -> DataFrame:
    """Add what the windows sum: squares in DECIMAL(38,0), weekday values, 1 for an active day."""
    is_weekday = F.weekday("date") < SATURDAY
    users = F.col("users").cast("decimal(19,0)")
    users_squared = (users * users).cast("decimal(38,0)")
    return (
        days.withColumn("users_squared", users_squared)
        .withColumn("weekday_users", F.when(is_weekday, F.col("users")))
        .withColumn("weekday_users_squared", F.when(is_weekday, F.col("users_squared")))
    )


def _is_active() -> Column:
    return F.col("users") > 0


def _on_spine(spine: DataFrame, facts: DataFrame) -> DataFrame:
    """Every row of the spine.

    A company without usage has zeros, and NULL days since its last active one.
    """
    counts = [*SUMS, "largest_record_30d", "active_mask"]
    joined = spine.join(facts, ["company_id", "activity_date"], "left")
    return joined.select(
        *spine.columns,
        *(F.coalesce(name, F.lit(0)).alias(name) for name in counts),
        F.col("days_since_last_active").cast("bigint"),
        F.coalesce("has_conflict", F.lit(False)).alias("has_conflict"),
    )
