"""The content hash: free of order, sensitive to every value, NULL and array border; blind to run ids and times."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

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


def test_a_new_column_that_is_null_in_all_rows_does_not(spark: SparkSession) -> None:
    more = (Column("new", "string", ""), Column("lists", "array<string>", ""))
    wider = replace(TABLE, columns=(*TABLE.columns[:2], *more, *TABLE.columns[2:]))
    frame = spark.createDataFrame(ROWS, TABLE.ddl)
    wide = frame.selectExpr("*", "CAST(NULL AS string) new", "CAST(NULL AS array<string>) lists")
    told = wide.withColumn("new", F.when(F.col("a") == "b", "x"))
    found = [
        rows.agg(content_hash(table).alias("hash")) for rows, table in ((frame, TABLE), (wide, wider), (told, wider))
    ]
    narrow, silent, spoken = [row.hash for row in found[0].unionAll(found[1]).unionAll(found[2]).collect()]
    assert narrow == silent != spoken


def test_the_text_of_a_list_does_not(spark: SparkSession) -> None:
    wider = replace(TABLE, columns=(*TABLE.columns, Column("tags_text", "string", "", text_of="tags")))
    frame = spark.createDataFrame(ROWS, TABLE.ddl)
    told = frame.withColumn("tags_text", F.array_join("tags", ","))
    found = frame.agg(content_hash(TABLE).alias("hash")).unionAll(told.agg(content_hash(wider)))
    assert len({row.hash for row in found.collect()}) == 1
