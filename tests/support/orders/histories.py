"""Random histories → the activity table by the real transforms: usage from its landed lines on, CRM from its staged rows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from pyspark.sql import DataFrame, SparkSession

from company_activity.gates.reasons import split_by_reasons
from company_activity.schemas import CRM_COMPANIES
from company_activity.settings.model import MetricSettings
from company_activity.transforms.activity import ActivityInputs, build_activity
from company_activity.transforms.calendar import calendar_rows
from company_activity.transforms.companies import build_companies
from company_activity.transforms.history import build_history
from company_activity.transforms.usage import keep_latest_record

from oracle.cases import History
from oracle.model import LandedDate
from oracle.world import World, newest_generations
from support.spark.frames import frame, usage_lines

METRICS = MetricSettings()


def complete_days(history: History) -> list[LandedDate]:
    """The newest generation of each date, but those that are missing."""
    return [day for day in newest_generations(history[0]) if day.items is not None]


def landed_lines(spark: SparkSession, history: History) -> DataFrame:
    """What ingest would have landed of the complete dates."""
    return usage_lines(spark, complete_days(history))


def staged_snapshots(spark: SparkSession, world: World) -> DataFrame:
    """`stg.crm_companies` as the oracle has it, a date's paths already united."""
    return frame(spark, CRM_COMPANIES, world.staged_crm)


def activity_inputs(
    spark: SparkSession, parsed: DataFrame, snapshots: DataFrame, complete: Collection[date]
) -> ActivityInputs:
    """What the rows of the complete dates are a function of, kept as the lake keeps it: the plans begin here."""
    accepted, refused = split_by_reasons(parsed)
    usage = accepted.transform(keep_latest_record).cache()
    return ActivityInputs(
        calendar=calendar_rows(complete, complete),
        companies=build_companies(snapshots, usage).cache(),
        history=build_history(snapshots).cache(),
        usage=usage,
        quarantined=refused.where("company_id IS NOT NULL").select("date", "company_id"),
    )


def activity_of(inputs: ActivityInputs, *, by_slices: bool) -> DataFrame:
    """The table's columns that are a function of the data."""
    return build_activity(inputs, METRICS, by_slices=by_slices)
