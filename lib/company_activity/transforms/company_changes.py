"""Changes of `dim.companies` that follow from changed dates, without reading the other dates."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

from company_activity.schemas import COMPANIES
from company_activity.transforms.companies import CONTENT, is_as_before
from company_activity.transforms.history import ATTRIBUTES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def latest_of_crm(companies: DataFrame, periods: DataFrame) -> DataFrame:
    """What the CRM now says of `companies`: attributes, first snapshot, whether it knows them.

    Shape: `company_id` and the periods of these companies in; `company_id, crm` (a struct of the
    attributes), `first_snapshot, is_in_crm` out, key company_id. Where a company has earlier
    periods than those given, `first_snapshot` is too late; the current row then holds the earlier
    date.

    >>> periods = spark.sql(
    ...     "SELECT 'a' AS company_id, 'Acme' AS name, 'DE' AS country, 'it' AS industry_tag,"
    ...     " TIMESTAMP'2025-02-01' AS last_contact_at, DATE'2025-03-01' AS valid_from"
    ... ).select("*", *(F.lit(None).alias(name) for name in ATTRIBUTES[4:]))
    >>> companies = spark.sql("VALUES ('a'), ('left') AS t(company_id)")
    >>> latest = latest_of_crm(companies, periods).select("company_id", "crm.name", "is_in_crm")
    >>> sorted(tuple(row) for row in latest.collect())
    [('a', 'Acme', True), ('left', None, False)]
    """
    newest_first = F.struct("valid_from", *ATTRIBUTES)
    found = periods.groupBy("company_id").agg(
        F.max(newest_first).alias("crm"),
        F.min("valid_from").alias("first_snapshot"),
    )
    is_in_crm = F.col("first_snapshot").isNotNull()
    joined = companies.join(found, "company_id", "left")
    return joined.select("company_id", "crm", "first_snapshot", is_in_crm.alias("is_in_crm"))


def revise_companies(
    current: DataFrame,
    crm: DataFrame,
    usage: DataFrame,
    *,
    removed_usage_dates: Collection[date],
    removed_snapshot_dates: Collection[date],
) -> DataFrame:
    """The rows of the dimension that change because of the changed dates.

    New evidence can only move a first day back. A date whose rows were removed may have been the
    only evidence for a first day. Where no new evidence supports that first day, the row is
    `is_unsure`: only all staged rows of the company can tell.

    Shape: `dim.companies`, `latest_of_crm` and `first_days_of_use` of the changed dates in; its
    columns without row times, `before`, `is_member` and `is_unsure` out, key company_id.

    >>> current = spark.sql(
    ...     "SELECT 'a' AS company_id, NULL AS name, NULL AS country, NULL AS industry_tag,"
    ...     " NULL AS last_contact_at, DATE'2025-03-02' AS first_seen_date,"
    ...     " CAST(NULL AS date) AS first_active_date, true AS is_inferred,"
    ...     " NULL AS created_at, NULL AS updated_at"
    ... ).select("*", *(F.lit(None).alias(name) for name in ATTRIBUTES[4:]))
    >>> crm = latest_of_crm(spark.sql("VALUES ('a') AS t(company_id)"), spark.sql(
    ...     "SELECT 'a' AS company_id, 'Acme' AS name, 'DE' AS country, 'it' AS industry_tag,"
    ...     " NULL AS last_contact_at, DATE'2025-03-01' AS valid_from"
    ... ).select("*", *(F.lit(None).alias(name) for name in ATTRIBUTES[4:])))
    >>> usage = spark.sql("SELECT 'b' AS company_id, DATE'2025-03-05' AS first_record,"
    ...     " DATE'2025-03-05' AS first_active_date")
    >>> revised = revise_companies(
    ...     current, crm, usage, removed_usage_dates=[], removed_snapshot_dates=[]
    ... )
    >>> changed = revised.select("company_id", "name", F.day("first_seen_date"), "is_inferred")
    >>> sorted(tuple(row) for row in changed.collect())
    [('a', 'Acme', 1, False), ('b', None, 5, True)]
    """
    is_changed = F.col("is_unsure") | ~is_as_before()
    return (
        _beside_evidence(current, crm, usage)
        .withColumn("is_unsure", _is_unsure(removed_usage_dates, removed_snapshot_dates))
        .select(
            "company_id",
            *(_revised_attribute(name) for name in ATTRIBUTES),
            F.least("before.first_seen_date", "evidence_seen").alias("first_seen_date"),
            F.least("before.first_active_date", "evidence_active").alias("first_active_date"),
            _is_inferred().alias("is_inferred"),
            "before",
            F.lit(True).alias("is_member"),
            "is_unsure",
        )
        .where(is_changed)
    )


def _beside_evidence(current: DataFrame, crm: DataFrame, usage: DataFrame) -> DataFrame:
    """Each company of any side: its row as `before`, and the first days that the evidence shows.

    `evidence_seen` and `evidence_active` are those first days; NULL where there is no evidence.
    """
    before = current.select("company_id", F.struct(*COMPANIES.column_names).alias("before"))
    active = usage.withColumnRenamed("first_active_date", "evidence_active")
    evidence = crm.join(active, "company_id", "full")
    joined = before.join(evidence, "company_id", "full")
    return joined.withColumn("evidence_seen", F.least("first_snapshot", "first_record"))


def _is_unsure(usage_dates: Collection[date], snapshot_dates: Collection[date]) -> Column:
    """A first day fell on a date whose rows were removed, and no new evidence supports it."""
    first_seen = F.col("before.first_seen_date")
    first_active = F.col("before.first_active_date")
    is_of_crm = F.col("is_in_crm").isNotNull()
    lost_record = first_seen.isin(list(usage_dates))
    lost_snapshot = is_of_crm & first_seen.isin(list(snapshot_dates))
    lost_active = first_active.isin(list(usage_dates))
    seen_is_supported = _is_true(F.col("evidence_seen") <= first_seen)
    active_is_supported = _is_true(F.col("evidence_active") <= first_active)
    seen_is_unsure = _is_true((lost_record | lost_snapshot) & ~seen_is_supported)
    active_is_unsure = _is_true(lost_active & ~active_is_supported)
    return seen_is_unsure | active_is_unsure


def _revised_attribute(name: str) -> Column:
    """The CRM's value where the evidence holds one, else the current value."""
    is_of_crm = F.col("is_in_crm").isNotNull()
    from_crm = F.when(is_of_crm, F.col(f"crm.{name}"))
    return from_crm.otherwise(F.col(f"before.{name}")).alias(name)


def _is_inferred() -> Column:
    """Only usage knows the company: so says the CRM's evidence, else the current row."""
    return F.coalesce(~F.col("is_in_crm"), F.col("before.is_inferred"), F.lit(True))


def replace_unsure_rows(revised: DataFrame, rebuilt: DataFrame) -> DataFrame:
    """The revised rows, with each unsure one replaced by its `rebuilt` row.

    A company that has no rebuilt row is no member any more.

    Shape: `revise_companies` and `build_companies` of the unsure companies in; as `beside_current`
    out.

    >>> others = [F.lit("any").alias(name) for name in CONTENT[1:]]
    >>> revised = spark.sql("VALUES ('a'), ('b') AS t(company_id)").select(
    ...     "*", *others, F.lit(1).alias("before"),
    ...     F.lit(True).alias("is_member"), F.lit(True).alias("is_unsure"),
    ... )
    >>> rebuilt = spark.sql("VALUES ('a') AS t(company_id)").select("*", *others)
    >>> rows = replace_unsure_rows(revised, rebuilt)
    >>> sorted((row.company_id, row.is_member) for row in rows.collect())
    [('a', True), ('b', False)]
    """
    columns = [*CONTENT, "before", "is_member"]
    sure = revised.where("NOT is_unsure").select(*columns)
    unsure = revised.where("is_unsure").select("company_id", "before")
    is_member = F.col("first_seen_date").isNotNull()
    joined = unsure.join(rebuilt, "company_id", "left").withColumn("is_member", is_member)
    return sure.unionByName(joined.select(*columns))


def _is_true(condition: Column) -> Column:
    """A condition that is false where it is NULL."""
    return F.coalesce(condition, F.lit(False))
