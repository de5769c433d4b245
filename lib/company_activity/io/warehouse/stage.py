"""Staging: executors append rows to a table of this publish alone, in bulk and in parallel."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from company_activity.io.warehouse.batch import PublishBatch
from company_activity.io.warehouse.engines.base import Dialect
from company_activity.io.warehouse.jdbc import Connection, SqlError, StageLostError, failures
from company_activity.io.warehouse.ledger import sql_time
from company_activity.io.warehouse.redaction import redacted_options
from company_activity.io.warehouse.served import FREE_TEXT, ServedColumn, ServedTable
from company_activity.io.warehouse.statements import IS_GONE, create_stage
from company_activity.io.warehouse.warehouse import Warehouse
from company_activity.schemas import LIST_SEPARATOR

REGISTER = "etl.staging"
ABANDONED_AFTER = timedelta(hours=24)
# Spark's writer makes a table that it does not find, with types of its own. This stands behind the columns in its
# CREATE TABLE, and no engine can read it.
NOT_BY_SPARK = "nothing_but_our_ddl_creates_a_staging_table"


def as_served(rows: DataFrame, table: ServedTable, dialect: Dialect) -> DataFrame:
    """The served columns as the warehouse can hold them: an array as one text, no character that it refuses."""
    kept = [column for column in (IS_GONE,) if column in rows.columns]
    columns = []
    for column in table.columns:
        value = _served(column, rows, dialect)
        if column.name in table.blank_when_null:
            value = F.coalesce(value, F.lit(""))
        columns.append(value.alias(column.name))
    return rows.select(*columns, *kept)


def _served(column: ServedColumn, rows: DataFrame, dialect: Dialect) -> Column:
    value = F.col(column.name)
    if rows.schema[column.name].dataType.typeName() == "array":
        # Not its text column: rows that were written before that have none.
        return F.array_join(value, LIST_SEPARATOR)
    if column.length == FREE_TEXT and not dialect.takes_nul:
        return F.replace(value, F.lit("\0"), F.lit("\ufffd"))
    return value


def as_staged(rows: DataFrame, table: ServedTable, dialect: Dialect) -> DataFrame:
    """The served columns as staging has them: dates and times as ISO text (UTC)."""
    texts = {
        column.name: F.col(column.name).cast("string")
        if column.type == "date"
        else F.date_format(column.name, "yyyy-MM-dd HH:mm:ss.SSSSSS")
        for column in table.columns
        if column.is_staged_as_text
    }
    return as_served(rows, table, dialect).withColumns(texts)


@contextmanager
def filled_stage(
    warehouse: Warehouse, rows: DataFrame, batch: PublishBatch, run_id: str, now: datetime
) -> Iterator[str]:
    """A staging table with `rows` in it; after a transient failure a new one is made and filled.

    Raises:
        StageLostError: if the table is gone before its rows are written.
    """
    with warehouse.session(), ExitStack() as at_end:

        def fill() -> str:
            at_end.close()  # what an earlier try left half filled
            stage = at_end.enter_context(
                staging(warehouse, batch.table, batch.publish_id, run_id, now)
            )
            write_stage(warehouse, rows, batch.table, stage)
            return stage

        yield warehouse.tried(fill)


@contextmanager
def staging(
    warehouse: Warehouse, table: ServedTable, publish_id: str, run_id: str, now: datetime
) -> Iterator[str]:
    """A staging table named after the publish id and this attempt; dropped at the end, whatever happens.

    The attempt is in the name because two runs that publish the same thing at once must not share a table.
    """
    stage = f"etl.stage_{publish_id[:16]}_{uuid.uuid4().hex[:8]}"
    dialect = warehouse.dialect
    with warehouse.connection() as connection:
        sweep(connection, warehouse, now)
        register = dialect.insert_row(
            REGISTER, ("stage_name", "run_id", "created_at"), ("?", "?", dialect.time_mark)
        )
        connection.execute(register, stage, run_id, sql_time(now))
        connection.execute(create_stage(dialect, table, stage))
    try:
        yield stage
    finally:
        with (
            suppress(SqlError),
            warehouse.connection() as connection,
        ):  # what stays, a later run sweeps
            ours = connection.query(f"SELECT stage_name FROM {REGISTER} WHERE run_id = ?", run_id)
            for (left,) in ours:  # this one, and those that an earlier try could not drop
                _drop(connection, warehouse, str(left))


def sweep(connection: Connection, warehouse: Warehouse, now: datetime) -> None:
    """Drop the staging tables that runs left behind when they died, a day ago or more."""
    before = f"created_at < {warehouse.dialect.time_mark}"
    old = connection.query(
        f"SELECT stage_name FROM {REGISTER} WHERE {before}", sql_time(now - ABANDONED_AFTER)
    )
    for (stage,) in old:
        _drop(connection, warehouse, str(stage))


def drop_all(connection: Connection, warehouse: Warehouse) -> None:
    """Drop every staging table that a run left behind."""
    for (stage,) in connection.query(f"SELECT stage_name FROM {REGISTER}"):
        _drop(connection, warehouse, str(stage))


def _drop(connection: Connection, warehouse: Warehouse, stage: str) -> None:
    connection.execute(warehouse.dialect.drop_stage(stage))
    connection.execute(f"DELETE FROM {REGISTER} WHERE stage_name = ?", stage)


def write_stage(warehouse: Warehouse, rows: DataFrame, table: ServedTable, stage: str) -> None:
    """Append `rows` to staging with `publish.writers` parallel tasks.

    A Spark task that is retried after its commit leaves its rows twice. They are equal rows: a task's share is a
    function of the pinned Delta version and a hash of the key, with nothing random in it. So staging needs no
    column for the attempt: copies show in its count, and the insert then drops them by DISTINCT.

    Raises:
        StageLostError: if there is no such table; none is made then.
        SqlError: what the first task that failed for good ran into.
    """
    target = warehouse.target
    publish = warehouse.publish
    shares = as_staged(rows, table, warehouse.dialect).repartition(publish.writers, *table.key)
    options = target.revealed() | warehouse.dialect.connection_options(warehouse.sql)
    options |= warehouse.dialect.writer_options(publish)
    writer = shares.write.format("jdbc").mode("append").options(**options)
    writer = writer.option("url", target.url).option("driver", warehouse.dialect.driver)
    writer = writer.option("dbtable", stage).option("createTableOptions", NOT_BY_SPARK)
    try:
        with redacted_options(warehouse.spark), failures(target):
            writer.save()
    except SqlError as failure:
        if warehouse.dialect.is_no_sql(failure) or warehouse.dialect.lacks_table(failure):
            raise StageLostError(
                f"{stage} is gone, and {NOT_BY_SPARK.replace('_', ' ')}"
            ) from failure
        raise
