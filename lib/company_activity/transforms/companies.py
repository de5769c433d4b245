"""CRM snapshots and usage → who the companies are now, and since when they are seen and active."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

from company_activity.schemas import COMPANIES
from company_activity.transforms.history import ATTRIBUTES

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa
    from pyspark.sql import DataFrame

FOLDED_NAMES = ("company_id", "is_inferred", "folded")
FOLDED = "company_id string, is_inferred boolean, folded string"
CONTENT = tuple(name for name in COMPANIES.column_names if name not in COMPANIES.unhashed)


def build_companies(snapshots: DataFrame, usage: DataFrame) -> DataFrame:
    """One row per company that a snapshot or an accepted usage record knows.

    Shape: `stg.crm_companies` and `stg.product_usage` in; `dim.companies` without its row times out.
    """
    known = snapshots.groupBy("company_id").agg(
        F.max(F.struct("file_date", *ATTRIBUTES)).alias("newest"), F.min("file_date").alias("first_snapshot")
    )
    return known.join(first_days_of_use(usage), "company_id", "full").select(
        "company_id",
        *(F.col(f"newest.{name}").alias(name) for name in ATTRIBUTES),
        F.least("first_snapshot", "first_record").alias("first_seen_date"),
        "first_active_date",
        F.col("first_snapshot").isNull().alias("is_inferred"),
    )


def first_days_of_use(usage: DataFrame) -> DataFrame:
    """`company_id, first_record, first_active_date`: a company's earliest record, and its earliest with users."""
    return usage.groupBy("company_id").agg(
        F.min("date").alias("first_record"),
        F.min(F.when(F.col("active_users") > 0, F.col("date"))).alias("first_active_date"),
    )


def beside_current(candidates: DataFrame, current: DataFrame) -> DataFrame:
    """Each company of either side, with the row that stands now as `before` (NULL where there is none).

    Shape: dimension rows without row times and `dim.companies` in; the candidates' columns, `before` and `is_member`
    (false: no candidate, the company has to go) out.
    """
    before = current.select("company_id", F.struct(*COMPANIES.column_names).alias("before"))
    joined = candidates.join(before, "company_id", "full")
    return joined.withColumn("is_member", F.col("first_seen_date").isNotNull())


def with_row_times(revised: DataFrame, now: datetime) -> DataFrame:
    """Add `created_at` and `updated_at`: kept where nothing changed, `updated_at` now where something did.

    Shape: as `beside_current` hands out; `dim.companies` and `change` (`inserted`, `repaired`, `changed`,
    `unchanged`, `removed`) out. `repaired` is an inferred member that the CRM has brought.
    """
    is_same = is_as_before()
    change = (
        F.when(~F.col("is_member"), "removed")
        .when(F.col("before").isNull(), "inserted")
        .when(is_same, "unchanged")
        .when(F.col("before.is_inferred") & ~F.col("is_inferred"), "repaired")
        .otherwise("changed")
    )
    return revised.select(
        *CONTENT,
        F.coalesce("before.created_at", F.lit(now)).alias("created_at"),
        F.when(is_same, F.col("before.updated_at")).otherwise(F.lit(now)).alias("updated_at"),
        change.alias("change"),
    )


def is_as_before() -> Column:
    """The row says what `before` says; NULL equals NULL."""
    before = F.struct(*(F.col(f"before.{name}").alias(name) for name in CONTENT))
    return F.col("before").isNotNull() & F.struct(*CONTENT).eqNullSafe(before)


def spelt_alike(companies: DataFrame) -> DataFrame:
    """`ids` (an array, sorted): those of CRM and usage that differ in case or normal form alone.

    Shape: `dim.companies` in; one row per group of such ids out. They stay different companies.
    """
    folded = companies.select("company_id", "is_inferred").mapInArrow(_folded, FOLDED)
    is_of_both = F.bool_or("is_inferred") & ~F.bool_and("is_inferred")
    groups = folded.groupBy("folded").agg(
        F.sort_array(F.collect_set("company_id")).alias("ids"), is_of_both.alias("both")
    )
    return groups.where("both").select("ids")


def _folded(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for batch in batches:
        folded = [fold(text) for text in batch.column("company_id").to_pylist()]
        yield pa.RecordBatch.from_arrays([*batch.columns, pa.array(folded, pa.string())], names=FOLDED_NAMES)


def fold(text: str) -> str:
    """The text as whoever reads it aloud would hear it: without regard to case and normal form.

    >>> fold("\u212bNGSTR\u00d6M") == fold("a\u030angstro\u0308m")
    True
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
