"""What moved snapshots and usage dates do to the dimension, from their own rows and the dimension as it stands."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

from company_activity.schemas import COMPANIES
from company_activity.transforms.companies import CONTENT, is_as_before
from company_activity.transforms.history import ATTRIBUTES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def latest_of_crm(companies: DataFrame, periods: DataFrame) -> DataFrame:
    """What the CRM now says of `companies`: their attributes, their first snapshot, whether they stand in it at all.

    Shape: `company_id` and the periods of these companies in; `company_id, crm, first_snapshot, is_in_crm` out. Where
    a company has earlier periods than those given, `first_snapshot` is too late, and the minimum is theirs anyway.
    """
    found = periods.groupBy("company_id").agg(
        F.max(F.struct("valid_from", *ATTRIBUTES)).alias("crm"), F.min("valid_from").alias("first_snapshot")
    )
    is_in_crm = F.col("first_snapshot").isNotNull().alias("is_in_crm")
    return companies.join(found, "company_id", "left").select("company_id", "crm", "first_snapshot", is_in_crm)


def revise_companies(
    current: DataFrame,
    crm: DataFrame,
    usage: DataFrame,
    *,
    removed_usage_dates: Collection[date],
    removed_snapshot_dates: Collection[date],
) -> DataFrame:
    """The rows of the dimension that change, from what moved dates tell.

    New evidence can only move a first day back. A day that lost its rows may have been the only one to support a first
    day: where no new evidence supports it as well, the row `is_unsure`, and only the company's whole staging can tell.

    Shape: `dim.companies`, `latest_of_crm` and `first_days_of_use` of the moved dates in; its columns without row
    times, `before`, `is_member` and `is_unsure` out.
    """
    before = current.select("company_id", F.struct(*COMPANIES.column_names).alias("before"))
    told = crm.join(usage.withColumnRenamed("first_active_date", "told_active"), "company_id", "full")
    joined = before.join(told, "company_id", "full").withColumn("told_seen", F.least("first_snapshot", "first_record"))
    is_told_by_crm = F.col("is_in_crm").isNotNull()
    lost_seen = F.col("before.first_seen_date").isin(list(removed_usage_dates)) | (
        is_told_by_crm & F.col("before.first_seen_date").isin(list(removed_snapshot_dates))
    )
    lost_active = F.col("before.first_active_date").isin(list(removed_usage_dates))
    is_unsure = _holds(lost_seen & ~_holds(F.col("told_seen") <= F.col("before.first_seen_date"))) | _holds(
        lost_active & ~_holds(F.col("told_active") <= F.col("before.first_active_date"))
    )
    attributes = [
        F.when(is_told_by_crm, F.col(f"crm.{name}")).otherwise(F.col(f"before.{name}")).alias(name)
        for name in ATTRIBUTES
    ]
    revised = joined.select(
        "company_id",
        *attributes,
        F.least("before.first_seen_date", "told_seen").alias("first_seen_date"),
        F.least("before.first_active_date", "told_active").alias("first_active_date"),
        F.coalesce(~F.col("is_in_crm"), F.col("before.is_inferred"), F.lit(True)).alias("is_inferred"),
        "before",
        F.lit(True).alias("is_member"),
        is_unsure.alias("is_unsure"),
    )
    return revised.where(F.col("is_unsure") | ~is_as_before())


def replace_unsure_rows(revised: DataFrame, again: DataFrame) -> DataFrame:
    """The revised rows with the unsure ones as built `again` from all that is staged of them; gone if nothing is.

    Shape: `revise_companies` and `build_companies` of the unsure companies in; as `beside_current` out.
    """
    columns = [*CONTENT, "before", "is_member"]
    unsure = revised.where("is_unsure").select("company_id", "before")
    settled = unsure.join(again, "company_id", "left").withColumn("is_member", F.col("first_seen_date").isNotNull())
    return revised.where("NOT is_unsure").select(*columns).unionByName(settled.select(*columns))


def _holds(condition: Column) -> Column:
    """A condition that is false where it is NULL."""
    return F.coalesce(condition, F.lit(False))
