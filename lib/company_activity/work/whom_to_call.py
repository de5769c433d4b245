"""Whom the report names: two queries, one of the day's rows and one of the last 60 days of those at risk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from company_activity.dates import HORIZON_DAYS, WEEK_DAYS
from company_activity.io.lake.record_files import last_reported
from company_activity.records.crm.snoozed import Snooze, Snoozed
from company_activity.report.model import MOST_DETAILED, Portfolio
from company_activity.report.risks import (
    NOBODY,
    ListedCompany,
    Listing,
    RiskNews,
    SetAside,
    median_pace,
)
from company_activity.schemas import COMPANIES, RISK_EPISODES
from company_activity.transforms.call_lists import (
    AT_RISK,
    CONTACT_DUE,
    ENTERED,
    GONE,
    GROUPINGS,
    PACE,
    RECOVERED,
    call_lists,
    last_days,
    newest_episodes,
    score_days,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

    from company_activity.run import Run

MOST_LISTED = 100  # a list that one team can call; the table has the others
MOST_AT_RISK = 2_000  # so many fit a page of 1 MB, and each owner finds the own among them


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
    at_risk = listing(by_kind[AT_RISK], day).companies
    report = run.report
    at_risk = marked(at_risk, snoozed.by_company, day)
    report.churn_risks = with_days(at_risk, rows, day)
    report.portfolios = [as_portfolio(row, by) for by in GROUPINGS for row in by_kind[by]]
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
    >>> [one.set_aside for one in marked(two, snoozed, date(2025, 4, 14))]
    [SetAside(until=datetime.date(2025, 4, 15), why='leave'), None]
    >>> [one.set_aside for one in marked(two, snoozed, date(2025, 4, 15))]
    [None, None]
    """
    aside = {
        one.company_id: SetAside(one.until, one.why) for one in snoozed.values() if day < one.until
    }
    return tuple(replace(one, set_aside=aside.get(one.company_id)) for one in companies)


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
    return call_lists(on_day, since, gone_after_days, MOST_LISTED, MOST_AT_RISK)


def with_days(
    companies: Sequence[ListedCompany], rows: DataFrame, day: date
) -> list[ListedCompany]:
    """Companies with their scores of four weeks; the first that are to be called with their last 60 days too.

    A date without a row is None.
    """
    if not companies:
        return []
    to_call = [company.company_id for company in companies if not company.set_aside]
    others = [company.company_id for company in companies if company.set_aside]
    company_ids = [*to_call, *others]
    drawn = set(company_ids[:MOST_DETAILED])
    found = last_days(rows, company_ids, day, MOST_DETAILED).collect()
    at = {(row["company_id"], row["activity_date"]): row for row in found}
    calendar = [day - timedelta(days=back) for back in reversed(range(HORIZON_DAYS))]

    def read(company: ListedCompany, dates: Sequence[date], column: str) -> tuple[Any, ...]:
        rows_of_it = (at.get((company.company_id, one)) for one in dates)
        return tuple(None if row is None else row[column] for row in rows_of_it)

    return [
        replace(
            company,
            days=read(company, calendar, "active_users") if company.company_id in drawn else (),
            scores=read(company, score_days(day), "engagement_score"),
        )
        for company in companies
    ]


def listing(rows: Iterable[Row], day: date) -> Listing:
    """One list, in its order."""
    ordered = sorted(rows, key=lambda row: row["place"])
    if not ordered:
        return NOBODY
    companies = tuple(as_listed(row, day) for row in ordered)
    return Listing(ordered[0]["of_kind"], companies)


def as_portfolio(row: Row, by: str) -> Portfolio:
    """The companies of one owner, or of one segment."""
    return Portfolio(
        by,
        row[by],
        row["of_kind"],
        row["at_risk_of_kind"],
        row["missing_of_kind"] or 0,
        row["value_of_kind"],
        row["renewals_of_kind"],
    )


def as_listed(row: Row, day: date) -> ListedCompany:
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
        owner=row["owner"],
        segment=row["segment"],
        seats=row["seats"],
        seats_used=_both(row["seat_utilisation_lower"], row["seat_utilisation_upper"]),
        contract_value=row["contract_value"],
        renewal_on=row["renewal_on"],
    )


def _both(lower: float | None, upper: float | None) -> tuple[float, float] | None:
    return None if lower is None or upper is None else (lower, upper)
