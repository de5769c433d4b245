"""The numbers of a company's day: consistency, change, monthly users, engagement.

Every condition is decided on exact integers; a double is computed from exact integers in one
expression, so that any plan gives the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pyspark.sql import Column
from pyspark.sql import functions as F

from company_activity.dates import HORIZON_DAYS
from company_activity.transforms.calendar import (
    HORIZON,
    LAST_MONTH,
    THIS_WEEK,
    WEEK_BEFORE,
    bits,
    days_in,
    is_whole,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.settings.model import EngagementSettings

LIVED_WINDOWS = (7, 28, 30)  # days
TODAY_AND_YESTERDAY = bits(0, 1)
TODAY_AND_A_WEEK_AGO = bits(0, 0) | bits(7, 7)


def with_observed_days(facts: DataFrame) -> DataFrame:
    """Add how many days count: complete dates, and those that the company lived.

    `alive_mask` is the company's last 60 days from its first day seen on; `lived_mask` those that
    are complete. A missing date is not lived; a complete one without a record is, with zeros.

    Shape: `activity_date, first_seen_date, complete_mask` in; `alive_mask`, `lived_mask`,
    `days_observed_{7,30}d`, `days_lived_{7,28,30}d` added.

    >>> facts = spark.sql(
    ...     "SELECT DATE'2025-03-03' AS activity_date, DATE'2025-03-01' AS first_seen_date,"
    ...     " 1023L AS complete_mask"
    ... )
    >>> days = with_observed_days(facts)
    >>> columns = ["alive_mask", "days_observed_7d", "days_observed_30d", "days_lived_30d"]
    >>> days.select(*columns).first()[:]
    (7, 7, 10, 3)
    """
    days_seen = F.datediff("activity_date", "first_seen_date") + 1
    age = F.least(days_seen, F.lit(HORIZON_DAYS))
    alive = F.call_function("shiftright", F.lit(HORIZON), (HORIZON_DAYS - age).cast("int"))
    complete = F.col("complete_mask")
    masked = facts.withColumn("alive_mask", alive)
    lived = masked.withColumn("lived_mask", complete.bitwiseAND(F.col("alive_mask")))
    return lived.select(
        "*",
        days_in(complete, THIS_WEEK).alias("days_observed_7d"),
        days_in(complete, LAST_MONTH).alias("days_observed_30d"),
        *(_days_lived(days) for days in LIVED_WINDOWS),
    )


def _days_lived(days: int) -> Column:
    return days_in(F.col("lived_mask"), bits(0, days - 1)).alias(f"days_lived_{days}d")


def with_active_days(facts: DataFrame) -> DataFrame:
    """Add on how many days of each window somebody was active.

    Shape: `active_mask` in; `active_days_7d`, `active_days_7d_before`, `active_days_28d` added.

    >>> with_active_days(spark.sql("SELECT 1155L AS active_mask")).first()[1:]
    (2, 2, 4)
    """
    active = F.col("active_mask")
    return facts.select(
        "*",
        days_in(active, THIS_WEEK).alias("active_days_7d"),
        days_in(active, WEEK_BEFORE).alias("active_days_7d_before"),
        days_in(active, bits(0, 27)).alias("active_days_28d"),
    )


def with_change(facts: DataFrame) -> DataFrame:
    """Add the change of active users against a day, a week and a month before, as fractions.

    NULL unless all dates of both sides are known and the base is above 0.

    Shape: `lived_mask`, `active_users` and the sums of `facts` in; `active_users_dod_pct`,
    `active_users_wow_pct`, `active_users_mom_pct` added.

    >>> facts = spark.sql(
    ...     "SELECT 255L AS lived_mask, 6L AS active_users, 4L AS users_1_back, 0L AS users_7_back,"
    ...     " 50L AS users_30d, 40L AS users_30d_before"
    ... )
    >>> with_change(facts).select("active_users_dod_pct", "active_users_wow_pct").first()[:]
    (0.5, None)
    """
    lived = F.col("lived_mask")
    day_is_known = is_whole(lived, TODAY_AND_YESTERDAY)
    week_is_known = is_whole(lived, TODAY_AND_A_WEEK_AGO)
    month_is_known = is_whole(lived, HORIZON)
    by_day = _change("active_users", "users_1_back", day_is_known)
    by_week = _change("active_users", "users_7_back", week_is_known)
    by_month = _change("users_30d", "users_30d_before", month_is_known)
    return (
        facts.withColumn("active_users_dod_pct", by_day)
        .withColumn("active_users_wow_pct", by_week)
        .withColumn("active_users_mom_pct", by_month)
    )


def _change(now: str, base: str, is_known: Column) -> Column:
    has_base = F.col(base) > 0
    return F.when(is_known & has_base, F.col(now) / F.col(base) - 1)


def with_consistency(facts: DataFrame) -> DataFrame:
    """Add `activity_consistency_30d`: sample stdev / mean of daily users over the lived days of 30.

    0 is steady use; NULL with fewer than two lived days, or without users.

    >>> facts = spark.sql(
    ...     "VALUES (2L, 8L, 32BD), (2L, 8L, 40BD), (1L, 8L, 64BD)"
    ...     " AS t(days_lived_30d, users_30d, users_squared_30d)"
    ... )
    >>> [row.activity_consistency_30d for row in with_consistency(facts).collect()]
    [0.0, 0.7071067811865476, None]
    """
    days = F.col("days_lived_30d")
    total = F.col("users_30d")
    has_spread = (days >= 2) & (total > 0)
    spread = days.cast("decimal(10,0)") * F.col("users_squared_30d") - _square(total)
    deviation = F.sqrt(spread.cast("double") / (days * (days - 1)))
    mean = total / days
    return facts.withColumn("activity_consistency_30d", F.when(has_spread, deviation / mean))


class _Moments(NamedTuple):
    """Daily users on the lived weekdays of 30 days, as a pool of users that come independently."""

    days: Column
    total: Column
    variance: Column
    threshold: Column


def with_monthly_users(facts: DataFrame) -> DataFrame:
    """Add the bounds of the distinct users of 30 days, the estimate between them and its method.

    Daily totals do not identify distinct users. Where daily users vary less than independent visits
    of one pool would, the pool's size follows from mean and variance (`binomial_moment`); else the
    estimate is the `geometric_mean` of the bounds.

    Shape: `lived_mask`, `weekday_mask` and the sums of `facts` in; `mau_lower`, `mau_upper`,
    `est_monthly_active_users`, `mau_method` added.

    >>> facts = spark.sql(
    ...     "SELECT 15L AS lived_mask, 15L AS weekday_mask, 16L AS largest_record_30d,"
    ...     " 54L AS users_30d, 54L AS weekday_users_30d, 756BD AS weekday_users_squared_30d"
    ... )
    >>> columns = ["mau_lower", "mau_upper", "est_monthly_active_users"]
    >>> with_monthly_users(facts).select(*columns).first()[:]
    (16, 54, 33)
    """
    moments = _weekday_moments()
    is_binomial = (moments.days >= 2) & (moments.total > 0) & (moments.variance < moments.threshold)
    lower = F.col("largest_record_30d")
    upper = F.col("users_30d")
    unbounded = F.when(is_binomial, _pool_seen(moments)).otherwise(_rounded_root(lower, upper))
    method = F.when(is_binomial, "binomial_moment").otherwise("geometric_mean")
    return (
        facts.withColumn("mau_lower", lower)
        .withColumn("mau_upper", upper)
        .withColumn("est_monthly_active_users", F.greatest(lower, F.least(upper, unbounded)))
        .withColumn("mau_method", method)
    )


def with_seat_utilisation(facts: DataFrame) -> DataFrame:
    """Add the bounds of the share of the seats that is used: the bounds of the monthly users, by the seats.

    Shape: `mau_lower`, `mau_upper`, `seats` in; `seat_utilisation_lower`, `seat_utilisation_upper` added, NULL without
    seats or with 0.

    >>> facts = spark.sql("VALUES (3L, 10L, 5L), (3L, 10L, 0L) AS t(mau_lower, mau_upper, seats)")
    >>> [tuple(row)[3:] for row in with_seat_utilisation(facts).collect()]
    [(0.6, 2.0), (None, None)]
    """
    has_seats = F.col("seats") > 0
    shares = {
        f"seat_utilisation_{bound}": F.when(has_seats, F.col(f"mau_{bound}") / F.col("seats"))
        for bound in ("lower", "upper")
    }
    return facts.withColumns(shares)


def _weekday_moments() -> _Moments:
    """Sums of the lived weekdays; variance and threshold are both scaled by the same factor."""
    lived_weekdays = F.col("lived_mask").bitwiseAND(F.col("weekday_mask"))
    days = days_in(lived_weekdays, LAST_MONTH)
    total = F.col("weekday_users_30d")
    squares = F.col("weekday_users_squared_30d")
    variance = days.cast("decimal(10,0)") * squares - _square(total)
    threshold = (days - 1).cast("decimal(10,0)") * total.cast("decimal(20,0)")
    return _Moments(days, total, variance, threshold)


def _pool_seen(moments: _Moments) -> Column:
    """How many users of a binomial pool came at least once, by the method of moments.

    A user comes on a day with probability p. The share of a pool that ever came in w days,
    1 − (1−p)^w, is −expm1(w·log1p(−p)): with a small p the power is so near to 1 that a double
    keeps few digits of the difference. (No log1p where p is 1: then all came.) Rounding the
    estimate to 6 decimals removes the last bits' error before the half decides.
    """
    excess = (moments.threshold - moments.variance).cast("double")
    p = excess / moments.threshold.cast("double")
    share_seen = F.coalesce(-F.expm1(moments.days * F.log1p(-p)), F.lit(1.0))
    estimate = moments.total / (moments.days * p) * share_seen
    return F.round(F.round(estimate, 6)).cast("bigint")


def _rounded_root(a: Column, b: Column) -> Column:
    """√(a·b), rounded half up.

    The double's root is off by one where the product has no exact double (above 2^53). r is right
    where r² − r < a·b ≤ r² + r, for (r + ½)² = r² + r + ¼ is no integer.

    >>> pairs = spark.sql(
    ...     "VALUES (0L, 5L), (1L, 2L), (3L, 4L), (1000000000L, 1000000019L) AS t(a, b)"
    ... )
    >>> roots = pairs.select(_rounded_root(F.col("a"), F.col("b")))
    >>> [root for (root,) in roots.collect()]
    [0, 1, 3, 1000000009]
    """
    product = _product(a, b)
    root = F.round(F.sqrt(product.cast("double"))).cast("bigint")
    is_above = (root > 0) & (product <= _square(root) - root)
    is_below = product > _square(root) + root
    return root - is_above.cast("bigint") + is_below.cast("bigint")


def _square(total: Column) -> Column:
    return _product(total, total)


def _product(a: Column, b: Column) -> Column:
    return (a.cast("decimal(19,0)") * b.cast("decimal(19,0)")).cast("decimal(38,0)")


def with_engagement(facts: DataFrame, scales: EngagementSettings) -> DataFrame:
    """Add the four components, each 0 to 1, and `engagement_score`, 0 to 100 with two decimals.

    Shape: the sums of `facts` and `days_lived_{7,28}d` in; `engagement_{frequency,recency,breadth,
    depth}` and `engagement_score` added.

    >>> from company_activity.settings.model import EngagementSettings
    >>> facts = spark.sql(
    ...     "SELECT 0L AS days_since_last_active, 70L AS users_7d, 7L AS days_lived_7d,"
    ...     " 4000L AS events_30d, 200L AS users_30d, 14L AS active_days_28d, 28L AS days_lived_28d"
    ... )
    >>> scored = with_engagement(facts, EngagementSettings())
    >>> scored.select("engagement_frequency", "engagement_recency", "engagement_score").first()[:]
    (0.5, 1.0, 65.28)
    """
    has_users = F.col("users_30d") > 0
    frequency = F.col("active_days_28d") / F.greatest("days_lived_28d", F.lit(scales.min_days))
    recency = F.exp(-F.col("days_since_last_active") / scales.recency_days)
    daily_users = F.col("users_7d") / F.col("days_lived_7d")
    breadth = 1 - F.exp(-daily_users / scales.breadth_users)
    events_per_user = F.col("events_30d") / F.col("users_30d")
    depth = 1 - F.exp(-events_per_user / scales.depth_events)
    return (
        facts.withColumn("engagement_frequency", frequency)
        .withColumn("engagement_recency", F.coalesce(recency, F.lit(0.0)))
        .withColumn("engagement_breadth", breadth)
        .withColumn("engagement_depth", F.when(has_users, depth).otherwise(0.0))
        .withColumn("engagement_score", F.round(_score(scales), 2))
    )


def _score(scales: EngagementSettings) -> Column:
    return 100 * (
        scales.weight_frequency * F.col("engagement_frequency")
        + scales.weight_recency * F.col("engagement_recency")
        + scales.weight_breadth * F.col("engagement_breadth")
        + scales.weight_depth * F.col("engagement_depth")
    )
