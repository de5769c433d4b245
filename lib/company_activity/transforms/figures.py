"""What a report shows of the lake: sums by date, companies at risk, rejected records."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from company_activity.planning.state import LIFECYCLE
from company_activity.report.model import NEW_DAYS, SPARK_DAYS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SHOWN_OF_RISKS = (
    "company_id",
    "company_name",
    "country",
    "industry_tag",
    "churn_reasons",
    "active_users",
    "engagement_score",
    "days_since_last_active",
)


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


def risks_with_days(rows: DataFrame, day: date, most: int) -> DataFrame:
    """The companies at risk on `day` with their last 60 days, those with most use in them first.

    `days` holds a struct `activity_date, active_users, is_churn_risk` per complete date.
    `new_risks`, the same in each row, counts those of *all* companies at risk that were not so a
    week before: their unbroken stretch at risk began in the last 7 days, as far as the 60 days
    show. A date on which a company was not judged neither breaks a stretch nor begins one.

    Shape: `analytics.company_activity_daily` in; at most `most` rows, key company_id, out.

    >>> days = [("new", 9, False), ("new", 10, None), ("new", 12, True), ("old", 5, True)]
    >>> days += [("old", 12, True), ("again", 5, True), ("again", 8, False), ("again", 12, True)]
    >>> days += [("past", 11, True), ("past", 12, False)]
    >>> rows = spark.createDataFrame(days, "company_id string, day int, is_churn_risk boolean")
    >>> dated = rows.withColumn("activity_date", F.expr("date_add('2025-03-01', day - 1)"))
    >>> used = dated.withColumn("active_users", F.col("day")).drop("day")
    >>> others = [F.lit(None).alias(name) for name in SHOWN_OF_RISKS if name not in used.columns]
    >>> known = used.select("*", *others, F.lit(None).cast("date").alias("last_contact_at"))
    >>> for row in risks_with_days(known, date(2025, 3, 12), most=2).collect():
    ...     print(row.company_id, len(row.days), row.new_risks)
    new 3 2
    again 3 2
    """
    activity_date = F.col("activity_date")
    is_risk = F.col("is_churn_risk")
    is_on_day = activity_date == F.lit(day)
    is_long_before = activity_date <= F.lit(day - timedelta(days=NEW_DAYS))
    recent = rows.where(_is_shown(day))
    at_risk = recent.where(is_on_day & is_risk).select("company_id")
    shown = F.struct(*SHOWN_OF_RISKS, F.to_date("last_contact_at").alias("last_contact"))
    by_company = (
        recent.join(at_risk, "company_id", "left_semi")
        .groupBy("company_id")
        .agg(
            F.max(F.when(is_on_day, shown)).alias("on_day"),
            F.sum("active_users").alias("user_days"),
            F.collect_list(F.struct("activity_date", "active_users", "is_churn_risk")).alias(
                "days"
            ),
            F.max(F.when(is_risk & is_long_before, activity_date)).alias("risk_before"),
            F.max(F.when(~is_risk, activity_date)).alias("last_without"),
        )
    )
    has_begun_lately = F.col("last_without") > F.col("risk_before")
    is_new = F.col("risk_before").isNull() | F.coalesce(has_begun_lately, F.lit(False))
    all_at_risk = W.partitionBy()
    counted = by_company.withColumn("new_risks", F.count_if(is_new).over(all_at_risk))
    first = counted.orderBy(F.desc("user_days"), "company_id").limit(most)
    return first.select("on_day.*", "user_days", "days", "new_risks")


def _is_shown(day: date) -> Column:
    """The date is one of the 60 that a risk on `day` is shown with."""
    reach = day - timedelta(days=SPARK_DAYS - 1)
    return F.col("activity_date").between(F.lit(reach), F.lit(day))


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
