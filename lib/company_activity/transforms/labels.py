"""The words of a company's day: lifecycle, churn reasons, source, data quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

from company_activity.schemas import LIST_SEPARATOR
from company_activity.transforms.calendar import (
    LAST_MONTH,
    MONTH_DAYS,
    THIS_WEEK,
    WEEK_BEFORE,
    WEEK_DAYS,
    is_whole,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.settings.model import ChurnSettings


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


def with_churn(facts: DataFrame, limits: ChurnSettings) -> DataFrame:
    """Add `is_churn_risk` and `churn_reasons`, in alphabetical order, also as one text.

    NULL, and no reason, where the week is not known: a date is missing, or a record of the company
    was refused. A company that was silent for 60 days is not at risk any more.

    Shape: `complete_mask, has_quarantined_7d, activity_date, last_contact_at, is_backdated,
    is_in_crm, users_7d, users_7d_before, active_days_7d, days_since_last_active` in.

    >>> from company_activity.settings.model import ChurnSettings
    >>> facts = spark.sql(
    ...     "VALUES (0L, 40L, 0L, 8, 16383L), (30L, 40L, 7L, 0, 16383L), (0L, 40L, 0L, 8, 16382L)"
    ...     " AS t(users_7d, users_7d_before, active_days_7d, days_since_last_active,"
    ...     " complete_mask)"
    ... )
    >>> known = facts.selectExpr(
    ...     "*", "DATE'2025-03-31' AS activity_date", "TIMESTAMP'2025-03-01' AS last_contact_at",
    ...     "false AS is_backdated", "true AS is_in_crm", "false AS has_quarantined_7d"
    ... )
    >>> for row in with_churn(known, ChurnSettings()).collect():
    ...     print(row.is_churn_risk, row.churn_reasons, repr(row.churn_reasons_text))
    True ['SHARP_DROP', 'SILENT'] 'SHARP_DROP,SILENT'
    False [] ''
    None [] ''
    """
    is_judged = is_whole(F.col("complete_mask"), THIS_WEEK) & ~F.col("has_quarantined_7d")
    is_alive = F.col("days_since_last_active").isNotNull()
    may_be_risk = is_judged & is_alive
    is_silent = F.col("active_days_7d") == 0
    reasons = F.array_compact(
        F.array(
            F.when(may_be_risk & _is_low_use_without_contact(limits), "LOW_USE_NO_CONTACT"),
            F.when(may_be_risk & _is_sharp_drop(limits), "SHARP_DROP"),
            F.when(may_be_risk & is_silent, "SILENT"),
        )
    )
    is_risk = F.when(is_judged, F.size("churn_reasons") > 0)
    text = F.array_join("churn_reasons", LIST_SEPARATOR)
    return (
        facts.withColumn("churn_reasons", reasons)
        .withColumn("churn_reasons_text", text)
        .withColumn("is_churn_risk", is_risk)
    )


def _is_low_use_without_contact(limits: ChurnSettings) -> Column:
    """Little use this week, and no recent contact that the CRM knows of."""
    uses_little = F.col("users_7d") <= limits.low_use_user_days
    days_since_contact = F.datediff("activity_date", F.to_date("last_contact_at"))
    contact_is_old = (days_since_contact > limits.no_contact_days) & F.col("is_in_crm")
    has_no_contact = F.col("last_contact_at").isNull()
    was_never_contacted = has_no_contact & ~F.col("is_backdated") & F.col("is_in_crm")
    return uses_little & (F.coalesce(contact_is_old, F.lit(False)) | was_never_contacted)


def _is_sharp_drop(limits: ChurnSettings) -> Column:
    """This week's user-days fell far below those of the week before; both weeks are known."""
    fortnight_is_known = is_whole(F.col("complete_mask"), THIS_WEEK | WEEK_BEFORE)
    limit = F.col("users_7d_before") * limits.sharp_drop_percent
    dropped = F.col("users_7d") * 100 < limit
    had_use = F.col("users_7d_before") >= limits.sharp_drop_min_base
    return fortnight_is_known & dropped & had_use


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
