"""The pictures: gaps where a date is missing, titles that say what is found, and texts that can be read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from company_activity.explore.alarms import Alarm
from company_activity.explore.churn import companies_by_reason
from company_activity.explore.pictures.alarms import draw_alarm
from company_activity.explore.pictures.churn import draw_reasons, draw_risk_by_date
from company_activity.explore.pictures.company import draw_company
from company_activity.explore.pictures.landed import draw_landed
from company_activity.explore.pictures.usual import draw_against_usual, draw_all_against_usual

matplotlib.use("Agg")
LAST = date(2025, 11, 23)
DAYS = [LAST - timedelta(days=back) for back in range(59, -1, -1)]
MISSING = DAYS[40]
A_LONG_NAME = "The Company With the Very Long Name That No Margin Has Room For, $Ltd$"


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def company() -> pd.DataFrame:
    """60 days of a company that was silent on one day; one date is missing."""
    users = [number % 5 * 3 for number in range(60)]
    days = pd.DataFrame({"active_users": users}, index=DAYS).astype("Int64")
    days["rolling_7d_active_users"] = days["active_users"] * 7
    days["days_observed_7d"] = [6 if MISSING < day < MISSING + timedelta(days=7) else 7 for day in DAYS]
    days["engagement_score"] = 50.0
    days["usual_user_days_7d"] = pd.array([None] * 28 + [42.0] * 32, dtype="Float64")
    days["fleet_pace"] = pd.array([1000] * 50 + [700] * 10, dtype="Int64")
    days["missing_user_days_7d"] = pd.array([None] * 28 + list(range(32)), dtype="Int64")
    days["is_churn_risk"] = pd.array([False] * 50 + [True] * 10, dtype="boolean")
    days["churn_reasons"] = "SILENT"
    days["company_name"] = A_LONG_NAME
    days.loc[MISSING] = pd.NA
    days.insert(0, "date_is", ["missing" if day == MISSING else "complete" for day in DAYS])
    return days


def risks(count: int) -> pd.DataFrame:
    """Companies at risk, with the longest name and all reasons, and as many that are not."""
    reasons = ["DECLINING", "SILENT", "UNUSUAL_SILENCE"]
    rows: list[tuple[Any, ...]] = [(A_LONG_NAME, reasons, True, 1 + n, 90.0 - n, 89.0 - 2 * n) for n in range(count)]
    rows += [("Calm", [], False, 40 + n, 50.0, 10.0 - n) for n in range(count)]
    rows += [("Unknown", [], None, 3, None, None)]
    columns = ["company_name", "churn_reasons", "is_churn_risk", "rolling_7d_active_users"]
    columns += ["usual_user_days_7d", "missing_user_days_7d"]
    ids = [f"c_{number}" for number in range(len(rows))]
    found = pd.DataFrame(rows, index=ids, columns=columns)
    found["fleet_pace"] = pd.array([1000] * len(rows), dtype="Int64")
    return found.astype({"is_churn_risk": "boolean", "rolling_7d_active_users": "Int64"})


def by_date() -> pd.DataFrame:
    """Companies at risk on 60 days; one date is missing."""
    days = pd.DataFrame({"at_risk": range(60), "not_judged": 0}, index=DAYS).astype("Int64")
    days.loc[MISSING] = pd.NA
    return days


def landed() -> pd.DataFrame:
    """60 dates with 40 records each; one did not land."""
    days = pd.DataFrame({"state": "complete", "records": 40, "refused": 1}, index=DAYS)
    days = days.astype({"records": "Int64", "refused": "Int64"})
    days.loc[MISSING] = ["not landed", pd.NA, pd.NA]
    return days


PICTURES = {
    "alarm": lambda: draw_alarm(Alarm("true alarm", "c_130", "at risk 3 days before", DAYS[50]), company()),
    "false alarm": lambda: draw_alarm(Alarm("false alarm", "c_130", "at risk on 10 days"), company()),
    "company": lambda: draw_company("c_130", company()),
    "by date": lambda: draw_risk_by_date(by_date()),
    "reasons": lambda: draw_reasons(companies_by_reason(risks(3)), risks(3), LAST),
    "usual": lambda: draw_against_usual(risks(30), LAST),
    "all": lambda: draw_all_against_usual(risks(30), LAST),
    "landing": lambda: draw_landed(landed()),
}
EMPTY = {
    "reasons": lambda: draw_reasons(companies_by_reason(risks(0)), risks(0), LAST),
    "usual": lambda: draw_against_usual(risks(0), LAST),
    "all": lambda: draw_all_against_usual(risks(0), LAST),
    "by date": lambda: draw_risk_by_date(by_date().mask(by_date() >= 0)),
}


def texts(figure: Figure) -> list[Any]:
    """The texts that are seen, each with its box."""
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    figure.draw(renderer)
    found = list(figure.texts)
    for axes in figure.axes:
        legend = axes.get_legend()
        found += [*axes.texts, axes.xaxis.label, axes.yaxis.label, *(legend.get_texts() if legend else [])]
        low, high = sorted(axes.get_xlim())
        found += [text for text in axes.get_xticklabels() if low <= text.get_position()[0] <= high]
        low, high = sorted(axes.get_ylim())
        found += [text for text in axes.get_yticklabels() if low <= text.get_position()[1] <= high]
    seen = [text for text in found if text.get_visible() and text.get_text().strip()]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in seen]


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_every_text_is_inside_the_picture_and_overlaps_no_other(picture: Any) -> None:
    figure = picture()
    shown = texts(figure)
    width, height = figure.bbox.width, figure.bbox.height
    cut = [name for name, box in shown if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height]
    assert cut == []
    overlapping = [
        (one, other) for (one, a), (other, b) in itertools.combinations(shown, 2) if a.shrunk(0.9, 0.8).overlaps(b)
    ]
    assert overlapping == []


@pytest.mark.parametrize("picture", EMPTY.values(), ids=EMPTY)
def test_where_there_is_nothing_to_show_the_title_says_so(picture: Any) -> None:
    title = texts(picture())
    words = " ".join(text for text, _ in title)
    assert any(said in words for said in ("0 of 0", "No company", "0 companies", "No complete date"))


@pytest.mark.parametrize("name", ["company", "by date", "landing"])
def test_a_missing_date_is_a_gap_with_a_hatch_and_not_a_zero(name: str) -> None:
    figure = PICTURES[name]()
    at = DAYS.index(MISSING)
    for axes in figure.axes:
        for steps in (patch for patch in axes.patches if isinstance(patch, StepPatch)):
            values = np.asarray(steps.get_data()[0])
            assert np.isnan(values[at])
            assert np.isnan(values).sum() == 1, "the days that are zero are drawn as such"
        (hatched,) = [patch for patch in axes.patches if patch.get_hatch()]
        as_days: Any = date2num  # untyped
        box = hatched.get_extents().transformed(axes.transData.inverted())
        assert (box.x0, box.x1) == pytest.approx(as_days([MISSING, MISSING]) + np.array([-0.5, 0.5]))


def test_no_line_is_drawn_over_a_missing_date_or_an_incomplete_week() -> None:
    users, score = draw_company("c_130", company()).axes
    mean, engagement = (axes.lines[0].get_ydata() for axes in (users, score))
    at = DAYS.index(MISSING)
    assert np.isnan(mean).nonzero()[0].tolist() == list(range(at, at + 7))
    assert np.isnan(engagement).nonzero()[0].tolist() == [at]


def test_the_longest_list_names_twenty_and_says_how_many_more() -> None:
    figure = draw_against_usual(risks(30), LAST)
    words = " ".join(text for text, _ in texts(figure))
    assert "10 more lack less" in words
    assert len(figure.axes[0].get_yticklabels()) == 20
