"""What a backtest says in figures: each with its name in the CSV, its words, and how it is written."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from company_activity.dates import HORIZON_DAYS
from company_activity.operations.backtest.scores import (
    BEFORE_DAYS,
    ENTERING_ROWS,
    FUTURE_DAYS,
    Scores,
)

if TYPE_CHECKING:
    from company_activity.operations.backtest import Backtest

Value = int | float | None
DEFINITIONS = {
    "customer": (
        "a company that was active by the date and is not gone: neither silent for gone_after_days"
        f" (of the constants in force) nor churned {FUTURE_DAYS} days ago or earlier"
    ),
    "right": (
        f"a flag on a company that churned less than {FUTURE_DAYS} days ago,"
        f" or churns within {FUTURE_DAYS} days"
    ),
    "last active day": "the last day of use up to the churn",
    "found": (
        f"at risk on the last active day, or on one of the {BEFORE_DAYS} days before it; the lead is"
        f" how many days before it the first of these flags came, {BEFORE_DAYS} at most"
    ),
    "flagged after it": (
        f"first at risk within {FUTURE_DAYS} days after the last active day; the delay is how many days"
    ),
    "precision": "of all days on which a customer was at risk, those that are right",
    "recall": (
        "of all days on which a flag on a customer would be right, those on which it was at risk;"
        " a day that is not judged counts as not at risk"
    ),
    "alert": (
        f"a customer enters risk: it is at risk, and was not on its last {ENTERING_ROWS} judged dates"
    ),
    "first ten": (
        "of each date's list: at risk, most missing user-days first, unknown ones last,"
        " then by company_id"
    ),
    "dates": (
        f"those whose {HORIZON_DAYS} days up to them and {FUTURE_DAYS} days after them are known;"
        f" churns whose last active day has its {HORIZON_DAYS} days"
    ),
}


@dataclass(frozen=True)
class Figure:
    """A figure of each set of constants."""

    name: str
    words: str
    value: Callable[[Scores], Value]
    is_share: bool = False

    def text(self, scores: Scores) -> str:
        """It as people read it; a dash where there is nothing to count.

        >>> Figure("precision", "precision", lambda scores: 0.257, is_share=True).text(None)
        '25.7 %'
        """
        value = self.value(scores)
        if value is None:
            return "–"
        if self.is_share:
            return f"{100 * value:.1f} %"
        return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


FIGURES = (
    Figure("churns_judged", "churned customers judged", lambda of: of.churns.judged),
    Figure("churns_found", "  found by the last active day", lambda of: len(of.churns.leads)),
    Figure("churns_found_share", "    share", lambda of: of.churns.found, is_share=True),
    Figure("lead_days_median", "    lead in days, median", lambda of: of.churns.lead),
    Figure("churns_flagged_later", "  flagged after it", lambda of: len(of.churns.delays)),
    Figure("delay_days_median", "    delay in days, median", lambda of: of.churns.delay),
    Figure("churns_missed", "  never flagged", lambda of: of.churns.missed),
    Figure("churns_open", "  not flagged yet", lambda of: of.churns.open),
    Figure("company_days", "days of customers", lambda of: of.company_days),
    Figure("flagged_days", "  at risk", lambda of: of.flagged),
    Figure("precision", "    precision: of these, right", lambda of: of.precision, is_share=True),
    Figure("due_days", "  on which a flag is right", lambda of: of.due),
    Figure("recall", "    recall: of these, at risk", lambda of: of.recall, is_share=True),
    Figure("alerts", "alerts (customers that enter risk)", lambda of: of.alerts),
    Figure("alerts_per_100_companies_a_week", "  per 100 companies a week", lambda of: of.alerts_a_week),
    Figure("alerts_churn_share", "  that are churn", lambda of: of.alerts_of_churn, is_share=True),
    Figure("alerts_no_churn_share", "  that are not", lambda of: of.alerts_of_none, is_share=True),
    Figure("first_ten_days", "rows in the first ten of a date", lambda of: of.listed),
    Figure("first_ten_right_share", "  right", lambda of: of.right_of_ten, is_share=True),
)  # fmt: skip


def table_lines(found: Backtest) -> Iterator[str]:
    """The figures as a table: a line each, a column for each set of constants."""
    rows = [["", *found.scores]]
    rows += [[one.words, *map(one.text, found.scores.values())] for one in FIGURES]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for words, *cells in rows:
        right = [f"{cell:>{width}}" for cell, width in zip(cells, widths[1:], strict=True)]
        yield "  ".join([f"{words:<{widths[0]}}", *right])


def as_csv(found: Backtest) -> str:
    """The figures, unrounded, and the picture's: `figure`, then a column for each set of constants."""
    text = io.StringIO()
    written = csv.writer(text, lineterminator="\n")
    written.writerow(["figure", *found.scores])
    for figure in FIGURES:
        written.writerow([figure.name, *map(figure.value, found.scores.values())])
    bins = [scores.calibration for scores in found.scores.values()]
    for number in range(max(map(len, bins))):
        for field in ("low", "high", "company_days", "churned"):
            cells = [getattr(one[number], field) if number < len(one) else None for one in bins]
            written.writerow([f"missing_{number}_{field}", *cells])
    return text.getvalue()
