"""The picture of one company: its users day by day, its engagement, its days at risk."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from company_activity.explore.pictures.style import (
    BLUE,
    PALE_BLUE,
    draw_days,
    draw_line,
    name_axis,
    named,
    new_figure,
    place_legend,
    set_calendar,
    shade_risk_and_gaps,
)
from company_activity.report.page.words import cut, reason_name
from company_activity.report.page.words import day as day_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = 40  # characters of a name that a title has room for


def draw_company(company_id: str, days: pd.DataFrame) -> Figure:
    """Users per day with their weekly mean, and the engagement score; `days` as `company_days` gives.

    The mean is drawn where all 7 days are complete. A missing date is hatched.
    """
    below = "Active users per day, their mean over 7 complete days, and the engagement score"
    figure, [users, score] = new_figure([2.6, 1.2], finding(company_id, days), below)

    draw_days(users, days["active_users"], color=PALE_BLUE, label="active users")
    mean = days["rolling_7d_active_users"].where(days["days_observed_7d"] == 7) / 7
    draw_line(users, mean, color=BLUE, linewidth=1.6, label="mean of 7 days")
    draw_line(score, days["engagement_score"], color=BLUE, linewidth=1.6)
    for axes in (users, score):
        shade_risk_and_gaps(axes, days)
    name_axis(users, "users")
    name_axis(score, "engagement\n(0 to 100)")
    set_calendar([users, score], days.index)
    score.set_ylim(0, 100)
    place_legend(users)
    return figure


def finding(company_id: str, days: pd.DataFrame) -> str:
    """What the last day says of the company.

    >>> days = pd.DataFrame(
    ...     {
    ...         "company_name": "Acme",
    ...         "is_churn_risk": pd.array([False, None, True, True], dtype="boolean"),
    ...         "churn_reasons": ["", "", "DECLINING", "DECLINING, UNUSUAL_SILENCE"],
    ...     },
    ...     index=[date(2025, 11, number) for number in (20, 21, 22, 23)],
    ... )
    >>> finding("c_1", days)
    'c_1 Acme: at risk since 22 Nov (declining, unusual silence)'
    >>> finding("c_1", days[:2])
    'c_1 Acme: not judged on 21 Nov'
    """
    names = days["company_name"].dropna()
    who = cut(named(company_id, names.iloc[-1] if len(names) else None), NAME)
    last = days.index[-1]
    judged = days["is_churn_risk"].dropna()
    if pd.isna(days["is_churn_risk"].iloc[-1]):
        return f"{who}: not judged on {day_text(last)}"
    if not judged.iloc[-1]:
        return f"{who}: not at risk on {day_text(last)}"
    reasons = str(days["churn_reasons"].iloc[-1]).split(", ")
    why = ", ".join(reason_name(reason).lower() for reason in reasons)
    return f"{who}: at risk since {day_text(_since(judged))} ({why})"


def _since(judged: pd.Series) -> date:
    """The first day of the unbroken stretch at risk that ends with the last day."""
    calm = judged.index[~judged.astype(bool)]
    stretch = judged.index[judged.index > calm[-1]] if len(calm) else judged.index
    first: date = stretch[0]
    return first
