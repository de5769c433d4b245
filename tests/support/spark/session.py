"""One Spark session for the whole suite, and the marker `spark` of each test that needs it."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from _pytest.doctest import DoctestItem

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

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
    from pyspark.sql import SparkSession

    from company_activity.runtime.java import spark_line, use_java

    use_java()
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable  # driver and workers alike
    folder = tmp_path_factory.mktemp("spark")
    session = (
        SparkSession.builder.appName("tests")
        .master("local[2]")  # two tasks at a time: races and partitioning show, a small machine copes
        .config("spark.jars", ",".join(map(str, jars())))
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
    is_ansi = session.conf.get("spark.sql.ansi.enabled") == "true"
    assert is_ansi == (not spark_line().startswith("3."))  # as each Spark is by default: both are tested
    yield session
    session.stop()


def jars() -> list[Path]:
    """The pinned jars; `DRIVERS` names a line of conf/spark/jars.yaml whose drivers take the place of ours."""
    from company_activity.runtime.local import resolved_jars

    line = os.environ.get("DRIVERS")
    chosen = {_artifact(jar): jar for jar in resolved_jars()}
    if line:
        chosen |= {_artifact(jar): jar for jar in resolved_jars(line)}
    return list(chosen.values())


def _artifact(jar: Path) -> str:
    """A jar's name without its version."""
    return re.split(r"-\d", jar.name)[0]


@pytest.fixture(autouse=True)
def _session_for_examples(request: pytest.FixtureRequest, doctest_namespace: dict[str, Any]) -> None:
    """Docstring examples that name `spark` get the session; the others start none."""
    if is_example_on_spark(request.node):
        from pyspark.sql import functions as F

        doctest_namespace.update(spark=request.getfixturevalue("spark"), F=F)


def is_example_on_spark(item: pytest.Item) -> bool:
    """Whether this is a docstring whose examples name `spark`."""
    if not isinstance(item, DoctestItem) or item.dtest is None:
        return False
    return any("spark" in example.source for example in item.dtest.examples)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark with `spark` what asks for the session; what starts a JVM otherwise is marked by hand.

    The files that need Spark come first: of several workers none is left alone with one of them.
    """
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()) or is_example_on_spark(item):
            item.add_marker("spark")
    on_spark = {item.path for item in items if item.get_closest_marker("spark")}
    items.sort(key=lambda item: item.path not in on_spark)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A test without the marker `spark` that starts Spark fails: `make quick` runs it."""
    if item.get_closest_marker("spark"):
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        # Read where a JVM is started, by this process or by one that the test starts.
        patch.setenv("SPARK_HOME", "/this test starts Spark and is not marked with spark")
        if "pyspark.sql" in sys.modules:
            builder = sys.modules["pyspark.sql"].SparkSession.Builder
            patch.setattr(builder, "getOrCreate", _refuse)  # also where a session stands already
        return (yield)


def _refuse(builder: object) -> NoReturn:
    pytest.fail("this test starts Spark and is not marked: pytestmark = pytest.mark.spark")
