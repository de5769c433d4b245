"""A sample's activity table, built by the transforms of the product, and the staged days it was built from."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from company_activity.gates.reasons import split_by_reasons
from company_activity.io.landing.usage_frame import LINES
from company_activity.records.crm import read_crm_file
from company_activity.records.item import Item, canonical
from company_activity.records.landed_line import landed_line, place_of
from company_activity.transforms.activity import ActivityInputs, build_activity
from company_activity.transforms.calendar import calendar_rows
from company_activity.transforms.companies import build_companies
from company_activity.transforms.crm import crm_staging_frame, union_of_paths
from company_activity.transforms.facts import usage_days
from company_activity.transforms.history import build_history
from company_activity.transforms.usage import keep_latest_record, parse_usage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from company_activity.settings.model import MetricSettings

    from generate import Sample

FETCHED = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = (
    "company_id",
    "activity_date",
    "rolling_7d_active_users",
    "is_churn_risk",
    "missing_user_days_7d",
    "engagement_score",
    "mau_lower",
    "mau_upper",
    "est_monthly_active_users",
    "mau_method",
)
Row = dict[str, Any]
UsageDay = tuple[str, date, int]


@dataclass(frozen=True)
class Tables:
    """Rows of the activity table, and the days that staging has a record of: company, date, users; in this order."""

    activity: list[Row]
    usage: list[UsageDay]


def build_tables(spark: SparkSession, sample: Sample, days: Collection[date], metrics: MetricSettings) -> Tables:
    """Take a sample through staging, dimension and activity table, for the dates `days`."""
    lines = spark.createDataFrame(list(landed_lines(sample)), LINES)
    good, broken = split_by_reasons(lines.transform(parse_usage).cache())
    usage = good.transform(keep_latest_record).cache()
    snapshots = staged_crm(spark, sample).cache()
    inputs = ActivityInputs(
        calendar=calendar_rows(days, set(sample.dates)),
        companies=build_companies(snapshots, usage).cache(),
        history=build_history(snapshots).cache(),
        usage=usage,
        quarantined=broken.where("company_id IS NOT NULL").select("date", "company_id"),
    )
    contacted_on = F.to_date("last_contact_at").alias("contacted_on")  # as a date: no zone of this machine's
    activity = build_activity(inputs, metrics, by_slices=False).select(*COLUMNS, contacted_on)
    staged = usage_days(usage).select("company_id", "date", "users").orderBy("company_id", "date")
    return Tables(
        activity=[row.asDict() for row in activity.collect()],
        usage=[(row[0], row[1], row[2]) for row in staged.collect()],
    )


def landed_lines(sample: Sample) -> Iterator[tuple[str, str, date, int, datetime]]:
    """The lines that ingest would land of a sample, one page a date."""
    for day, items in sample.usage.items():
        place = place_of(day, page=1)
        for number, item in enumerate(items, start=1):
            text = json.dumps(item, ensure_ascii=False)
            yield landed_line(Item(text, canonical(text)), place, number), "part", day, 1, FETCHED


def staged_crm(spark: SparkSession, sample: Sample) -> DataFrame:
    """The accepted rows of the sample's CRM files."""
    files = [read_crm_file(f"raw/crm/{name}", data, FETCHED.date()) for name, data in sample.crm.items()]
    return crm_staging_frame(spark, files, FETCHED).transform(union_of_paths)
