"""The figures of rows about to be written that their gates judge."""

from __future__ import annotations

from datetime import date

from pyspark.sql import SparkSession

from company_activity.schemas import COMPANIES_HISTORY, COMPANY_ACTIVITY_DAILY
from company_activity.transforms.audit import audited, keys_kept

from support.spark.frames import frame

DAY = date(2025, 3, 31)


def test_a_company_is_unknown_where_the_crm_does_not_know_it_not_where_it_has_no_name(spark: SparkSession) -> None:
    sources = {"named": "merged", "nameless": "crm_csv", "nameless-active": "merged", "stranger": "product_api"}
    rows = [
        {"company_id": company, "company_name": "Acme" if company == "named" else "UNKNOWN", "source": source}
        for company, source in sources.items()
    ]
    figures = audited(frame(spark, COMPANY_ACTIVITY_DAILY, rows, activity_date=DAY)).collect()
    assert [(row["rows"], row["unknown"]) for row in figures] == [(4, 1)]


def test_a_key_that_deduplication_lost_or_kept_twice_is_seen_in_the_rows_before_it(
    spark: SparkSession,
) -> None:
    named = [{"company_id": name} for name in "aab"]
    accepted = frame(spark, COMPANIES_HISTORY, named, valid_from=DAY, src_file_name="f.csv")
    right = accepted.distinct()
    doubled = right.union(right.where("company_id = 'b'"))
    lost = right.where("company_id = 'a'")
    found = [row for kept in (right, doubled, lost) for row in keys_kept(accepted, kept, COMPANIES_HISTORY).collect()]
    assert [(row["rows"], row["keys"], row["nulls"]) for row in found] == [(2, 2, 0), (3, 2, 0), (1, 2, 0)]
