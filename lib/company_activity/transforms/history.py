"""Dated CRM snapshots → the attributes of each company over time (SCD type 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from company_activity.dates import BACKDATED_DAYS
from company_activity.records.crm.records import OPTIONAL
from company_activity.schemas import COMPANIES_HISTORY

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# What a later snapshot says of earlier dates too, up to 60 days back; the others are of their own dates only.
BACKDATED = ("name", "country", "industry_tag", "owner", "segment")
NEVER_BACKDATED = ("last_contact_at", "seats", "contract_value", "renewal_on")
ATTRIBUTES = ("name", "country", "industry_tag", "last_contact_at", *OPTIONAL)


def build_history(snapshots: DataFrame) -> DataFrame:
    """One row per company and period of equal attributes.

    A company that is absent from a snapshot keeps its attributes.

    Shape: `stg.crm_companies` (key file_date, company_id) in; `dim.companies_history` out, key
    company_id, valid_from.

    >>> rows = [("a", "A", 1), ("a", "A", 2), ("a", None, 3)]
    >>> snapshots = spark.createDataFrame(rows, "company_id string, name string, day int").select(
    ...     "company_id", "name", F.lit(None).cast("string").alias("country"),
    ...     F.lit(None).cast("string").alias("industry_tag"),
    ...     F.lit(None).cast("timestamp").alias("last_contact_at"),
    ...     *(F.lit(None).cast("string").alias(name) for name in ATTRIBUTES[4:]),
    ...     F.date_from_unix_date("day").alias("file_date"), F.lit("f").alias("src_file_name"))
    >>> periods = build_history(snapshots).orderBy("valid_from")
    >>> [(r.name, r.valid_from.day, r.valid_to) for r in periods.collect()]
    [('A', 2, datetime.date(1970, 1, 4)), (None, 4, None)]
    """
    by_start = W.partitionBy("company_id").orderBy("valid_from")
    changes = snapshots.withColumn("is_change", _differs_from_previous()).where("is_change")
    periods = changes.withColumnRenamed("file_date", "valid_from")
    ended = periods.withColumn("valid_to", F.lead("valid_from").over(by_start))
    return ended.select(*COMPANIES_HISTORY.column_names)


def _differs_from_previous() -> Column:
    """The first snapshot of a company, or one with another attribute; NULL equals NULL."""
    by_date = W.partitionBy("company_id").orderBy("file_date")
    is_change = F.lag("file_date").over(by_date).isNull()
    for name in ATTRIBUTES:
        is_same = F.col(name).eqNullSafe(F.lag(name).over(by_date))
        is_change = is_change | ~is_same
    return is_change


def with_attributes_as_of(days: DataFrame, history: DataFrame) -> DataFrame:
    """Add each company's attributes as they stood on `activity_date`, and how we know them.

    A company whose first snapshot lies 1 to 60 days later takes of that snapshot what is
    `BACKDATED`: `is_backdated`. `is_in_crm` says whether any snapshot up to 60 days later knows the
    company.

    Shape: `company_id, activity_date, …` in; `company_name` (never NULL), the other `ATTRIBUTES`,
    `is_backdated`, `is_in_crm` added.

    >>> history = spark.sql(
    ...     "SELECT 'a' AS company_id, 'Acme' AS name, 'DE' AS country, 'it' AS industry_tag,"
    ...     " TIMESTAMP'2025-02-01' AS last_contact_at, 'Ana' AS owner, 'smb' AS segment, 9L AS seats,"
    ...     " 1.5 AS contract_value, DATE'2026-01-01' AS renewal_on, DATE'2025-03-09' AS valid_from,"
    ...     " DATE(NULL) AS valid_to"
    ... )
    >>> days = spark.sql("VALUES (1, 'a'), (9, 'a'), (9, 'b') AS t(day, company_id)")
    >>> dated = days.withColumn("activity_date", F.make_date(F.lit(2025), F.lit(3), "day"))
    >>> known = with_attributes_as_of(dated, history)
    >>> columns = ["day", "company_id", "company_name", "owner", "seats", "is_backdated", "is_in_crm"]
    >>> for row in known.select(*columns).orderBy("day", "company_id").collect():
    ...     print(*row)
    1 a Acme Ana None True True
    9 a Acme Ana 9 False True
    9 b UNKNOWN None None False False
    """
    periods = with_reach(history).select(
        F.col("company_id").alias("crm_company_id"),
        *ATTRIBUTES,
        "valid_from",
        "valid_to",
        "reaches_from",
    )
    is_same_company = F.col("company_id") == F.col("crm_company_id")
    joined = days.join(periods, is_same_company & reaches("activity_date"), "left")
    is_backdated = F.coalesce(F.col("activity_date") < F.col("valid_from"), F.lit(False))
    is_own = ~F.col("is_backdated")
    own = {name: F.when(is_own, F.col(name)) for name in NEVER_BACKDATED}
    return (
        joined.withColumn("is_in_crm", F.col("crm_company_id").isNotNull())
        .withColumn("is_backdated", is_backdated)
        .withColumn("company_name", F.coalesce("name", F.lit("UNKNOWN")))
        .withColumns(own)
        .drop("crm_company_id", "name", "valid_from", "valid_to", "reaches_from")
    )


def with_reach(history: DataFrame) -> DataFrame:
    """Add `reaches_from`: the first date that takes a period's attributes.

    That is `valid_from`; the first period of a company reaches 60 days further back.

    >>> history = spark.sql("VALUES (DATE'2025-03-02'), (DATE'2025-03-09') AS t(valid_from)")
    >>> periods = with_reach(history.withColumn("company_id", F.lit("a"))).orderBy("valid_from")
    >>> [str(row.reaches_from) for row in periods.collect()]
    ['2025-01-01', '2025-03-09']
    """
    by_start = W.partitionBy("company_id").orderBy("valid_from")
    is_first = F.row_number().over(by_start) == 1
    backdated = F.date_sub("valid_from", BACKDATED_DAYS)
    reaches_from = F.when(is_first, backdated).otherwise(F.col("valid_from"))
    return history.withColumn("reaches_from", reaches_from)


def reaches(day: str) -> Column:
    """A period with its reach gives its attributes to the date in column `day`."""
    return (F.col(day) >= F.col("reaches_from")) & _is_before_end(day)


def is_valid_on(day: str) -> Column:
    """A period is valid on the date in column `day`, backdating apart."""
    return (F.col("valid_from") <= F.col(day)) & _is_before_end(day)


def _is_before_end(day: str) -> Column:
    return F.col("valid_to").isNull() | (F.col(day) < F.col("valid_to"))
