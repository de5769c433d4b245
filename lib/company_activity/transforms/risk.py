"""Whom to call: what this week lacks, why a company is at risk, and whose contact is due.

Every condition is decided on exact integers.
"""

from __future__ import annotations

from functools import reduce
from operator import mul
from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

from company_activity.dates import WEEK_DAYS
from company_activity.schemas import LIST_SEPARATOR
from company_activity.transforms.calendar import THIS_WEEK, days_in, is_whole
from company_activity.transforms.fleet import MOST_QUIET_BACK, PER_MILLE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.settings.model import ChurnSettings, ContactSettings

MOST_WEEKS = 7
MOST_ODDS = MOST_WEEKS + 2
MOST_OF_A_WEEKDAY = MOST_QUIET_BACK // WEEK_DAYS + 1
# n to the k, one row of the table behind the other; as text, for a column of it is many calls.
POWERS = "array({})".format(
    ", ".join(f"{n**k}L" for n in range(MOST_ODDS + 1) for k in range(MOST_OF_A_WEEKDAY + 1))
)


def with_missing(rows: DataFrame) -> DataFrame:
    """Add `missing_user_days_7d`: what this week lacks against the usual one at the fleet's pace.

    Never below 0, rounded half up; NULL without a baseline or a pace.

    Shape: `users_7d, fleet_pace` and the columns of `with_baseline` in.

    >>> rows = spark.sql(
    ...     "VALUES (10L, 970L), (300L, 970L), (10L, NULL) AS t(users_7d, fleet_pace)"
    ... ).selectExpr("*", "6L AS whole_weeks", "480L AS baseline_user_days", "true AS has_baseline")
    >>> [row.missing_user_days_7d for row in with_missing(rows).collect()]
    [68, 0, None]
    """
    parts = _parts()
    lacking = _expected() - _used()
    halves = (lacking * 2 + parts).cast("decimal(38,0)")
    missing = F.call_function("div", halves, (parts * 2).cast("decimal(38,0)"))
    is_known = F.col("has_baseline") & F.col("fleet_pace").isNotNull()
    not_below_zero = F.when(lacking > 0, missing).otherwise(0)
    return rows.withColumn("missing_user_days_7d", F.when(is_known, not_below_zero))


def _parts() -> Column:
    """N: in how many parts a user-day is counted, so that expected and used ones are whole numbers."""
    return (F.col("whole_weeks") * PER_MILLE).cast("decimal(5,0)")


def _expected() -> Column:
    """X: the usual week's user-days at the fleet's pace, in parts."""
    usual = F.col("baseline_user_days").cast("decimal(19,0)")
    return usual * F.col("fleet_pace").cast("decimal(5,0)")


def _used() -> Column:
    """This week's user-days, in parts."""
    return F.col("users_7d").cast("decimal(19,0)") * _parts()


def with_churn(rows: DataFrame, limits: ChurnSettings) -> DataFrame:
    """Add `is_churn_risk` and `churn_reasons`, in alphabetical order, also as one text.

    NULL, and no reason, where the week is not known: a date is missing, or a record of the company
    was refused. A company that has been silent for `gone_after_days` is gone, and not at risk.

    Shape: `complete_mask, lived_mask, active_mask, quiet_mask, has_quarantined_7d, users_7d,
    fleet_pace, active_days_7d, days_since_last_active` and the columns of `with_baseline` in.

    >>> from company_activity.settings.model import ChurnSettings
    >>> facts = spark.sql(
    ...     "VALUES (0L, 12, 7L, 6L), (9L, 0, 127L, 6L), (0L, 12, 7L, 0L), (0L, 28, 7L, 6L), (0L, 9, 6L, 6L)"
    ...     " AS t(users_7d, days_since_last_active, complete, whole_weeks)"
    ... )
    >>> all_days = (1 << 60) - 1
    >>> known = facts.selectExpr(
    ...     "*", f"if(complete = 6, {all_days - 1}L, {all_days}L) AS complete_mask",
    ...     f"{all_days}L AS lived_mask", "0L AS quiet_mask", "whole_weeks > 3 AS has_baseline",
    ...     f"{all_days}L & ~(shiftleft(1L, days_since_last_active) - 1) AS active_mask",
    ...     "false AS has_quarantined_7d", "1000L AS fleet_pace", "300L AS baseline_user_days",
    ...     "if(users_7d = 0, 0L, 1L) AS active_days_7d",
    ... )
    >>> for row in with_churn(known, ChurnSettings()).collect():
    ...     print(row.is_churn_risk, row.churn_reasons, repr(row.churn_reasons_text))
    True ['DECLINING', 'UNUSUAL_SILENCE'] 'DECLINING,UNUSUAL_SILENCE'
    True ['DECLINING'] 'DECLINING'
    True ['SILENT'] 'SILENT'
    False [] ''
    None [] ''
    """
    is_judged = _is_whole_week() & ~F.col("has_quarantined_7d")
    is_here = F.coalesce(F.col("days_since_last_active") < limits.gone_after_days, F.lit(False))
    may_be_risk = is_judged & is_here
    has_baseline = F.col("has_baseline")
    reasons = F.array_compact(
        F.array(
            F.when(may_be_risk & has_baseline & _is_declining(limits), "DECLINING"),
            F.when(may_be_risk & ~has_baseline & _is_silent(limits), "SILENT"),
            F.when(may_be_risk & has_baseline & _is_unusually_silent(limits), "UNUSUAL_SILENCE"),
        )
    )
    is_risk = F.when(is_judged, F.size("churn_reasons") > 0)
    text = F.array_join("churn_reasons", LIST_SEPARATOR)
    reasoned = rows.select("*", reasons.alias("churn_reasons"))
    return reasoned.select("*", text.alias("churn_reasons_text"), is_risk.alias("is_churn_risk"))


def _is_declining(limits: ChurnSettings) -> Column:
    """This week is below half of what is expected, by more than three standard deviations of a count.

    Expected F, used w: F − w ≥ k·√F, in parts (X − w·N)² ≥ k²·X·N. Where X is large the first
    condition implies the second, and the square is never taken of a number that it could overflow:
    X is below 7·10⁹ under any constants that the settings allow.
    """
    share = 100 - limits.declining_percent
    enough = -(-((limits.declining_deviations * 100) ** 2) // share**2)
    is_low = _used() * 100 < _expected() * limits.declining_percent
    is_small = _expected() < _parts() * enough
    lacking = (_expected() - _used()).cast("decimal(19,0)")
    deviation = _expected().cast("decimal(19,0)") * _parts() * limits.declining_deviations**2
    is_sure = lacking * lacking >= deviation
    return F.when(is_low & is_small, is_sure).otherwise(is_low)


def _is_silent(limits: ChurnSettings) -> Column:
    """Nobody was active this week, and few of its days were quiet for all."""
    quiet_days = days_in(F.col("quiet_mask"), THIS_WEEK)
    return (F.col("active_days_7d") == 0) & (quiet_days <= limits.most_quiet_days)


def _is_unusually_silent(limits: ChurnSettings) -> Column:
    """The silence is longer than its weekdays of the weeks before let expect, quiet days left out."""
    is_long = F.col("days_since_last_active") >= limits.silence_min_days
    silent, usual = silence_odds(limits)
    is_unlikely = silent * PER_MILLE <= usual * limits.silence_per_mille
    return is_long & is_unlikely


def silence_odds(limits: ChurnSettings) -> tuple[Column, Column]:
    """The odds of such a silence, as a numerator and a denominator.

    Each day of it that is complete and not quiet weighs (n − a + 1) / (n + 2): of the n known days of
    its weekday in the weeks before, a were active. Both are at most 9^32, below 38 digits.
    """
    gone = F.least(F.col("days_since_last_active"), F.lit(MOST_QUIET_BACK)).cast("int")
    gap = F.call_function("shiftleft", F.lit(1).cast("bigint"), gone) - 1
    known = F.col("complete_mask").bitwiseAND(F.bitwise_not("quiet_mask"))
    counted = gap.bitwiseAND(known)
    silent = []
    usual = []
    for weekday in range(WEEK_DAYS):
        before = sum(1 << (WEEK_DAYS * week + weekday) for week in range(1, limits.weeks + 1))
        days = days_in(F.col("lived_mask"), before)
        active = days_in(F.col("active_mask").bitwiseAND(F.col("lived_mask")), before)
        of_gap = sum(1 << back for back in range(weekday, MOST_QUIET_BACK, WEEK_DAYS))
        times = days_in(counted, of_gap)
        silent.append(_power(days - active + 1, times))
        usual.append(_power(days + 2, times))
    return _product(silent), _product(usual)


def _power(base: Column, times: Column) -> Column:
    """A small number to a small power, looked up: exact whatever engine computes it."""
    place = base * (MOST_OF_A_WEEKDAY + 1) + times
    return F.get(F.expr(POWERS), place.cast("int"))


def _product(factors: list[Column]) -> Column:
    """Four factors and three that each fit a bigint, and their product in 38 digits."""
    first = reduce(mul, factors[:4]).cast("decimal(19,0)")
    rest = reduce(mul, factors[4:]).cast("decimal(19,0)")
    return (first * rest).cast("decimal(38,0)")


def with_contact_due(rows: DataFrame, limits: ContactSettings) -> DataFrame:
    """Add `is_contact_due`: little use this week, and nobody has spoken with the company lately.

    Of a company that the CRM knows; a contact that is not known on the date counts as none.

    Shape: `complete_mask, activity_date, last_contact_at, is_backdated, is_in_crm, users_7d,
    days_since_last_active` in.

    >>> from company_activity.settings.model import ContactSettings
    >>> known = spark.sql(
    ...     "SELECT 3L AS users_7d, 127L AS complete_mask, 2 AS days_since_last_active,"
    ...     " DATE'2025-03-31' AS activity_date, false AS is_backdated, true AS is_in_crm"
    ... )
    >>> dated = known.selectExpr(
    ...     "*", "explode(array(TIMESTAMP'2025-03-01', TIMESTAMP'2025-02-28', NULL)) AS last_contact_at"
    ... )
    >>> [row.is_contact_due for row in with_contact_due(dated, ContactSettings()).collect()]
    [False, True, True]
    """
    uses_little = F.col("users_7d") <= limits.low_use_user_days
    is_alive = F.col("days_since_last_active").isNotNull()
    days_since_contact = F.datediff("activity_date", F.to_date("last_contact_at"))
    contact_is_old = F.coalesce(days_since_contact > limits.no_contact_days, F.lit(False))
    was_never_contacted = F.col("last_contact_at").isNull() & ~F.col("is_backdated")
    is_without_contact = (contact_is_old | was_never_contacted) & F.col("is_in_crm")
    is_due = _is_whole_week() & is_alive & uses_little & is_without_contact
    return rows.withColumn("is_contact_due", is_due)


def _is_whole_week() -> Column:
    return is_whole(F.col("complete_mask"), THIS_WEEK)
