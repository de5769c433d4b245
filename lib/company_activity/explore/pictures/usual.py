"""The pictures of this week against the usual one: of the companies at risk, and of all."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from company_activity.explore.churn import HALF, at_risk, far_below_usual, share_of_usual
from company_activity.explore.pictures.style import (
    AXIS_LABEL,
    BLUE,
    FOOTER,
    GREY,
    MARGIN,
    ORANGE,
    WIDTH,
    companies_text,
    figures,
    name_axis,
    named,
    new_figure,
    place_legend,
    week_of,
)
from company_activity.report.page.charts import GRID, INK, MUTED
from company_activity.report.page.words import cut, reason_name
from company_activity.report.page.words import day as day_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 20  # companies of which one picture can show the names
LABELS = 2.8  # inches for the names
LETTER = 0.075  # inches of a letter of a note, at most on average
NAME = 30  # characters of a name that the margin has room for
TOP = 2.0  # shares above it are drawn at the edge
USUAL = "usual: the mean of the whole weeks among those before"


def draw_against_usual(companies: pd.DataFrame, day: date) -> Figure:
    """This week's user-days of each company at risk, beside those of its usual week.

    Those that lack most come first, at most 20. One without a usual week has this week alone.
    """
    risky = at_risk(companies)
    shown = risky.head(MOST)
    more = f"; {len(risky) - MOST:,} more lack less" if len(risky) > MOST else ""
    figure, [axes] = new_figure(
        [0.36 * max(len(shown), 2)],
        usual_finding(shown, day),
        f"User-days, {week_of(day)}; {USUAL}{more}",
        left=LABELS,
        footer=FOOTER + AXIS_LABEL,
    )
    places = np.arange(len(shown))[::-1]
    usual = figures(shown["usual_user_days_7d"])
    week = figures(shown["rolling_7d_active_users"])
    ends = np.fmax(week, usual)
    axes.hlines(places, np.fmin(week, usual), ends, color=GRID, linewidth=4)
    # A ring and a disc: told apart without their colours, and where one lies upon the other.
    ring: dict[str, Any] = {"markersize": 9, "fillstyle": "none", "color": BLUE}
    axes.plot(usual, places, "o", clip_on=False, label="usual week", **ring)
    axes.plot(week, places, "o", clip_on=False, markersize=6, color=ORANGE, label="this week")
    notes = [
        " · ".join(reason_name(reason).lower() for reason in reasons)
        for reasons in shown["churn_reasons"]
    ]
    for place, end, note in zip(places, ends, notes, strict=True):
        _note(axes, note, (end, place))
    names = shown["company_name"].items()
    axes.set_yticks(places, [_short(company_id, name) for company_id, name in names])
    axes.tick_params(axis="y", pad=9)
    for label in axes.get_yticklabels():
        label.set(color=INK, parse_math=False)
    axes.set_ylim(-0.7, max(len(shown), 1) - 0.3)
    room = LETTER * max(map(len, notes), default=0) + 0.3
    width = WIDTH - MARGIN - LABELS
    axes.set_xlim(left=0, right=max([*ends, 1.0]) * width / (width - room))
    name_axis(axes, "user-days in 7 days", axis="x")
    place_legend(axes)
    return figure


def usual_finding(risky: pd.DataFrame, day: date) -> str:
    """Which company at risk lacks most against its usual week.

    >>> columns = ["company_name", "rolling_7d_active_users", "usual_user_days_7d"]
    >>> risky = pd.DataFrame([("Acme", 4, 72.8)], ["c_1"], columns)
    >>> usual_finding(risky.assign(missing_user_days_7d=68.8), date(2025, 11, 23))
    'c_1 Acme lacks most: 4 user-days this week, usually 73'
    """
    if risky.empty:
        return f"No company is at risk on {day_text(day)}"
    lacking = risky[risky["missing_user_days_7d"].notna()]
    if lacking.empty:
        return f"{companies_text(len(risky))} at risk, none with a usual week yet"
    most = lacking.iloc[0]
    week = most["rolling_7d_active_users"]
    usual = most["usual_user_days_7d"]
    who = _short(lacking.index[0], most["company_name"])
    return f"{who} lacks most: {week:,} user-days this week, usually {usual:,.0f}"


def draw_all_against_usual(companies: pd.DataFrame, day: date) -> Figure:
    """How much of its usual week each company used: those at risk, and those that are not.

    Companies without a usual week, or whose usual week has no use, are not drawn.
    """
    from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter

    share = share_of_usual(companies)
    low = int(share.lt(HALF).sum())
    title = f"{companies_text(low)} used less than half of the usual week"
    title += f", {len(far_below_usual(companies)):,} of them not at risk" if low else ""
    below = f"Each point is a company, {week_of(day)}; {USUAL}, at the fleet's pace"
    figure, [axes] = new_figure([3.4], title, below, left=0.9, footer=FOOTER + AXIS_LABEL)
    _draw_states(axes, companies.loc[share.index], share.clip(upper=TOP))
    for level in (1.0, HALF):
        axes.axhline(level, color=MUTED, linewidth=1, linestyle="--", zorder=0)
    axes.set_xscale("log")
    if share.empty:
        axes.set_xlim(1, 10)
    axes.set_ylim(-0.04, TOP)
    name_axis(axes, f"this week, share of usual (cut at {TOP:.0%})")
    name_axis(axes, "user-days of a usual week (logarithmic)", axis="x")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    place_legend(axes)
    return figure


def _draw_states(axes: Axes, companies: pd.DataFrame, share: pd.Series) -> None:
    """A point a company; its state has a shape and a colour."""
    state = companies["is_churn_risk"]
    states = (
        ("not at risk", state.eq(False).fillna(False), "o", BLUE),
        ("at risk", state.fillna(False), "^", ORANGE),
        ("not judged", state.isna(), "x", GREY),
    )
    for label, chosen, marker, colour in states:
        usual = companies.loc[chosen, "usual_user_days_7d"]
        style: dict[str, Any] = {"s": 38, "marker": marker, "c": colour, "alpha": 0.8}
        axes.scatter(usual, share[chosen], label=label, clip_on=False, **style)


def _short(company_id: object, name: object) -> str:
    return cut(named(str(company_id), name), NAME)


def _note(axes: Axes, text: str, at: tuple[float, float]) -> None:
    """A text to the right of a point."""
    style: dict[str, Any] = {"va": "center", "color": MUTED, "fontsize": 9, "parse_math": False}
    axes.annotate(text, at, (10, 0), textcoords="offset points", **style)
