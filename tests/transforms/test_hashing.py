"""The content hash: free of order, sensitive to every value, NULL and array border; blind to run ids and times."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession

from company_activity.schemas import Column, Table
from company_activity.transforms.hashing import content_hash

TABLE = Table(
    "t",
    (
        Column("a", "string", ""),
        Column("b", "string", ""),
        Column("x", "double", ""),
        Column("tags", "array<string>", ""),
        Column("more", "array<string>", ""),
        Column("run_id", "string", ""),
    ),
    key=("a",),
    unhashed=("run_id",),
)
ROWS: list[tuple[Any, ...]] = [("a", None, 0.1, ["p"], ["q"], "r1"), ("b", "c", 2.0, [], [], "r1")]


def hashes(spark: SparkSession, *groups: list[tuple[Any, ...]]) -> list[str]:
    rows = [(number, *row) for number, group in enumerate(groups) for row in group]
    frame = spark.createDataFrame(rows, f"grp int, {TABLE.ddl}")
    found = frame.repartition(3).groupBy("grp").agg(content_hash(TABLE).alias("hash")).orderBy("grp").collect()
    return [row.hash for row in found]


def test_order_run_and_the_tenth_decimal_do_not_matter(spark: SparkSession) -> None:
    later = [("b", "c", 2.0 + 1e-12, [], [], "r2"), ("a", None, 0.1, ["p"], ["q"], "r2")]
    first, second = hashes(spark, ROWS, later)
    assert first == second


def test_every_other_difference_does(spark: SparkSession) -> None:
    other = ROWS[1]
    variants = [
        [(None, "a", 0.1, ["p"], ["q"], "r1"), other],  # a NULL in another place
        [("a", None, 0.1, ["p", "q"], [], "r1"), other],  # an array border moved
        [("a", None, 0.100000001, ["p"], ["q"], "r1"), other],
        [("a", "", 0.1, ["p"], ["q"], "r1"), other],
        [*ROWS, other],  # a row twice
        ROWS[:1],
    ]
    found = hashes(spark, ROWS, *variants)
    assert len(set(found)) == len(found)
