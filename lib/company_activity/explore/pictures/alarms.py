"""The picture of an alarm: this week against the usual one, day by day, until the last active day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from company_activity.explore.churn import expected_user_days
from company_activity.explore.pictures.style import (
    BLUE,
    GREY,
    ORANGE,
    draw_days,
    draw_line,
    midnights,
    name_axis,
    named,
    new_figure,
    place_legend,
    set_calendar,
    shade_risk_and_gaps,
)
from company_activity.report.page.charts import INK
from company_activity.report.page.words import cut

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from company_activity.explore.alarms import Alarm

NAME = 40  # characters of a name that a title has room for


def draw_alarm(alarm: Alarm, days: pd.DataFrame) -> Figure:
    """User-days in 7 days beside the usual week's, as it is and at the fleet's pace; below, what is missing.

    `days` as `company_days` gives them. Days at risk are shaded, a missing date is hatched.
    """
    names = days["company_name"].dropna()
    who = cut(named(alarm.company_id, names.iloc[-1] if len(names) else None), NAME)
    title = f"{alarm.kind.capitalize()}: {who}, {alarm.why}"
    below = "User-days in 7 days; usual: the mean of the whole weeks among those before"
    figure, [week, missing] = new_figure([2.4, 1.2], title, below)

    usual = days["usual_user_days_7d"]
    draw_line(week, usual, color=GREY, linewidth=1.2, linestyle="--", label="usual week")
    draw_line(week, expected_user_days(days), color=INK, linewidth=1.2, label="at the fleet's pace")
    draw_line(week, days["rolling_7d_active_users"], color=BLUE, linewidth=1.8, label="this week")
    draw_days(missing, days["missing_user_days_7d"], color=ORANGE, linewidth=0)
    for axes in (week, missing):
        shade_risk_and_gaps(axes, days)
        _mark_last_active(axes, alarm)
    name_axis(week, "user-days in 7 days")
    name_axis(missing, "missing")
    set_calendar([week, missing], days.index)
    place_legend(week, columns=6)
    return figure


def _mark_last_active(axes: Axes, alarm: Alarm) -> None:
    if alarm.last_active is not None:
        (instant,) = midnights([alarm.last_active])
        axes.axvline(instant, color=INK, linewidth=1.4, linestyle=":", label="last active day")
