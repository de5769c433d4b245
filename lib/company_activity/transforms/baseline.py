"""A company's usual week: what this week is compared with."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.dates import WEEK_DAYS
from company_activity.transforms.calendar import bits, is_whole

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.settings.model import ChurnSettings


def with_baseline(facts: DataFrame, limits: ChurnSettings) -> DataFrame:
    """Add how many weeks before this one are whole, and their user-days.

    A week is whole where all its dates are complete and the company was known on each. With fewer
    than `least_weeks` no week is usual.

    Shape: `lived_mask, users_week_1 …` in; `whole_weeks`, `baseline_user_days`, `has_baseline` and
    `usual_user_days_7d` (their mean, a double; NULL without a baseline) added.

    >>> from company_activity.settings.model import ChurnSettings
    >>> weeks = ", ".join(f"{week + 10}L AS users_week_{week}" for week in range(1, 8))
    >>> facts = spark.sql(f"SELECT {(1 << 41) - 1}L AS lived_mask, {weeks}")
    >>> with_baseline(facts, ChurnSettings()).select(
    ...     "whole_weeks", "baseline_user_days", "usual_user_days_7d"
    ... ).first()[:]
    (4, 50, 12.5)
    """
    lived = F.col("lived_mask")
    weeks = range(1, limits.weeks + 1)
    is_whole_week = {
        week: is_whole(lived, bits(WEEK_DAYS * week, WEEK_DAYS * (week + 1) - 1)) for week in weeks
    }
    counted = [is_whole_week[week].cast("bigint") for week in weeks]
    users = [
        F.when(is_whole_week[week], F.col(f"users_week_{week}")).otherwise(0) for week in weeks
    ]
    summed = facts.select(
        "*",
        reduce(add, counted).alias("whole_weeks"),
        reduce(add, users).alias("baseline_user_days"),
    )
    has_baseline = F.col("whole_weeks") >= limits.least_weeks
    mean = F.col("baseline_user_days") / F.col("whole_weeks")
    return summed.select(
        "*",
        has_baseline.alias("has_baseline"),
        F.when(has_baseline, mean).alias("usual_user_days_7d"),
    )
