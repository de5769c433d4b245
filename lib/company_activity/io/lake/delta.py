"""Delta tables of the lake: made as declared, read, and replaced in one commit that carries its state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from company_activity.errors import LakeUnfit
from company_activity.io.lake.delta_log import encode_state, newest_state, newest_version, table_id
from company_activity.io.lake.versions import is_version_gone
from company_activity.schemas import spark_type

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
    return as_declared(spark.read.format("delta").load(table_uri(lake_root, table)), table)


class VersionGone(LookupError):
    """An old version of a table can no longer be read."""


def read_version(spark: SparkSession, lake_root: str, table: Table, version: int) -> DataFrame:
    """The table's rows as of a version.

    Raises:
        VersionGone: if its log or its files are no longer there; found out by reading them. A read that fails
            otherwise (throttled, refused, broken) is raised as it is.
    """
    reader = spark.read.format("delta").option("versionAsOf", version)
    try:
        rows = as_declared(reader.load(table_uri(lake_root, table)), table)
        rows.write.format("noop").mode("overwrite").save()
    except Exception as gone:
        if not is_version_gone(gone):
            raise
        raise VersionGone(f"{table.name} as of version {version}") from gone
    return rows


def as_declared(rows: DataFrame, table: Table) -> DataFrame:
    """The columns that `schemas` declares; one that the files do not have yet is NULL in their rows."""
    from pyspark.sql import functions as F

    found = set(rows.columns)
    return rows.select(
        *(
            F.col(column.name) if column.name in found else F.lit(None).cast(column.type).alias(column.name)
            for column in table.columns
        )
    )


def create_table(spark: SparkSession, lake_root: str, table: Table) -> None:
    """Make the table as `schemas` declares it, NOT NULLs, comments and properties with it; where it is, extend it."""
    from delta.tables import DeltaTable

    if exists(lake_root, table):
        evolve_table(spark, lake_root, table)
        return
    builder = DeltaTable.createIfNotExists(spark).location(table_uri(lake_root, table)).addColumns(table.struct)
    builder = builder.partitionedBy(*table.partition_by)
    for key, value in table.properties.items():
        builder = builder.property(key, value)
    builder.execute()


def evolve_table(spark: SparkSession, lake_root: str, table: Table) -> None:
    """Bring a table that an older version made to its declaration; no-op where its newest state says that it is there.

    Only additive: a new column is NULL in the rows that stand, a column that may be NULL now loses its NOT NULL, and
    the table's properties follow. Nothing is dropped or converted.

    Raises:
        LakeUnfit: if a column of ours has another type.
    """
    if newest_state(lake_root, table.path).get("schema") == table.fingerprint:
        return
    uri = table_uri(lake_root, table)
    standing = {field.name: field for field in spark.read.format("delta").load(uri).schema.fields}
    for column in table.columns:
        if column.name in standing and standing[column.name].dataType != spark_type(column.type):
            found = standing[column.name].dataType.simpleString()
            raise LakeUnfit(
                f"{table.name}.{column.name} is {found} in the lake, and {column.type} in this version",
                remedy=f"move {uri} aside; the next run builds the table again",
            )
    added = [column for column in table.columns if column.name not in standing]
    if added:
        listed = ", ".join(f"{column.name} {column.type} COMMENT {sql_text(column.comment)}" for column in added)
        spark.sql(f"ALTER TABLE delta.`{uri}` ADD COLUMNS ({listed})")
    for column in table.columns:
        if column.name in standing and column.nullable and not standing[column.name].nullable:
            spark.sql(f"ALTER TABLE delta.`{uri}` ALTER COLUMN {column.name} DROP NOT NULL")
    noted = {row["key"]: row["value"] for row in spark.sql(f"SHOW TBLPROPERTIES delta.`{uri}`").collect()}
    changed = {name: value for name, value in table.properties.items() if noted.get(name) != value}
    if changed:
        listed = ", ".join(f"{sql_text(name)} = {sql_text(value)}" for name, value in changed.items())
        spark.sql(f"ALTER TABLE delta.`{uri}` SET TBLPROPERTIES ({listed})")


def sql_text(text: str) -> str:
    """A text literal of Spark SQL.

    >>> print(sql_text("it's"))
    'it\\'s'
    """
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def replace_where(
    rows: DataFrame, lake_root: str, table: Table, predicate: str | None, state: Mapping[str, Any] | None
) -> None:
    """Replace what `predicate` selects (None: everything) by `rows`, in one commit that carries `state`.

    Delta checks that every row satisfies the predicate; a date of it without rows ends up empty. Where there is
    nothing to remove and nothing to add Delta makes no commit, and `state` gets one of its own. A table that an older
    version made is brought to its declaration first.
    """
    spark = rows.sparkSession
    create_table(spark, lake_root, table)
    rows = rows.select(*table.column_names)
    if table.partition_by:
        rows = rows.repartition(*table.partition_by)  # one file a date, not one from each task
    writer = rows.write.format("delta").mode("overwrite")
    if predicate is not None:
        writer = writer.option("replaceWhere", predicate)
    text = signed(lake_root, table, state or {})
    writer.option("userMetadata", text).save(table_uri(lake_root, table))
    if state is None and newest_state(lake_root, table.path).get("schema") != table.fingerprint:
        note_state(spark, lake_root, table, {})  # else every empty replacement would bring it to its declaration again
    if state is not None and not carries(lake_root, table, text):
        note_state(spark, lake_root, table, state)


def signed(lake_root: str, table: Table, state: Mapping[str, Any]) -> str:
    """A state as a commit carries it: with the table's id, and the declaration that the table has by then."""
    return encode_state({**state, "table_id": table_id(lake_root, table.path), "schema": table.fingerprint})


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
    evolve_table(spark, lake_root, table)
    text = signed(lake_root, table, state)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    conf = "spark.databricks.delta.commitInfo.userMetadata"
    spark.conf.set(conf, text)
    try:
        uri = table_uri(lake_root, table)
        spark.sql(f"ALTER TABLE delta.`{uri}` SET TBLPROPERTIES ('company_activity.state' = '{digest}')")
    finally:
        spark.conf.unset(conf)
