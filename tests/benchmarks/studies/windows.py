"""What the two formulations of the windows cost for 1, 2, 4, 8 and 30 dates, beside one another.

    PYTHONPATH=tests python -m benchmarks.studies.windows                    20,000 companies, 90 days of usage
    PYTHONPATH=tests python -m benchmarks.studies.windows 2000 20000

The dates are the last ones of the usage, whose tables are Parquet files read anew by every build; a build is the whole
activity table, hashed by date, so that nothing is left out and both are seen to be equal. CPU seconds are those of
this process and its JVM. A/A is what the slices of the first number of dates cost once more: what is no difference.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.dates import HORIZON_DAYS
from company_activity.schemas import COMPANY_ACTIVITY_DAILY
from company_activity.settings.model import MetricSettings
from company_activity.transforms.activity import ActivityInputs, build_activity
from company_activity.transforms.calendar import calendar_rows
from company_activity.transforms.hashing import content_hash

from benchmarks.harness.session import session
from support.processes.cpu import cpu_seconds

FIRST, DAYS = date(2025, 1, 1), 90
COMPLETE = [FIRST + timedelta(days=n) for n in range(DAYS)]
DATES = (1, 2, 4, 8, 30)
CONFS = {
    "spark.driver.memory": "3g",
    "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
    "spark.sql.shuffle.partitions": "8",
}
Hashes = dict[date, str]


@dataclass(frozen=True)
class Cost:
    """A build's CPU seconds and seconds, and what it gave."""

    cpu: float
    seconds: float
    hashes: Hashes


def usage_of(spark: SparkSession, companies: int) -> DataFrame:
    """`stg.product_usage` of companies that are there on about half of the days, one record a day."""
    number = F.pmod(F.xxhash64("id", "day"), F.lit(1000))
    return (
        spark.range(companies)
        .crossJoin(spark.range(DAYS).withColumnRenamed("id", "day"))
        .where(number >= 500)
        .select(
            F.format_string("c_%09d", "id").alias("company_id"),
            F.date_add(F.lit(FIRST), F.col("day").cast("int")).alias("date"),
            (number % 40).alias("active_users"),
            (number * 7).alias("events"),
            F.lit(False).alias("has_conflict"),
        )
    )


def inputs_of(spark: SparkSession, folder: Path, companies: int) -> ActivityInputs:
    """The tables, written once; every company stands in one snapshot."""
    ids = spark.range(companies).select(F.format_string("c_%09d", "id").alias("company_id"))
    known = ids.withColumns({"first_seen_date": F.lit(FIRST), "first_active_date": F.lit(FIRST)})
    text = {"name": F.lit("Company"), "country": F.lit("DE"), "industry_tag": F.lit("it")}
    always = {"valid_from": F.lit(FIRST), "valid_to": F.lit(None).cast("date")}
    versions = ids.withColumns({**text, "last_contact_at": F.lit(None).cast("timestamp"), **always})

    def kept(name: str, rows: DataFrame) -> DataFrame:
        rows.write.parquet(str(folder / name))
        return spark.read.parquet(str(folder / name))

    return ActivityInputs(
        calendar=[],
        companies=kept("companies", known),
        history=kept("history", versions),
        usage=kept("usage", usage_of(spark, companies).repartition(8)),
        quarantined=spark.createDataFrame([], "date date, company_id string"),
    )


def build(spark: SparkSession, inputs: ActivityInputs, dates: int, *, by_slices: bool) -> Cost:
    """Build the last `dates` dates as the step does: usage from 60 days before the first on."""
    days = COMPLETE[-dates:]
    reach = days[0] - timedelta(days=HORIZON_DAYS - 1)
    given = replace(
        inputs,
        calendar=calendar_rows(days, set(COMPLETE)),
        usage=inputs.usage.where(F.col("date") >= F.lit(reach)),
    )
    cpu, began = cpu_seconds(), time.perf_counter()
    activity = build_activity(given, MetricSettings(), by_slices=by_slices)
    hashed = activity.groupBy("activity_date").agg(content_hash(COMPANY_ACTIVITY_DAILY).alias("hash")).collect()
    return Cost(cpu_seconds() - cpu, time.perf_counter() - began, {row["activity_date"]: row["hash"] for row in hashed})


def compare(spark: SparkSession, inputs: ActivityInputs, dates: int) -> Cost:
    """Print a line of what both took; the slices' cost."""
    slices, windows = (build(spark, inputs, dates, by_slices=by_slices) for by_slices in (True, False))
    assert slices.hashes == windows.hashes
    print(
        f"{dates:>4} dates: slices {slices.cpu:6.1f} CPU s, {slices.seconds:5.1f} s"
        f"   windows {windows.cpu:6.1f} CPU s, {windows.seconds:5.1f} s"
        f"   slices/windows {slices.cpu / windows.cpu:5.2f}",
        flush=True,
    )
    return slices


def main(sizes: list[int]) -> None:
    spark = session(CONFS, delta=False)
    try:
        for companies in sizes:
            with tempfile.TemporaryDirectory() as folder:
                inputs = inputs_of(spark, Path(folder), companies)
                for by_slices in (True, False):  # the JVM compiles
                    build(spark, inputs, DATES[0], by_slices=by_slices)
                print(f"{companies:,} companies, {DAYS} days")
                first, *_ = [compare(spark, inputs, dates) for dates in DATES]
                again = build(spark, inputs, DATES[0], by_slices=True)
                print(f" A/A {again.cpu / first.cpu:.2f}")
    finally:
        spark.stop()


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [20_000])
