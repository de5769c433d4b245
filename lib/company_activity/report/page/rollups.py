"""The pictures of the roll-ups: each segment over time, and how many of a month's new companies stay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from company_activity.report.model import Retention, SegmentDay
from company_activity.report.page.charts import (
    FONT,
    INK,
    PALE_BLUE,
    RED,
    Chart,
    draw_steps,
    finished,
    panels,
    period,
)
from company_activity.report.page.choices import NONE_TEXT
from company_activity.report.page.svg import inline_svg
from company_activity.report.page.words import counted, cut, on_one_line
from company_activity.report.risks import share_text

if TYPE_CHECKING:
    from markupsafe import Markup

MOST_SEGMENTS = 6  # panels; smaller segments are one panel together
MOST_COHORTS = 12
OTHERS_TEXT = "other segments"
Segment = tuple[int, str]  # 0 and its name; 1 for all that are not named
OTHERS: Segment = (1, "")
Counts = tuple[int, int, int]  # companies, those active, those at risk
NONE: Counts = (0, 0, 0)


def segments_chart(rows: Sequence[SegmentDay]) -> Chart:
    """Companies, those active and those at risk of each segment over time, one panel per segment."""
    days = sorted({row.activity_date: row for row in rows}.values())
    newest = days[-1].day
    shown = [(text_of(segment), by_day) for segment, by_day in _by_segment(rows, newest).items()]
    chart_title = f"Companies, active and at risk by segment, {period(days)}"
    told = (f"{name}: {_told(by_day.get(newest, NONE))}" for name, by_day in shown)
    description = f"On the last day: {'; '.join(told)}."

    def draw(width: str) -> Markup:
        figure, axes_of = panels(width, len(shown), 1.1)
        for axes, (name, by_day) in zip(axes_of, shown, strict=True):
            counts = [by_day.get(one.day, NONE) for one in days]
            for place, colour in enumerate(("#e3e7ec", PALE_BLUE, RED)):
                draw_steps(axes, days, [count[place] for count in counts], colour)
            font = FONT | {"color": INK}
            axes.set_title(cut(name, 40), loc="left", fontdict=font, pad=4, parse_math=False)
        return inline_svg(
            finished(figure, days, width), f"segments-{width}", chart_title, description
        )

    return Chart("segments", draw("wide"), draw("phone"))


SEGMENT_LEGEND = (("#e3e7ec", "companies"), (PALE_BLUE, "active on the day"), (RED, "at risk"))


def _by_segment(rows: Sequence[SegmentDay], newest: date) -> dict[Segment, dict[date, Counts]]:
    """The counts of the largest segments by date, and of all others together."""
    sizes: dict[Segment, int] = defaultdict(int)
    for row in rows:
        sizes[_segment(row)] += row.companies if row.day == newest else 0
    others = sizes.pop(OTHERS, None)
    largest = sorted(sizes, key=lambda one: (-sizes[one], one))
    if len(largest) > MOST_SEGMENTS or others is not None:
        largest = [*largest[: MOST_SEGMENTS - 1], OTHERS]
    counts: dict[Segment, dict[date, Counts]] = {segment: {} for segment in largest}
    for row in rows:
        segment = _segment(row)
        of_it = counts[segment if segment in counts else OTHERS]
        companies, active, at_risk = of_it.get(row.day, NONE)
        of_it[row.day] = (
            companies + row.companies,
            active + row.active_companies,
            at_risk + row.at_risk,
        )
    return counts


def _segment(row: SegmentDay) -> Segment:
    """Which panel a row belongs to: its segment on one line, "" for those without one, or that of the others."""
    return OTHERS if row.is_rest else (0, on_one_line(row.segment or ""))


def text_of(segment: Segment) -> str:
    """What a panel is called; a segment that the CRM calls like one of ours stands in quotes.

    >>> [text_of(one) for one in (OTHERS, (0, ""), (0, "SMB"), (0, "no segment"))]
    ['other segments', 'no segment', 'SMB', '“no segment”']
    """
    _, name = segment
    if segment == OTHERS:
        return OTHERS_TEXT
    if name in (OTHERS_TEXT, NONE_TEXT["segment"]):
        return f"“{name}”"
    return name or NONE_TEXT["segment"]


def _told(counts: Counts) -> str:
    companies, active, at_risk = counts
    return f"{counted(companies, 'company', 'companies')}, {active:,} active, {at_risk:,} at risk"


@dataclass(frozen=True)
class Cell:
    """One month of a cohort: how many were active, their share, and the colour that shows it."""

    active: int
    share: str
    colour: str


@dataclass(frozen=True)
class Cohort:
    """The companies that were first active in one month; `cells` has a None for a month that is not complete."""

    month: str
    companies: int
    cells: tuple[Cell | None, ...]


def cohorts(rows: Sequence[Retention]) -> list[Cohort]:
    """The retention triangle: the newest twelve cohorts, oldest first, by months since the first.

    >>> march, april = date(2025, 3, 1), date(2025, 4, 1)
    >>> found = cohorts([Retention(march, march, 8, 8), Retention(march, april, 8, 3), Retention(april, april, 2, 2)])
    >>> [(one.month, one.companies, [cell and cell.share for cell in one.cells]) for one in found]
    [('2025-03', 8, ['100 %', '38 %']), ('2025-04', 2, ['100 %'])]
    """
    by_cohort: dict[date, dict[int, Retention]] = defaultdict(dict)
    for row in rows:
        after = _months(row.month) - _months(row.cohort_month)
        if 0 <= after < MOST_COHORTS:
            by_cohort[row.cohort_month][after] = row
    return [_cohort(month, by_cohort[month]) for month in sorted(by_cohort)[-MOST_COHORTS:]]


def _cohort(month: date, by_month: dict[int, Retention]) -> Cohort:
    cells = tuple(_cell(by_month.get(after)) for after in range(max(by_month) + 1))
    newest = by_month[max(by_month)]
    return Cohort(f"{month:%Y-%m}", newest.companies, cells)


def _cell(row: Retention | None) -> Cell | None:
    if row is None or not row.companies:
        return None
    share = share_text(row.active, row.companies)
    return Cell(row.active, share, _between(row.active / row.companies))


def _between(share: float) -> str:
    """The colour of a share, from almost white to a blue on which dark text is read.

    >>> _between(0.0), _between(1.0)
    ('#f5f7f9', '#8fb4dd')
    """
    ends = zip(bytes.fromhex("f5f7f9"), bytes.fromhex("8fb4dd"), strict=True)
    return "#" + "".join(f"{round(low + (high - low) * min(share, 1)):02x}" for low, high in ends)


def _months(day: date) -> int:
    return 12 * day.year + day.month
