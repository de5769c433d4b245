"""The activity table and the episodes → `analytics.segment_activity_daily`: a row per date, segment and country."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

from company_activity.planning.state import LIFECYCLE
from company_activity.schemas import GROUP_TEXT, SEGMENT_ACTIVITY_DAILY
from company_activity.transforms.audit import nulls
from company_activity.transforms.hashing import content_hash

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SUMMED = ("companies", "user_days", "events", "at_risk", "not_judged")


def segment_rows(
    activity: DataFrame, episodes: DataFrame | None, gone_after_days: int
) -> DataFrame:
    """What the companies of a segment and country did on each date.

    Each figure is an exact sum, or one expression of two; a share without users to divide by is NULL. `episodes` are
    those that began on one of the dates; None where none did, so that nothing is read to find that out.

    Shape: `analytics.company_activity_daily` and `analytics.risk_episodes` in; `analytics.segment_activity_daily` out,
    key activity_date, segment, country, of which both texts may be NULL.

    >>> given = "company_id, active_users, country, is_churn_risk, rolling_7d_active_users, mau_upper, contract_value"
    >>> rows = spark.sql(
    ...     "VALUES ('a', 5L, 'DE ', true, 7L, 14L, 1.50BD), ('b', 0L, 'DE', NULL, 0L, 7L, NULL),"
    ...     f" ('c', 0L, NULL, false, 0L, 0L, 2.00BD) AS t({given})"
    ... ).selectExpr(
    ...     "*", "DATE'2025-03-01' AS activity_date", "STRING(NULL) AS segment", "0L AS events",
    ...     "mau_upper AS mau_lower", "28L AS days_since_last_active", "3L AS missing_user_days_7d",
    ...     "'inactive' AS lifecycle_state",
    ... )
    >>> columns = ["country", "companies", "at_risk", "not_judged", "gone", "missing_user_days"]
    >>> of_value = ["contract_value_at_risk", "stickiness_lower"]
    >>> for row in segment_rows(rows, None, 28).select(*columns, *of_value).orderBy("country").collect():
    ...     print(*row)
    None 1 0 0 1 0 None None
    DE 2 1 1 2 3 1.50 0.047619047619047616
    """
    known = activity if episodes is None else with_beginnings(activity, episodes)
    if episodes is None:
        known = known.withColumn("is_entered", F.lit(None).cast("boolean"))
    grouped = known.withColumns({name: group_name(name) for name in ("segment", "country")})
    figures = grouped.groupBy(*SEGMENT_ACTIVITY_DAILY.key).agg(*_figures(gone_after_days))
    return figures.select(*SEGMENT_ACTIVITY_DAILY.column_names)


def with_beginnings(activity: DataFrame, episodes: DataFrame) -> DataFrame:
    """Add `is_entered`, true where an episode of the company began on the date, else NULL."""
    began = episodes.select(
        "company_id", F.col("started_on").alias("activity_date"), F.lit(True).alias("is_entered")
    )
    # Few begin on a date: to send them to every task costs less than to lay all companies out anew.
    return activity.join(F.broadcast(began), ["company_id", "activity_date"], "left")


def group_name(column: str) -> Column:
    """A CRM's text as the name of a group, which is part of a key in SQL.

    SQL Server's index holds 900 bytes and its `=` passes over blanks at the end, and PostgreSQL has no U+0000. So it is
    cut after `GROUP_TEXT` characters, without blanks around it. A text without anything else is no name.

    >>> rows = spark.createDataFrame([(" DE  ",), ("x" * 99 + " y",), ("a\\0b",), ("  ",)], "country string")
    >>> [row[0] if len(row[0] or "") < 9 else len(row[0]) for row in rows.select(group_name("country")).collect()]
    ['DE', 99, 'a\ufffdb', None]
    """
    text = F.replace(F.col(column), F.lit("\0"), F.lit("\ufffd"))
    cut = F.rtrim(F.substring(F.trim(text), 1, GROUP_TEXT))
    return F.when(cut != "", cut)


def _figures(gone_after_days: int) -> list[Column]:
    """The figures of a group."""
    is_risk = F.col("is_churn_risk")
    state = F.coalesce("lifecycle_state", F.lit("unknown"))
    user_days_7d = F.sum("rolling_7d_active_users").cast("double")
    missing = F.sum(F.when(is_risk, F.col("missing_user_days_7d")))
    return [
        F.count("*").alias("companies"),
        F.count_if(F.col("active_users") > 0).alias("active_companies"),
        F.sum("active_users").alias("user_days"),
        F.sum("events").alias("events"),
        F.count_if(is_risk).alias("at_risk"),
        F.count_if(is_risk.isNull()).alias("not_judged"),
        F.count_if("is_entered").alias("entered"),
        F.count_if(F.col("days_since_last_active") == gone_after_days).alias("gone"),
        F.coalesce(missing, F.lit(0)).alias("missing_user_days"),
        F.sum(F.when(is_risk, F.col("contract_value")))
        .cast(SEGMENT_ACTIVITY_DAILY.column("contract_value_at_risk").type)
        .alias("contract_value_at_risk"),
        _share(user_days_7d, "mau_upper").alias("stickiness_lower"),
        _share(user_days_7d, "mau_lower").alias("stickiness_upper"),
        *(F.count_if(state == name).alias(f"lifecycle_{name}") for name in LIFECYCLE),
    ]


def _share(user_days_7d: Column, users: str) -> Column:
    """The mean user-days of a day, by the monthly users; NULL without any."""
    total = F.sum(users).cast("double")
    return F.when(total > 0, user_days_7d / 7 / total)


def audited_segments(rows: DataFrame) -> DataFrame:
    """The figures of each date's rows, for their gates: rows, keys, forbidden NULLs, hash, sums, impossible rows.

    `above` are rows with more active companies than companies, or whose states are not as many as these.

    Shape: `analytics.segment_activity_daily` in; `activity_date, rows, keys, nulls, above, content_hash`, the sums of
    `SUMMED`, of `entered` and of the lifecycle states out, key activity_date.
    """
    states = [f"lifecycle_{name}" for name in LIFECYCLE]
    in_states = sum((F.col(name) for name in states[1:]), F.col(states[0]))
    is_odd = (F.col("active_companies") > F.col("companies")) | (in_states != F.col("companies"))
    return rows.groupBy("activity_date").agg(
        F.count("*").alias("rows"),
        F.count_distinct(F.struct("segment", "country")).alias("keys"),
        nulls(SEGMENT_ACTIVITY_DAILY),
        F.count_if(is_odd).alias("above"),
        content_hash(SEGMENT_ACTIVITY_DAILY).alias("content_hash"),
        *(F.sum(name).alias(name) for name in (*SUMMED, "entered", *states)),
    )
