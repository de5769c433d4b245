"""One Spark session for the whole suite; each setting with its reason."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from _pytest.doctest import DoctestItem
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

# As in conf/spark/local.conf: a quick start, and room for the code and classes of a long session.
JVM = (
    "-Duser.timezone=UTC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:MetaspaceSize=512m "
    "-XX:+UseParallelGC -Xms1g"
)
os.environ["TZ"] = "America/Los_Angeles"  # a zone that is not UTC: what leaks the machine's zone must fail here
time.tzset()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A local session: Delta and JDBC jars from the set-up's cache."""
    from company_activity.runtime.java import use_java
    from company_activity.runtime.local import resolved_jars

    use_java()
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable  # driver and workers alike
    folder = tmp_path_factory.mktemp("spark")
    session = (
        SparkSession.builder.appName("tests")
        .master("local[2]")  # two tasks at a time: races and partitioning show, a small machine copes
        .config("spark.jars", ",".join(map(str, resolved_jars())))
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.session.timeZone", "UTC")  # as in production
        .config("spark.driver.extraJavaOptions", JVM)
        .config("spark.driver.memory", "2g")
        .config("spark.ui.enabled", "false")  # no port, no listener
        .config("spark.sql.shuffle.partitions", "2")  # tables of ten rows
        .config("spark.default.parallelism", "2")
        .config("spark.sql.adaptive.enabled", "false")  # each stage would be a job of its own
        .config("spark.databricks.delta.stats.skipping", "false")  # else a job per table whenever a plan is optimized
        .config("spark.databricks.delta.snapshotPartitions", "1")  # 50 tasks per table state otherwise
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))  # nothing in the checkout
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(autouse=True)
def _session_for_examples(request: pytest.FixtureRequest, doctest_namespace: dict[str, Any]) -> None:
    """Docstring examples that name `spark` get the session; the others start none."""
    item = request.node
    if isinstance(item, DoctestItem) and item.dtest and any("spark" in e.source for e in item.dtest.examples):
        doctest_namespace.update(spark=request.getfixturevalue("spark"), F=F)
