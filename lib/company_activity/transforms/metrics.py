"""The numbers of a company's day: consistency, change, monthly users, engagement.

Every condition is decided on exact integers; a double is computed from exact integers in one expression, so that
any plan gives the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

from company_activity.transforms.calendar import bits, days_in, is_whole

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.settings.model import EngagementSettings

ALL_60_DAYS = bits(0, 59)


def with_observed_days(facts: DataFrame) -> DataFrame:
    """Add the complete dates that count: those of the date (`days_observed_…`), and of the company (`days_lived_…`).

    `alive_mask` is the company's last 60 days from its first one seen on; `lived_mask` those that are complete.
    A missing date is not lived; a complete one without a record is, with zeros.
    """
    age = F.least(F.datediff("activity_date", "first_seen_date"), F.lit(59)) + 1
    alive = F.call_function("shiftright", F.lit(ALL_60_DAYS), (60 - age).cast("int"))
    complete = F.col("complete_mask")
    masked = facts.withColumn("alive_mask", alive).withColumn("lived_mask", complete.bitwiseAND(alive))
    return masked.select(
        "*",
        days_in(complete, bits(0, 6)).alias("days_observed_7d"),
        days_in(complete, bits(0, 29)).alias("days_observed_30d"),
        *(days_in(F.col("lived_mask"), bits(0, k - 1)).alias(f"days_lived_{k}d") for k in (7, 28, 30)),
    )


def with_change(facts: DataFrame) -> DataFrame:
    """Add `active_users_dod_pct`, `…_wow_pct`, `…_mom_pct`: fractions, NULL unless both sides are known, base > 0."""
    lived = F.col("lived_mask")
    return (
        facts.withColumn("active_users_dod_pct", _change("active_users", "users_1_back", is_whole(lived, bits(0, 1))))
        .withColumn(
            "active_users_wow_pct",
            _change("active_users", "users_7_back", is_whole(lived, bits(0, 0) | bits(7, 7))),
        )
        .withColumn("active_users_mom_pct", _change("users_30d", "users_30d_before", is_whole(lived, ALL_60_DAYS)))
    )


def _change(now: str, base: str, is_known: Column) -> Column:
    return F.when(is_known & (F.col(base) > 0), F.col(now) / F.col(base) - 1)


def with_consistency(facts: DataFrame) -> DataFrame:
    """Add `activity_consistency_30d`: sample stdev / mean of daily users over the lived days of 30."""
    n, total = F.col("days_lived_30d"), F.col("users_30d")
    spread = n.cast("decimal(10,0)") * F.col("squares_30d") - _square(total)
    deviation = F.sqrt(spread.cast("double") / (n * (n - 1)))
    return facts.withColumn("activity_consistency_30d", F.when((n >= 2) & (total > 0), deviation / (total / n)))


def with_monthly_users(facts: DataFrame) -> DataFrame:
    """Add the bounds of the distinct users of 30 days, the estimate between them and its method.

    Daily totals do not identify distinct users. Where daily users vary less than independent visits of one pool
    would (V < T), the pool's size follows from mean and variance (`binomial_moment`); else `geometric_mean`.

    The share of a pool that ever came, 1 − (1−p)^w, is −expm1(w·log1p(−p)): with a small p the power is so near to 1
    that a double keeps few digits of the difference. (No log1p where p is 1: then all came.) What is left of the last
    bits goes as the estimate is rounded to 6 decimals, before the half decides.
    """
    w = days_in(F.col("lived_mask").bitwiseAND(F.col("weekday_mask")), bits(0, 29))
    lower, upper = F.col("largest_record_30d"), F.col("users_30d")
    total = F.col("weekday_users_30d")
    variance = w.cast("decimal(10,0)") * F.col("weekday_squares_30d") - _square(total)
    threshold = (w - 1).cast("decimal(10,0)") * total.cast("decimal(20,0)")
    is_binomial = (w >= 2) & (total > 0) & (variance < threshold)
    p = (threshold - variance).cast("double") / threshold.cast("double")
    share_seen = F.coalesce(-F.expm1(w * F.log1p(-p)), F.lit(1.0))
    pool = F.round(F.round(total / (w * p) * share_seen, 6)).cast("bigint")
    rounded = F.when(is_binomial, pool).otherwise(_rounded_root(lower, upper))
    estimate = F.greatest(lower, F.least(upper, rounded))
    return (
        facts.withColumn("mau_lower", lower)
        .withColumn("mau_upper", upper)
        .withColumn("est_monthly_active_users", estimate)
        .withColumn("mau_method", F.when(is_binomial, "binomial_moment").otherwise("geometric_mean"))
    )


def _rounded_root(a: Column, b: Column) -> Column:
    """√(a·b) rounded half up; off by one as a double where the product has no exact double (above 2^53).

    r is right where r² − r < a·b ≤ r² + r, for (r + ½)² = r² + r + ¼ is no integer.

    >>> pairs = spark.createDataFrame([(0, 5), (1, 2), (3, 4), (10**9, 10**9 + 19)], "a bigint, b bigint")
    >>> [r.root for r in pairs.select(_rounded_root(F.col("a"), F.col("b")).alias("root")).collect()]
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
    """Add the four components, each 0 to 1, and `engagement_score`, 0 to 100 with two decimals."""
    recency = F.exp(-F.col("days_since_last_active") / scales.recency_days)
    daily_users = F.col("users_7d") / F.col("days_lived_7d")
    depth = 1 - F.exp(-(F.col("events_30d") / F.col("users_30d")) / scales.depth_events)
    frequency = F.col("active_days_28d") / F.greatest("days_lived_28d", F.lit(scales.min_days))
    score = 100 * (
        scales.weight_frequency * F.col("engagement_frequency")
        + scales.weight_recency * F.col("engagement_recency")
        + scales.weight_breadth * F.col("engagement_breadth")
        + scales.weight_depth * F.col("engagement_depth")
    )
    return (
        facts.withColumn("engagement_frequency", frequency)
        .withColumn("engagement_recency", F.coalesce(recency, F.lit(0.0)))
        .withColumn("engagement_breadth", 1 - F.exp(-daily_users / scales.breadth_users))
        .withColumn("engagement_depth", F.when(F.col("users_30d") > 0, depth).otherwise(0.0))
        .withColumn("engagement_score", F.round(score, 2))
    )
