"""Whom a report names: at risk, entered, recovered, gone, contact due; and the pace of the week."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from company_activity.dates import HORIZON_DAYS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

AT_RISK = "at_risk"
ENTERED = "entered"
RECOVERED = "recovered"
GONE = "gone"
CONTACT_DUE = "contact_due"
PACE = "pace"
SHOWN = (
    "company_id",
    "company_name",
    "country",
    "industry_tag",
    "is_churn_risk",
    "churn_reasons",
    "rolling_7d_active_users",
    "usual_user_days_7d",
    "fleet_pace",
    "missing_user_days_7d",
    "days_since_last_active",
)


def newest_episodes(episodes: DataFrame, day: date, since: date) -> DataFrame:
    """What a company's episodes say on `day`: since when it is at risk, and when it left risk.

    `at_risk_since` begins its newest episode up to `day`; `recovered_on` lies after `since`;
    `gone_on` is the date on which an episode ended because the company was gone. Those that
    ended before `since` and more than 60 days ago are not read: they are most of a long history, in files of their own.

    Shape: `analytics.risk_episodes` in; key company_id out.

    >>> episodes = spark.sql(
    ...     "VALUES ('a', DATE'2025-03-01', DATE'2025-03-09', 'recovered'),"
    ...     " ('a', DATE'2025-03-11', NULL, NULL), ('b', DATE'2025-02-01', DATE'2025-02-27', 'recovered'),"
    ...     " ('c', DATE'2025-02-01', DATE'2025-03-08', 'gone'), ('d', DATE'2025-03-13', NULL, NULL)"
    ...     " AS t(company_id, started_on, ended_on, ended_as)"
    ... )
    >>> for row in newest_episodes(episodes, date(2025, 3, 12), date(2025, 3, 5)).orderBy("company_id").collect():
    ...     print(row.company_id, row.at_risk_since, row.recovered_on, row.gone_on)
    a 2025-03-11 2025-03-09 None
    b 2025-02-01 None None
    c 2025-02-01 None 2025-03-08
    """
    ended_on = F.col("ended_on")
    oldest = min(since, day - timedelta(days=HORIZON_DAYS))
    is_recent = ended_on.isNull() | (ended_on > F.lit(oldest))
    has_ended = ended_on <= F.lit(day)
    is_recovered = has_ended & (F.col("ended_as") == "recovered") & (ended_on > F.lit(since))
    is_gone = has_ended & (F.col("ended_as") == "gone")
    has_begun = F.col("started_on") <= F.lit(day)
    # Few rows: it costs more to shuffle them than to group them.
    few = episodes.where(has_begun & is_recent).coalesce(1)
    return few.groupBy("company_id").agg(
        F.max("started_on").alias("at_risk_since"),
        F.max(F.when(is_recovered, ended_on)).alias("recovered_on"),
        F.max(F.when(is_gone, ended_on)).alias("gone_on"),
    )


def call_lists(on_day: DataFrame, since: date, gone_after_days: int, most: int) -> DataFrame:
    """The companies of each list, at most `most` of a list, those that miss most user-days first.

    Of the gone, those who left last come first. `kind` names the list, `place` is the
    company's place in it, `of_kind` is how many there are in all. Of the kind `pace` there is a row
    for each pace: `of_kind` companies had it.

    Shape: rows of one date of `analytics.company_activity_daily`, with `first_active_date` and the
    columns of `newest_episodes` in; key kind, place, fleet_pace out.

    >>> day = spark.sql(
    ...     "VALUES ('a', true, 10, 2, NULL, NULL), ('b', true, NULL, 2, DATE'2025-03-09', NULL),"
    ...     " ('c', true, 30, 2, DATE'2025-03-01', NULL), ('d', false, 0, 28, NULL, NULL),"
    ...     " ('e', false, 0, NULL, NULL, DATE'2024-01-01'), ('f', false, 0, NULL, NULL, NULL)"
    ...     " AS t(company_id, is_churn_risk, missing_user_days_7d, days_since_last_active, at_risk_since,"
    ...     " first_active_date)"
    ... ).selectExpr("*", "DATE'2025-03-12' AS activity_date", "970 AS fleet_pace", "false AS is_contact_due")
    >>> unused = [name for name in (*SHOWN, "last_contact_at") if name not in day.columns]
    >>> known = day.select("*", *(F.lit(None).alias(name) for name in unused))
    >>> known = known.selectExpr("*", "DATE'2025-03-11' AS gone_on", "CAST(NULL AS DATE) AS recovered_on")
    >>> found = call_lists(known, since=date(2025, 3, 5), gone_after_days=28, most=2)
    >>> for row in found.where("kind <> 'pace'").orderBy("kind", "place").collect():
    ...     print(row.kind, row.company_id, row.of_kind)
    at_risk c 3
    at_risk a 3
    entered b 1
    gone d 2
    gone e 2
    >>> [row.of_kind for row in found.where("kind = 'pace'").collect()]
    [6]
    """
    kinds = {
        AT_RISK: F.col("is_churn_risk"),
        ENTERED: F.col("at_risk_since") > F.lit(since),
        RECOVERED: F.col("recovered_on").isNotNull(),
        GONE: _is_gone(gone_after_days),
        CONTACT_DUE: F.col("is_contact_due"),
        PACE: F.lit(True),
    }
    named = [F.when(holds, F.lit(kind)) for kind, holds in kinds.items()]
    of_one_day = on_day.coalesce(1)  # a row per company: it costs more to shuffle than to sort them
    by_kind = of_one_day.withColumn("kind", F.explode(F.array_compact(F.array(*named))))
    of_kind = W.partitionBy("kind", F.when(F.col("kind") == PACE, F.col("fleet_pace")))
    ordered = of_kind.orderBy(*_order())
    placed = by_kind.withColumn("place", F.row_number().over(ordered))
    counted = placed.withColumn("of_kind", F.count("*").over(of_kind))
    is_listed = F.col("place") <= F.when(F.col("kind") == PACE, 1).otherwise(most)
    return counted.where(is_listed).select(
        "kind",
        "place",
        "of_kind",
        *SHOWN,
        F.to_date("last_contact_at").alias("last_contact"),
        "at_risk_since",
        "recovered_on",
        "gone_on",
    )


def _is_gone(gone_after_days: int) -> Column:
    """Silent for so long; one that was not active within 60 days may never have been, and is not gone then."""
    is_long_silent = F.col("days_since_last_active") >= gone_after_days
    was_active = F.col("first_active_date") <= F.col("activity_date")
    return F.coalesce(is_long_silent, was_active, F.lit(False))


def most_missing_first() -> list[Column]:
    """The one order of every list: the most missing user-days first, those that are not known last, then by id."""
    return [F.desc_nulls_last("missing_user_days_7d"), F.asc("company_id")]


def _order() -> list[Column]:
    """The one order; before it, of the gone, those who left last: silent for the fewest days, as far as it is known."""
    is_of_gone = F.col("kind") == GONE
    gone_on = F.when(is_of_gone, F.col("gone_on"))
    silent_days = F.when(is_of_gone, F.col("days_since_last_active"))
    return [
        F.asc_nulls_last(silent_days),
        F.desc_nulls_last(gone_on),
        *most_missing_first(),
    ]


def last_days(rows: DataFrame, company_ids: Collection[str], day: date) -> DataFrame:
    """The active users of some companies on each of the 60 days up to `day`.

    Shape: `analytics.company_activity_daily` in; `company_id, activity_date, active_users` out.

    >>> rows = spark.sql(
    ...     "VALUES ('a', DATE'2025-03-12', 3), ('a', DATE'2025-01-11', 4), ('b', DATE'2025-03-12', 5)"
    ...     " AS t(company_id, activity_date, active_users)"
    ... )
    >>> last_days(rows, ["a"], date(2025, 3, 12)).count()
    1
    """
    first = day - timedelta(days=HORIZON_DAYS - 1)
    is_recent = F.col("activity_date").between(F.lit(first), F.lit(day))
    is_wanted = F.col("company_id").isin(list(company_ids))
    return rows.where(is_recent & is_wanted).select("company_id", "activity_date", "active_users")
