"""What snapshots that come, go or are replaced do to the history: to few companies, and to recent periods only."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.schemas import COMPANIES_HISTORY
from company_activity.transforms.history import ATTRIBUTES, build_history

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.transforms.staging_change import StagingChange


def in_reach(since: date) -> str:
    """SQL that selects the periods which a snapshot of `since` or later can move: all but those ended before it.

    >>> in_reach(date(2025, 3, 1))
    "(valid_to IS NULL OR valid_to >= DATE'2025-03-01')"
    """
    return f"(valid_to IS NULL OR valid_to >= DATE'{since}')"


def companies_with_changed_periods(snapshots: DataFrame, periods: DataFrame, moves: StagingChange) -> DataFrame:
    """The companies whose periods change, because a moved date tells of them what the history does not.

    A company is left alone where each moved date repeats what the history says of it as of that date, or where it
    neither stands in the snapshot nor owes a period to it: with or without such a row, the same attributes follow on
    one another.

    Shape: `stg.crm_companies` (each date the union of its paths) and the `dim.companies_history` in the reach of the
    moved dates in; `company_id`, each once, out.
    """
    told = snapshots.where(F.col("file_date").isin(list(moves.dates)))
    known = periods.select(
        F.col("company_id").alias("known_id"),
        F.struct(*ATTRIBUTES).alias("known"),
        F.col("src_file_name").alias("known_from"),
        "valid_from",
        "valid_to",
    )
    is_as_of = (F.col("valid_from") <= F.col("file_date")) & (
        F.col("valid_to").isNull() | (F.col("file_date") < F.col("valid_to"))
    )
    is_its_opening = F.col("valid_from") == F.col("file_date")
    is_repeated = F.struct(*ATTRIBUTES).eqNullSafe(F.col("known")) & (
        ~is_its_opening | (F.col("src_file_name") == F.col("known_from"))
    )
    compared = told.join(known, (F.col("company_id") == F.col("known_id")) & is_as_of, "left")
    otherwise = compared.where(F.col("known_id").isNull() | ~is_repeated).select("company_id")
    opened = periods.where(F.col("valid_from").isin(list(moves.removed)))
    orphaned = opened.select("company_id", F.col("valid_from").alias("file_date")).join(
        told, ["company_id", "file_date"], "left_anti"
    )
    return otherwise.union(orphaned.select("company_id")).distinct()


def rebuilt_periods(companies: DataFrame, snapshots: DataFrame, periods: DataFrame, since: date) -> DataFrame:
    """The periods of `companies` in the reach of `since`, built from the snapshots since then.

    What stood just before `since` sums up all earlier snapshots: it is read as one, and they are not read.

    Shape: `dim.companies_history`.
    """
    stood = periods.where(F.col("valid_from") < F.lit(since)).withColumnRenamed("valid_from", "file_date")
    columns = ["company_id", *ATTRIBUTES, "file_date", "src_file_name"]
    later = snapshots.where(F.col("file_date") >= F.lit(since))
    told = stood.select(*columns).unionByName(later.select(*columns))
    return told.join(companies, "company_id", "left_semi").transform(build_history)


def companies_that_differ(before: DataFrame, after: DataFrame) -> DataFrame:
    """The companies whose periods are not the same in both; `company_id`, each once. NULL equals NULL."""
    sides = before.withColumn("side", F.lit(-1)).unionByName(after.withColumn("side", F.lit(1)))
    unpaired = sides.groupBy(*COMPANIES_HISTORY.column_names).agg(F.sum("side").alias("side"))
    return unpaired.where("side <> 0").select("company_id").distinct()
