"""The words of a company's day: lifecycle, source, data quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

from company_activity.dates import WEEK_DAYS
from company_activity.transforms.calendar import (
    LAST_MONTH,
    MONTH_DAYS,
    THIS_WEEK,
    WEEK_BEFORE,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def with_lifecycle(facts: DataFrame) -> DataFrame:
    """Add `lifecycle_state`: this week's use against the week before.

    NULL where a missing date leaves open whether one of the two weeks was active.

    Shape: `activity_date, first_active_date, active_days_7d, active_days_7d_before, alive_mask,
    lived_mask` in.

    >>> facts = spark.sql(
    ...     "VALUES (2, 1, 16383L), (0, 1, 16383L), (0, 0, 16383L), (0, 1, 16382L)"
    ...     " AS t(active_days_7d, active_days_7d_before, lived_mask)"
    ... )
    >>> dated = facts.selectExpr(
    ...     "*", "16383L AS alive_mask", "DATE'2025-03-31' AS activity_date",
    ...     "DATE'2025-01-01' AS first_active_date"
    ... )
    >>> [row.lifecycle_state for row in with_lifecycle(dated).collect()]
    ['returning', 'dormant', 'inactive', None]
    """
    is_active = F.col("active_days_7d") > 0
    was_active = F.col("active_days_7d_before") > 0
    active_for_days = F.datediff("activity_date", "first_active_date")
    is_new = is_active & (active_for_days < WEEK_DAYS)
    may_be_active = ~is_active & _misses_a_date(THIS_WEEK)
    may_have_been_active = ~was_active & _misses_a_date(WEEK_BEFORE)
    state = (
        F.when(may_be_active | may_have_been_active, F.lit(None))
        .when(is_new, "new")
        .when(is_active & was_active, "returning")
        .when(is_active, "resurrected")
        .when(was_active, "dormant")
        .otherwise("inactive")
    )
    return facts.withColumn("lifecycle_state", state)


def _misses_a_date(window: int) -> Column:
    """A date of the window, from the first seen on, is not complete."""
    alive = F.col("alive_mask").bitwiseAND(F.lit(window))
    lived = F.col("lived_mask").bitwiseAND(F.lit(window))
    return alive != lived


def with_source(facts: DataFrame) -> DataFrame:
    """Add `source`: who knows the company on this day.

    >>> facts = spark.sql("VALUES (false, 1), (true, 1), (true, 0) AS t(is_in_crm, records)")
    >>> [row.source for row in with_source(facts).collect()]
    ['product_api', 'merged', 'crm_csv']
    """
    is_unknown = ~F.col("is_in_crm")
    has_usage = F.col("records") > 0
    source = F.when(is_unknown, "product_api").when(has_usage, "merged").otherwise("crm_csv")
    return facts.withColumn("source", source)


def with_quality(facts: DataFrame) -> DataFrame:
    """Add `data_quality_flag`: the first caveat that holds, or `OK`.

    Shape: `alive_mask, lived_mask, company_name, is_backdated, has_quarantined, has_conflict,
    days_lived_30d` in.

    >>> facts = spark.sql(
    ...     "VALUES ('Acme', 7L, 3L), ('UNKNOWN', 7L, 7L), ('Acme', 7L, 7L)"
    ...     " AS t(company_name, alive_mask, lived_mask)"
    ... )
    >>> marks = ["false AS is_backdated", "false AS has_quarantined", "false AS has_conflict"]
    >>> flagged = with_quality(facts.selectExpr("*", *marks, "3L AS days_lived_30d"))
    >>> [row.data_quality_flag for row in flagged.collect()]
    ['WINDOW_INCOMPLETE', 'UNKNOWN_COMPANY', 'WARMUP']
    """
    is_unknown = F.col("company_name") == "UNKNOWN"
    is_warming_up = F.col("days_lived_30d") < MONTH_DAYS
    flag = (
        F.when(_misses_a_date(LAST_MONTH), "WINDOW_INCOMPLETE")
        .when(is_unknown, "UNKNOWN_COMPANY")
        .when(F.col("is_backdated"), "ATTRIBUTES_BACKDATED")
        .when(F.col("has_quarantined"), "QUARANTINED_RECORDS")
        .when(F.col("has_conflict"), "CONFLICTING_DUPLICATES")
        .when(is_warming_up, "WARMUP")
        .otherwise("OK")
    )
    return facts.withColumn("data_quality_flag", flag)
