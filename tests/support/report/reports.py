"""Reports of runs that never were, for the page and the messages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from company_activity.errors import CompanyActivityError
from company_activity.gates.verdict import Verdict
from company_activity.report.model import (
    MOST_DETAILED,
    DayFigures,
    Figures,
    Portfolio,
    Rejected,
    Retention,
    RunReport,
    SegmentDay,
    StepReport,
)
from company_activity.report.risks import ListedCompany, Listing, RiskNews, Status

DAY = date(2025, 11, 23)
OWNERS = ("Ana Lima", "Bruno O'Neill", None, "Zoë Müller")
REASONS_OF = (("DECLINING", "UNUSUAL_SILENCE"), ("DECLINING",), ("SILENT",))
BEGAN = datetime(2025, 11, 24, 3, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> \"'&amp; ${7*7} {{ 7*7 }} \x00\x07\u202eevil\ud800"


def days(count: int = 90, missing: Collection[date] = ()) -> tuple[DayFigures, ...]:
    """So many dates up to DAY, without the missing ones."""
    dates = (DAY - timedelta(days=back) for back in range(count - 1, -1, -1))
    return tuple(day_figures(day) for day in dates if day not in missing)


def day_figures(day: date) -> DayFigures:
    users = 40 if day.weekday() > 4 else 230
    return DayFigures(day, 40, users, users * 11, 8, {"returning": 29, "dormant": 2, "inactive": 9})


def risk(company_id: str = "c_126", name: str = "Sudden Stop", **more: Any) -> ListedCompany:
    """A company that fell silent a week ago."""
    known: dict[str, Any] = {
        "is_at_risk": True,
        "reasons": ("DECLINING", "UNUSUAL_SILENCE"),
        "country": "ES",
        "industry": "transport",
        "usual_user_days_7d": 56.0,
        "fleet_pace": 970,
        "missing_user_days_7d": 54,
        "at_risk_since": DAY - timedelta(days=3),
        "last_active": DAY - timedelta(days=7),
        "last_contact": date(2025, 10, 6),
        "days": (*[8] * 53, *[0] * 7),
    }
    return ListedCompany(company_id, name, **known | more)


def at_risk(count: int, owners: Sequence[str | None] = OWNERS, name: str = "Company", **more: Any) -> RunReport:
    """A run that found so many companies at risk, all that the CRM can say known of most of them."""
    segments = ("enterprise", "small business", None)
    listed = []
    for n in range(count):
        known: dict[str, Any] = {
            "owner": owners[n % len(owners)],
            "segment": segments[n % 3],
            "country": ("ES", "DE", "FR", None)[n % 4],
            "reasons": REASONS_OF[n % 3],
            "missing_user_days_7d": max(3 * count - 3 * n, 1),
            "seats": 20 + n % 400,
            "seats_used": (0.12, 0.31),
            "contract_value": Decimal(24_000 + n),
            "renewal_on": DAY + timedelta(days=12 + 9 * n) if n % 5 else None,
            "scores": (60.0, 55.5, None if n % 7 == 3 else 50.0, 44.25, 31.5 + n % 20),
        }
        drawn = {} if n < MOST_DETAILED else {"days": ()}
        listed.append(risk(f"c_{1000 + n}", f"{name} {n}", **known | drawn))
    portfolios = [
        Portfolio(by, name, 2 * count, count // 12, 40 * count // 12, Decimal(24_000) * count, count // 30)
        for by, names in (("owner", owners), ("segment", segments))
        for name in names
    ]
    figures = Figures(tuple(replace(one, companies=6 * count, at_risk=count) for one in days()))
    told: dict[str, Any] = {"churn_risks": listed, "portfolios": portfolios, "figures": figures}
    told |= {"segments": segment_days(), "retention": retention()}
    return succeeded(**told | more)


def segment_days(names: Sequence[str | None] = ("enterprise", "small business", None)) -> list[SegmentDay]:
    """The roll-up by segment of 90 dates, one of them missing."""
    dates = [DAY - timedelta(days=back) for back in range(90) if back != 30]
    return [
        SegmentDay(day, name, 40 + 10 * n, (8 if day.weekday() > 4 else 30) + n, 90, 4 + (day.day + n) % 5)
        for day in reversed(dates)
        for n, name in enumerate(names)
    ]


def retention() -> list[Retention]:
    """The triangle of seven cohorts."""
    months = [date(2025, month, 1) for month in range(4, 11)]
    return [
        Retention(cohort, month, 30 + at, max(30 + at - 4 * (month.month - cohort.month), 0))
        for at, cohort in enumerate(months)
        for month in months
        if month >= cohort
    ]


def news(entered: int = 1, recovered: int = 1, since: date = DAY - timedelta(days=4), **more: Any) -> RiskNews:
    """So many companies entered risk, and so many recovered, since a report."""
    new = tuple(risk(f"c_{126 + n}", "Sudden Stop") for n in range(min(entered, 100)))
    back = tuple(
        ListedCompany(f"c_{500 + n}", "Came Back", at_risk_since=date(2025, 11, 1), left_on=DAY, user_days_7d=40)
        for n in range(min(recovered, 100))
    )
    return RiskNews(since, True, Listing(entered, new), Listing(recovered, back))


def gone(count: int = 2) -> Listing:
    """Companies that left, the first of them lately."""
    last_active = [DAY - timedelta(days=28), *[None] * count]
    companies = (
        ListedCompany(f"c_{700 + n}", "Left Us", last_active=last_active[n], left_on=None if n else DAY)
        for n in range(min(count, 100))
    )
    return Listing(count, tuple(companies))


def contact_due(count: int = 1) -> Listing:
    """Companies that nobody has spoken with."""
    companies = (ListedCompany(f"c_{900 + n}", "Unspoken To", user_days_7d=2) for n in range(min(count, 100)))
    return Listing(count, tuple(companies))


def succeeded(**more: Any) -> RunReport:
    """A run that went well."""
    steps = [
        StepReport("ingest_usage", counts={"dates_fetched": 1, "records_landed": 3356}, seconds=1.5),
        StepReport("stage_crm", "nothing", notes=["no new CRM file"]),
        StepReport(
            "stage_usage",
            counts={"dates": 1, "landed": 3356, "accepted": 3300, "duplicates": 20, "quarantined": 36},
            warnings=["usage items carry fields beyond the contract: plan"],
            seconds=2.25,
        ),
        StepReport(
            "build_activity",
            counts={"dates_built": 1, "rows_written": 40},
            seconds=4.0,
            verdicts=[Verdict("unique keys", str(DAY), True, "40", "40")],
        ),
        StepReport("publish", counts={"rows_sent": 40}, seconds=1.0, driver="H2 JDBC Driver 2.3.232"),
    ]
    told: dict[str, Any] = {
        "dates": (DAY,),
        "steps": steps,
        "churn_risks": [risk()],
        "news": news(),
        "gone": gone(),
        "contact_due": contact_due(),
        "fleet_pace": 970,
        "status": Status(DAY, (), 40, 0, DAY),
        "risks_on": DAY,
        "figures": Figures(days(), (Rejected("usage", "WRONG_TYPE", 9, 1, DAY),)),
    }
    return RunReport("20251124T030000Z-abc123", f"run {DAY}", BEGAN, **told | more)


def failed(error: CompanyActivityError, *verdicts: Verdict, step: str = "stage_usage", **more: Any) -> RunReport:
    """A run that ended at a step."""
    report = succeeded(**more)
    place = next(n for n, one in enumerate(report.steps) if one.name == step)
    report.steps[place:] = [StepReport(step, "failed", error=error, verdicts=list(verdicts), seconds=0.5)]
    return report
