"""The activity table: from companies, history, usage and the calendar to one row per company and complete date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.schemas import COMPANY_ACTIVITY_DAILY
from company_activity.transforms.facts import facts_by_slices, facts_by_windows, usage_days
from company_activity.transforms.history import with_attributes_as_of
from company_activity.transforms.labels import with_churn, with_lifecycle, with_quality, with_source
from company_activity.transforms.metrics import (
    with_change,
    with_consistency,
    with_engagement,
    with_monthly_users,
    with_observed_days,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.settings.model import MetricSettings


LAST_WEEK = 6  # so many days back, the date itself included


@dataclass(frozen=True)
class ActivityInputs:
    """What a date's rows are a function of.

    `usage` (`stg.product_usage`) reaches back 60 days from the first date, `quarantined` (`date, company_id` of
    usage records) 7; `companies` and `history` are the dimension; `calendar` holds the dates to build, each with its
    masks (`calendar_rows`).
    """

    calendar: DataFrame
    companies: DataFrame
    history: DataFrame
    usage: DataFrame
    quarantined: DataFrame


def build_activity(inputs: ActivityInputs, metrics: MetricSettings, *, by_slices: bool) -> DataFrame:
    """Every column of the table that is a function of the data; run id and row times are the step's.

    `by_slices` chooses the formulation of the windows: right for few dates, wrong for many (see `facts`).
    """
    spine = company_spine(inputs.companies, inputs.calendar)
    days = usage_days(inputs.usage)
    facts = facts_by_slices(days, spine) if by_slices else facts_by_windows(days, spine, inputs.companies)
    built = (
        facts.transform(with_attributes_as_of, inputs.history)
        .transform(with_quarantine_marks, inputs.quarantined, inputs.calendar)
        .transform(with_observed_days)
        .transform(with_change)
        .transform(with_consistency)
        .transform(with_monthly_users)
        .transform(with_engagement, metrics.engagement)
        .transform(with_lifecycle)
        .transform(with_churn, metrics.churn)
        .transform(with_source)
        .transform(with_quality)
        .withColumn("usage_density", F.when(F.col("active_users") > 0, F.col("events") / F.col("active_users")))
        .withColumn("metric_version", F.lit(metrics.metric_version))
        .withColumnsRenamed({"users_7d": "rolling_7d_active_users", "events_30d": "rolling_30d_events"})
    )
    return built.select(*(c for c in COMPANY_ACTIVITY_DAILY.column_names if c not in COMPANY_ACTIVITY_DAILY.unhashed))


def company_spine(companies: DataFrame, calendar: DataFrame) -> DataFrame:
    """Every company on every date of the calendar from its first day seen on: the rows that there must be."""
    known = companies.select("company_id", "first_seen_date", "first_active_date")
    return known.join(F.broadcast(calendar), F.col("first_seen_date") <= F.col("activity_date"))


def with_quarantine_marks(days: DataFrame, quarantined: DataFrame, calendar: DataFrame) -> DataFrame:
    """Add `has_quarantined` and `has_quarantined_7d`: a usage record of this company and date, or week, broke a rule.

    A refused record stands in the weeks that end on its date and the six after it; `calendar` says which are built.

    >>> built = "SELECT * FROM VALUES ('a', DATE'2025-03-10'), ('a', DATE'2025-03-11'), ('b', DATE'2025-03-10')"
    >>> days = spark.sql(built).toDF("company_id", "activity_date")
    >>> refused = spark.sql("SELECT 'a' AS company_id, DATE'2025-03-04' AS date")
    >>> marked = with_quarantine_marks(days, refused, days.select("activity_date").distinct())
    >>> [tuple(row)[2:] for row in marked.orderBy("company_id", "activity_date").collect()]
    [(False, True), (False, False), (False, False)]
    """
    weeks = F.explode(F.sequence("date", F.date_add("date", LAST_WEEK)))
    marks = (
        quarantined.distinct()
        .select("company_id", "date", weeks.alias("activity_date"))
        .join(F.broadcast(calendar.select("activity_date")), "activity_date", "left_semi")
        .groupBy("company_id", "activity_date")
        .agg(F.max(F.col("date") == F.col("activity_date")).alias("is_of_the_day"))
    )
    marked = days.join(marks, ["company_id", "activity_date"], "left")
    return (
        marked.withColumn("has_quarantined", F.coalesce("is_of_the_day", F.lit(False)))
        .withColumn("has_quarantined_7d", F.col("is_of_the_day").isNotNull())
        .drop("is_of_the_day")
    )
