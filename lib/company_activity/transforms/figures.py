"""What a report shows of the lake: sums by date, the companies at risk with their last 60 days, what was rejected."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.report.model import NEW_DAYS, SPARK_DAYS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

STATES = ("returning", "new", "resurrected", "dormant", "inactive", "unknown")


def figures_by_date(rows: DataFrame) -> DataFrame:
    """`activity_date, companies, active_users, events, at_risk, not_judged` and a count per state; a row per date."""
    state = F.coalesce("lifecycle_state", F.lit("unknown"))
    return (
        rows.groupBy("activity_date")
        .agg(
            F.count("*").alias("companies"),
            F.sum("active_users").alias("active_users"),
            F.sum("events").alias("events"),
            F.count_if("is_churn_risk").alias("at_risk"),
            F.count_if(F.col("is_churn_risk").isNull()).alias("not_judged"),
            *(F.count_if(state == name).alias(name) for name in STATES),
        )
        .orderBy("activity_date")
    )


def risks_with_days(rows: DataFrame, day: date, most: int) -> DataFrame:
    """The companies at risk on `day`, those with most use in 60 days first; `days` is that use, date by date.

    `days` holds a struct `activity_date, active_users, is_churn_risk` per complete date.
    """
    reach = day - timedelta(days=SPARK_DAYS - 1)
    at_risk = rows.where((F.col("activity_date") == F.lit(day)) & F.col("is_churn_risk")).select(
        "company_id",
        "company_name",
        "country",
        "industry_tag",
        "churn_reasons",
        "active_users",
        "engagement_score",
        "days_since_last_active",
        F.to_date("last_contact_at").alias("last_contact"),
    )
    recent = rows.where(F.col("activity_date").between(F.lit(reach), F.lit(day)))
    days = (
        recent.join(at_risk.select("company_id"), "company_id", "left_semi")
        .groupBy("company_id")
        .agg(
            F.sum("active_users").alias("user_days"),
            F.collect_list(F.struct("activity_date", "active_users", "is_churn_risk")).alias("days"),
        )
    )
    return at_risk.join(days, "company_id").orderBy(F.desc("user_days"), "company_id").limit(most)


def new_risks(rows: DataFrame, day: date) -> DataFrame:
    """One row with one figure: how many of all companies at risk on `day` were not so a week before.

    Their unbroken stretch at risk began in the last 7 days, as far as the days show that a risk is shown with. A date
    on which a company was not judged neither breaks a stretch nor begins one.

    >>> days = [("new", 9, False), ("new", 10, None), ("new", 12, True), ("old", 5, True), ("old", 12, True)]
    >>> days += [("again", 5, True), ("again", 8, False), ("again", 12, True), ("past", 11, True), ("past", 12, False)]
    >>> rows = spark.createDataFrame(days, "company_id string, day int, is_churn_risk boolean")
    >>> dated = rows.withColumn("activity_date", F.expr("date_add('2025-03-01', day - 1)"))
    >>> new_risks(dated, date(2025, 3, 12)).first()[0]
    2
    """
    reach = day - timedelta(days=SPARK_DAYS - 1)
    on, is_risk = F.col("activity_date"), F.col("is_churn_risk")
    by_company = (
        rows.where(on.between(F.lit(reach), F.lit(day)))
        .groupBy("company_id")
        .agg(
            F.max(F.when(on == F.lit(day), is_risk)).alias("is_risk_now"),
            F.max(F.when(is_risk & (on <= F.lit(day - timedelta(days=NEW_DAYS))), on)).alias("risk_before"),
            F.max(F.when(~is_risk, on)).alias("last_without"),
        )
    )
    is_new = F.col("risk_before").isNull() | (F.col("last_without") > F.col("risk_before"))
    return by_company.agg(F.count_if(F.col("is_risk_now") & is_new).alias("new"))


def rejected_by_reason(quarantined: DataFrame, run_id: str) -> DataFrame:
    """`feed, reason, records, new, newest`, most records first; a record that broke two rules counts in both."""
    return (
        quarantined.select("feed", F.explode("reasons").alias("reason"), "date", "run_id")
        .groupBy("feed", "reason")
        .agg(
            F.count("*").alias("records"),
            F.count_if(F.col("run_id") == run_id).alias("new"),
            F.max("date").alias("newest"),
        )
        .orderBy(F.desc("records"), "feed", "reason")
    )
