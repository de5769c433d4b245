"""What a publish by date leaves in the table and in the ledger, on every engine at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from company_activity.errors import PublishError
from company_activity.io.warehouse.batch import TablePublished
from company_activity.io.warehouse.by_date import publish_dates
from company_activity.io.warehouse.served import ACTIVITY
from company_activity.io.warehouse.warehouse import Warehouse

from support.warehouse.tables import DAY, activity, ledger_rows, pinned, publisher_of, served_rows

Publish = Callable[..., TablePublished]

# What only Spark and the ledger decide is the same on every engine.
on_h2 = pytest.mark.parametrize("settings", ["h2"], indirect=True)
BEFORE = date(2025, 3, 30)


@pytest.fixture
def publish(spark: SparkSession, warehouse: Warehouse, tmp_path: Path) -> Publish:
    """Publish what the lake has at a version: users per company per day, with a content hash per day."""

    def publish(
        days: Mapping[date, Mapping[str, int]],
        hashes: Mapping[date, str],
        version: int,
        *,
        dates: Iterable[date] | None = None,
        lake_id: str = "lake-1",
        rows: DataFrame | None = None,
        **given: Any,
    ) -> TablePublished:
        lake = pinned(spark, ACTIVITY, activity(spark, days) if rows is None else rows, version, lake_id)
        return publish_dates(publisher_of(warehouse, tmp_path, **given), lake, hashes, dates)

    return publish


def test_a_date_is_served_as_the_lake_has_it(publish: Publish, warehouse: Warehouse) -> None:
    report = publish({DAY: {"a": 3, "b": 4}}, {DAY: "h1"}, 1)
    assert (report.published, report.already, report.rows) == (("2025-03-31",), (), 2)
    assert served_rows(warehouse, "company_id, active_users, events, churn_reasons") == [
        ("a", "3", "30", "A,B"),
        ("b", "4", "40", "A,B"),
    ]
    assert ledger_rows(warehouse) == [("2025-03-31", "h1", "2")]


@on_h2
def test_the_same_content_again_sends_nothing(publish: Publish, warehouse: Warehouse) -> None:
    publish({DAY: {"a": 3}}, {DAY: "h1"}, 1)
    report = publish({DAY: {"a": 3}}, {DAY: "h1"}, 2, run_id="run-2")
    assert (report.published, report.already, report.rows) == ((), ("2025-03-31",), 0)
    assert ledger_rows(warehouse, "run_id") == [("run-1",)]


def test_an_earlier_content_that_comes_back_is_sent(publish: Publish, warehouse: Warehouse) -> None:
    for version, (content, users) in enumerate([("A", 1), ("B", 2), ("A", 1)]):
        publish({DAY: {"a": users}}, {DAY: content}, version)
    assert served_rows(warehouse, "active_users") == [("1",)]
    assert ledger_rows(warehouse, "content_hash, seq") == [("A", "1"), ("B", "2"), ("A", "3")]


def test_a_date_that_became_missing_is_deleted(publish: Publish, warehouse: Warehouse) -> None:
    publish({BEFORE: {"a": 1}, DAY: {"a": 2}}, {BEFORE: "h0", DAY: "h1"}, 1)
    report = publish({DAY: {"a": 2}}, {DAY: "h1"}, 2)
    assert (report.published, report.rows) == (("2025-03-30",), 0)
    assert served_rows(warehouse, "active_users") == [("2",)]
    assert ledger_rows(warehouse)[-1] == ("2025-03-30", "missing", "0")
    assert publish({DAY: {"a": 2}}, {DAY: "h1"}, 3).published == ()


@on_h2
def test_a_date_that_the_state_forgot_is_not_deleted(publish: Publish, warehouse: Warehouse) -> None:
    built = {BEFORE: {"a": 1}, DAY: {"a": 2}}
    publish(built, {BEFORE: "h0", DAY: "h1"}, 1)
    with pytest.raises(PublishError, match="has rows of 2025-03-30, 2025-03-31 in the lake, but its state knows no"):
        publish(built, {}, 2)
    assert served_rows(warehouse, "active_users") == [("1",), ("2",)]


@on_h2
def test_only_the_dates_asked_for_are_looked_at(publish: Publish, warehouse: Warehouse) -> None:
    report = publish({BEFORE: {"a": 1}, DAY: {"a": 2}}, {BEFORE: "h0", DAY: "h1"}, 1, dates=[DAY])
    assert report.published == ("2025-03-31",)
    assert served_rows(warehouse, "active_users") == [("2",)]


def test_an_older_version_is_refused_before_anything_is_staged(publish: Publish, warehouse: Warehouse) -> None:
    publish({DAY: {"a": 2}}, {DAY: "h2"}, 7)
    with pytest.raises(PublishError, match="Delta version 7, newer than 6"):
        publish({DAY: {"a": 1}}, {DAY: "h1"}, 6)
    assert served_rows(warehouse, "active_users") == [("2",)]


@on_h2
def test_another_lake_is_refused_until_it_is_adopted(publish: Publish, warehouse: Warehouse) -> None:
    publish({BEFORE: {"a": 1}, DAY: {"a": 2}}, {BEFORE: "h0", DAY: "h1"}, 7)
    rebuilt = ({DAY: {"a": 9}}, {DAY: "h9"}, 0)
    with pytest.raises(PublishError, match="another lake table") as refused:
        publish(*rebuilt, lake_id="lake-2")
    assert "--adopt-lake" in refused.value.remedy
    assert publish(*rebuilt, lake_id="lake-2", adopt_lake=True).published == ("2025-03-30", "2025-03-31")
    assert served_rows(warehouse, "active_users") == [("9",)]


@on_h2
def test_adopting_a_lake_sends_equal_content_again_and_says_so(
    publish: Publish, spark: SparkSession, warehouse: Warehouse, tmp_path: Path
) -> None:
    publish({DAY: {"a": 2}}, {DAY: "h1"}, 7)
    publisher = publisher_of(warehouse, tmp_path, adopt_lake=True)
    lake = pinned(spark, ACTIVITY, activity(spark, {DAY: {"a": 2}}), 0, "lake-2")
    assert publish_dates(publisher, lake, {DAY: "h1"}, None).published == ("2025-03-31",)
    assert publisher.warnings == ["analytics.company_activity_daily: lake table lake-2 takes over from lake-1"]


@on_h2
def test_each_transaction_takes_so_many_dates(spark: SparkSession, warehouse: Warehouse, tmp_path: Path) -> None:
    days = [date(2025, 3, day) for day in range(1, 6)]
    few = replace(warehouse, publish=replace(warehouse.publish, max_dates_per_transaction=2))
    lake = pinned(spark, ACTIVITY, activity(spark, {day: {"a": day.day} for day in days}), 1)
    report = publish_dates(publisher_of(few, tmp_path), lake, {day: f"h{day}" for day in days}, None)
    assert (len(report.published), report.rows) == (5, 5)
    assert served_rows(warehouse, "active_users") == [("1",), ("2",), ("3",), ("4",), ("5",)]


@on_h2
def test_a_date_without_rows_is_complete_not_missing(publish: Publish, warehouse: Warehouse) -> None:
    publish({BEFORE: {"a": 1}}, {BEFORE: "h0", DAY: "empty"}, 1)
    assert ledger_rows(warehouse) == [("2025-03-30", "h0", "1"), ("2025-03-31", "empty", "0")]


def test_every_value_arrives_as_it_is(publish: Publish, spark: SparkSession, warehouse: Warehouse) -> None:
    hostile = 'O\'Brien; DROP TABLE x --\t"é" 🙂\\'
    rows = activity(
        spark,
        {DAY: {"🙂" * 64: 1}},
        company_name=hostile,
        country="",
        last_contact_at=datetime(
            2025, 3, 30, 2, 30, 0, 123456, tzinfo=UTC
        ),  # an hour that a change of clocks skips in Europe
        usage_density=0.1 + 0.2,
        engagement_score=1e-17,
        is_churn_risk=True,
        churn_reasons=[],
    )
    shown = rows.selectExpr("company_name", "country", "date_format(last_contact_at, 'yyyy-MM-dd HH:mm:ss.SSSSSS')")
    [expected] = shown.collect()
    publish({}, {DAY: "h"}, 1, rows=rows)
    columns = "company_id, company_name, country, CAST(last_contact_at AS VARCHAR(26)), churn_reasons"
    assert served_rows(warehouse, columns) == [("🙂" * 64, *expected, "")]
    ((density, score, is_risk),) = served_rows(warehouse, "usage_density, engagement_score, is_churn_risk")
    assert (float(str(density)), float(str(score))) == (0.1 + 0.2, 1e-17)
    assert is_risk in ("TRUE", "t", "1")


def test_a_character_that_postgres_refuses_stops_no_publish(
    publish: Publish, spark: SparkSession, warehouse: Warehouse
) -> None:
    publish({}, {DAY: "h"}, 1, rows=activity(spark, {DAY: {"a": 1}}, company_name="no\0name"))
    replaced = "\ufffd" if warehouse.dialect.name == "postgres" else "\0"
    assert served_rows(warehouse, "company_name") == [(f"no{replaced}name",)]
