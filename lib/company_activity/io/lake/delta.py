"""Delta tables of the lake: made as declared, read, and replaced in one commit that carries its state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from company_activity.io.lake.delta_log import encode_state, newest_state, newest_version, table_id

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from company_activity.schemas import Table


def table_uri(lake_root: str, table: Table) -> str:
    """Where a table lies: `stg.product_usage` under `lake.root` is `…/stg/product_usage`."""
    return f"{lake_root.rstrip('/')}/{table.path}"


def exists(lake_root: str, table: Table) -> bool:
    """Whether the table is made; its log tells, without Spark."""
    return newest_version(lake_root, table.path) >= 0


def read_table(spark: SparkSession, lake_root: str, table: Table) -> DataFrame:
    """The table's rows; none where it is not made yet."""
    if not exists(lake_root, table):
        return spark.createDataFrame([], table.struct)
    return spark.read.format("delta").load(table_uri(lake_root, table)).select(*table.column_names)


class VersionGone(LookupError):
    """An old version of a table can no longer be read."""


def read_version(spark: SparkSession, lake_root: str, table: Table, version: int) -> DataFrame:
    """The table's rows as of a version.

    Raises:
        VersionGone: if its log or its files are no longer there; found out by reading them.
    """
    reader = spark.read.format("delta").option("versionAsOf", version)
    try:
        rows = reader.load(table_uri(lake_root, table)).select(*table.column_names)
        rows.write.format("noop").mode("overwrite").save()
    except Exception as gone:
        raise VersionGone(f"{table.name} as of version {version}") from gone
    return rows


def create_table(spark: SparkSession, lake_root: str, table: Table) -> None:
    """Make the table as `schemas` declares it, NOT NULLs, comments and properties with it; no-op where it is."""
    from delta.tables import DeltaTable

    if exists(lake_root, table):
        return
    builder = DeltaTable.createIfNotExists(spark).location(table_uri(lake_root, table)).addColumns(table.struct)
    builder = builder.partitionedBy(*table.partition_by)
    for key, value in table.properties.items():
        builder = builder.property(key, value)
    builder.execute()


def replace_where(
    rows: DataFrame, lake_root: str, table: Table, predicate: str | None, state: Mapping[str, Any] | None
) -> None:
    """Replace what `predicate` selects (None: everything) by `rows`, in one commit that carries `state`.

    Delta checks that every row satisfies the predicate; a date of it without rows ends up empty. Where there is
    nothing to remove and nothing to add Delta makes no commit, and `state` gets one of its own.
    """
    spark = rows.sparkSession
    create_table(spark, lake_root, table)
    rows = rows.select(*table.column_names)
    if table.partition_by:
        rows = rows.repartition(*table.partition_by)  # one file a date, not one from each task
    writer = rows.write.format("delta").mode("overwrite")
    if predicate is not None:
        writer = writer.option("replaceWhere", predicate)
    if state is None:
        writer.save(table_uri(lake_root, table))
        return
    text = encode_state({**state, "table_id": table_id(lake_root, table.path)})
    writer.option("userMetadata", text).save(table_uri(lake_root, table))
    if not carries(lake_root, table, text):
        note_state(spark, lake_root, table, state)


def carries(lake_root: str, table: Table, text: str) -> bool:
    """Whether the table's newest state is this one."""
    state = newest_state(lake_root, table.path)
    return bool(state) and encode_state(state) == text


def dates_predicate(column: str, dates: Iterable[date]) -> str:
    """SQL that selects exactly these dates of a partition column.

    >>> dates_predicate("date", [date(2025, 1, 2), date(2025, 1, 1)])
    "date IN (DATE'2025-01-01', DATE'2025-01-02')"
    """
    literals = ", ".join(f"DATE'{day}'" for day in sorted(set(dates)))
    return f"{column} IN ({literals})"


def note_state(spark: SparkSession, lake_root: str, table: Table, state: Mapping[str, Any]) -> None:
    """Commit `state` alone: the table was looked at against new sources, and no row of it changed.

    Delta makes no commit of an empty write, so a table property carries the state's digest, and the commit its text.
    """
    text = encode_state({**state, "table_id": table_id(lake_root, table.path)})
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    conf = "spark.databricks.delta.commitInfo.userMetadata"
    spark.conf.set(conf, text)
    try:
        uri = table_uri(lake_root, table)
        spark.sql(f"ALTER TABLE delta.`{uri}` SET TBLPROPERTIES ('company_activity.state' = '{digest}')")
    finally:
        spark.conf.unset(conf)
