"""CRM snapshots and usage → the companies, and since when they are seen and active."""

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

    Shape: `stg.crm_companies` and `stg.product_usage` in; `dim.companies` without its row times
    out, key company_id.

    >>> snapshots = spark.sql(
    ...     "VALUES ('a', 'Old', DATE'2025-03-02'), ('a', 'New', DATE'2025-03-09')"
    ...     " AS t(company_id, name, file_date)"
    ... ).selectExpr(
    ...     "*", "'DE' AS country", "'it' AS industry_tag", *(f"NULL AS {name}" for name in ATTRIBUTES[3:])
    ... )
    >>> usage = spark.sql(
    ...     "VALUES ('a', DATE'2025-03-05', 0), ('b', DATE'2025-03-06', 3)"
    ...     " AS t(company_id, date, active_users)"
    ... )
    >>> companies = build_companies(snapshots, usage)
    >>> columns = ["company_id", "name", "first_seen_date", "first_active_date", "is_inferred"]
    >>> for row in companies.select(*columns).orderBy("company_id").collect():
    ...     print(*row)
    a New 2025-03-02 None False
    b None 2025-03-06 2025-03-06 True
    """
    known = snapshots.groupBy("company_id").agg(
        F.max(F.struct("file_date", *ATTRIBUTES)).alias("newest"),
        F.min("file_date").alias("first_snapshot"),
    )
    joined = known.join(first_days_of_use(usage), "company_id", "full")
    is_inferred = F.col("first_snapshot").isNull()
    return joined.select(
        "company_id",
        *(F.col(f"newest.{name}").alias(name) for name in ATTRIBUTES),
        F.least("first_snapshot", "first_record").alias("first_seen_date"),
        "first_active_date",
        is_inferred.alias("is_inferred"),
    )


def first_days_of_use(usage: DataFrame) -> DataFrame:
    """A company's earliest record, and its earliest with active users.

    Shape: `stg.product_usage` in; `company_id, first_record, first_active_date` out, key
    company_id.

    >>> usage = spark.sql(
    ...     "VALUES ('a', '2025-03-05', 0), ('a', '2025-03-06', 3)"
    ...     " AS t(company_id, date, active_users)"
    ... )
    >>> first_days_of_use(usage).first()[:]
    ('a', '2025-03-05', '2025-03-06')
    """
    active_date = F.when(F.col("active_users") > 0, F.col("date"))
    return usage.groupBy("company_id").agg(
        F.min("date").alias("first_record"),
        F.min(active_date).alias("first_active_date"),
    )


def beside_current(candidates: DataFrame, current: DataFrame) -> DataFrame:
    """Each company of either side, with its current row as `before` (NULL where there is none).

    Shape: dimension rows without row times and `dim.companies` in; the candidates' columns,
    `before` and `is_member` (false: no candidate, the company has to go) out, key company_id.

    >>> candidates = spark.sql("VALUES ('new', DATE'2025-03-01') AS t(company_id, first_seen_date)")
    >>> current = spark.sql("SELECT 'gone' AS company_id").select(
    ...     "company_id", *(F.lit(None).alias(name) for name in COMPANIES.column_names[1:])
    ... )
    >>> rows = beside_current(candidates, current)
    >>> sorted((r.company_id, r.before is not None, r.is_member) for r in rows.collect())
    [('gone', True, False), ('new', False, True)]
    """
    before = current.select("company_id", F.struct(*COMPANIES.column_names).alias("before"))
    joined = candidates.join(before, "company_id", "full")
    return joined.withColumn("is_member", F.col("first_seen_date").isNotNull())


def with_row_times(revised: DataFrame, now: datetime) -> DataFrame:
    """Add `created_at` and `updated_at`; `updated_at` is `now` where the row changed.

    `change` says how: `inserted`, `repaired` (an inferred member that the CRM has brought),
    `changed`, `unchanged` or `removed`. `was_inferred` says what the row said before.

    Shape: as `beside_current` hands out; `dim.companies`, `change` and `was_inferred` out, key
    company_id.

    >>> from datetime import UTC, datetime
    >>> content = spark.sql("VALUES ('same', 'S'), ('renamed', 'New') AS t(company_id, name)")
    >>> others = [F.lit(None).alias(name) for name in CONTENT[2:-1]]
    >>> candidates = content.select("*", *others, F.lit(False).alias("is_inferred"))
    >>> old_name = F.when(F.col("name") == "S", "S").otherwise("Old")
    >>> before = F.struct(
    ...     "company_id", old_name.alias("name"), *CONTENT[2:],
    ...     *(F.lit("2025-01-01").cast("timestamp").alias(name) for name in COMPANIES.unhashed),
    ... )
    >>> rows = candidates.select("*", before.alias("before"), F.lit(True).alias("is_member"))
    >>> dated = with_row_times(rows, datetime(2025, 3, 1, tzinfo=UTC))
    >>> [tuple(r) for r in dated.select("company_id", F.month("updated_at"), "change").collect()]
    [('same', 1, 'unchanged'), ('renamed', 3, 'changed')]
    """
    is_same = is_as_before()
    is_new = F.col("before").isNull()
    is_repaired = F.col("before.is_inferred") & ~F.col("is_inferred")
    change = (
        F.when(~F.col("is_member"), "removed")
        .when(is_new, "inserted")
        .when(is_same, "unchanged")
        .when(is_repaired, "repaired")
        .otherwise("changed")
    )
    created_at = F.coalesce("before.created_at", F.lit(now))
    updated_at = F.when(is_same, F.col("before.updated_at")).otherwise(F.lit(now))
    return revised.select(
        *CONTENT,
        created_at.alias("created_at"),
        updated_at.alias("updated_at"),
        change.alias("change"),
        F.coalesce("before.is_inferred", F.lit(False)).alias("was_inferred"),
    )


def is_as_before() -> Column:
    """The row's content equals that of `before`; NULL equals NULL."""
    before = F.struct(*(F.col(f"before.{name}").alias(name) for name in CONTENT))
    is_same = F.struct(*CONTENT).eqNullSafe(before)
    return F.col("before").isNotNull() & is_same


def spelt_alike(companies: DataFrame) -> DataFrame:
    """Groups of ids, of CRM and usage, that differ only in case or normal form.

    They stay different companies.

    Shape: `dim.companies` in; `ids` (a sorted array), one row per group, out.

    >>> companies = spark.sql(
    ...     "VALUES ('Acme', false), ('ACME', true), ('b', true) AS t(company_id, is_inferred)"
    ... )
    >>> spelt_alike(companies).first().ids
    ['ACME', 'Acme']
    """
    folded = companies.select("company_id", "is_inferred").mapInArrow(_folded, FOLDED)
    is_of_both = F.bool_or("is_inferred") & ~F.bool_and("is_inferred")
    groups = folded.groupBy("folded").agg(
        F.sort_array(F.collect_set("company_id")).alias("ids"),
        is_of_both.alias("is_of_both"),
    )
    return groups.where("is_of_both").select("ids")


def _folded(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for batch in batches:
        folded = [fold(text) for text in batch.column("company_id").to_pylist()]
        columns = [*batch.columns, pa.array(folded, pa.string())]
        yield pa.RecordBatch.from_arrays(columns, names=FOLDED_NAMES)


def fold(text: str) -> str:
    """The text without regard to case and Unicode normal form.

    >>> fold("\u212bNGSTR\u00d6M") == fold("a\u030angstro\u0308m")
    True
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded)
