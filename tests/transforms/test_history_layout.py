"""The dimension's files: a bucket is one file, ended periods lie apart, a change replaces the buckets it touches."""

from __future__ import annotations

from datetime import date

from chispa import assert_df_equality
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from company_activity.transforms.layout import Replacement, bucket, in_buckets, with_ended_apart

PERIODS = "company_id string, valid_to date"
EARLY, LATE = date(2024, 2, 29), date(2024, 12, 31)


def test_a_bucket_is_written_by_one_task(spark: SparkSession) -> None:
    companies = spark.range(200).select(F.concat(F.lit("c-é-"), "id").alias("company_id"))
    laid = in_buckets(companies, 8).select(F.spark_partition_id().alias("task"), bucket(8).alias("bucket"))
    assert laid.where("task <> bucket").isEmpty()
    assert laid.select("task").distinct().count() == 8


def test_ended_periods_share_no_file_with_those_that_stand(spark: SparkSession) -> None:
    ends = (None, EARLY, LATE)
    periods = spark.createDataFrame([(f"{n}", ends[n % 3]) for n in range(60)], PERIODS)
    laid = with_ended_apart(periods, 2).groupBy(F.spark_partition_id()).agg(F.collect_set("valid_to").alias("ends"))
    assert sorted(row.ends for row in laid.collect()) == [[], [], [EARLY], [LATE]]


def test_rows_beyond_the_reach_and_of_others_stay(spark: SparkSession) -> None:
    table = spark.createDataFrame([("a", EARLY), ("a", LATE), ("a", None), ("b", None)], PERIODS)
    fresh = spark.createDataFrame([("a", date(2025, 1, 1)), ("a", None)], PERIODS)
    touched = spark.createDataFrame([("a",)], "company_id string")
    replacement = Replacement(table, fresh, touched, f"(valid_to IS NULL OR valid_to >= DATE'{LATE}')")
    expected = [("a", EARLY), ("a", date(2025, 1, 1)), ("a", None), ("b", None)]
    assert_df_equality(replacement.rows(None), spark.createDataFrame(expected, PERIODS), ignore_row_order=True)
    predicate = replacement.predicate([0], 2)
    assert predicate == f"(valid_to IS NULL OR valid_to >= DATE'{LATE}') AND pmod(hash(company_id), 2) IN (0)"
