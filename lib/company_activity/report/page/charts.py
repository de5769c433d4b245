"""The page's pictures, drawn by matplotlib: each chart once wide and once for a phone, and a line per company."""

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

    from company_activity.report.model import ChurnRisk, DayFigures

WIDTHS = {"wide": 10.0, "phone": 3.9}  # inches of 72 points; the page scales both by about 1.3
INK, MUTED, GRID, GAP = "#1c2430", "#55606e", "#dde2e8", "#eef1f4"
BLUE, PALE_BLUE, RED = "#1f5fa8", "#c3d8ee", "#dc9c93"
FONT = {"family": "DejaVu Sans", "size": 8.5, "color": MUTED}  # for measuring; the page sets its own
# What each panel shows, its heading, the colour of the days, and of their weekly mean where weekends hide a trend.
PANELS: tuple[tuple[str, str, str, str | None], ...] = (
    ("active_users", "Active users per day", PALE_BLUE, BLUE),
    ("events", "Events per day", PALE_BLUE, BLUE),
    ("at_risk", "Companies at risk", RED, None),
)


@dataclass(frozen=True)
class Chart:
    """One picture in two widths: the page shows the one that fits."""

    name: str
    wide: Markup
    phone: Markup


def activity_chart(days: Sequence[DayFigures]) -> Chart:
    """Users, events and companies at risk over time, one above the other."""
    title = f"Active users, events and companies at risk, {_period(days)}"
    first, last = days[0], days[-1]
    ends = (f"{getattr(first, of):,} to {getattr(last, of):,} {of.replace('_', ' ')}" for of, *_ in PANELS)
    told = f"From the first day to the last: {', '.join(ends)}. The figures are in the table below."

    def draw(width: str) -> Markup:
        figure, panels = _panels(width, len(PANELS), 1.1)
        for axes, (name, heading, pale, colour) in zip(panels, PANELS, strict=True):
            figures = [getattr(one, name) for one in days]
            _steps(axes, days, figures, pale)
            if colour:
                axes.plot(*_mean_of_week(days, figures), color=colour, linewidth=1.4, clip_on=False)
            axes.set_title(heading, loc="left", fontdict=FONT | {"color": INK}, pad=4)
        return inline_svg(_finished(figure, days, width), f"activity-{width}", title, told)

    return Chart("activity", draw("wide"), draw("phone"))


def lifecycle_chart(days: Sequence[DayFigures]) -> Chart:
    """How many companies are in which state, stacked, over time."""
    title = f"Companies by lifecycle state, {_period(days)}"
    shares = ", ".join(f"{days[-1].lifecycle.get(state, 0):,} {state}" for state in STATES)
    told = f"On the last day: {shares}. The figures are in the table below."

    def draw(width: str) -> Markup:
        figure, [axes] = _panels(width, 1, 2.4)
        below = [0] * len(days)
        for state, (colour, _) in STATES.items():
            above = [low + one.lifecycle.get(state, 0) for low, one in zip(below, days, strict=True)]
            if above != below:
                _steps(axes, days, above, colour, below)
            below = above
        return inline_svg(_finished(figure, days, width), f"lifecycle-{width}", title, told)

    return Chart("lifecycle", draw("wide"), draw("phone"))


def sparkline(risk: ChurnRisk, on: date | None) -> Markup | None:
    """A company's active users over its last 60 days as one line, with gaps where a date is missing."""
    known = [users for users in risk.days if users is not None]
    if not known or on is None:
        return None
    figure, line = _spark_figure()
    figure.axes[0].set(xlim=(0, len(risk.days) - 1), ylim=(0, max(*known, 1) * 1.08))
    line.set_data(range(len(risk.days)), [float("nan") if users is None else users for users in risk.days])
    return inline_svg(figure, f"spark-{_stable_name(risk.company_id)}", _spoken(risk, on, known))


def _spoken(risk: ChurnRisk, on: date, known: Sequence[int]) -> str:
    peak = max(known)
    ago = next(back for back, users in enumerate(reversed(risk.days)) if users == peak)
    at = day(on - timedelta(days=ago))
    return f"Active users per day in {len(risk.days)} days: most on {at}, {peak:,}; on the last day {known[-1]:,}"


def _stable_name(company_id: str) -> str:
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


def _panels(width: str, count: int, inches: float) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    height = count * inches + 0.35
    figure = Figure(figsize=(WIDTHS[width], height))
    figure.patch.set_visible(False)
    left, right = 0.42 / WIDTHS[width], 0.26 / WIDTHS[width]  # half of the last date stands out
    drawn: Any = figure.subplots(count, 1, sharex=True, squeeze=False)
    figure.subplots_adjust(left, 0.25 / height, 1 - right, 1 - 0.25 / height, hspace=0.45)
    return figure, list(drawn[:, 0])


def _steps(
    axes: Axes, days: Sequence[DayFigures], above: Sequence[float], colour: str, below: Sequence[float] | None = None
) -> None:
    """A filled step per date; a missing date leaves a gap, so that it cannot be taken for a zero."""
    at = {day_number(one.day): place for place, one in enumerate(days)}
    numbers = range(min(at), max(at) + 1)
    nan = float("nan")
    tops = [above[at[n]] if n in at else nan for n in numbers]
    floors = [(below[at[n]] if below else 0) if n in at else nan for n in numbers]
    edges = [n - 0.5 for n in (*numbers, numbers[-1] + 1)]
    axes.stairs(tops, edges, baseline=floors, fill=True, color=colour, linewidth=0, clip_on=False)


def _mean_of_week(days: Sequence[DayFigures], figures: Sequence[int]) -> tuple[list[int], list[float]]:
    """Day numbers and the mean of the 7 days that end there; NaN where one is missing."""
    by_day = {day_number(one.day): figure for one, figure in zip(days, figures, strict=True)}
    numbers = list(range(min(by_day) + 6, max(by_day) + 1))
    weeks = ([by_day.get(number - back) for back in range(7)] for number in numbers)
    return numbers, [float("nan") if None in week else sum(filter(None, week)) / 7 for week in weeks]


def _finished(figure: Figure, days: Sequence[DayFigures], width: str) -> Figure:
    """Axes that hold back: few ticks, thin lines, missing dates shaded."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    first, last = day_number(days[0].day), day_number(days[-1].day)
    for axes in figure.axes:
        axes.set_xlim(first - 0.5, last + 0.5)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _compact(value)))
        axes.set_xticks(_ticks(days, 7 if width == "wide" else 4))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: _day_label(number)))
        axes.grid(axis="y", color=GRID, linewidth=0.6, clip_on=False)
        axes.set_axisbelow(True)
        axes.patch.set_visible(False)
        axes.tick_params(length=0, labelcolor=MUTED, labelsize=FONT["size"])
        axes.spines[["top", "left", "right"]].set_visible(False)
        axes.spines["bottom"].set(color=GRID, linewidth=0.8)
        for gap in missing_dates(days):
            axes.axvspan(day_number(gap) - 0.5, day_number(gap) + 0.5, color=GAP, linewidth=0, clip_on=False)
    return figure


def _ticks(days: Sequence[DayFigures], most: int) -> list[int]:
    """Day numbers at even distances, the last day among them."""
    first, last = day_number(days[0].day), day_number(days[-1].day)
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


def _period(days: Sequence[DayFigures]) -> str:
    return f"{day_and_year(days[0].day)} to {day_and_year(days[-1].day)}"
