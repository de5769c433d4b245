"""The picture of the landing: the records of each date, and the dates that did not land."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from company_activity.explore.landed import COMPLETE, MISSING, NOT_LANDED
from company_activity.explore.pictures.style import (
    ORANGE,
    PALE_BLUE,
    draw_counts,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_landed(dates: pd.DataFrame) -> Figure:
    """Records per date, and below those refused; `dates` as `landed_dates` gives them."""
    absent = list(dates.index[dates["state"] != COMPLETE])
    below = "Records of each date's newest generation, and those of them that broke a rule"
    figure, panels = new_figure([2.0, 1.0], landed_finding(dates), below)
    counts = (("records", "records", PALE_BLUE), ("refused", "refused", ORANGE))
    draw_counts(panels, dates, counts, absent, "missing or not landed", most_ticks=3)
    return figure


def landed_finding(dates: pd.DataFrame) -> str:
    """How many dates are complete, and how many records of theirs were refused.

    >>> states = ["complete", "not landed", "missing"]
    >>> counts = {"records": [40, None, None], "refused": [2, None, None]}
    >>> landed_finding(pd.DataFrame({"state": states} | counts))
    '1 of 3 dates are complete (1 missing, 1 not landed); 2 of 40 records refused (5.0 %)'
    """
    states = dates["state"].value_counts()
    complete = states.get(COMPLETE, 0)
    others = [(states.get(state, 0), state) for state in (MISSING, NOT_LANDED)]
    named = ", ".join(f"{count:,} {state}" for count, state in others if count)
    text = f"{complete:,} of {len(dates):,} dates are complete"
    text += f" ({named})" if named else ""
    records = int(dates["records"].sum())
    refused = int(dates["refused"].sum())
    share = f" ({refused / records:.1%})".replace("%", " %") if records else ""
    return f"{text}; {refused:,} of {records:,} records refused{share}"
