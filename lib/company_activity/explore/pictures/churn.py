"""The pictures of churn over time and by reason."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from company_activity.explore.churn import at_risk
from company_activity.explore.pictures.style import (
    GREY,
    ORANGE,
    companies_text,
    draw_counts,
    new_figure,
)
from company_activity.report.page.charts import INK, MUTED
from company_activity.report.page.words import day as day_text
from company_activity.report.page.words import definition, reason_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_risk_by_date(days: pd.DataFrame) -> Figure:
    """Companies at risk, and below those not judged; `days` as `risk_by_date` gives them.

    A missing date is hatched. The two panels have scales of their own: on the first days of a lake
    no company can be judged.
    """
    below = (
        "Companies per day; not judged: a date of their week is missing, or a record was refused"
    )
    figure, panels = new_figure([2.2, 1.0], risk_finding(days["at_risk"]), below)
    missing = list(days.index[days["at_risk"].isna()])
    counts = (("at_risk", "at risk", ORANGE), ("not_judged", "not judged", GREY))
    draw_counts(panels, days, counts, missing, "missing date", most_ticks=4)
    return figure


def risk_finding(counts: pd.Series) -> str:
    """How many are at risk on the newest complete day, and on the worst.

    >>> days = [date(2025, 11, number) for number in (20, 21, 22, 23)]
    >>> risk_finding(pd.Series([3, 5, 4, None], days, dtype="Int64"))
    '4 companies at risk on 22 Nov; the most were 5, on 21 Nov'
    """
    known = counts.dropna().astype("int64")
    if known.empty:
        return "No complete date in this period"
    last = known.index[-1]
    peak = known.idxmax()
    now = f"{companies_text(known[last])} at risk on {day_text(last)}"
    if known[last] == known[peak]:
        return f"{now}, the most since {day_text(known.index[0])}"
    return f"{now}; the most were {known[peak]:,}, on {day_text(peak)}"


def draw_reasons(counted: pd.Series, companies: pd.DataFrame, day: date) -> Figure:
    """How many companies each reason holds for; `counted` as `companies_by_reason` gives them."""
    risky = len(at_risk(companies))
    judged = int(companies["is_churn_risk"].notna().sum())
    title = f"{risky:,} of {judged:,} judged companies are at risk on {day_text(day)}"
    if len(counted):
        title += f"; the most frequent reason: {reason_name(counted.index[0]).lower()}"
    below = "Companies by reason; a company may have several"
    figure, [axes] = new_figure([0.6 * max(len(counted), 1)], title, below, 0.2, footer=0.15)
    places = np.arange(len(counted))[::-1]
    axes.barh(places, counted.to_numpy(), height=0.42, color=ORANGE)
    for place, (reason, count) in zip(places, counted.items(), strict=True):
        axes.text(count, place, f" {count:,}", va="center", color=INK, fontsize=10)
        _explain(axes, place, str(reason))
    axes.set_xlim(0, max(counted, default=1) * 1.08)
    axes.set_ylim(-0.3, max(len(counted), 1) - 0.3)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines["bottom"].set_visible(False)
    return figure


def _explain(axes: Axes, place: float, reason: str) -> None:
    """The reason's name and meaning, above its bar."""
    name = reason_name(reason)
    meaning = definition(reason)
    text = name if meaning == reason else f"{name}: {meaning}"
    axes.text(0, place + 0.27, text, va="bottom", color=MUTED, fontsize=9.5)
