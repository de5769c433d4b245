"""The page's pictures, drawn by matplotlib.

Each chart is drawn once wide and once for a phone; each company at risk has a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from company_activity.dates import day_number, day_of
from company_activity.report.page.summary import missing_dates
from company_activity.report.page.svg import inline_svg
from company_activity.report.page.words import STATES, day, day_and_year

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from company_activity.report.model import Dated, DayFigures
    from company_activity.report.risks import ListedCompany


NAN = float("nan")  # where a line has a gap
WIDTHS = {"wide": 10.0, "phone": 3.9}  # inches of 72 points; the page scales both by about 1.3
INK = "#1c2430"
MUTED = "#55606e"
GRID = "#dde2e8"
GAP = "#eef1f4"
BLUE = "#1f5fa8"
PALE_BLUE = "#c3d8ee"
RED = "#dc9c93"
FONT = {
    "family": "DejaVu Sans",
    "size": 8.5,
    "color": MUTED,
}  # for measuring; the page sets its own
# What each panel shows, its heading, the colour of the days, and that of their weekly mean, which
# is drawn where weekends hide a trend.
PANELS: tuple[tuple[str, str, str, str | None], ...] = (
    ("active_users", "Active users per day", PALE_BLUE, BLUE),
    ("events", "Events per day", PALE_BLUE, BLUE),
    ("at_risk", "Companies at risk", RED, None),
)


SEE_TABLE = "The figures stand in the table below."


@dataclass(frozen=True)
class Chart:
    """One picture in two widths: the page shows the one that fits."""

    name: str
    wide: Markup
    phone: Markup


def activity_chart(days: Sequence[DayFigures]) -> Chart:
    """Users, events and companies at risk over time, one above the other."""
    title = f"Active users, events and companies at risk, {period(days)}"
    changes = ", ".join(_change(days, name) for name, *_ in PANELS)
    description = f"From the first day to the last: {changes}. {SEE_TABLE}"

    def draw(width: str) -> Markup:
        figure, axes_of = panels(width, len(PANELS), 1.1)
        for axes, (name, heading, pale, colour) in zip(axes_of, PANELS, strict=True):
            figures = [getattr(one, name) for one in days]
            draw_steps(axes, days, figures, pale)
            if colour:
                mean = _mean_of_week(days, figures)
                axes.plot(*mean, color=colour, linewidth=1.4, clip_on=False)
            axes.set_title(heading, loc="left", fontdict=FONT | {"color": INK}, pad=4)
        svg_of = finished(figure, days, width)
        return inline_svg(svg_of, f"activity-{width}", title, description)

    return Chart("activity", draw("wide"), draw("phone"))


def _change(days: Sequence[DayFigures], name: str) -> str:
    first = getattr(days[0], name)
    last = getattr(days[-1], name)
    return f"{first:,} to {last:,} {name.replace('_', ' ')}"


def lifecycle_chart(days: Sequence[DayFigures]) -> Chart:
    """How many companies are in which state, stacked, over time."""
    title = f"Companies by lifecycle state, {period(days)}"
    newest = days[-1].lifecycle
    shares = ", ".join(f"{newest.get(state, 0):,} {state}" for state in STATES)
    description = f"On the last day: {shares}. {SEE_TABLE}"

    def draw(width: str) -> Markup:
        figure, [axes] = panels(width, 1, 2.4)
        below = [0] * len(days)
        for state, (colour, _) in STATES.items():
            counts = [one.lifecycle.get(state, 0) for one in days]
            above = [low + count for low, count in zip(below, counts, strict=True)]
            if above != below:
                draw_steps(axes, days, above, colour, below)
            below = above
        svg_of = finished(figure, days, width)
        return inline_svg(svg_of, f"lifecycle-{width}", title, description)

    return Chart("lifecycle", draw("wide"), draw("phone"))


def sparkline(risk: ListedCompany, on: date | None) -> Markup | None:
    """A company's active users over its last 60 days as one line, with gaps where a date is missing."""
    known = [users for users in risk.days if users is not None]
    if not known or on is None:
        return None
    figure, line = _spark_figure()
    figure.axes[0].set(xlim=(0, len(risk.days) - 1), ylim=(0, max(*known, 1) * 1.08))
    heights = [NAN if users is None else users for users in risk.days]
    line.set_data(range(len(risk.days)), heights)
    name = f"spark-{stable_name(risk.company_id)}"
    return inline_svg(figure, name, _alternative_text(risk, on, known))


def _alternative_text(risk: ListedCompany, on: date, known: Sequence[int]) -> str:
    peak = max(known)
    ago = next(back for back, users in enumerate(reversed(risk.days)) if users == peak)
    at = day(on - timedelta(days=ago))
    most = f"most on {at}, {peak:,}"
    return f"Active users per day in {len(risk.days)} days: {most}; on the last day {known[-1]:,}"


def stable_name(company_id: str) -> str:
    """An id that any text can be turned into."""
    return company_id.encode("utf-8", "surrogatepass").hex()


@cache
def _spark_figure() -> tuple[Figure, Line2D]:
    """One canvas for all lines: to make one takes longer than to draw on it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(170 / 72, 34 / 72))
    figure.patch.set_visible(False)
    axes = figure.add_axes((0.0, 0.06, 1.0, 0.94))
    axes.set_axis_off()
    axes.axhline(0, color=GRID, linewidth=1, clip_on=False)
    return figure, axes.plot([], color=BLUE, linewidth=1.3, clip_on=False)[0]


def panels(width: str, count: int, inches: float) -> tuple[Figure, list[Axes]]:
    """A figure of so many charts, one above the other."""
    from matplotlib.figure import Figure

    height = count * inches + 0.35
    figure = Figure(figsize=(WIDTHS[width], height))
    figure.patch.set_visible(False)
    left = 0.42 / WIDTHS[width]
    right = 0.26 / WIDTHS[width]  # half of the last date stands out
    drawn: Any = figure.subplots(count, 1, sharex=True, squeeze=False)
    figure.subplots_adjust(left, 0.25 / height, 1 - right, 1 - 0.25 / height, hspace=0.45)
    return figure, list(drawn[:, 0])


def draw_steps(
    axes: Axes,
    days: Sequence[Dated],
    above: Sequence[float],
    colour: str,
    below: Sequence[float] | None = None,
) -> None:
    """A filled step per date; a missing date leaves a gap, so that it cannot be taken for a zero."""
    numbers = [day_number(one.day) for one in days]
    top_of = dict(zip(numbers, above, strict=True))
    floor_of = dict(zip(numbers, below or [0] * len(days), strict=True))
    first = min(numbers)
    last = max(numbers)
    tops = [top_of.get(number, NAN) for number in range(first, last + 1)]
    floors = [floor_of.get(number, NAN) for number in range(first, last + 1)]
    edges = [number - 0.5 for number in range(first, last + 2)]
    axes.stairs(
        tops,
        edges,
        baseline=floors,
        fill=True,
        color=colour,
        linewidth=0,
        clip_on=False,
    )


def _mean_of_week(
    days: Sequence[DayFigures], figures: Sequence[int]
) -> tuple[list[int], list[float]]:
    """Day numbers and the mean of the 7 days that end there; NaN where one is missing."""
    by_day = {day_number(one.day): figure for one, figure in zip(days, figures, strict=True)}
    numbers = list(range(min(by_day) + 6, max(by_day) + 1))
    means = []
    for number in numbers:
        week = [by_day.get(number - back, NAN) for back in range(7)]
        means.append(sum(week) / 7)
    return numbers, means


def finished(figure: Figure, days: Sequence[Dated], width: str) -> Figure:
    """The figure with its axes set: few ticks, thin lines, missing dates shaded."""
    most_ticks = 7 if width == "wide" else 4
    for axes in figure.axes:
        _set_ticks(axes, days, most_ticks)
        _set_lines(axes)
        _shade_missing(axes, days)
    return figure


def _set_ticks(axes: Axes, days: Sequence[Dated], most: int) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    first = day_number(days[0].day)
    last = day_number(days[-1].day)
    axes.set_xlim(first - 0.5, last + 0.5)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _compact(value)))
    axes.set_xticks(_ticks(first, last, most))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: _day_label(number)))


def _set_lines(axes: Axes) -> None:
    axes.grid(axis="y", color=GRID, linewidth=0.6, clip_on=False)
    axes.set_axisbelow(True)
    axes.patch.set_visible(False)
    axes.tick_params(length=0, labelcolor=MUTED, labelsize=FONT["size"])
    axes.spines[["top", "left", "right"]].set_visible(False)
    axes.spines["bottom"].set(color=GRID, linewidth=0.8)


def _shade_missing(axes: Axes, days: Sequence[Dated]) -> None:
    for gap in missing_dates(days):
        number = day_number(gap)
        axes.axvspan(number - 0.5, number + 0.5, color=GAP, linewidth=0, clip_on=False)


def _ticks(first: int, last: int, most: int) -> list[int]:
    """Day numbers at even distances, the last day among them.

    >>> _ticks(0, 20, 4)
    [20, 15, 10, 5, 0]
    """
    step = max(-(-(last - first) // most), 1)
    return list(range(last, first - 1, -step))


def _day_label(number: float) -> str:
    return day(day_of(int(number)))


def _compact(value: float) -> str:
    """
    >>> _compact(950), _compact(12_500), _compact(3_000_000)
    ('950', '12.5k', '3M')
    """
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:.1f}".removesuffix(".0") + unit
    return f"{value:.0f}"


def period(days: Sequence[Dated]) -> str:
    """The first and the last of some dates."""
    return f"{day_and_year(days[0].day)} to {day_and_year(days[-1].day)}"
