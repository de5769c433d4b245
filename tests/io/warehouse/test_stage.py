"""Staging: what a retried task leaves twice is served once; what a dead run leaves is swept.

PostgreSQL takes dates by a stream (`test_copy_in.py`) and stages only the dimension (`test_publish_retry.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.errors import PublishError
from company_activity.io.warehouse import stage as staging_module
from company_activity.io.warehouse.batch import PublishBatch, TablePublished
from company_activity.io.warehouse.by_date import publish_dates
from company_activity.io.warehouse.by_key import publish_keys
from company_activity.io.warehouse.engines import DIALECTS
from company_activity.io.warehouse.jdbc import Row, SqlError
from company_activity.io.warehouse.ledger import LedgerRow
from company_activity.io.warehouse.publisher import Publisher
from company_activity.io.warehouse.served import ACTIVITY, DIMENSION, ServedTable
from company_activity.io.warehouse.sources import Source, Staged
from company_activity.io.warehouse.stage import staging, sweep, write_stage
from company_activity.io.warehouse.warehouse import Warehouse
from company_activity.settings.model import PublishSettings

from support.warehouse.tables import (
    DAY,
    NOW,
    activity,
    companies,
    execute,
    ledger_rows,
    pinned,
    publisher_of,
    served_rows,
)

Copies = Callable[[DataFrame], DataFrame]  # of the rows of a publish, those that come twice

staged_by_date = pytest.mark.parametrize("settings", ["h2", "sqlserver"], indirect=True)


@pytest.fixture
def publish_twice_staged(
    spark: SparkSession, warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Copies], TablePublished]:
    """Publish {a: 1, b: 2} where rows of `again` reach staging a second time, as after a retried task."""

    def publish(again: Copies) -> TablePublished:
        def write_with_copies(warehouse: Warehouse, rows: DataFrame, table: ServedTable, stage: str) -> None:
            write_stage(warehouse, rows, table, stage)
            write_stage(warehouse, again(rows), table, stage)

        monkeypatch.setattr("company_activity.io.warehouse.stage.write_stage", write_with_copies)
        lake = pinned(spark, ACTIVITY, activity(spark, {DAY: {"a": 1, "b": 2}}), 1)
        return publish_dates(publisher_of(warehouse, tmp_path), lake, {DAY: "h"}, None)

    return publish


@staged_by_date
def test_copies_of_a_retried_task_are_served_once(
    publish_twice_staged: Callable[[Copies], TablePublished], warehouse: Warehouse
) -> None:
    assert publish_twice_staged(lambda rows: rows.where("company_id = 'a'")).published == ("2025-03-31",)
    assert served_rows(warehouse, "company_id, active_users") == [("a", "1"), ("b", "2")]


@staged_by_date
def test_two_rows_of_one_key_that_differ_are_refused(
    publish_twice_staged: Callable[[Copies], TablePublished], warehouse: Warehouse
) -> None:
    with pytest.raises((PublishError, SqlError)):
        publish_twice_staged(lambda rows: rows.where("company_id = 'a'").withColumn("events", F.lit(99)))
    assert served_rows(warehouse, "company_id") == ledger_rows(warehouse) == []


@staged_by_date
def test_rows_that_never_arrived_are_noticed(
    spark: SparkSession, warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "company_activity.io.warehouse.stage.write_stage",
        lambda warehouse, rows, table, stage: write_stage(warehouse, rows.where("company_id = 'a'"), table, stage),
    )
    lake = pinned(spark, ACTIVITY, activity(spark, {DAY: {"a": 1, "b": 2}}), 1)
    with pytest.raises(PublishError, match="1 rows, sum 1, sum 10 in SQL, 2 rows, sum 3, sum 30 in the lake"):
        publish_dates(publisher_of(warehouse, tmp_path), lake, {DAY: "h"}, None)
    assert served_rows(warehouse, "company_id") == []


def test_a_row_that_is_refused_is_not_quoted(spark: SparkSession, warehouse: Warehouse, tmp_path: Path) -> None:
    rows = activity(spark, {DAY: {"secret-id": 1}}, company_name="Secret Inc. " * 200, country="Secretland")
    with pytest.raises(SqlError, match="(?i)too long|cannot be converted to type") as refused:
        publish_dates(publisher_of(warehouse, tmp_path), pinned(spark, ACTIVITY, rows, 1), {DAY: "h"}, None)
    if warehouse.dialect.name == "postgres":
        assert "secret" not in str(refused.value).lower()


def test_the_bulk_path_is_on_with_the_batch_size_that_is_set() -> None:
    options = DIALECTS["postgres"].writer_options(PublishSettings(batch_size=5000))
    assert options == {"batchsize": "5000", "reWriteBatchedInserts": "true"}


@pytest.mark.parametrize("settings", ["h2"], indirect=True)
def test_so_many_tasks_write_at_once_as_are_set(
    spark: SparkSession, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[int] = []
    four = replace(warehouse, publish=PublishSettings(writers=4))
    rows = activity(spark, {DAY: {"a": 1}})
    looked_at = property(lambda written: shares.append(written.rdd.getNumPartitions()))
    monkeypatch.setattr(type(rows), "write", looked_at)  # of the session's kind: Spark 4 has two
    with pytest.raises(AttributeError):  # nothing is written: the shares are what is looked at
        write_stage(four, rows, ACTIVITY, "etl.stage_1")
    assert shares == [4]


def test_staging_is_named_after_the_publish_and_gone_at_its_end(warehouse: Warehouse) -> None:
    with staging(warehouse, ACTIVITY, "0123456789abcdef0123", "run-1", NOW) as stage:
        assert stage.startswith("etl.stage_0123456789abcdef_")
        assert registered(warehouse) == [(stage,)]
    assert registered(warehouse) == []
    with pytest.raises(SqlError):
        execute(warehouse, [f"SELECT COUNT(*) FROM {stage}"])


def test_nothing_but_our_ddl_makes_a_staging_table(spark: SparkSession, warehouse: Warehouse) -> None:
    with staging(warehouse, DIMENSION, "0123456789abcdef", "run-1", NOW) as stage:
        execute(warehouse, [f"DROP TABLE {stage}"])
        with pytest.raises(SqlError):
            write_stage(warehouse, companies(spark, {"a": "Ann"}).withColumn("is_gone", F.lit(0)), DIMENSION, stage)
        with pytest.raises(SqlError):
            execute(warehouse, [f"SELECT COUNT(*) FROM {stage}"])


@pytest.mark.parametrize("loss", ["DROP TABLE", "DELETE FROM"])
def test_staging_that_is_lost_is_made_and_filled_again(
    spark: SparkSession, warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    lake, losses = pinned(spark, DIMENSION, companies(spark, {"a": "Ann", "b": "Bob"}), 1), [loss]

    class Losing(Publisher):
        def run(self, batch: PublishBatch, source: Source | None) -> list[LedgerRow]:
            if losses:
                assert isinstance(source, Staged)
                execute(warehouse, [f"{losses.pop()} {source.stage}"])
            return super().run(batch, source)

    given = publisher_of(warehouse, tmp_path)
    losing = Losing(given.warehouse, given.files, given.run_id, given.now)
    assert publish_keys(losing, lake).published == ("all",)
    assert served_rows(warehouse, "company_id, name", DIMENSION) == [("a", "Ann"), ("b", "Bob")]
    assert registered(warehouse) == []


@pytest.mark.parametrize("settings", ["h2"], indirect=True)
def test_staging_that_is_lost_each_time_is_refused(
    spark: SparkSession, warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losing(warehouse: Warehouse, rows: DataFrame, table: ServedTable, stage: str) -> None:
        execute(warehouse, [f"DROP TABLE {stage}"])
        write_stage(warehouse, rows, table, stage)

    monkeypatch.setattr("company_activity.io.warehouse.stage.write_stage", losing)
    lake = pinned(spark, DIMENSION, companies(spark, {"a": "Ann"}), 1)
    with pytest.raises(PublishError, match="staging of dim.companies was lost 3 times, .* is gone"):
        publish_keys(publisher_of(warehouse, tmp_path), lake)
    assert served_rows(warehouse, "company_id", DIMENSION) == registered(warehouse) == []


def test_what_a_dead_run_left_is_swept_after_a_day(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging_module, "_drop", lambda *given: None)
    with staging(warehouse, ACTIVITY, "0123456789abcdef", "run-1", NOW):
        pass
    monkeypatch.undo()
    with warehouse.connection() as connection:
        sweep(connection, warehouse, NOW + timedelta(hours=23))
        assert len(registered(warehouse)) == 1
        sweep(connection, warehouse, NOW + timedelta(hours=25))
    assert registered(warehouse) == []


def registered(warehouse: Warehouse) -> list[Row]:
    with warehouse.connection() as connection:
        return connection.query("SELECT stage_name FROM etl.staging")
