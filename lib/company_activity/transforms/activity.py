"""Dimension, usage and calendar → the activity table: a row per company and complete date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.schemas import COMPANY_ACTIVITY_DAILY
from company_activity.transforms.calendar import WEEK_DAYS
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

LAST_WEEK = WEEK_DAYS - 1  # so many days back, the date itself included
SERVED_NAMES = {"users_7d": "rolling_7d_active_users", "events_30d": "rolling_30d_events"}


@dataclass(frozen=True)
class ActivityInputs:
    """What a date's rows are a function of.

    `usage` (`stg.product_usage`) reaches back 60 days from the first date, `quarantined`
    (`date, company_id` of usage records) 7; `companies` and `history` are the dimension; `calendar`
    holds the dates to build, each with its masks (`calendar_rows`).
    """

    calendar: DataFrame
    companies: DataFrame
    history: DataFrame
    usage: DataFrame
    quarantined: DataFrame


def build_activity(
    inputs: ActivityInputs,
    metrics: MetricSettings,
    *,
    by_slices: bool,
) -> DataFrame:
    """Every column of the table that is a function of the data; the step adds run id and row times.

    `by_slices` chooses the formulation of the windows: fast for few dates, slow for many (see
    `facts`).

    Shape: `analytics.company_activity_daily` but its unhashed columns, key company_id,
    activity_date.

    >>> from datetime import date
    >>> from company_activity.settings.model import MetricSettings
    >>> from company_activity.transforms.calendar import CALENDAR, calendar_rows
    >>> day = date(2025, 3, 3)
    >>> inputs = ActivityInputs(
    ...     calendar=spark.createDataFrame(calendar_rows([day], {day}), CALENDAR),
    ...     companies=spark.sql(
    ...         "SELECT 'a' AS company_id, DATE'2025-03-03' AS first_seen_date,"
    ...         " DATE'2025-03-03' AS first_active_date"
    ...     ),
    ...     history=spark.sql(
    ...         "SELECT 'a' AS company_id, 'Acme' AS name, 'DE' AS country, 'it' AS industry_tag,"
    ...         " TIMESTAMP(NULL) AS last_contact_at, DATE'2025-03-01' AS valid_from,"
    ...         " DATE(NULL) AS valid_to"
    ...     ),
    ...     usage=spark.sql(
    ...         "SELECT 'a' AS company_id, DATE'2025-03-03' AS date, 4L AS active_users,"
    ...         " 10L AS events, false AS has_conflict"
    ...     ),
    ...     quarantined=spark.sql("SELECT DATE'2025-03-01' AS date, 'a' AS company_id"),
    ... )
    >>> row = build_activity(inputs, MetricSettings(), by_slices=True).first()
    >>> row.company_name, row.active_users, row.usage_density, row.lifecycle_state
    ('Acme', 4, 2.5, 'new')
    """
    density = F.col("events") / F.col("active_users")
    has_users = F.col("active_users") > 0
    built = (
        _facts(inputs, by_slices=by_slices)
        .transform(with_attributes_as_of, inputs.history)
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
        .withColumn("usage_density", F.when(has_users, density))
        .withColumn("metric_version", F.lit(metrics.metric_version))
        .withColumnsRenamed(SERVED_NAMES)
    )
    table = COMPANY_ACTIVITY_DAILY
    return built.select(*(name for name in table.column_names if name not in table.unhashed))


def _facts(inputs: ActivityInputs, *, by_slices: bool) -> DataFrame:
    spine = company_spine(inputs.companies, inputs.calendar)
    days = usage_days(inputs.usage)
    if by_slices:
        return facts_by_slices(days, spine)
    return facts_by_windows(days, spine, inputs.companies)


def company_spine(companies: DataFrame, calendar: DataFrame) -> DataFrame:
    """The rows that there must be: a company on each date of the calendar from its first day seen.

    Shape: `dim.companies` and the calendar in; `company_id, first_seen_date, first_active_date` and
    the calendar's columns out, key company_id, activity_date.

    >>> companies = spark.sql("SELECT 'a' AS company_id, DATE'2025-03-02' AS first_seen_date")
    >>> calendar = spark.sql("VALUES (DATE'2025-03-01'), (DATE'2025-03-02') AS t(activity_date)")
    >>> spine = company_spine(companies.withColumn("first_active_date", F.lit(None)), calendar)
    >>> [(row.company_id, str(row.activity_date)) for row in spine.collect()]
    [('a', '2025-03-02')]
    """
    known = companies.select("company_id", "first_seen_date", "first_active_date")
    is_seen = F.col("first_seen_date") <= F.col("activity_date")
    return known.join(F.broadcast(calendar), is_seen)


def with_quarantine_marks(
    days: DataFrame,
    quarantined: DataFrame,
    calendar: DataFrame,
) -> DataFrame:
    """Add whether a usage record of this company was refused: on this date, or in this week.

    A refused record stands in the weeks that end on its date and on the six dates after it;
    `calendar` says which are built.

    Shape: `company_id, activity_date, …` in; `has_quarantined`, `has_quarantined_7d` added.

    >>> built = "VALUES ('a', DATE'2025-03-10'), ('a', DATE'2025-03-11'), ('b', DATE'2025-03-10')"
    >>> days = spark.sql(built).toDF("company_id", "activity_date")
    >>> refused = spark.sql("SELECT 'a' AS company_id, DATE'2025-03-04' AS date")
    >>> marked = with_quarantine_marks(days, refused, days.select("activity_date").distinct())
    >>> [tuple(row)[2:] for row in marked.orderBy("company_id", "activity_date").collect()]
    [(False, True), (False, False), (False, False)]
    """
    last_week = F.date_add("date", LAST_WEEK)
    weeks = F.explode(F.sequence("date", last_week))
    is_of_the_day = F.col("date") == F.col("activity_date")
    marks = (
        quarantined.distinct()
        .select("company_id", "date", weeks.alias("activity_date"))
        .join(F.broadcast(calendar.select("activity_date")), "activity_date", "left_semi")
        .groupBy("company_id", "activity_date")
        .agg(F.max(is_of_the_day).alias("is_of_the_day"))
    )
    marked = days.join(marks, ["company_id", "activity_date"], "left")
    return (
        marked.withColumn("has_quarantined", F.coalesce("is_of_the_day", F.lit(False)))
        .withColumn("has_quarantined_7d", F.col("is_of_the_day").isNotNull())
        .drop("is_of_the_day")
    )
