"""A company's usual week: what this week is compared with."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

WEEK_DAYS = 7
WEEKS = 6  # how many weeks before this one are looked at
LEAST_WEEKS = 4  # of them must be whole


def usual_weeks(rows: DataFrame, day: date) -> DataFrame:
    """How many user-days each company's usual week has.

    That is the mean of the whole weeks among the six before the one that ends with `day`. A week is
    whole where the company has a row on each of its 7 days: every date is complete, and the company
    was known. Without 4 whole weeks no week is usual, and the company is left out.

    Shape: `analytics.company_activity_daily` in; `company_id, usual_user_days_7d` (a double) out,
    key company_id.

    >>> days = spark.range(49).selectExpr(
    ...     "'a' AS company_id", "date_sub(DATE'2025-03-31', CAST(id AS INT)) AS activity_date",
    ...     "if(id < 7, 0L, 3L) AS active_users"
    ... )
    >>> usual_weeks(days, date(2025, 3, 31)).collect()
    [Row(company_id='a', usual_user_days_7d=21.0)]
    >>> usual_weeks(days.where("activity_date > '2025-03-04'"), date(2025, 3, 31)).count()
    0
    """
    days_before = F.datediff(F.lit(day), "activity_date")
    week = F.floor(days_before / WEEK_DAYS)
    weeks = (
        rows.where(days_before.between(WEEK_DAYS, WEEK_DAYS * (WEEKS + 1) - 1))
        .groupBy("company_id", week.alias("week"))
        .agg(F.count("*").alias("days"), F.sum("active_users").alias("user_days"))
        .where(F.col("days") == WEEK_DAYS)
    )
    usual = weeks.groupBy("company_id").agg(
        F.count("*").alias("weeks"), F.avg("user_days").alias("usual_user_days_7d")
    )
    return usual.where(F.col("weeks") >= LEAST_WEEKS).select("company_id", "usual_user_days_7d")
