"""CRM records read from files → rows of the staging and quarantine tables; snapshots as the union of their paths."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from company_activity.schemas import CRM_COMPANIES, QUARANTINE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from company_activity.gates.crm_admission import Refusal
    from company_activity.records.crm import CrmFile

STAGED = (
    "company_id string, name string, country string, industry_tag string, contact_micros bigint, "
    "file_date date, src_file_name string"
)


def crm_staging_frame(spark: SparkSession, files: Iterable[CrmFile], now: datetime) -> DataFrame:
    """The accepted records of the files as `stg.crm_companies` rows; key src_file_name, company_id."""
    rows = [
        (r.company_id, r.name, r.country, r.industry_tag, r.last_contact_at, file.file_date, file.path)
        for file in files
        for r in file.accepted
    ]
    return (
        spark.createDataFrame(rows, STAGED)
        .withColumn("last_contact_at", F.timestamp_micros("contact_micros"))
        .withColumn("ingested_at", F.lit(now))
        .select(*CRM_COMPANIES.column_names)
    )


def crm_quarantine_frame(spark: SparkSession, files: Iterable[CrmFile], rules_version: str, run_id: str) -> DataFrame:
    """The refused rows of the files as `quarantine.records` rows."""
    rows = [
        (
            "crm",
            file.file_date,
            file.path,
            None,
            None,
            None,
            r.line,
            r.company_id,
            r.reasons,
            r.raw,
            rules_version,
            run_id,
        )
        for file in files
        for r in file.quarantined
    ]
    return spark.createDataFrame(rows, QUARANTINE.struct)


def refused_files_frame(spark: SparkSession, refusals: Iterable[Refusal], rules_version: str, run_id: str) -> DataFrame:
    """One `quarantine.records` row per file that was refused as a whole; the file itself stays in the landing."""
    rows = [
        ("crm", refusal.file.day, refusal.file.path, None, None, None, None, None, [refusal.reason],
         f"{refusal}; sha256 {refusal.file.sha256}", rules_version, run_id)
        for refusal in refusals
    ]  # fmt: skip
    return spark.createDataFrame(rows, QUARANTINE.struct)


def paths_predicate(column: str, paths: Iterable[str]) -> str:
    """SQL that selects exactly these paths.

    >>> paths_predicate("path", ["b.csv", "a'.csv"])
    "path IN ('a\\\\'.csv', 'b.csv')"
    """
    literals = (path.replace("\\", "\\\\").replace("'", "\\'") for path in sorted(set(paths)))
    listed = "', '".join(literals)
    return f"{column} IN ('{listed}')"


def union_of_paths(staged: DataFrame) -> DataFrame:
    """One row per snapshot date and company: a date is the union of its paths, the greatest path wins.

    Shape: `stg.crm_companies` in and out, key file_date, company_id.
    """
    greatest_first = W.partitionBy("file_date", "company_id").orderBy(F.col("src_file_name").desc())
    return staged.withColumn("place", F.row_number().over(greatest_first)).where("place = 1").drop("place")
