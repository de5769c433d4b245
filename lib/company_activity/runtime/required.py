"""What results depend on in a session, whatever a pool, a profile or a notebook has set before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

REQUIRED = {
    # Instants are read, shown and cut into days in UTC. A TIMESTAMP in a text is an instant.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    # The old formatter writes milliseconds where our patterns ask for microseconds.
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # Files hold microseconds, and days of one calendar.
    "spark.sql.parquet.outputTimestampType": "INT96",
    "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    # A name is found as it is declared, and a text literal is read as `sql_text` writes it.
    "spark.sql.caseSensitive": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    # A file that is gone or broken is an error, and not a table with fewer rows.
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
    # Delta skips files by their statistics, and checks that rows satisfy the predicate that they replace.
    "spark.databricks.delta.stats.collect": "true",
    "spark.databricks.delta.replaceWhere.constraintCheck.enabled": "true",
    "spark.databricks.delta.replaceWhere.dataColumns.enabled": "true",
    # We lay the files out ourselves: one a date, one a bucket.
    "spark.databricks.delta.optimizeWrite.enabled": "false",
    "spark.databricks.delta.autoCompact.enabled": "false",
    "spark.microsoft.delta.optimizeWrite.enabled": "false",
}


def require(spark: SparkSession) -> list[str]:
    """Set what results depend on; a sentence for each setting that this compute holds to another value.

    A compute that lets nobody set or read a setting (serverless) has the value that Databricks gives it, which is
    ours in each case: such a setting is passed over. Whether Spark is ANSI is not set: results are the same either way.
    """
    return [
        f"{name} is {found} here and cannot be set to {wanted}"
        for name, wanted in REQUIRED.items()
        if (found := _brought_to(spark, name, wanted)) is not None
    ]


def _brought_to(spark: SparkSession, name: str, wanted: str) -> str | None:
    """Set one setting; the other value that it keeps, or None."""
    try:
        spark.conf.set(name, wanted)
    except Exception:  # each compute refuses in words of its own
        found = _read(spark, name)
        return found if found is not None and found.lower() != wanted.lower() else None
    return None


def _read(spark: SparkSession, name: str) -> str | None:
    try:
        return spark.conf.get(name, None)
    except Exception:  # serverless shows no more than it lets one set
        return None
