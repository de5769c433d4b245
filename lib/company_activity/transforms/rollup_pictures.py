"""The roll-ups → what a page draws of them, in few rows."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

DRAWN = ("companies", "active_companies", "user_days", "at_risk")


def segments_by_date(rows: DataFrame, most_segments: int) -> DataFrame:
    """Each date by segment, all countries together; the segments that are not among the largest are one row.

    The largest are those with the most companies on the newest date, then by name. Without a segment is one of them.

    Shape: `analytics.segment_activity_daily` in; `activity_date, segment, is_rest, companies, active_companies,
    user_days, at_risk` out, key activity_date, segment, is_rest.

    >>> rows = spark.sql(
    ...     "VALUES (1, 'a', 'DE', 5L), (1, 'a', 'FR', 1L), (2, 'a', 'DE', 2L), (2, 'b', 'DE', 9L), (1, NULL, 'DE', 7L)"
    ...     " AS t(activity_date, segment, country, companies)"
    ... ).selectExpr("*", "0L AS active_companies", "0L AS user_days", "0L AS at_risk")
    >>> found = segments_by_date(rows, 1).orderBy("activity_date", "is_rest")
    >>> [tuple(row)[:4] for row in found.collect()]
    [(1, None, True, 13), (2, 'b', False, 9), (2, None, True, 2)]
    """
    by_segment = rows.groupBy("activity_date", "segment").agg(
        *(F.sum(name).alias(name) for name in DRAWN)
    )
    newest = F.max("activity_date").over(W.partitionBy(F.lit(0)))
    on_newest = F.when(F.col("activity_date") == F.col("newest"), F.col("companies"))
    largest_first = W.orderBy(F.desc("size"), F.col("segment").asc_nulls_last())
    # One partition: few segments, on 90 dates.
    ranked = (
        by_segment.withColumn("newest", newest)
        .withColumn("size", F.coalesce(F.max(on_newest).over(W.partitionBy("segment")), F.lit(0)))
        .withColumn("place", F.dense_rank().over(largest_first))
    )
    is_rest = F.col("place") > most_segments
    named = ranked.withColumn("is_rest", is_rest).withColumn(
        "segment", F.when(~is_rest, F.col("segment"))
    )
    return named.groupBy("activity_date", "segment", "is_rest").agg(
        *(F.sum(name).alias(name) for name in DRAWN)
    )


def cohorts_of_months(rows: DataFrame, day: date, most_months: int) -> DataFrame:
    """The cohorts and months of the last `most_months` months that ended by `day`.

    Shape: `analytics.retention_monthly` in; the same out.

    >>> rows = spark.sql(
    ...     "VALUES (DATE'2025-01-01', DATE'2025-01-01'), (DATE'2025-01-01', DATE'2025-02-01'), (DATE'2025-02-01',"
    ...     " DATE'2025-02-01'), (DATE'2025-02-01', DATE'2025-03-01') AS t(cohort_month, activity_month)"
    ... )
    >>> [str(row.activity_month) for row in cohorts_of_months(rows, date(2025, 3, 30), 1).collect()]
    ['2025-02-01']
    """
    last = F.trunc(F.date_add(F.lit(day), 1), "MM")
    first = F.add_months(last, -most_months)
    is_shown = (F.col("activity_month") < last) & (F.col("activity_month") >= first)
    return rows.where(is_shown & (F.col("cohort_month") >= first))
