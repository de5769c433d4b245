"""What the compute under a session lets us do: whether Python may talk to the JVM, and whether rows may be cached."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def has_jvm(spark: SparkSession) -> bool:
    """Whether Python may call Java classes in the session's JVM.

    Not so over Spark Connect (Databricks' standard and serverless compute), which has no `_jvm`, and not so where a
    security manager refuses each class.
    """
    try:
        spark._jvm.java.sql.DriverManager.getLoginTimeout()  # type: ignore[union-attr]
    except Exception:  # each compute refuses in words of its own
        return False
    return True


def reads_plain_files(spark: SparkSession) -> bool:
    """Whether the files of a Delta table may be read as what they are: Databricks refuses it."""
    return has_jvm(spark) and "DATABRICKS_RUNTIME_VERSION" not in os.environ


def cached(rows: DataFrame) -> DataFrame:
    """The rows, cached; where the compute caches none (serverless), they are computed each time they are asked for.

    `uncache` undoes it.
    """
    with suppress(*_refusals()):
        return rows.cache()
    return rows


def uncache(rows: DataFrame) -> None:
    """Cache these rows no longer; nothing where they never were."""
    with suppress(*_refusals()):
        rows.unpersist()


def _refusals() -> tuple[type[Exception], ...]:
    """What a compute raises that caches no rows: `[NOT_SUPPORTED_WITH_SERVERLESS] PERSIST TABLE …`."""
    from pyspark.errors import PySparkException

    return (PySparkException,)
