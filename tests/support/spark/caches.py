"""What a session remembers of tables whose files were changed under it."""

from __future__ import annotations

from pyspark.sql import SparkSession


def forget_tables(spark: SparkSession) -> None:
    """Let Delta read every log again: a table at the same path may be another one now, with as many commits."""
    assert spark._jvm is not None
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
