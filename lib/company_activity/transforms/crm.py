"""CRM records read from files → rows of staging and quarantine; the union of a snapshot's paths."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from company_activity.schemas import CRM_COMPANIES, QUARANTINE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from company_activity.gates.crm_admission import Refusal
    from company_activity.records.crm import CrmFile

STAGED = (
    "company_id string, name string, country string, industry_tag string, contact_micros bigint, "
    "owner string, segment string, seats bigint, contract_value decimal(18,2), renewal_on date, "
    "file_date date, src_file_name string"
)


def crm_staging_frame(spark: SparkSession, files: Iterable[CrmFile], now: datetime) -> DataFrame:
    """The accepted records of the files as `stg.crm_companies` rows; key src_file_name, company_id.

    >>> from datetime import UTC
    >>> from company_activity.records.crm import CrmFile
    >>> from company_activity.records.crm.records import CrmRecord
    >>> record = CrmRecord(2, "a", "Acme", None, None, 0)
    >>> file = CrmFile("raw/crm/a.csv", "", date(2025, 3, 1), 1, [record], 0, [], [])
    >>> row = crm_staging_frame(spark, [file], datetime(2025, 3, 2, tzinfo=UTC)).first()
    >>> row.company_id, row.name, row.file_date.day, row.src_file_name
    ('a', 'Acme', 1, 'raw/crm/a.csv')
    """
    rows = [
        (
            r.company_id,
            r.name,
            r.country,
            r.industry_tag,
            r.last_contact_at,
            r.owner,
            r.segment,
            r.seats,
            r.contract_value,
            r.renewal_on,
            file.file_date,
            file.path,
        )
        for file in files
        for r in file.accepted
    ]
    return (
        spark.createDataFrame(rows, STAGED)
        .withColumn("last_contact_at", F.timestamp_micros("contact_micros"))
        .withColumn("ingested_at", F.lit(now))
        .select(*CRM_COMPANIES.column_names)
    )


class _Quarantined(NamedTuple):
    """A row of `quarantine.records`, in the order of its columns."""

    date: date
    path: str
    line: int | None
    company_id: str | None
    reasons: list[str]
    raw: str
    rules_version: str
    run_id: str
    feed: str = "crm"
    generation: None = None
    page: None = None
    item: None = None


def _quarantine_frame(spark: SparkSession, found: Iterable[_Quarantined]) -> DataFrame:
    names = [column.name for column in QUARANTINE.columns]
    rows = [tuple(getattr(row, name) for name in names) for row in found]
    return spark.createDataFrame(rows, QUARANTINE.struct)


def crm_quarantine_frame(
    spark: SparkSession,
    files: Iterable[CrmFile],
    rules_version: str,
    run_id: str,
) -> DataFrame:
    """The refused rows of the files as `quarantine.records` rows.

    >>> from company_activity.records.crm import CrmFile
    >>> from company_activity.records.crm.records import RefusedRow
    >>> refused = RefusedRow(3, None, "x", ["BAD_ROW"])
    >>> file = CrmFile("raw/crm/a.csv", "", date(2025, 3, 1), 1, [], 0, [refused], [])
    >>> row = crm_quarantine_frame(spark, [file], rules_version="1", run_id="r").first()
    >>> row.feed, row.path, row.line, row.reasons, row.raw
    ('crm', 'raw/crm/a.csv', 3, ['BAD_ROW'], 'x')
    """
    found = [
        _Quarantined(
            date=file.file_date,
            path=file.path,
            line=row.line,
            company_id=row.company_id,
            reasons=row.reasons,
            raw=row.raw,
            rules_version=rules_version,
            run_id=run_id,
        )
        for file in files
        for row in file.quarantined
    ]
    return _quarantine_frame(spark, found)


def refused_files_frame(
    spark: SparkSession,
    refusals: Iterable[Refusal],
    rules_version: str,
    run_id: str,
) -> DataFrame:
    """One `quarantine.records` row per file that was refused as a whole.

    The file itself stays in the landing.

    >>> from company_activity.gates.crm_admission import JudgedFile, Refusal
    >>> file = JudgedFile("raw/crm/a.csv", "abc", date(2025, 3, 1), 10, 3, 7, {"BAD_ROW": 7})
    >>> refusal = Refusal(file, "CRM_BROKEN", "7 broken", "at most 1")
    >>> row = refused_files_frame(spark, [refusal], rules_version="1", run_id="r").first()
    >>> row.reasons, row.raw
    (['CRM_BROKEN'], 'raw/crm/a.csv of 2025-03-01: 7 broken, wanted at most 1; sha256 abc')
    """
    found = [
        _Quarantined(
            date=refusal.file.day,
            path=refusal.file.path,
            line=None,
            company_id=None,
            reasons=[refusal.reason],
            raw=f"{refusal}; sha256 {refusal.file.sha256}",
            rules_version=rules_version,
            run_id=run_id,
        )
        for refusal in refusals
    ]
    return _quarantine_frame(spark, found)


def paths_predicate(column: str, paths: Iterable[str]) -> str:
    """SQL that selects exactly these paths.

    >>> paths_predicate("path", ["b.csv", "a'.csv"])
    "path IN ('a\\\\'.csv', 'b.csv')"
    """
    literals = (path.replace("\\", "\\\\").replace("'", "\\'") for path in sorted(set(paths)))
    listed = "', '".join(literals)
    return f"{column} IN ('{listed}')"


def union_of_paths(staged: DataFrame) -> DataFrame:
    """One row per snapshot date and company: of the paths of a date the greatest wins.

    Shape: `stg.crm_companies` in and out, key file_date, company_id.

    >>> staged = spark.sql(
    ...     "VALUES ('a', 'of a', 'a.csv'), ('a', 'of b', 'b.csv'), ('c', 'of a', 'a.csv')"
    ...     " AS t(company_id, name, src_file_name)"
    ... )
    >>> united = union_of_paths(staged.withColumn("file_date", F.lit("2025-03-01")))
    >>> sorted((row.company_id, row.name) for row in united.collect())
    [('a', 'of b'), ('c', 'of a')]
    """
    by_company = W.partitionBy("file_date", "company_id")
    greatest_first = by_company.orderBy(F.col("src_file_name").desc())
    placed = staged.withColumn("place", F.row_number().over(greatest_first))
    return placed.where("place = 1").drop("place")
