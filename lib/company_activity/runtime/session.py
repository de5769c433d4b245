"""The only place that makes a SparkSession."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from company_activity.errors import RuntimeMissing
from company_activity.runtime.java import use_java
from company_activity.runtime.local import SET_UP
from company_activity.runtime.required import require

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from company_activity.settings.model import SparkSettings

# Spark is there already: under spark-submit, on Databricks, and where a Spark Connect server is named.
ON_A_POOL = {"PYSPARK_GATEWAY_PORT", "DATABRICKS_RUNTIME_VERSION", "SPARK_REMOTE"}


def spark_session(settings: SparkSettings, name: str = "company-activity") -> SparkSession:
    """The running session of a pool, a notebook or spark-submit; else a local one from `spark.properties`.

    What results depend on is set in it (`runtime.required`), and stays set for as long as the session lives: whoever
    goes on in a notebook after a run works with the same time zone and the same rules. No other setting is touched.

    Raises:
        RuntimeMissing: if neither Spark nor a Java for it is on this machine, if the JVM does not start, or if the
            compute holds a setting to a value under which results would be others.
    """
    if _must_start_a_jvm():
        _prepare_local(settings)
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise RuntimeMissing(
            "pyspark is not installed",
            remedy="pip install 'company-activity[local]'",
        ) from None
    session = _started(SparkSession.builder.appName(name), settings)
    unfit = require(session)
    if unfit:
        raise RuntimeMissing(
            "; ".join(unfit),
            remedy="remove these settings from the pool's or the cluster's Spark configuration",
        )
    return session


def _started(builder: SparkSession.Builder, settings: SparkSettings) -> SparkSession:
    from pyspark.errors import PySparkRuntimeError

    try:
        return builder.getOrCreate()
    except PySparkRuntimeError as error:
        if "JAVA_GATEWAY_EXITED" not in str(error):
            raise
        raise RuntimeMissing(
            "Spark's JVM ended before it had started; why, it says itself, above",
            remedy=f"check what {settings.properties or 'the Spark configuration'} gives it (memory, options)",
        ) from error


def has_executors_elsewhere(spark: SparkSession) -> bool:
    """Whether executors are processes of their own, perhaps on other machines; in local mode they are the driver.

    A session without its driver's JVM says nothing of them: it is Databricks', whose executors see its volumes.
    """
    if getattr(spark, "_jvm", None) is None:
        return False
    master = spark.conf.get("spark.master", "local") or "local"
    return master != "local" and not master.startswith("local[")  # `local-cluster[…]` has workers


def check_java() -> None:
    """Check that a JVM can be started, without starting one.

    Raises:
        RuntimeMissing: if a local session would have to be started and there is no Java for it.
    """
    if _must_start_a_jvm():
        use_java()


def is_spark_there() -> bool:
    """Whether a session is here without our starting a JVM: on a pool, under spark-submit, over Spark Connect."""
    return bool(ON_A_POOL & os.environ.keys())


def _must_start_a_jvm() -> bool:
    if is_spark_there():
        return False
    pyspark = sys.modules.get("pyspark")
    return pyspark is None or pyspark.SparkContext._active_spark_context is None


def _prepare_local(settings: SparkSettings) -> None:
    """Point pyspark's launcher at Java, this interpreter and the properties file, as spark-submit would."""
    use_java()
    os.environ.setdefault(
        "SPARK_LOCAL_IP", "127.0.0.1"
    )  # a laptop's name may resolve to nothing that answers
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    if not settings.properties:
        return
    if not Path(settings.properties).is_file():
        raise RuntimeMissing(
            f"no Spark properties at {settings.properties}",
            remedy=f"run: {SET_UP}",
        )
    os.environ["PYSPARK_SUBMIT_ARGS"] = f'--properties-file "{settings.properties}" pyspark-shell'
