"""What the page says in short: the day in a few figures, a slow week, what failed, what a gate refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from company_activity.report.risks import SLOW_PACE, pace_text

if TYPE_CHECKING:
    from company_activity.gates.verdict import Verdict
    from company_activity.report.model import Dated, RunReport, StepReport


@dataclass(frozen=True)
class Tile:
    """One figure, what it counts, and what to compare it with."""

    name: str
    figure: int
    remark: str = ""


def tiles(report: RunReport) -> list[Tile]:
    """The day's figures, against the same weekday before."""
    if not report.figures or not report.figures.days:
        return []
    days = report.figures.days
    newest = days[-1]
    before = next((one for one in days if one.day == newest.day - timedelta(days=7)), None)

    def change(figure: str) -> str:
        return _change(getattr(newest, figure), getattr(before, figure)) if before else ""

    return [
        Tile(f"{_companies(report.at_risk)} at risk", report.at_risk, change("at_risk")),
        Tile("active users", newest.active_users, change("active_users")),
        Tile("events", newest.events, change("events")),
        Tile(_companies(newest.companies), newest.companies, change("companies")),
    ]


def _change(now: int, before: int) -> str:
    """
    >>> _change(110, 100), _change(100, 100), _change(1, 0)
    ('+10 % on the week before', 'as the week before', '')
    """
    if not before:
        return ""
    percent = round(100 * (now - before) / before)
    return f"{percent:+d} % on the week before" if percent else "as the week before"


def _companies(count: int) -> str:
    return "company" if count == 1 else "companies"


def slow_week(report: RunReport) -> str:
    """That the week was slow for all, and how slow; nothing where it was not."""
    pace = report.fleet_pace
    if pace is None or pace >= SLOW_PACE:
        return ""
    return (
        f"It was a slow week for all: companies are at {pace_text(pace)} of their usual week."
        " Each is compared with its usual week at that pace."
    )


def missing_dates(days: Sequence[Dated]) -> list[date]:
    """The dates between the first and the last that have no rows."""
    there = {one.day for one in days}
    count = (days[-1].day - days[0].day).days if days else 0
    all_dates = (days[0].day + timedelta(days=n) for n in range(count))
    return [day for day in all_dates if day not in there]


def failures(report: RunReport) -> list[StepReport]:
    """The steps that failed, in their order."""
    return [step for step in report.steps if step.error]


def refusals(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts that did not pass, errors before warnings."""
    not_passed = (verdict for verdict in verdicts if not verdict.passed)
    return sorted(not_passed, key=_severest_first)


def _severest_first(verdict: Verdict) -> tuple[bool, str, str]:
    return verdict.severity != "error", verdict.scope, verdict.gate
