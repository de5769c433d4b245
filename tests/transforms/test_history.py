"""Attributes over time: changes are NULL-safe, periods touch, a date sees what was known then."""

from __future__ import annotations

from datetime import date

from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.schemas import CRM_COMPANIES
from company_activity.transforms.history import build_history, with_attributes_as_of

from support.spark.frames import frame

PERIODS = "company_id string, name string, valid_from date, valid_to date"
AS_OF = "company_id string, activity_date date, company_name string, country string, is_backdated boolean, is_in_crm boolean"


def snapshots(spark: SparkSession, *rows: tuple[str, str | None, date]) -> DataFrame:
    named = [
        {"company_id": i, "name": n, "country": "UK", "file_date": d, "src_file_name": f"{d}.csv"} for i, n, d in rows
    ]
    return frame(spark, CRM_COMPANIES, named)


def periods(spark: SparkSession, *rows: tuple[str, str | None, date]) -> DataFrame:
    return build_history(snapshots(spark, *rows)).select("company_id", "name", "valid_from", "valid_to")


def test_a_rename_closes_one_period_and_opens_the_next(spark: SparkSession) -> None:
    found = periods(
        spark, ("a", "Old", date(2025, 1, 1)), ("a", "Old", date(2025, 2, 1)), ("a", "New", date(2025, 3, 1))
    )
    expected = spark.createDataFrame(
        [("a", "Old", date(2025, 1, 1), date(2025, 3, 1)), ("a", "New", date(2025, 3, 1), None)], PERIODS
    )
    assert_df_equality(found, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)


def test_a_value_that_becomes_empty_and_back_is_two_changes(spark: SparkSession) -> None:
    found = periods(spark, ("a", "A", date(2024, 2, 28)), ("a", None, date(2024, 2, 29)), ("a", "A", date(2024, 3, 1)))
    expected = spark.createDataFrame(
        [
            ("a", "A", date(2024, 2, 28), date(2024, 2, 29)),
            ("a", None, date(2024, 2, 29), date(2024, 3, 1)),
            ("a", "A", date(2024, 3, 1), None),
        ],
        PERIODS,
    )
    assert_df_equality(found, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)


def test_a_company_absent_from_a_snapshot_keeps_its_attributes(spark: SparkSession) -> None:
    found = periods(spark, ("a", "A", date(2025, 1, 1)), ("b", "B", date(2025, 1, 2)), ("a", "A", date(2025, 1, 3)))
    expected = spark.createDataFrame([("a", "A", date(2025, 1, 1), None), ("b", "B", date(2025, 1, 2), None)], PERIODS)
    assert_df_equality(found, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)


def test_a_date_sees_what_was_known_then_at_both_edges(spark: SparkSession) -> None:
    history = build_history(snapshots(spark, ("a", "Old", date(2024, 12, 31)), ("a", "New", date(2025, 3, 1))))
    asked = [
        date(2024, 10, 31),
        date(2024, 11, 1),
        date(2024, 12, 30),
        date(2024, 12, 31),
        date(2025, 2, 28),
        date(2025, 3, 1),
    ]
    days = spark.createDataFrame([("a", day) for day in asked], "company_id string, activity_date date")
    expected = spark.createDataFrame(
        [
            ("a", date(2024, 10, 31), "UNKNOWN", None, False, False),  # 61 days before the first snapshot
            ("a", date(2024, 11, 1), "Old", "UK", True, True),  # 60 days before it: backdated
            ("a", date(2024, 12, 30), "Old", "UK", True, True),
            ("a", date(2024, 12, 31), "Old", "UK", False, True),  # valid_from is inclusive
            ("a", date(2025, 2, 28), "Old", "UK", False, True),
            ("a", date(2025, 3, 1), "New", "UK", False, True),  # valid_to is exclusive
        ],
        AS_OF,
    )
    found = days.transform(with_attributes_as_of, history).select(*expected.columns)
    assert_df_equality(found, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)


def test_a_leap_day_and_a_year_s_end_are_edges_like_any_other(spark: SparkSession) -> None:
    leap, new_year = date(2024, 2, 29), date(2025, 1, 1)
    history = build_history(snapshots(spark, ("a", "A", date(2024, 2, 28)), ("a", "B", leap), ("a", "C", new_year)))
    seen = {
        date(2023, 12, 30): "A",  # 60 days before the first, over the year's end
        date(2024, 2, 28): "A",
        leap: "B",
        date(2024, 3, 1): "B",
        date(2024, 12, 31): "B",
        new_year: "C",
    }
    days = spark.createDataFrame([("a", day) for day in seen], "company_id string, activity_date date")
    found = days.transform(with_attributes_as_of, history).select("activity_date", "company_name")
    assert {row.activity_date: row.company_name for row in found.collect()} == seen


def test_a_backdated_company_has_no_last_contact(spark: SparkSession) -> None:
    contacted = snapshots(spark, ("a", "A", date(2025, 1, 10))).withColumn(
        "last_contact_at", F.timestamp_seconds(F.lit(0))
    )
    days = spark.createDataFrame(
        [("a", date(2025, 1, 9)), ("a", date(2025, 1, 10))], "company_id string, activity_date date"
    )
    found = days.transform(with_attributes_as_of, build_history(contacted)).orderBy("activity_date")
    assert [row.last_contact_at is None for row in found.collect()] == [True, False]
