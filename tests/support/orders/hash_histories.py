"""Content hashes per date of the activity table over histories that were written to a folder.

A process of its own under another Spark: the Spark properties file and the folder are its arguments. Prints one JSON
object: Spark's version, whether ANSI is on, and the hashes by date of each formulation.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from company_activity.runtime.session import spark_session
from company_activity.settings.model import SparkSettings
from company_activity.transforms.usage import parse_usage

from support.lake.content import hashes_by_date
from support.orders.histories import activity_inputs, activity_of

Hashes = dict[str, dict[str, str]]


def write_inputs(folder: Path, lines: DataFrame, snapshots: DataFrame, complete: list[date]) -> None:
    """Landed lines, staged CRM rows and the complete dates, as any Spark can read them."""
    lines.write.parquet(str(folder / "lines"))
    snapshots.write.parquet(str(folder / "snapshots"))
    (folder / "complete.json").write_text(json.dumps([str(day) for day in complete]), encoding="utf-8")


def hashes_of(spark: SparkSession, folder: Path) -> Hashes:
    """The hashes by date of what `write_inputs` wrote, by each formulation."""
    complete = [date.fromisoformat(day) for day in json.loads((folder / "complete.json").read_text(encoding="utf-8"))]
    parsed = spark.read.parquet(str(folder / "lines")).transform(parse_usage).cache()
    inputs = activity_inputs(spark, parsed, spark.read.parquet(str(folder / "snapshots")), complete)
    return {
        "windows": hashes_by_date(activity_of(inputs, by_slices=False)),
        "slices": hashes_by_date(activity_of(inputs, by_slices=True)),
    }


def main(properties: str, folder: str) -> None:
    spark = spark_session(SparkSettings(properties=properties))
    told = {"version": spark.version, "ansi": spark.conf.get("spark.sql.ansi.enabled")}
    print(json.dumps(told | hashes_of(spark, Path(folder))))
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
