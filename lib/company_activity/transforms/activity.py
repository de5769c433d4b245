"""Dimension, usage and calendar → the activity table: a row per company and complete date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.dates import BACKDATED_DAYS, HORIZON_DAYS, WEEK_DAYS
from company_activity.schemas import COMPANY_ACTIVITY_DAILY
from company_activity.transforms.baseline import with_baseline
from company_activity.transforms.calendar import on_each_date
from company_activity.transforms.facts import facts_by_slices, facts_by_windows, usage_days
from company_activity.transforms.fleet import fleet_figures, with_fleet
from company_activity.transforms.history import with_attributes_as_of
from company_activity.transforms.labels import with_lifecycle, with_quality, with_source
from company_activity.transforms.metrics import (
    with_active_days,
    with_change,
    with_consistency,
    with_engagement,
    with_monthly_users,
    with_observed_days,
    with_seat_utilisation,
)
from company_activity.transforms.risk import with_churn, with_contact_due, with_missing

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from company_activity.settings.model import MetricSettings
    from company_activity.transforms.calendar import Calendar

LAST_WEEK = WEEK_DAYS - 1  # so many days back, the date itself included
SERVED_NAMES = {"users_7d": "rolling_7d_active_users", "events_30d": "rolling_30d_events"}


@dataclass(frozen=True)
class ActivityInputs:
    """What a date's rows are a function of.

    `usage` is `stg.product_usage`, `quarantined` holds `date, company_id` of usage records;
    `companies` and `history` are the dimension; `calendar` holds the dates to build, each with its
    masks (`calendar_rows`).
    """

    calendar: Calendar
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

    >>> from company_activity.settings.model import MetricSettings
    >>> from company_activity.transforms.calendar import calendar_rows
    >>> day = date(2025, 3, 3)
    >>> inputs = ActivityInputs(
    ...     calendar=calendar_rows([day], {day}),
    ...     companies=spark.sql(
    ...         "SELECT 'a' AS company_id, DATE'2025-03-03' AS first_seen_date,"
    ...         " DATE'2025-03-03' AS first_active_date"
    ...     ),
    ...     history=spark.sql(
    ...         "SELECT 'a' AS company_id, 'Acme' AS name, 'DE' AS country, 'it' AS industry_tag,"
    ...         " TIMESTAMP(NULL) AS last_contact_at, 'Ana' AS owner, 'smb' AS segment, 8L AS seats,"
    ...         " 10.50BD AS contract_value, DATE'2026-01-01' AS renewal_on,"
    ...         " DATE'2025-03-01' AS valid_from, DATE(NULL) AS valid_to"
    ...     ),
    ...     usage=spark.sql(
    ...         "SELECT 'a' AS company_id, DATE'2025-03-03' AS date, 4L AS active_users,"
    ...         " 10L AS events, false AS has_conflict"
    ...     ),
    ...     quarantined=spark.sql("SELECT DATE'2025-03-01' AS date, 'a' AS company_id"),
    ... )
    >>> row = build_activity(inputs, MetricSettings(), by_slices=True).first()
    >>> row.company_name, row.owner, row.usage_density, row.seat_utilisation_upper
    ('Acme', 'Ana', 2.5, 0.5)
    """
    read = within_reach(inputs)
    return finished_rows(known_rows(read, metrics, by_slices=by_slices), read, metrics)


def finished_rows(known: DataFrame, read: ActivityInputs, metrics: MetricSettings) -> DataFrame:
    """The rows as the table has them.

    Shape: `known_rows` and what they were made of in; as `build_activity` out. The known rows are asked twice.
    """
    density = F.col("events") / F.col("active_users")
    has_users = F.col("active_users") > 0
    # Made of few columns and joined late: whatever comes behind a join is planned with both its sides.
    fleet = fleet_figures(known, metrics.churn)
    built = (
        known.transform(with_quarantine_marks, read.quarantined, read.calendar)
        .transform(with_change)
        .transform(with_consistency)
        .transform(with_monthly_users)
        .transform(with_seat_utilisation)
        .transform(with_engagement, metrics.engagement)
        .transform(with_lifecycle)
        .transform(with_contact_due, metrics.contact)
        .transform(with_source)
        .transform(with_quality)
        .withColumn("usage_density", F.when(has_users, density))
        .withColumn("metric_version", F.lit(metrics.metric_version))
        .transform(with_fleet, fleet)
        .transform(with_missing)
        .transform(with_churn, metrics.churn)
        .withColumnsRenamed(SERVED_NAMES)
    )
    table = COMPANY_ACTIVITY_DAILY
    return built.select(*(name for name in table.column_names if name not in table.unhashed))


def known_rows(inputs: ActivityInputs, metrics: MetricSettings, *, by_slices: bool) -> DataFrame:
    """The facts of each row, its attributes as of the date, and its usual weeks: what the fleet is judged by."""
    return (
        _facts(inputs, by_slices=by_slices)
        .transform(with_attributes_as_of, inputs.history)
        .transform(with_observed_days)
        .transform(with_active_days)
        .transform(with_baseline, metrics.churn)
    )


def within_reach(inputs: ActivityInputs) -> ActivityInputs:
    """Of each table what the dates of the calendar read: so a day costs the same however long the history is.

    Of the usage those are 60 days for each date, of the refused records the weeks, of the history the periods that
    are open after the first date. A company's first of these periods reaches back 60 days, though it may not be its
    first of all: then the one before ended by the first date, and nothing is built of the days before.
    """
    dates = [day for day, *_ in inputs.calendar]
    first = F.lit(min(dates, default=None)).cast("date")
    last = F.lit(max(dates, default=None)).cast("date")
    is_open = F.col("valid_to").isNull() | (F.col("valid_to") > first)
    is_begun = F.col("valid_from") <= F.date_add(last, BACKDATED_DAYS)
    return replace(
        inputs,
        usage=inputs.usage.where(_is_in(reached_by(dates, HORIZON_DAYS - 1))),
        quarantined=inputs.quarantined.where(_is_in(reached_by(dates, LAST_WEEK))),
        history=inputs.history.where(is_open & is_begun),
    )


def reached_by(dates: Iterable[date], days_back: int) -> list[tuple[date, date]]:
    """The fewest spans that hold these dates and `days_back` days before each.

    >>> days = [date(2025, 1, 10), date(2025, 1, 12), date(2025, 3, 1)]
    >>> [(str(first), str(last)) for first, last in reached_by(days, 6)]
    [('2025-01-04', '2025-01-12'), ('2025-02-23', '2025-03-01')]
    """
    spans: list[tuple[date, date]] = []
    for day in sorted(dates):
        first = day - timedelta(days=days_back)
        if spans and first <= spans[-1][1] + timedelta(days=1):
            first, _ = spans.pop()
        spans.append((first, day))
    return spans


def _is_in(spans: Iterable[tuple[date, date]]) -> Column:
    """The column `date` is in one of the spans."""
    is_in = F.lit(False)
    for first, last in spans:
        is_in = is_in | F.col("date").between(F.lit(first), F.lit(last))
    return is_in


def _facts(inputs: ActivityInputs, *, by_slices: bool) -> DataFrame:
    spine = company_spine(inputs.companies, inputs.calendar)
    days = usage_days(inputs.usage)
    if by_slices:
        return facts_by_slices(days, spine, inputs.calendar)
    return facts_by_windows(days, spine, inputs.companies)


def company_spine(companies: DataFrame, calendar: Calendar) -> DataFrame:
    """The rows that there must be: a company on each date of the calendar from its first day seen.

    Shape: `dim.companies` and the calendar in; `company_id, first_seen_date, first_active_date` and
    the calendar's columns out, key company_id, activity_date.

    >>> companies = spark.sql("SELECT 'a' AS company_id, DATE'2025-03-02' AS first_seen_date")
    >>> calendar = [(date(2025, 3, 1), 0, 0), (date(2025, 3, 2), 0, 0)]
    >>> spine = company_spine(companies.withColumn("first_active_date", F.lit(None)), calendar)
    >>> [(row.company_id, str(row.activity_date)) for row in spine.collect()]
    [('a', '2025-03-02')]
    """
    known = companies.select("company_id", "first_seen_date", "first_active_date")
    is_seen = F.col("first_seen_date") <= F.col("activity_date")
    return known.transform(on_each_date, calendar).where(is_seen)


def with_quarantine_marks(
    days: DataFrame,
    quarantined: DataFrame,
    calendar: Calendar,
) -> DataFrame:
    """Add whether a usage record of this company was refused: on this date, or in this week.

    A refused record stands in the weeks that end on its date and on the six dates after it;
    `calendar` says which are built.

    Shape: `company_id, activity_date, …` in; `has_quarantined`, `has_quarantined_7d` added.

    >>> built = "VALUES ('a', DATE'2025-03-10'), ('a', DATE'2025-03-11'), ('b', DATE'2025-03-10')"
    >>> days = spark.sql(built).toDF("company_id", "activity_date")
    >>> refused = spark.sql("SELECT 'a' AS company_id, DATE'2025-03-04' AS date")
    >>> calendar = [(date(2025, 3, 10), 0, 0), (date(2025, 3, 11), 0, 0)]
    >>> marked = with_quarantine_marks(days, refused, calendar)
    >>> [tuple(row)[2:] for row in marked.orderBy("company_id", "activity_date").collect()]
    [(False, True), (False, False), (False, False)]
    """
    last_week = F.date_add("date", LAST_WEEK)
    weeks = F.explode(F.sequence("date", last_week))
    is_of_the_day = F.col("date") == F.col("activity_date")
    marks = (
        quarantined.distinct()
        .select("company_id", "date", weeks.alias("activity_date"))
        .where(F.col("activity_date").isin([day for day, *_ in calendar]))
        .groupBy("company_id", "activity_date")
        .agg(F.max(is_of_the_day).alias("is_of_the_day"))
    )
    marked = days.join(marks, ["company_id", "activity_date"], "left")
    return (
        marked.withColumn("has_quarantined", F.coalesce("is_of_the_day", F.lit(False)))
        .withColumn("has_quarantined_7d", F.col("is_of_the_day").isNotNull())
        .drop("is_of_the_day")
    )
