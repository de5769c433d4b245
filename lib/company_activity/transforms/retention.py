"""The activity table and the dimension → `analytics.retention_monthly`: a row per cohort and complete month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.schemas import RETENTION_MONTHLY
from company_activity.transforms.audit import nulls
from company_activity.transforms.hashing import content_hash

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def retention_rows(activity: DataFrame, companies: DataFrame, months: Sequence[date]) -> DataFrame:
    """How many companies of each cohort were active in each of these months.

    A cohort is the companies whose first active date lies in one month. Of `activity` only dates of `months` count,
    which are named by their first day and are complete. A cohort has a row for its own month and for each later one,
    also where none of it was active any more.

    Shape: `analytics.company_activity_daily` and `dim.companies` in; `analytics.retention_monthly` out, key
    cohort_month, activity_month. A company that is active and that the dimension does not know makes a row without a
    cohort, which the gates refuse.

    >>> activity = spark.sql(
    ...     "VALUES ('a', DATE'2025-02-03', 2L), ('a', DATE'2025-02-04', 2L), ('b', DATE'2025-02-03', 0L),"
    ...     " ('c', DATE'2025-02-07', 1L) AS t(company_id, activity_date, active_users)"
    ... )
    >>> companies = spark.sql(
    ...     "VALUES ('a', DATE'2025-01-31'), ('b', DATE'2025-01-01'), ('c', DATE'2025-02-07')"
    ...     " AS t(company_id, first_active_date)"
    ... )
    >>> rows = retention_rows(activity, companies, [date(2025, 2, 1)])
    >>> for row in rows.orderBy("cohort_month").collect():
    ...     print(*row)
    2025-01-01 2025-02-01 2 1
    2025-02-01 2025-02-01 1 1
    """
    known = companies.where("first_active_date IS NOT NULL").select(
        "company_id", month_of("first_active_date").alias("cohort_month")
    )
    listed = ", ".join(f"DATE'{month}'" for month in months)
    sizes = (
        known.groupBy("cohort_month")
        .agg(F.count("*").alias("companies"))
        .select("*", F.expr(f"explode(CAST(array({listed}) AS array<date>)) AS activity_month"))
        .where("cohort_month <= activity_month")
        .withColumn("active_companies", F.lit(0).cast("bigint"))
    )
    active = (
        activity.where((F.col("active_users") > 0) & month_of("activity_date").isin(list(months)))
        .select("company_id", month_of("activity_date").alias("activity_month"))
        .distinct()
        .join(known, "company_id", "left")
        .groupBy(*RETENTION_MONTHLY.key)
        .agg(F.count("*").alias("active_companies"))
        .withColumn("companies", F.lit(0).cast("bigint"))
    )
    summed = sizes.unionByName(active).groupBy(*RETENTION_MONTHLY.key)
    rows = summed.agg(*(F.sum(name).alias(name) for name in ("companies", "active_companies")))
    return rows.select(*RETENTION_MONTHLY.column_names)


def month_of(column: str) -> Column:
    """The first day of a date's month."""
    return F.trunc(column, "MM")


def audited_retention(rows: DataFrame) -> DataFrame:
    """The figures of the whole table, for its gates; `above` are rows with more active companies than companies.

    Shape: `analytics.retention_monthly` in; one row, `rows, keys, nulls, above, content_hash`, out.
    """
    return rows.agg(
        F.count("*").alias("rows"),
        F.count_distinct(F.struct(*RETENTION_MONTHLY.key)).alias("keys"),
        nulls(RETENTION_MONTHLY),
        F.count_if(F.col("active_companies") > F.col("companies")).alias("above"),
        content_hash(RETENTION_MONTHLY).alias("content_hash"),
    )
