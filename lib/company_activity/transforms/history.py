"""Dated CRM snapshots → the attributes of each company over time (SCD type 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W
from pyspark.sql.window import WindowSpec

from company_activity.dates import BACKDATED_DAYS
from company_activity.schemas import COMPANIES_HISTORY

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ATTRIBUTES = ("name", "country", "industry_tag", "last_contact_at")


def build_history(snapshots: DataFrame) -> DataFrame:
    """One row per company and period of equal attributes; a company absent from a snapshot keeps its own.

    Shape: `stg.crm_companies` (key file_date, company_id) in, `dim.companies_history` out.

    >>> rows = [("a", "A", 1), ("a", "A", 2), ("a", None, 3)]
    >>> snapshots = spark.createDataFrame(rows, "company_id string, name string, day int").select(
    ...     "company_id", "name", F.lit(None).cast("string").alias("country"),
    ...     F.lit(None).cast("string").alias("industry_tag"), F.lit(None).cast("timestamp").alias("last_contact_at"),
    ...     F.date_from_unix_date("day").alias("file_date"), F.lit("f").alias("src_file_name"))
    >>> [(r.name, r.valid_from.day, r.valid_to) for r in build_history(snapshots).orderBy("valid_from").collect()]
    [('A', 2, datetime.date(1970, 1, 4)), (None, 4, None)]
    """
    by_date = W.partitionBy("company_id").orderBy("file_date")
    changes = snapshots.withColumn("is_change", _differs_from_previous(by_date)).where("is_change")
    periods = changes.withColumnRenamed("file_date", "valid_from").withColumn(
        "valid_to", F.lead("valid_from").over(W.partitionBy("company_id").orderBy("valid_from"))
    )
    return periods.select(*COMPANIES_HISTORY.column_names)


def _differs_from_previous(by_date: WindowSpec) -> Column:
    """The first snapshot of a company, or one with another attribute; NULL equals NULL."""
    is_change = F.lag("file_date").over(by_date).isNull()
    for name in ATTRIBUTES:
        is_change = is_change | ~F.col(name).eqNullSafe(F.lag(name).over(by_date))
    return is_change


def with_attributes_as_of(days: DataFrame, history: DataFrame) -> DataFrame:
    """Add each company's attributes as they stood on `activity_date`, and how we know them.

    A company whose first snapshot lies 1 to 60 days later takes that snapshot's name, country and industry:
    `is_backdated`. `is_in_crm` says whether any snapshot up to 60 days later knows the company.

    Shape: `company_id, activity_date, …` in; `company_name` (never NULL), `country`, `industry_tag`,
    `last_contact_at`, `is_backdated`, `is_in_crm` added.
    """
    periods = history.select(
        F.col("company_id").alias("crm_company_id"), *ATTRIBUTES, "valid_from", "valid_to", _reaches_from()
    )
    stands = (F.col("activity_date") >= F.col("reaches_from")) & (
        F.col("valid_to").isNull() | (F.col("activity_date") < F.col("valid_to"))
    )
    joined = days.join(periods, (F.col("company_id") == F.col("crm_company_id")) & stands, "left")
    is_backdated = F.coalesce(F.col("activity_date") < F.col("valid_from"), F.lit(False))
    return (
        joined.withColumn("is_in_crm", F.col("crm_company_id").isNotNull())
        .withColumn("is_backdated", is_backdated)
        .withColumn("company_name", F.coalesce("name", F.lit("UNKNOWN")))
        .withColumn("last_contact_at", F.when(~F.col("is_backdated"), F.col("last_contact_at")))
        .drop("crm_company_id", "name", "valid_from", "valid_to", "reaches_from")
    )


def _reaches_from() -> Column:
    is_first = F.row_number().over(W.partitionBy("company_id").orderBy("valid_from")) == 1
    return (
        F.when(is_first, F.date_sub("valid_from", BACKDATED_DAYS)).otherwise(F.col("valid_from")).alias("reaches_from")
    )
