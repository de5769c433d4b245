"""The only place that makes a SparkSession."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from company_activity.errors import RuntimeMissing
from company_activity.runtime.java import use_java

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from company_activity.settings.model import SparkSettings

# What results depend on, whatever the pool is configured to.
REQUIRED = {"spark.sql.session.timeZone": "UTC"}


def spark_session(settings: SparkSettings, name: str = "company-activity") -> SparkSession:
    """The running session of a pool, a notebook or spark-submit; else a local one from `spark.properties`.

    Raises:
        RuntimeMissing: if neither Spark nor a Java for it is on this machine.
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
    session: SparkSession = SparkSession.builder.appName(name).getOrCreate()
    for key, value in REQUIRED.items():
        session.conf.set(key, value)
    return session


def has_executors_elsewhere(spark: SparkSession) -> bool:
    """Whether executors are processes of their own, perhaps on other machines; in local mode they are the driver.

    A session without its driver's JVM says nothing of them: it is Databricks', whose executors see its volumes.
    """
    if getattr(spark, "_jvm", None) is None:
        return False
    master = spark.conf.get("spark.master", "local") or "local"
    return not master.startswith("local")


def check_java() -> None:
    """Check that a JVM can be started, without starting one.

    Raises:
        RuntimeMissing: if a local session would have to be started and there is no Java for it.
    """
    if _must_start_a_jvm():
        use_java()


def _must_start_a_jvm() -> bool:
    if "PYSPARK_GATEWAY_PORT" in os.environ or "DATABRICKS_RUNTIME_VERSION" in os.environ:
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
            remedy="run: make setup",
        )
    os.environ["PYSPARK_SUBMIT_ARGS"] = f'--properties-file "{settings.properties}" pyspark-shell'
