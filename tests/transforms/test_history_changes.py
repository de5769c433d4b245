"""Which companies a moved snapshot touches, and what is read to build their periods again."""

from __future__ import annotations

from datetime import date
from typing import Any

from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from company_activity.planning.staging_change import StagingChange
from company_activity.schemas import COMPANIES_HISTORY, CRM_COMPANIES
from company_activity.transforms.history_changes import companies_with_changed_periods, rebuilt_periods

from support.spark.frames import frame

JAN, LEAP, MAR, LATE = date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 1), date(2024, 12, 31)
PERIODS = "company_id string, name string, valid_from date, valid_to date"


def snapshots(spark: SparkSession, *rows: tuple[str, str | None, date]) -> DataFrame:
    names = ("company_id", "name", "file_date")
    return frame(spark, CRM_COMPANIES, [dict(zip(names, row, strict=True)) for row in rows], src_file_name="f.csv")


def periods(spark: SparkSession, *rows: tuple[Any, ...], path: str = "f.csv") -> DataFrame:
    names = ("company_id", "name", "valid_from", "valid_to")
    return frame(spark, COMPANIES_HISTORY, [dict(zip(names, row, strict=True)) for row in rows], src_file_name=path)


def test_a_snapshot_touches_the_companies_of_which_it_tells_something_else(spark: SparkSession) -> None:
    known = periods(
        spark,
        ("same", "S", JAN, None),
        ("same as of then", "S", JAN, MAR),
        ("same as of then", "T", MAR, None),
        ("null as before", None, JAN, None),
        ("renamed", "R", JAN, None),
        ("emptied", "E", JAN, None),
        ("filled", None, JAN, None),
        ("known earlier", "K", MAR, None),
        ("absent", "A", JAN, None),
    )
    told = snapshots(
        spark,
        ("same", "S", LEAP),
        ("same as of then", "S", LEAP),
        ("null as before", None, LEAP),
        ("renamed", "r", LEAP),
        ("emptied", None, LEAP),
        ("filled", "F", LEAP),
        ("known earlier", "K", LEAP),
        ("new", "N", LEAP),
        ("renamed", "not a moved date", LATE),
    )
    found = companies_with_changed_periods(told, known, StagingChange(added=frozenset([LEAP]), removed=frozenset()))
    touched = [("renamed",), ("emptied",), ("filled",), ("known earlier",), ("new",)]
    assert_df_equality(
        found, spark.createDataFrame(touched, "company_id string"), ignore_row_order=True, ignore_metadata=True
    )


def test_a_replaced_snapshot_touches_those_whose_period_it_had_opened(spark: SparkSession) -> None:
    known = periods(
        spark,
        ("opened, gone", "A", LEAP, None),
        ("opened, there", "A", LEAP, None),
        ("not opened", "A", JAN, None),
    ).unionByName(periods(spark, ("opened by another path", "A", LEAP, None), path="g.csv"))
    told = snapshots(spark, ("opened, there", "A", LEAP), ("opened by another path", "A", LEAP))
    found = companies_with_changed_periods(
        told, known, StagingChange(added=frozenset([LEAP]), removed=frozenset([LEAP]))
    )
    touched = [("opened, gone",), ("opened by another path",)]
    assert_df_equality(
        found, spark.createDataFrame(touched, "company_id string"), ignore_row_order=True, ignore_metadata=True
    )


def test_what_stood_before_sums_up_the_snapshots_that_are_not_read(spark: SparkSession) -> None:
    known = periods(spark, ("a", "Old", JAN, MAR), ("a", "New", MAR, None), ("b", "B", JAN, None))
    told = snapshots(spark, ("a", "never read", JAN), ("a", "Old", LEAP), ("a", "Newer", LATE), ("b", "b", LATE))
    only_a = spark.createDataFrame([("a",)], "company_id string")
    expected = spark.createDataFrame([("a", "Old", JAN, LATE), ("a", "Newer", LATE, None)], PERIODS)
    found = rebuilt_periods(only_a, told, known, LEAP).select(*expected.columns)
    assert_df_equality(found, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)
