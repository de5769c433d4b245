"""Stage landed lines of one date with the product's own transforms, into Parquet: SOURCE TARGET DATE."""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from company_activity.gates.reasons import split_by_reasons
from company_activity.runtime.java import use_java
from company_activity.transforms.usage import keep_latest_record, parse_usage

from benchmarks.peers.told import Stopwatch


def main(source: str, target: str, day: date) -> None:
    use_java()
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.warehouse.dir", f"{target}-warehouse")  # nothing in the checkout
    spark = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    watch = Stopwatch()  # a session costs what it costs: DuckDB has none
    lines = spark.read.option("lineSep", "\n").text(source)
    placed = lines.select(
        "value",
        F.lit(day).alias("date"),
        F.lit(1).cast("bigint").alias("generation"),
        F.lit("part").alias("src_file_name"),
        F.lit(datetime(day.year, day.month, day.day, 12, tzinfo=UTC)).alias("src_ingested_at"),
    )
    good, _ = split_by_reasons(placed.transform(parse_usage))
    good.transform(keep_latest_record).write.parquet(target)
    watch.tell()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], date.fromisoformat(sys.argv[3]))
