"""Somebody else's Spark: a statement on a table of the lake, by delta-spark alone. Word and folder are its arguments."""

from __future__ import annotations

import sys

from pyspark.sql import SparkSession

from company_activity.runtime.java import use_java
from company_activity.runtime.local import resolved_jars

CHANGED = "segment_activity_daily"  # whose rows are all built again where somebody else changed one
STATEMENTS = {
    "optimize": "OPTIMIZE delta.`{}`",
    "vacuum": "VACUUM delta.`{}`",
    "change": "UPDATE delta.`{}` SET user_days = user_days + 1",
    # Rows go and come again as they were, in a commit that says that it changed them.
    "update": "UPDATE delta.`{}` SET company_id = company_id WHERE company_id < 'c_103'",
}


def main(word: str, folder: str) -> None:
    """Commit it."""
    use_java()
    builder = SparkSession.builder.master("local[2]").appName("somebody else")
    options = {
        "spark.jars": ",".join(map(str, resolved_jars())),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",  # VACUUM lists in 10,000 tasks otherwise
    }
    for name, value in options.items():
        builder = builder.config(name, value)
    builder.getOrCreate().sql(
        STATEMENTS["change" if word == "update" and folder.endswith(CHANGED) else word].format(folder)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
