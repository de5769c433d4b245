"""The figures of rows about to be written that their gates judge."""

from __future__ import annotations

from datetime import date

from pyspark.sql import SparkSession

from company_activity.schemas import COMPANY_ACTIVITY_DAILY
from company_activity.transforms.audit import audited

from support.spark.frames import frame

DAY = date(2025, 3, 31)


def test_a_company_is_unknown_where_the_crm_does_not_know_it_not_where_it_has_no_name(spark: SparkSession) -> None:
    sources = {"named": "merged", "nameless": "crm_csv", "nameless-active": "merged", "stranger": "product_api"}
    rows = [
        {"company_id": company, "company_name": "Acme" if company == "named" else "UNKNOWN", "source": source}
        for company, source in sources.items()
    ]
    figures = audited(frame(spark, COMPANY_ACTIVITY_DAILY, rows, activity_date=DAY)).collect()
    assert [(row["rows"], row["unknown_companies"]) for row in figures] == [(4, 1)]
