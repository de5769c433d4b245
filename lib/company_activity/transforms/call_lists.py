"""Whom a report names: at risk, entered, recovered, gone, contact due; and the pace of the week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from company_activity.dates import HORIZON_DAYS
from company_activity.report.model import MOST_GROUPS
from company_activity.report.risks import RENEWAL_DAYS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

AT_RISK = "at_risk"
ENTERED = "entered"
RECOVERED = "recovered"
GONE = "gone"
CONTACT_DUE = "contact_due"
PACE = "pace"
GROUPINGS = ("owner", "segment")  # each a kind of its own, and the column by which it counts
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
    "owner",
    "segment",
    "seats",
    "seat_utilisation_lower",
    "seat_utilisation_upper",
    "contract_value",
    "renewal_on",
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


def call_lists(
    on_day: DataFrame, since: date, gone_after_days: int, most: int, most_at_risk: int
) -> DataFrame:
    """The companies of each list, at most `most` of a list, those that miss most user-days first.

    Of those at risk there are `most_at_risk`. Of the gone, those who left last come first. `kind`
    names the list, `place` is the company's place in it, `of_kind` is how many there are in all. Of
    the kind `pace` there is a row for each pace: `of_kind` companies had it. Of the kinds `owner`
    and `segment` there is one for each of them: `of_kind` companies, of which `at_risk_of_kind` are
    at risk, miss `missing_of_kind` user-days, are worth `value_of_kind` and renew within 60 days
    (`renewals_of_kind`); at most 2,000 of each kind, those that miss most user-days first.

    Shape: rows of one date of `analytics.company_activity_daily`, with `first_active_date` and the
    columns of `newest_episodes` in; key kind, place, and of these three kinds fleet_pace, owner or
    segment out.

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
    >>> found = call_lists(known, since=date(2025, 3, 5), gone_after_days=28, most=1, most_at_risk=2)
    >>> for row in found.where("kind NOT IN ('pace', 'owner', 'segment')").orderBy("kind", "place").collect():
    ...     print(row.kind, row.company_id, row.of_kind)
    at_risk c 3
    at_risk a 3
    entered b 1
    gone d 2
    >>> [row.of_kind for row in found.where("kind = 'pace'").collect()]
    [6]
    >>> [(row.of_kind, row.at_risk_of_kind, row.missing_of_kind) for row in found.where("kind = 'owner'").collect()]
    [(6, 3, 40)]
    """
    kinds = {
        AT_RISK: F.col("is_churn_risk"),
        ENTERED: F.col("at_risk_since") > F.lit(since),
        RECOVERED: F.col("recovered_on").isNotNull(),
        GONE: _is_gone(gone_after_days),
        CONTACT_DUE: F.col("is_contact_due"),
        PACE: F.lit(True),
        **{grouping: F.lit(True) for grouping in GROUPINGS},
    }
    named = [F.when(holds, F.lit(kind)) for kind, holds in kinds.items()]
    of_one_day = on_day.coalesce(1)  # a row per company: it costs more to shuffle than to sort them
    by_kind = of_one_day.withColumn("kind", F.explode(F.array_compact(F.array(*named))))
    is_pace = F.col("kind") == PACE
    is_group = F.col("kind").isin(*GROUPINGS)
    of_kind = W.partitionBy(
        "kind",
        F.when(is_pace, F.col("fleet_pace")),
        *(F.when(F.col("kind") == grouping, F.col(grouping)) for grouping in GROUPINGS),
    )
    placed = by_kind.withColumn("place", F.row_number().over(of_kind.orderBy(*_order())))
    counted = placed.withColumns({name: sums.over(of_kind) for name, sums in _sums().items()})
    most_of_kind = F.when(is_pace | is_group, 1).when(F.col("kind") == AT_RISK, most_at_risk)
    is_listed = F.col("place") <= most_of_kind.otherwise(most)
    # An owner for each company is most likely the wrong column: the first ones stand for it.
    by_loss = W.partitionBy("kind").orderBy(
        F.desc_nulls_last("missing_of_kind"), F.desc("at_risk_of_kind"), "owner", "segment"
    )
    ranked = counted.where(is_listed).withColumn("rank", F.row_number().over(by_loss))
    return ranked.where(~is_group | (F.col("rank") <= MOST_GROUPS)).select(
        "kind",
        "place",
        *_sums(),
        *SHOWN,
        F.to_date("last_contact_at").alias("last_contact"),
        "at_risk_since",
        "recovered_on",
        "gone_on",
    )


def _sums() -> dict[str, Column]:
    """What is counted of a list; but for its length, of its companies at risk."""
    is_at_risk = F.col("is_churn_risk")
    days_left = F.datediff("renewal_on", "activity_date")
    is_renewed_soon = is_at_risk & days_left.between(0, RENEWAL_DAYS)
    return {
        "of_kind": F.count("*"),
        "at_risk_of_kind": F.count(F.when(is_at_risk, 1)),
        "missing_of_kind": F.sum(F.when(is_at_risk, F.col("missing_user_days_7d"))),
        "value_of_kind": F.sum(F.when(is_at_risk, F.col("contract_value"))),
        "renewals_of_kind": F.count(F.when(is_renewed_soon, 1)),
    }


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


def last_days(rows: DataFrame, company_ids: Sequence[str], day: date, most_drawn: int) -> DataFrame:
    """What the page draws of some companies: active users and engagement score.

    Of the first `most_drawn` each of the 60 days up to `day`; of the others `day` and the same
    weekday of the four weeks before, which is enough for a score's trend.

    Shape: `analytics.company_activity_daily` in; `company_id, activity_date, active_users,
    engagement_score` out.

    >>> rows = spark.sql(
    ...     "VALUES ('a', DATE'2025-03-12', 3), ('a', DATE'2025-03-11', 3), ('a', DATE'2025-01-11', 4),"
    ...     " ('b', DATE'2025-03-12', 5), ('b', DATE'2025-03-11', 5) AS t(company_id, activity_date, active_users)"
    ... ).selectExpr("*", "40.0D AS engagement_score")
    >>> [row.company_id for row in last_days(rows, ["a", "b"], date(2025, 3, 12), 1).collect()]
    ['a', 'a', 'b']
    """
    at = F.col("activity_date")
    first = day - timedelta(days=HORIZON_DAYS - 1)
    is_recent = at.between(F.lit(first), F.lit(day))
    is_drawn = F.col("company_id").isin(list(company_ids[:most_drawn]))
    is_wanted = F.col("company_id").isin(list(company_ids))
    is_weekly = at.isin(score_days(day))
    return rows.where(is_recent & is_wanted & (is_drawn | is_weekly)).select(
        "company_id", "activity_date", "active_users", "engagement_score"
    )


def score_days(day: date) -> list[date]:
    """The dates of a score's trend, oldest first.

    >>> str(score_days(date(2025, 3, 29))[0])
    '2025-03-01'
    """
    return [day - timedelta(days=back) for back in (28, 21, 14, 7, 0)]
