"""What is counted of arriving usage before it is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame, SparkSession

from company_activity.schemas import PRODUCT_USAGE
from company_activity.transforms.arrivals import Arrivals, DateFigures, PartFigures, figures_of_arrivals
from company_activity.work.stage_usage import FIELD_CHARACTERS, MOST_FIELDS, drift

from support.spark.frames import FETCHED, frame

DAY = date(2025, 3, 31)
PARSED = "src_file_name string, date date, company_id string, ts timestamp, reasons array<string>, extras array<string>"


def lines(spark: SparkSession, *rows: tuple[str, str | None, Sequence[str], Sequence[str]]) -> DataFrame:
    """Parsed lines: part, company, broken rules, further fields."""
    named = [(part, DAY, company, FETCHED, list(reasons), list(extras)) for part, company, reasons, extras in rows]
    return spark.createDataFrame(named, PARSED)


def records(spark: SparkSession, *rows: tuple[str, int]) -> DataFrame:
    """Kept records: company, copies; each with 3 users and 5 events."""
    kept = [{"company_id": company, "active_users": 3, "events": 5, "date": DAY} for company, _ in rows]
    copies = spark.createDataFrame(rows, "of string, copies bigint")
    given = {"has_conflict": False, "page": 1, "item": 1, "generation": 1, "src_file_name": "p"}
    staged = frame(spark, PRODUCT_USAGE, kept, **given).withColumnRenamed("company_id", "of")
    return staged.join(copies, "of").withColumnRenamed("of", "company_id")


def counted(parsed: DataFrame, kept: DataFrame) -> Arrivals:
    return Arrivals.read(figures_of_arrivals(parsed, kept, MOST_FIELDS, FIELD_CHARACTERS + 1).collect())


def test_a_key_that_deduplication_lost_is_seen_in_the_rows_before_it(spark: SparkSession) -> None:
    parsed = lines(spark, ("p", "a", [], []), ("p", "a", [], []), ("q", "b", [], []), ("q", None, ["NEGATIVE"], []))
    lost = counted(parsed, records(spark, ("a", 2)))
    assert (lost.rows, lost.keys) == (1, 2)
    assert lost.parts == {"p": PartFigures(2, 0), "q": PartFigures(2, 1)}
    assert lost.dates == {DAY: DateFigures(records=1, copies=2, active_users=3, events=5)}
    assert drift(lost) == []


def test_fields_beyond_the_contract_are_told_in_one_short_line(spark: SparkSession) -> None:
    rare = [f"rare_{number:03}" for number in range(200)]
    items = [["plan", "x" * 10_000], ["plan", "seats\u202e\n"], ["plan", *rare], ["seats\u202e\n"], []]
    (warning,) = drift(counted(lines(spark, *(("p", "a", [], extras) for extras in items)), records(spark, ("a", 5))))
    told = f"{', '.join(rare[:18])}, and 183 more"
    assert warning.endswith(rf"kept in raw_json: plan, seats\u202e\n, {told}")
    assert len(warning) < 500
    (warning,) = drift(counted(lines(spark, ("p", "a", [], ["x" * 10_000])), records(spark, ("a", 1))))
    assert warning.endswith(f": {'x' * 64}…")
