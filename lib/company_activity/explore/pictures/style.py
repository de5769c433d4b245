"""What all pictures share: colours, a title that is a finding, a calendar with its missing dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from company_activity.dates import day_number, spans
from company_activity.explore.landed import MISSING
from company_activity.report.page.charts import GRID, INK, MUTED
from company_activity.report.page.words import day as day_text
from company_activity.report.page.words import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Of Okabe and Ito's palette, which people with any colour vision tell apart.
BLUE = "#0072B2"
PALE_BLUE = "#a6cbe3"
ORANGE = "#D55E00"
PALE_ORANGE = "#f8dfcc"
GREY = "#8b939c"
GAP = {"facecolor": "#f1f3f5", "edgecolor": "#b9c0c8", "hatch": "////", "linewidth": 0}
WIDTH = 10.0  # inches
MARGIN = 0.3  # inches at the right
HEADER = 0.85  # inches above the first panel: the title and a line below it
FOOTER = 0.45  # inches below the last: its ticks
AXIS_LABEL = 0.3  # and what they count, where that is not a date
HALF_A_DAY = np.timedelta64(12, "h")


def new_figure(
    panels: Sequence[float],
    title: str,
    below: str,
    left: float = 0.75,
    footer: float = FOOTER,
) -> tuple[Figure, list[Axes]]:
    """A figure with a panel of each height, in inches, one above the other; titled at the left.

    `title` says what the picture shows, `below` what is drawn. `left` and
    `footer` are the room for labels, in inches.
    """
    import matplotlib.pyplot as plt

    height = sum(panels) + HEADER + footer + 0.35 * (len(panels) - 1)
    figure, grid = plt.subplots(
        len(panels), 1, figsize=(WIDTH, height), height_ratios=list(panels), squeeze=False
    )
    figure.subplots_adjust(
        left=left / WIDTH, right=1 - MARGIN / WIDTH, top=1 - HEADER / height, bottom=footer / height
    )
    at: dict[str, Any] = {"x": 0.2 / WIDTH, "ha": "left", "va": "top", "parse_math": False}
    figure.text(y=1 - 0.15 / height, s=title, fontsize=13, weight="bold", color=INK, **at)
    figure.text(y=1 - 0.45 / height, s=below, fontsize=9.5, color=MUTED, **at)
    axes = list(grid[:, 0])
    for one in axes:
        one.spines[["top", "right", "left"]].set_visible(False)
        one.spines["bottom"].set(color=GRID)
        one.tick_params(which="both", length=0, labelsize=9, labelcolor=MUTED)
        one.set_axisbelow(True)
    return figure, axes


def name_axis(axes: Axes, label: str, axis: str = "y") -> None:
    """Say what an axis counts, and draw thin lines at its ticks."""
    axes.set(**{f"{axis}label": label})
    getattr(axes, f"{axis}axis").label.set(color=MUTED, fontsize=9.5)
    axes.grid(axis=axis, color=GRID, linewidth=0.7)  # type: ignore[arg-type]


def draw_days(axes: Axes, days: pd.Series, **style: Any) -> None:
    """A filled step a day. Where a day has no figure there is a gap, which is not a step of 0."""
    instants = midnights(days.index)
    edges = np.append(instants - HALF_A_DAY, instants[-1] + HALF_A_DAY)
    axes.stairs(figures(days), edges, fill=True, **style)


def draw_line(axes: Axes, days: pd.Series, **style: Any) -> None:
    """A line over the days, interrupted where a day has no figure; a figure alone is a dot."""
    values = figures(days)
    known = ~np.isnan(values)
    before = np.append(False, known[:-1])
    after = np.append(known[1:], False)
    instants = midnights(days.index)
    axes.plot(instants, values, **style)
    alone = known & ~before & ~after
    if alone.any():
        dots = {key: value for key, value in style.items() if key != "label"}
        axes.plot(instants[alone], values[alone], "o", markersize=3, **dots)


def shade_days(axes: Axes, days: Sequence[date], label: str, **style: Any) -> None:
    """Shade whole days, with one entry in the legend."""
    for number, span in enumerate(spans(days)):
        first, last = midnights([span.first, span.last])
        text = label if number == 0 else None
        axes.axvspan(first - HALF_A_DAY, last + HALF_A_DAY, label=text, zorder=0, **style)


def shade_risk_and_gaps(axes: Axes, days: pd.DataFrame) -> None:
    """Shade a company's days at risk, and hatch the missing dates; `days` as `company_days` gives them."""
    risky = days.index[days["is_churn_risk"].fillna(False)]
    missing = list(days.index[days["date_is"] == MISSING])
    shade_days(axes, risky, "at risk", color=PALE_ORANGE, linewidth=0)
    shade_days(axes, missing, "missing date", **GAP)


def set_calendar(axes: Sequence[Axes], days: pd.Index) -> None:
    """The same calendar below all panels; its dates stand below the last one."""
    from matplotlib.ticker import FixedFormatter, FixedLocator

    instants = midnights(days)
    step = max(-(-len(days) // 9), 1)
    shown = list(days[::-1][::step])
    for one in axes:
        one.set_xlim(instants[0] - HALF_A_DAY, instants[-1] + HALF_A_DAY)
        one.set_ylim(bottom=0)
        one.xaxis.set_major_locator(FixedLocator([day_number(day) for day in shown]))
        one.xaxis.set_major_formatter(FixedFormatter([day_text(day) for day in shown]))
        one.tick_params(axis="x", labelbottom=one is axes[-1])


def draw_counts(
    panels: Sequence[Axes],
    days: pd.DataFrame,
    counts: Sequence[tuple[str, str, str]],
    absent: Sequence[date],
    why_absent: str,
    most_ticks: int,
) -> None:
    """A panel of steps for each count, given as column, label and colour; absent days are hatched in all of them."""
    from matplotlib.ticker import MaxNLocator

    for axes, (name, label, colour) in zip(panels, counts, strict=True):
        draw_days(axes, days[name], color=colour, linewidth=0)
        shade_days(axes, absent, why_absent, **GAP)
        name_axis(axes, label)
        axes.yaxis.set_major_locator(MaxNLocator(most_ticks, integer=True))
    set_calendar(panels, days.index)
    if absent:
        place_legend(panels[0])


def place_legend(axes: Axes, columns: int = 4) -> None:
    """The legend in one row above the panel, at its right."""
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=columns,
        frameon=False,
        fontsize=9,
        labelcolor=MUTED,
        borderaxespad=0.1,
        handlelength=1.4,
    )


def figures(days: pd.Series) -> np.ndarray[Any, Any]:
    """The figures as floats, NaN where there is none."""
    values: np.ndarray[Any, Any] = days.astype("Float64").to_numpy(dtype="float64", na_value=np.nan)
    return values


def midnights(days: Any) -> np.ndarray[Any, Any]:
    """The instants that the days begin."""
    return np.array(list(days), dtype="datetime64[D]").astype("datetime64[s]")


def named(company_id: str, name: object) -> str:
    """A company for people: its id and its name on one line, without what turns the text around.

    >>> named("c_114", "Two\\nLines")
    'c_114 Two Lines'
    """
    known = "" if name is None or pd.isna(name) or name == "UNKNOWN" else f" {name}"
    return str(printable(f"{company_id}{known}"))


def companies_text(count: int) -> str:
    """
    >>> companies_text(1), companies_text(1200)
    ('1 company', '1,200 companies')
    """
    return f"{count:,} {'company' if count == 1 else 'companies'}"


def week_of(day: date) -> str:
    """
    >>> week_of(date(2025, 11, 3))
    '28 Oct to 3 Nov'
    """
    return f"{day_text(day - timedelta(days=6))} to {day_text(day)}"
