"""The session of every benchmark: two tasks at a time, as a small machine has them."""

from __future__ import annotations

import os
import sys

from pyspark.sql import SparkSession

from company_activity.runtime.java import use_java
from company_activity.runtime.local import resolved_jars

SMALL_MACHINE = {
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.databricks.delta.snapshotPartitions": "1",
}


def session(confs: dict[str, str], delta: bool = True) -> SparkSession:
    """A session with these settings, and with the jars of Delta and JDBC unless told otherwise."""
    use_java()
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]").appName("bench")
    settings = SMALL_MACHINE | confs
    if delta:
        jars = ",".join(map(str, resolved_jars()))
        settings |= DELTA | {"spark.jars": jars}
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()
