"""Dates go to PostgreSQL in a stream: in slices, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.errors import PublishError
from company_activity.io.warehouse import sources
from company_activity.io.warehouse.batch import TablePublished
from company_activity.io.warehouse.by_date import publish_dates
from company_activity.io.warehouse.copy_in import copy_in
from company_activity.io.warehouse.engines import postgres
from company_activity.io.warehouse.jdbc import Connection, SqlError
from company_activity.io.warehouse.served import ACTIVITY
from company_activity.io.warehouse.warehouse import Warehouse

from support.warehouse.tables import DAY, activity, ledger_rows, pinned, publisher_of, served_rows

Publish = Callable[..., TablePublished]

pytestmark = pytest.mark.parametrize("settings", ["postgres"], indirect=True)
DAYS = [date(2025, 3, day) for day in range(1, 6)]


@pytest.fixture
def publish(spark: SparkSession, warehouse: Warehouse, tmp_path: Path) -> Publish:
    def publish(days: Mapping[date, Mapping[str, int]], rows: DataFrame | None = None) -> TablePublished:
        lake = pinned(spark, ACTIVITY, activity(spark, days) if rows is None else rows, 1)
        return publish_dates(publisher_of(warehouse, tmp_path), lake, dict.fromkeys(days, "h"), None)

    return publish


@pytest.fixture
def slices(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many slices each stream was sent in, at most three rows a slice."""
    counts = []

    def counting(connection: Connection, statement: str, slices: Sequence[DataFrame]) -> None:
        counts.append(len(slices))
        copy_in(connection, statement, slices)

    monkeypatch.setattr(sources, "SLICE_ROWS", 3)
    monkeypatch.setattr(postgres, "copy_in", counting)
    return counts


def test_small_days_share_a_slice_and_a_large_one_is_shared_out(
    publish: Publish, warehouse: Warehouse, slices: list[int]
) -> None:
    users = {day: {"a": 1} for day in DAYS[:4]} | {DAYS[4]: {f"c{n}": n for n in range(10)}}
    assert publish(users).rows == 14
    assert slices == [2 + 4]  # three days and one, and ten rows in fours
    shown = served_rows(warehouse, "activity_date, company_id, active_users")
    assert shown == [(str(day), company, str(n)) for day in DAYS for company, n in sorted(users[day].items())]


def test_nothing_is_staged(publish: Publish, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("company_activity.io.warehouse.publisher.filled_stage", None)
    assert publish({DAY: {"a": 1}}).published == ("2025-03-31",)


def test_rows_that_never_arrived_are_noticed(
    publish: Publish, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losing(connection: Connection, statement: str, slices: Sequence[DataFrame]) -> None:
        copy_in(connection, statement, [rows.where("company_id = 'a'") for rows in slices])

    monkeypatch.setattr(postgres, "copy_in", losing)
    with pytest.raises(PublishError, match="1 rows, sum 1, sum 10 in SQL, 2 rows, sum 3, sum 30 in the lake"):
        publish({DAY: {"a": 1, "b": 2}})
    assert served_rows(warehouse, "company_id") == ledger_rows(warehouse) == []


def test_a_key_that_comes_twice_is_refused(publish: Publish, spark: SparkSession, warehouse: Warehouse) -> None:
    with pytest.raises(SqlError, match="duplicate key"):
        publish({DAY: {}}, activity(spark, {DAY: {"a": 1}}).unionAll(activity(spark, {DAY: {"a": 2}})))
    assert served_rows(warehouse, "company_id") == ledger_rows(warehouse) == []


def test_what_fails_in_spark_leaves_nothing(publish: Publish, spark: SparkSession, warehouse: Warehouse) -> None:
    rows = activity(spark, {DAY: {"a": 1}})
    broken = rows.withColumn("company_name", F.when(F.col("company_id") == "a", F.raise_error(F.lit("no name"))))
    spark.sparkContext.setLogLevel("OFF")
    with pytest.raises(SqlError, match="no name"):
        publish({DAY: {}}, broken)
    spark.sparkContext.setLogLevel("ERROR")
    assert served_rows(warehouse, "company_id") == ledger_rows(warehouse) == []
