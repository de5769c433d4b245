"""What a report shows of the lake: sums by date, and rejected records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

from company_activity.planning.state import LIFECYCLE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def figures_by_date(rows: DataFrame) -> DataFrame:
    """What happened on each date, in date order.

    Shape: `analytics.company_activity_daily` in; `activity_date, rows` and `totals` out, key
    activity_date.

    >>> rows = spark.sql(
    ...     "VALUES (3, 9, true, 'new'), (4, 8, NULL, NULL)"
    ...     " AS t(active_users, events, is_churn_risk, lifecycle_state)"
    ... )
    >>> figures = figures_by_date(rows.withColumn("activity_date", F.lit("2025-03-01")))
    >>> columns = ["rows", "active_users", "at_risk", "not_judged", "new", "unknown"]
    >>> figures.select(*columns).first()[:]
    (2, 7, 1, 1, 1, 1)
    """
    figures = rows.groupBy("activity_date").agg(F.count("*").alias("rows"), *totals())
    return figures.orderBy("activity_date")


def totals() -> list[Column]:
    """What a state notes of a date (`TOTALS`), for `agg(…)` over its rows."""
    state = F.coalesce("lifecycle_state", F.lit("unknown"))
    is_not_judged = F.col("is_churn_risk").isNull()
    return [
        F.sum("active_users").alias("active_users"),
        F.sum("events").alias("events"),
        F.count_if("is_churn_risk").alias("at_risk"),
        F.count_if(is_not_judged).alias("not_judged"),
        *(F.count_if(state == name).alias(name) for name in LIFECYCLE),
    ]


def rejected_by_reason(quarantined: DataFrame, run_id: str) -> DataFrame:
    """How many records each rule rejected, most first; one that broke two rules counts in both.

    Shape: `quarantine.records` in; `feed, reason, records, new, newest` out, key feed, reason.
    `new` are those of the run, `newest` is the newest of their dates.

    >>> quarantined = spark.sql(
    ...     "VALUES ('usage', array('NEGATIVE'), '2025-03-01', 'r1'),"
    ...     " ('usage', array('NEGATIVE', 'WRONG_TYPE'), '2025-03-02', 'r2')"
    ...     " AS t(feed, reasons, date, run_id)"
    ... )
    >>> for row in rejected_by_reason(quarantined, "r2").collect():
    ...     print(*row)
    usage NEGATIVE 2 1 2025-03-02
    usage WRONG_TYPE 1 1 2025-03-02
    """
    is_of_the_run = F.col("run_id") == run_id
    reasons = quarantined.select("feed", F.explode("reasons").alias("reason"), "date", "run_id")
    counted = reasons.groupBy("feed", "reason").agg(
        F.count("*").alias("records"),
        F.count_if(is_of_the_run).alias("new"),
        F.max("date").alias("newest"),
    )
    return counted.orderBy(F.desc("records"), "feed", "reason")
