"""The words of a company's day: lifecycle, churn reasons, source, data quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

from company_activity.transforms.calendar import bits, is_whole

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.settings.model import ChurnSettings

THIS_WEEK = bits(0, 6)
WEEK_BEFORE = bits(7, 13)
MONTH_DAYS = 30


def with_lifecycle(facts: DataFrame) -> DataFrame:
    """Add `lifecycle_state`; NULL where a missing date leaves open whether one of the two weeks was active."""
    is_active = F.col("active_days_7d") > 0
    was_active = F.col("active_days_7d_before") > 0
    is_new = is_active & (F.datediff("activity_date", "first_active_date") <= 6)
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
    return alive != F.col("lived_mask").bitwiseAND(F.lit(window))


def with_churn(facts: DataFrame, limits: ChurnSettings) -> DataFrame:
    """Add `is_churn_risk` and `churn_reasons`; 60 days' silence is no risk.

    NULL, and no reason, where the week is not known: a date is missing, or a record of the company was refused.
    """
    is_judged = is_whole(F.col("complete_mask"), THIS_WEEK) & ~F.col("has_quarantined_7d")
    fortnight_is_known = is_whole(F.col("complete_mask"), THIS_WEEK | WEEK_BEFORE)
    contact_is_old = F.datediff("activity_date", F.to_date("last_contact_at")) > limits.no_contact_days
    was_never_contacted = F.col("last_contact_at").isNull() & ~F.col("is_backdated") & F.col("is_in_crm")
    uses_little = F.col("users_7d") <= limits.low_use_user_days
    dropped = F.col("users_7d") * 100 < F.col("users_7d_before") * limits.sharp_drop_percent
    had_use = F.col("users_7d_before") >= limits.sharp_drop_min_base
    is_alive = F.col("days_since_last_active").isNotNull()
    no_contact = F.coalesce(contact_is_old & F.col("is_in_crm"), F.lit(False)) | was_never_contacted
    reasons = F.array_compact(
        F.array(
            F.when(is_judged & is_alive & uses_little & no_contact, "LOW_USE_NO_CONTACT"),
            F.when(is_judged & is_alive & fortnight_is_known & dropped & had_use, "SHARP_DROP"),
            F.when(is_judged & is_alive & (F.col("active_days_7d") == 0), "SILENT"),
        )
    )
    is_risk = F.when(is_judged, F.size("churn_reasons") > 0)
    return facts.withColumn("churn_reasons", reasons).withColumn("is_churn_risk", is_risk)


def with_source(facts: DataFrame) -> DataFrame:
    """Add `source`: who knows the company on this day."""
    source = F.when(~F.col("is_in_crm"), "product_api").when(F.col("records") > 0, "merged").otherwise("crm_csv")
    return facts.withColumn("source", source)


def with_quality(facts: DataFrame) -> DataFrame:
    """Add `data_quality_flag`: the first caveat that holds, or `OK`."""
    flag = (
        F.when(_misses_a_date(bits(0, MONTH_DAYS - 1)), "WINDOW_INCOMPLETE")
        .when(F.col("company_name") == "UNKNOWN", "UNKNOWN_COMPANY")
        .when(F.col("is_backdated"), "ATTRIBUTES_BACKDATED")
        .when(F.col("has_quarantined"), "QUARANTINED_RECORDS")
        .when(F.col("has_conflict"), "CONFLICTING_DUPLICATES")
        .when(F.col("days_lived_30d") < MONTH_DAYS, "WARMUP")
        .otherwise("OK")
    )
    return facts.withColumn("data_quality_flag", flag)
