"""The activity table → `analytics.risk_episodes`: a row per company and stretch of dates at risk.

A stretch ends with the 7th row in a row without risk; rows that are not judged are passed over. The rules look at one
company's rows in the order of their dates, so a stretch that is open can be gone on with from what the table has of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from company_activity.schemas import LIST_SEPARATOR, RISK_EPISODES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.settings.model import ChurnSettings

CALM_DATES = 7  # in a row end an episode


def flagged_rows(activity: DataFrame, limits: ChurnSettings) -> DataFrame:
    """What of each judged row of the activity table an episode is made of.

    Shape: `analytics.company_activity_daily` in; `company_id, day, is_risk, is_gone, churn_reasons, missing, since,
    calm, owner` out, key company_id, day. `since` and `calm` are those of an episode that goes on (`as_row`); here NULL
    and 0.
    """
    silent_days = F.col("days_since_last_active")
    is_gone = silent_days.isNull() | (silent_days >= limits.gone_after_days)
    return activity.where("is_churn_risk IS NOT NULL").select(
        "company_id",
        F.col("activity_date").alias("day"),
        F.col("is_churn_risk").alias("is_risk"),
        is_gone.alias("is_gone"),
        "churn_reasons",
        F.when(F.col("is_churn_risk"), F.col("missing_user_days_7d")).alias("missing"),
        F.lit(None).cast("date").alias("since"),
        F.lit(0).cast("bigint").alias("calm"),
        "owner",
    )


def as_row(open_episodes: DataFrame) -> DataFrame:
    """An open episode as the row of its last flagged date, which stands for all its rows so far.

    Shape: `analytics.risk_episodes` in; as `flagged_rows` out.
    """
    return open_episodes.select(
        "company_id",
        F.col("last_flagged_on").alias("day"),
        F.lit(True).alias("is_risk"),
        F.lit(False).alias("is_gone"),
        "churn_reasons",
        F.col("peak_missing_user_days").alias("missing"),
        F.col("started_on").alias("since"),
        F.col("calm_dates").alias("calm"),
        "owner",
    )


def episodes_of(rows: DataFrame) -> DataFrame:
    """The episodes that these rows make.

    Shape: as `flagged_rows` in; `analytics.risk_episodes` out, key company_id, started_on.

    >>> days = [(d, d in (2, 5, 20), d >= 15) for d in range(1, 29)]
    >>> rows = spark.createDataFrame(days, "day int, is_risk boolean, is_gone boolean").selectExpr(
    ...     "'a' AS company_id", "date_add('2025-03-01', day - 1) AS day", "is_risk", "is_gone",
    ...     "if(is_risk, array('SILENT'), array()) AS churn_reasons", "if(is_risk, 9L, NULL) AS missing",
    ...     "DATE(NULL) AS since", "0L AS calm", "concat('owner on ', day) AS owner",
    ... )
    >>> for row in episodes_of(rows).orderBy("started_on").collect():
    ...     print(row.started_on.day, row.last_flagged_on.day, row.ended_on.day, row.ended_as, row.owner)
    2 5 12 recovered owner on 5
    20 20 27 gone owner on 20
    """
    is_risk = F.col("is_risk")
    by_day = W.partitionBy("company_id").orderBy("day")
    to_here = by_day.rowsBetween(W.unboundedPreceding, 0)
    before = by_day.rowsBetween(W.unboundedPreceding, -1)
    # A row that stands for an open episode brings the calm dates that follow it.
    calm_of_row = F.when(is_risk, F.col("calm")).otherwise(1)
    calm_at_risk = F.when(is_risk, F.col("calm_to_here") - F.col("calm"))
    calm_since = F.col("calm_to_here") - F.col("calm_before")
    is_first = F.col("calm_before").isNull() | (F.col("calm_since") >= CALM_DATES)
    starts = (is_risk & is_first).cast("bigint")
    numbered = (
        rows.withColumn("calm_to_here", F.sum(calm_of_row).over(to_here))
        .withColumn("calm_at_risk", calm_at_risk)
        .withColumn("calm_before", F.last("calm_at_risk", ignorenulls=True).over(before))
        .withColumn("calm_since", calm_since)
        .withColumn("number", F.sum(starts).over(to_here))
    )
    of_an_episode = numbered.where("number > 0")
    episodes = of_an_episode.groupBy("company_id", "number").agg(*_figures())
    return episodes.select(*RISK_EPISODES.column_names)


def _figures() -> list[Column]:
    is_risk = F.col("is_risk")
    day_at_risk = F.when(is_risk, F.col("day"))
    is_end = ~is_risk & (F.col("calm_since") == CALM_DATES)
    end = F.min(F.when(is_end, F.struct("day", "is_gone")))
    ended_as = F.when(end["is_gone"], "gone").when(end["day"].isNotNull(), "recovered")
    reasons = F.flatten(F.collect_list(F.when(is_risk, F.col("churn_reasons"))))
    named = F.array_sort(F.array_distinct(reasons))
    calm = F.max("calm_to_here") - F.max("calm_at_risk")
    return [
        F.min(F.coalesce("since", day_at_risk)).alias("started_on"),
        F.max(day_at_risk).alias("last_flagged_on"),
        end["day"].alias("ended_on"),
        ended_as.alias("ended_as"),
        named.alias("churn_reasons"),
        F.array_join(named, LIST_SEPARATOR).alias("churn_reasons_text"),
        F.max("missing").alias("peak_missing_user_days"),
        F.least(calm, F.lit(CALM_DATES)).cast("bigint").alias("calm_dates"),
        F.max_by("owner", day_at_risk).alias("owner"),
    ]
