"""The page of a backtest: its figures and how often churn followed, in one file that asks no network for anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from company_activity.operations.backtest.figures import DEFINITIONS, FIGURES
from company_activity.operations.backtest.scores import FUTURE_DAYS, Bin, Scores
from company_activity.report.page.charts import BLUE, FONT, GRID, INK, MUTED, PALE_BLUE
from company_activity.report.page.svg import inline_svg
from company_activity.report.page.words import day_and_year, printable

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes

    from company_activity.operations.backtest import Backtest

WIDTH = 10.0  # inches
PANEL = 2.5
BESIDE = 0.8  # inches left and right of a panel
NOT_KNOWN = "not known"
REPORT = "company_activity.report"  # whose style this page has


def page(found: Backtest) -> str:
    """The page; every text is escaped, for a file may have any name."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(__package__, "."), PackageLoader(REPORT, "templates")]),
        autoescape=True,
        finalize=printable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day_and_year": day_and_year, "span": span_text}
    return environment.get_template("page.html.j2").render(
        found=found,
        figures=FIGURES,
        definitions=DEFINITIONS,
        future_days=FUTURE_DAYS,
        picture=calibration_picture(found.scores),
    )


def span_text(found: Bin) -> str:
    """
    >>> span_text(Bin(12, 30, 4, 1)), span_text(Bin(0, 0, 4, 1)), span_text(Bin(None, None, 4, 1))
    ('12–30', '0', 'not known')
    """
    if found.low is None:
        return NOT_KNOWN
    return f"{found.low:,}" if found.low == found.high else f"{found.low:,}–{found.high:,}"


def calibration_picture(scores: Mapping[str, Scores]) -> Markup:
    """A panel of bars for each set of constants, all to one scale."""
    from matplotlib.figure import Figure

    height = PANEL * len(scores)
    figure = Figure(figsize=(WIDTH, height))
    figure.patch.set_visible(False)
    panels: Any = figure.subplots(len(scores), 1, squeeze=False)
    figure.subplots_adjust(
        BESIDE / WIDTH, 0.55 / height, 1 - 0.1 / WIDTH, 1 - 0.4 / height, hspace=0.6
    )
    bins = [one for each in scores.values() for one in each.calibration]
    top = max([one.share or 0 for one in bins], default=0) or 1
    for axes, (name, one) in zip(panels[:, 0], scores.items(), strict=True):
        _draw(axes, name, one.calibration, top)
    title = f"Share of company-days that churned within {FUTURE_DAYS} days, by missing user-days"
    said = "; ".join(f"{name}: {_said(one.calibration)}" for name, one in scores.items())
    return inline_svg(figure, "calibration", title, said)


def _said(bins: Sequence[Bin]) -> str:
    return ", ".join(f"{span_text(one)} missing {one.share or 0:.1%}" for one in bins)


def _draw(axes: Axes, name: str, bins: Sequence[Bin], top: float) -> None:
    """The bars of one set of constants."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    places = range(len(bins))
    shares = [one.share or 0 for one in bins]
    colours = [BLUE if one.low else PALE_BLUE for one in bins]
    axes.bar(places, shares, width=0.8, color=colours)
    for place, one in zip(places, bins, strict=True):
        at = (place, one.share or 0)
        note: dict[str, Any] = {"ha": "center", "color": MUTED, "fontsize": FONT["size"]}
        axes.annotate(f"{one.company_days:,}", at, (0, 3), textcoords="offset points", **note)
    font = FONT | {"color": INK}
    axes.set_title(printable(name), loc="left", fontdict=font, pad=10, parse_math=False)
    axes.set_xticks(places, [span_text(one) for one in bins])
    axes.set_xlabel("missing user-days in 7 days", fontdict=FONT)
    axes.set_ylim(0, top * 1.15)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.patch.set_visible(False)
    axes.tick_params(length=0, labelcolor=MUTED, labelsize=FONT["size"])
    axes.spines[["top", "left", "right"]].set_visible(False)
    axes.spines["bottom"].set(color=GRID, linewidth=0.8)
