"""What messages say of the episodes at risk and of their companies: one query."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.io.notify.digest.items import KnownEpisode
from company_activity.planning.news import Episode
from company_activity.report.page.words import reason_name, reason_with_figures
from company_activity.report.risks import ListedCompany
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, RISK_EPISODES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

    from company_activity.run import Run

OF_EPISODE = (
    "company_id",
    "started_on",
    "last_flagged_on",
    "ended_on",
    "ended_as",
    "churn_reasons",
    "peak_missing_user_days",
    "owner",
)
OF_COMPANY = (
    "company_name",
    "country",
    "is_churn_risk",
    "rolling_7d_active_users",
    "usual_user_days_7d",
    "fleet_pace",
    "missing_user_days_7d",
    "days_since_last_active",
    "renewal_on",
)


def known_episodes(run: Run, newest: date, since: date) -> list[KnownEpisode]:
    """The episodes that are open, or ended on `since` or later, with what is known of their companies on `newest`."""
    rows = with_company(
        run.lake.read(RISK_EPISODES), run.lake.read(COMPANY_ACTIVITY_DAILY), newest, since
    )
    return [as_known(row, newest) for row in rows.collect()]


def with_company(episodes: DataFrame, activity: DataFrame, newest: date, since: date) -> DataFrame:
    """The episodes that are open, or ended on `since` or later, each with its company's row of `newest`.

    Shape: `analytics.risk_episodes` and `analytics.company_activity_daily` in; key company_id, started_on out.

    >>> day = date(2025, 3, 9)
    >>> ended = [("a", date(2025, 3, 1)), ("b", date(2025, 3, 2)), ("c", None)]
    >>> unknown = [f"'x' AS {name}" for name in OF_EPISODE if name not in ("company_id", "ended_on")]
    >>> episodes = spark.createDataFrame(ended, "company_id string, ended_on date").selectExpr("*", *unknown)
    >>> told = [f"'Bo' AS {name}" for name in OF_COMPANY]
    >>> activity = spark.createDataFrame([("b", day)], "company_id string, activity_date date")
    >>> found = with_company(episodes, activity.selectExpr("*", *told), day, since=date(2025, 3, 2))
    >>> [(row.company_id, row.company_name) for row in found.orderBy("company_id").collect()]
    [('b', 'Bo'), ('c', None)]
    """
    is_wanted = F.col("ended_on").isNull() | (F.col("ended_on") >= F.lit(since))
    on_day = activity.where(F.col("activity_date") == F.lit(newest))
    few = episodes.where(is_wanted).select(*OF_EPISODE).coalesce(1)
    return few.join(on_day.select("company_id", *OF_COMPANY), "company_id", "left")


def as_known(row: Row, newest: date) -> KnownEpisode:
    """A row as messages are made of it; of a company that is not at risk today the week's figures say nothing."""
    is_today = bool(row["is_churn_risk"]) and row["last_flagged_on"] == newest
    silent = row["days_since_last_active"]
    listed = ListedCompany(
        row["company_id"],
        row["company_name"] or "",
        user_days_7d=row["rolling_7d_active_users"] or 0,
        usual_user_days_7d=row["usual_user_days_7d"],
        fleet_pace=row["fleet_pace"],
        last_active=None if silent is None else newest - timedelta(days=silent),
    )
    reasons = tuple(row["churn_reasons"])
    episode = Episode(
        row["company_id"],
        row["started_on"],
        row["last_flagged_on"],
        row["ended_on"],
        row["ended_as"],
        reasons,
        row["missing_user_days_7d"] if is_today else None,
        row["peak_missing_user_days"],
        row["owner"],
        row["company_name"] or "",
    )
    return KnownEpisode(
        episode,
        row["country"],
        {reason: in_words(reason, listed, newest, is_today) for reason in reasons},
        row["renewal_on"],
    )


def in_words(reason: str, listed: ListedCompany, newest: date, is_today: bool) -> str:
    """A reason with today's figures; of an earlier date there are none at hand."""
    if not is_today:
        return reason_name(reason).lower()
    return f"{reason_name(reason).lower()}: {reason_with_figures(reason, listed, newest)}"
