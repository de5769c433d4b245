"""The activity table of a few companies, by the real transforms, from rows written in a test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from company_activity.schemas import CRM_COMPANIES, PRODUCT_USAGE
from company_activity.settings.model import MetricSettings
from company_activity.transforms.activity import ActivityInputs, build_activity
from company_activity.transforms.calendar import calendar_rows
from company_activity.transforms.companies import build_companies
from company_activity.transforms.history import build_history

from support.spark.frames import dictionaries, frame

Usage = Iterable[tuple[str, date, int, int]]
Snapshots = Iterable[Mapping[str, Any]]


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def activity(
    spark: SparkSession,
    complete: Iterable[date],
    usage: Usage = (),
    snapshots: Snapshots = (),
    *,
    by_slices: bool = False,
    dates: Iterable[date] | None = None,
) -> DataFrame:
    """The rows of `dates`, or of every complete one. `usage` is (company, date, users, events), one record a day."""
    complete = set(complete)
    named = [
        {"company_id": i, "date": d, "active_users": u, "events": e, "ts": datetime(d.year, d.month, d.day, tzinfo=UTC)}
        for i, d, u, e in usage
    ]
    staged = frame(spark, PRODUCT_USAGE, named, has_conflict=False)
    crm = frame(spark, CRM_COMPANIES, snapshots)
    inputs = ActivityInputs(
        calendar=calendar_rows(complete if dates is None else dates, complete),
        companies=build_companies(crm, staged),
        history=build_history(crm),
        usage=staged,
        quarantined=spark.createDataFrame([], "date date, company_id string"),
    )
    return build_activity(inputs, MetricSettings(), by_slices=by_slices)


def by_key(rows: DataFrame) -> dict[tuple[str, date], dict[str, Any]]:
    return {(row["company_id"], row["activity_date"]): row for row in dictionaries(rows)}
