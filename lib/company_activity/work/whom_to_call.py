"""Whom the report names: two queries, one of the day's rows and one of the last 60 days of those at risk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.dates import HORIZON_DAYS, WEEK_DAYS
from company_activity.io.lake.record_files import last_reported
from company_activity.records.crm.snoozed import Snooze, Snoozed
from company_activity.report.risks import (
    NOBODY,
    ListedCompany,
    Listing,
    RiskNews,
    median_pace,
)
from company_activity.schemas import COMPANIES, RISK_EPISODES
from company_activity.transforms.call_lists import (
    AT_RISK,
    CONTACT_DUE,
    ENTERED,
    GONE,
    PACE,
    RECOVERED,
    call_lists,
    last_days,
    newest_episodes,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

    from company_activity.run import Run

MOST_LISTED = 100  # a list that one team can call; the table has the others
Days = Mapping[str, tuple[int | None, ...]]


def look_up_lists(run: Run, rows: DataFrame, day: date, snoozed: Snoozed) -> None:
    """Ask whom the report of `day` names, and keep it in the report."""
    since, is_since_report = news_since(run, day)
    # Older ones would tell of a stretch that is over, and of nobody who entered risk since.
    are_episodes_current = not run.lake.moved_since_episodes.dates
    episodes = run.lake.read(RISK_EPISODES)
    if not are_episodes_current:
        episodes = episodes.limit(0)
    by_kind: defaultdict[str, list[Row]] = defaultdict(list)
    for row in lists_of_day(run, rows, episodes, day, since).collect():
        by_kind[row["kind"]].append(row)
    days = days_of(rows, [row["company_id"] for row in by_kind[AT_RISK]], day)
    report = run.report
    at_risk = marked(listing(by_kind[AT_RISK], day, days).companies, snoozed.by_company, day)
    report.churn_risks = [one for one in at_risk if one.set_aside_until is None]
    report.set_aside = [one for one in at_risk if one.set_aside_until is not None]
    report.gone = listing(by_kind[GONE], day)
    report.contact_due = listing(by_kind[CONTACT_DUE], day)
    report.fleet_pace = median_pace([(row["fleet_pace"], row["of_kind"]) for row in by_kind[PACE]])
    if are_episodes_current:
        entered = listing(by_kind[ENTERED], day)
        noted = marked(entered.companies, snoozed.by_company, day)
        entered = replace(entered, companies=noted)
        recovered = listing(by_kind[RECOVERED], day)
        report.news = RiskNews(since, is_since_report, entered, recovered)


def marked(
    companies: Iterable[ListedCompany], snoozed: Mapping[str, Snooze], day: date
) -> tuple[ListedCompany, ...]:
    """The companies, those that a lead has set aside on that day with its date and reason.

    >>> two = [ListedCompany("a", "A"), ListedCompany("b", "B")]
    >>> snoozed = {"a": Snooze("a", date(2025, 4, 15), "leave")}
    >>> [one.set_aside_why for one in marked(two, snoozed, date(2025, 4, 14))]
    ['leave', '']
    >>> [one.set_aside_why for one in marked(two, snoozed, date(2025, 4, 15))]
    ['', '']
    """
    aside = {one.company_id: one for one in snoozed.values() if day < one.until}
    return tuple(
        replace(
            one,
            set_aside_until=aside[one.company_id].until,
            set_aside_why=aside[one.company_id].why,
        )
        if one.company_id in aside
        else one
        for one in companies
    )


def news_since(run: Run, day: date) -> tuple[date, bool]:
    """After which date news are news: that of the last report about an earlier date; without one, a week ago.

    A second report about the same date so tells the same news as the first.
    """
    reported = last_reported(run.lake.files, day)
    return (reported, True) if reported else (day - timedelta(days=WEEK_DAYS), False)


def lists_of_day(
    run: Run, rows: DataFrame, risk_episodes: DataFrame, day: date, since: date
) -> DataFrame:
    """The rows of all lists, as one query."""
    episodes = newest_episodes(risk_episodes, day, since)
    first_days = run.lake.read(COMPANIES).select("company_id", "first_active_date")
    on_day = (
        rows.where(F.col("activity_date") == F.lit(day))
        .join(episodes, "company_id", "left")
        .join(first_days, "company_id", "left")
    )
    gone_after_days = run.settings.metrics.churn.gone_after_days
    return call_lists(on_day, since, gone_after_days, MOST_LISTED)


def days_of(rows: DataFrame, company_ids: Sequence[str], day: date) -> Days:
    """The last 60 days of some companies on the calendar; a date without a row is None."""
    if not company_ids:
        return {}
    found = last_days(rows, company_ids, day).collect()
    users = {(company, at): count for company, at, count in found}
    calendar = [day - timedelta(days=back) for back in reversed(range(HORIZON_DAYS))]
    return {company: tuple(users.get((company, at)) for at in calendar) for company in company_ids}


def listing(rows: Iterable[Row], day: date, days: Days | None = None) -> Listing:
    """One list, in its order."""
    ordered = sorted(rows, key=lambda row: row["place"])
    if not ordered:
        return NOBODY
    companies = tuple(as_listed(row, day, days or {}) for row in ordered)
    return Listing(ordered[0]["of_kind"], companies)


def as_listed(row: Row, day: date, days: Days) -> ListedCompany:
    """A company as a list shows it."""
    silent = row["days_since_last_active"]
    left = {GONE: row["gone_on"], RECOVERED: row["recovered_on"]}
    return ListedCompany(
        row["company_id"],
        row["company_name"],
        is_at_risk=row["is_churn_risk"],
        reasons=tuple(row["churn_reasons"]),
        country=row["country"],
        industry=row["industry_tag"],
        user_days_7d=row["rolling_7d_active_users"],
        usual_user_days_7d=row["usual_user_days_7d"],
        fleet_pace=row["fleet_pace"],
        missing_user_days_7d=row["missing_user_days_7d"],
        last_active=None if silent is None else day - timedelta(days=silent),
        last_contact=row["last_contact"],
        at_risk_since=row["at_risk_since"],
        left_on=left.get(row["kind"]),
        days=days.get(row["company_id"], ()),
    )
