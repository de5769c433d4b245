"""What a report shows of the lake: sums by date, companies at risk, rejected records."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

from company_activity.report.model import NEW_DAYS, SPARK_DAYS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

STATES = ("returning", "new", "resurrected", "dormant", "inactive", "unknown")
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

    Shape: `analytics.company_activity_daily` in; `activity_date, companies, active_users, events,
    at_risk, not_judged` and a count per state out, key activity_date.

    >>> rows = spark.sql(
    ...     "VALUES (3, 9, true, 'new'), (4, 8, NULL, NULL)"
    ...     " AS t(active_users, events, is_churn_risk, lifecycle_state)"
    ... )
    >>> figures = figures_by_date(rows.withColumn("activity_date", F.lit("2025-03-01")))
    >>> columns = ["companies", "active_users", "at_risk", "not_judged", "new", "unknown"]
    >>> figures.select(*columns).first()[:]
    (2, 7, 1, 1, 1, 1)
    """
    state = F.coalesce("lifecycle_state", F.lit("unknown"))
    is_not_judged = F.col("is_churn_risk").isNull()
    figures = rows.groupBy("activity_date").agg(
        F.count("*").alias("companies"),
        F.sum("active_users").alias("active_users"),
        F.sum("events").alias("events"),
        F.count_if("is_churn_risk").alias("at_risk"),
        F.count_if(is_not_judged).alias("not_judged"),
        *(F.count_if(state == name).alias(name) for name in STATES),
    )
    return figures.orderBy("activity_date")


def risks_with_days(rows: DataFrame, day: date, most: int) -> DataFrame:
    """The companies at risk on `day` with their last 60 days, those with most use in them first.

    `days` holds a struct `activity_date, active_users, is_churn_risk` per complete date.

    Shape: `analytics.company_activity_daily` in; at most `most` rows, key company_id, out.

    >>> days = spark.sql(
    ...     "VALUES ('a', DATE'2025-03-01', 3, false), ('a', DATE'2025-03-02', 0, true),"
    ...     " ('b', DATE'2025-03-02', 5, false)"
    ...     " AS t(company_id, activity_date, active_users, is_churn_risk)"
    ... )
    >>> others = [F.lit(None).alias(name) for name in SHOWN_OF_RISKS if name not in days.columns]
    >>> rows = days.select("*", *others, F.lit(None).cast("date").alias("last_contact_at"))
    >>> risks = risks_with_days(rows, date(2025, 3, 2), most=10)
    >>> [(row.company_id, len(row.days)) for row in risks.collect()]
    [('a', 2)]
    """
    is_on_day = F.col("activity_date") == F.lit(day)
    at_risk = rows.where(is_on_day & F.col("is_churn_risk")).select(
        *SHOWN_OF_RISKS,
        F.to_date("last_contact_at").alias("last_contact"),
    )
    ids = at_risk.select("company_id")
    recent = rows.where(_is_shown(day)).join(ids, "company_id", "left_semi")
    shown = F.struct("activity_date", "active_users", "is_churn_risk")
    days = recent.groupBy("company_id").agg(
        F.sum("active_users").alias("user_days"),
        F.collect_list(shown).alias("days"),
    )
    return at_risk.join(days, "company_id").orderBy(F.desc("user_days"), "company_id").limit(most)


def _is_shown(day: date) -> Column:
    """The date is one of the 60 that a risk on `day` is shown with."""
    reach = day - timedelta(days=SPARK_DAYS - 1)
    return F.col("activity_date").between(F.lit(reach), F.lit(day))


def new_risks(rows: DataFrame, day: date) -> DataFrame:
    """How many of all companies at risk on `day` were not so a week before.

    Their unbroken stretch at risk began in the last 7 days, as far as the 60 days show that a risk
    is shown with. A date on which a company was not judged neither breaks a stretch nor begins one.

    Shape: `analytics.company_activity_daily` in; one row with one column, `new`, out.

    >>> days = [("new", 9, False), ("new", 10, None), ("new", 12, True), ("old", 5, True)]
    >>> days += [("old", 12, True), ("again", 5, True), ("again", 8, False), ("again", 12, True)]
    >>> days += [("past", 11, True), ("past", 12, False)]
    >>> rows = spark.createDataFrame(days, "company_id string, day int, is_churn_risk boolean")
    >>> dated = rows.withColumn("activity_date", F.expr("date_add('2025-03-01', day - 1)"))
    >>> new_risks(dated, date(2025, 3, 12)).first()[0]
    2
    """
    activity_date = F.col("activity_date")
    is_risk = F.col("is_churn_risk")
    is_on_day = activity_date == F.lit(day)
    is_long_before = activity_date <= F.lit(day - timedelta(days=NEW_DAYS))
    by_company = (
        rows.where(_is_shown(day))
        .groupBy("company_id")
        .agg(
            F.max(F.when(is_on_day, is_risk)).alias("is_risk_now"),
            F.max(F.when(is_risk & is_long_before, activity_date)).alias("risk_before"),
            F.max(F.when(~is_risk, activity_date)).alias("last_without"),
        )
    )
    has_begun_lately = F.col("last_without") > F.col("risk_before")
    is_new = F.col("risk_before").isNull() | has_begun_lately
    return by_company.agg(F.count_if(F.col("is_risk_now") & is_new).alias("new"))


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
