"""The dimension brought forward in memory as the step does it on a lake: the same transforms, no commit."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.planning.state import Sources
from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, CRM_COMPANIES, PRODUCT_USAGE, Table
from company_activity.steps.build_companies import moved
from company_activity.transforms.crm import union_of_paths
from company_activity.transforms.dimension import Revision, Tables, rebuilt, revised
from company_activity.transforms.layout import Replacement, bucket
from company_activity.work.build_companies import changed_rows

from oracle.companies import build_companies, build_history
from oracle.crm import CrmFile, union_by_date
from oracle.usage import Record
from support.spark.compare import micros
from support.spark.frames import dictionaries

NOW = datetime(2025, 6, 1, tzinfo=UTC)
BUCKETS = 4
Row = dict[str, Any]
Content = set[tuple[Any, ...]]


@dataclass
class Dimension:
    """Both tables as rows (instants as microseconds), and what they were built from; None where nothing says so."""

    spark: SparkSession
    companies: list[Row] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)
    built: Sources | None = None

    def bring(self, files: Iterable[CrmFile], records: Iterable[Record], now: Sources) -> dict[str, int]:
        """Bring both tables to what is staged now; companies by what happened to them."""
        kept: list[DataFrame] = []
        keep = kept_in(kept)
        tables = Tables(
            crm_frame(self.spark, files).transform(union_of_paths),
            usage_frame(self.spark, records),
            table_frame(self.spark, COMPANIES, self.companies),
            table_frame(self.spark, COMPANIES_HISTORY, self.history),
        )
        usage, crm = moved(self.built or Sources(), now)
        revision = revised(tables, usage, crm, keep) if self.built else rebuilt(tables, keep)
        counts = self._apply(tables, revision)
        self.built = now
        for rows in kept:
            rows.unpersist()
        return counts

    def _apply(self, tables: Tables, revision: Revision) -> dict[str, int]:
        changes = changed_rows(tables, revision, NOW).cache()
        counts = {row["change"]: row["count"] for row in changes.groupBy("change").count().collect()}
        members = changes.where("change <> 'removed'").drop("change")
        self.companies = replaced(
            tables.companies, Replacement(tables.companies, members, changes.select("company_id"))
        )
        self.history = replaced(tables.history, revision.history)
        changes.unpersist()
        return counts

    @property
    def content(self) -> tuple[Content, Content]:
        """Both tables without their row times."""
        return content(COMPANIES, self.companies), content(COMPANIES_HISTORY, self.history)


def kept_in(kept: list[DataFrame]) -> Any:
    def keep(rows: DataFrame) -> DataFrame:
        kept.append(rows.cache())
        return rows

    return keep


def replaced(current: DataFrame, replacement: Replacement) -> list[Row]:
    """The table after the replacement, as Delta's `replaceWhere` leaves it."""
    buckets = [row[0] for row in replacement.touched.select(bucket(BUCKETS)).distinct().collect()]
    if not buckets:
        return dictionaries(current)
    predicate = replacement.predicate(buckets, BUCKETS)
    selected = F.expr(predicate or "true")
    fresh = replacement.rows(predicate).withColumn("is_allowed", selected)
    rows = dictionaries(current.where(~selected).withColumn("is_allowed", F.lit(True)).unionByName(fresh))
    assert all(row.pop("is_allowed") for row in rows), "Delta refuses rows outside the predicate"
    return rows


def expected(files: Iterable[CrmFile], records: Iterable[Record]) -> tuple[Content, Content]:
    """What the oracle says of both tables."""
    union = union_by_date(files)
    return content(COMPANIES, build_companies(union, records)), content(COMPANIES_HISTORY, build_history(union))


def plain_rows(rows: Iterable[Mapping[str, Any]], **given: Any) -> list[Row]:
    """The oracle's rows, with further columns, as `Dimension` keeps them."""
    return [{k: micros(v) if isinstance(v, datetime) else v for k, v in {**row, **given}.items()} for row in rows]


def content(table: Table, rows: Iterable[Mapping[str, Any]]) -> Content:
    names = [name for name in table.column_names if name not in table.unhashed]
    return {tuple(micros(v) if isinstance(v := row[name], datetime) else v for name in names) for row in rows}


def crm_frame(spark: SparkSession, files: Iterable[CrmFile]) -> DataFrame:
    return table_frame(spark, CRM_COMPANIES, plain_rows(record.row for file in files for record in file.accepted))


def usage_frame(spark: SparkSession, records: Iterable[Record]) -> DataFrame:
    return table_frame(spark, PRODUCT_USAGE, plain_rows(vars(record) for record in records))


def table_frame(spark: SparkSession, table: Table, rows: Iterable[Row]) -> DataFrame:
    """Rows whose instants are microseconds (Python's zone must not leak in) as a DataFrame of `table`.

    By way of pandas, so that Spark knows how small it is and broadcasts it; what a row lacks is NULL.
    """
    columns = [(c.name, "bigint" if c.type == "timestamp" else c.type) for c in table.columns]
    tuples = [tuple(row.get(name) for name, _ in columns) for row in rows]
    ddl = ", ".join(f"{name} {kind}" for name, kind in columns)
    if not tuples:
        return spark.createDataFrame([], table.struct)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pyspark 3.5 asks pandas 2.2 in an old way
        plain = spark.createDataFrame(pd.DataFrame(tuples, columns=table.column_names, dtype=object), ddl)
    instants = {c.name: F.timestamp_micros(c.name) for c in table.columns if c.type == "timestamp"}
    return plain.withColumns(instants) if instants else plain
