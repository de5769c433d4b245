"""What the metrics are computed from: exact integers per company and date, over calendar windows.

Two formulations of the same table. `facts_by_slices` reads each date's 60 days and sums them under conditions:
no window, no sort, right for one date or a few. `facts_by_windows` walks each company's calendar once with running
sums, of which a window's sum is a difference: right for long ranges. A test holds them equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W
from pyspark.sql.window import WindowSpec

from company_activity.dates import HORIZON_DAYS
from company_activity.transforms.calendar import SATURDAY

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# name → (what is summed, first and last day back of the window)
SUMS: dict[str, tuple[str, int, int]] = {
    "active_users": ("u", 0, 0),
    "events": ("e", 0, 0),
    "users_1_back": ("u", 1, 1),
    "users_7_back": ("u", 7, 7),
    "users_7d": ("u", 0, 6),
    "users_7d_before": ("u", 7, 13),
    "users_30d": ("u", 0, 29),
    "users_30d_before": ("u", 30, 59),
    "events_30d": ("e", 0, 29),
    "squares_30d": ("uu", 0, 29),
    "weekday_users_30d": ("wu", 0, 29),
    "weekday_squares_30d": ("wuu", 0, 29),
    "active_days_7d": ("a", 0, 6),
    "active_days_7d_before": ("a", 7, 13),
    "active_days_28d": ("a", 0, 27),
    "records": ("r", 0, 0),
}
MONTH = 30


def usage_days(usage: DataFrame) -> DataFrame:
    """`stg.product_usage` summed per company and date; `has_conflict` where a record of the day had rivals."""
    return usage.groupBy("company_id", "date").agg(
        F.sum("active_users").alias("u"),
        F.sum("events").alias("e"),
        F.max("active_users").alias("largest"),
        F.max("has_conflict").alias("has_conflict"),
        F.count("*").alias("r"),
    )


def facts_by_slices(days: DataFrame, spine: DataFrame) -> DataFrame:
    """The facts by conditional sums over each date's own 60 days.

    Shape: `company_id, date, u, e, largest, has_conflict, r` and the spine `company_id, activity_date, …` in;
    the spine with the facts out, zeros where a company has no usage.
    """
    dates = spine.select("activity_date").distinct()
    back = F.datediff("activity_date", "date")
    sliced = _with_measures(days).join(F.broadcast(dates), back.between(0, HORIZON_DAYS - 1)).withColumn("back", back)
    aggregates = [_sum_when(measure, first, last).alias(name) for name, (measure, first, last) in SUMS.items()]
    facts = sliced.groupBy("company_id", "activity_date").agg(
        *aggregates,
        F.max(F.when(F.col("back") < MONTH, F.col("largest"))).alias("largest_record_30d"),
        F.min(F.when(F.col("u") > 0, F.col("back"))).alias("days_since_last_active"),
        F.max(F.when(F.col("back") == 0, F.col("has_conflict"))).alias("has_conflict"),
    )
    return _on_spine(spine, facts)


def _sum_when(measure: str, first: int, last: int) -> Column:
    return F.sum(F.when(F.col("back").between(first, last), F.col(measure)))


def facts_by_windows(days: DataFrame, spine: DataFrame, companies: DataFrame) -> DataFrame:
    """The facts by running sums over each company's calendar.

    Shape: as `facts_by_slices`, and `companies` (`company_id, first_seen_date`), whose calendar starts at the
    first day seen: nothing is used before.
    """
    calendar = _calendar_of(companies, spine)
    measured = _with_measures(calendar.join(days, ["company_id", "date"], "left"))
    to_here = W.partitionBy("company_id").orderBy("date").rowsBetween(W.unboundedPreceding, 0)
    month = W.partitionBy("company_id").orderBy("date").rowsBetween(1 - MONTH, 0)
    running = {
        name: F.sum(F.coalesce(name, F.lit(0))).over(to_here) for name in ("u", "e", "uu", "wu", "wuu", "a", "r")
    }
    summed = measured.select(
        "company_id",
        F.col("date").alias("activity_date"),
        *(column.alias(f"{name}_to_here") for name, column in running.items()),
        F.max("largest").over(month).alias("largest_record_30d"),
        F.last(F.when(F.col("u") > 0, F.col("date")), ignorenulls=True).over(to_here).alias("last_active"),
        "has_conflict",
    )
    by_day = W.partitionBy("company_id").orderBy("activity_date")
    since = F.datediff("activity_date", "last_active")
    facts = summed.select(
        "company_id",
        "activity_date",
        *(_difference(*window, by_day).alias(name) for name, window in SUMS.items()),
        "largest_record_30d",
        F.when(since < HORIZON_DAYS, since).alias("days_since_last_active"),
        "has_conflict",
    )
    return _on_spine(spine, facts)


def _difference(measure: str, first: int, last: int, by_day: WindowSpec) -> Column:
    """The sum from `last` to `first` days back: what had run up then, less what had run up before."""
    total = F.col(f"{measure}_to_here")
    until = F.lag(total, first).over(by_day) if first else total
    return F.coalesce(until, F.lit(0)) - F.coalesce(F.lag(total, last + 1).over(by_day), F.lit(0))


def _calendar_of(companies: DataFrame, spine: DataFrame) -> DataFrame:
    """Every calendar day, complete or not, that a window of the spine can reach, from the first day seen on."""
    span = spine.agg(F.min("activity_date").alias("first"), F.max("activity_date").alias("last"))
    reached = F.greatest("first_seen_date", F.date_sub("first", HORIZON_DAYS - 1))
    return (
        companies.select("company_id", "first_seen_date")
        .crossJoin(F.broadcast(span))
        .where(F.col("first_seen_date") <= F.col("last"))
        .select("company_id", F.explode(F.sequence(reached, "last")).alias("date"))
    )


def _with_measures(days: DataFrame) -> DataFrame:
    """Add what the windows sum: squares in DECIMAL(38,0), weekday values, 1 for an active day."""
    is_weekday = F.weekday("date") < SATURDAY
    wide = F.col("u").cast("decimal(19,0)")
    return (
        days.withColumn("uu", (wide * wide).cast("decimal(38,0)"))
        .withColumn("wu", F.when(is_weekday, F.col("u")))
        .withColumn("wuu", F.when(is_weekday, F.col("uu")))
        .withColumn("a", (F.col("u") > 0).cast("bigint"))
    )


def _on_spine(spine: DataFrame, facts: DataFrame) -> DataFrame:
    """Every row of the spine; a company without usage has zeros, and NULL days since its last active one."""
    zero_where_absent = [F.coalesce(name, F.lit(0)).alias(name) for name in [*SUMS, "largest_record_30d"]]
    joined = spine.join(facts, ["company_id", "activity_date"], "left")
    return joined.select(
        *spine.columns,
        *zero_where_absent,
        F.col("days_since_last_active").cast("bigint"),
        F.coalesce("has_conflict", F.lit(False)).alias("has_conflict"),
    )
