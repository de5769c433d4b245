"""The date that a notebook is about, and the parameters that a scheduler gives it."""

from __future__ import annotations

import sys
from datetime import date
from types import ModuleType, SimpleNamespace

import pytest

from company_activity.errors import UsageError
from company_activity.explore.parameters import chosen

from support.notebooks.readers import Frames, reader_of

COMPLETE = [date(2025, 11, 21), date(2025, 11, 23), date(2025, 11, 22)]


def test_without_a_date_the_newest_complete_one_is_taken() -> None:
    reader = reader_of(Frames(complete=COMPLETE))
    assert reader.day("") == date(2025, 11, 23)
    assert reader.day("2025-11-01") == date(2025, 11, 1)
    assert str(reader.last_days(date(2025, 11, 23), 2)) == "2025-11-22 to 2025-11-23"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the lake has no analytics.company_activity_daily yet — fill it first: make run"),
        ("23.11.2025", "'23.11.2025' is not a date — give it as YYYY-MM-DD"),
    ],
)
def test_a_lake_without_dates_and_a_bad_date_say_what_to_do(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        reader_of(Frames()).day(text)
    assert sentence in str(refused.value)


@pytest.fixture
def widgets(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The widgets of a Databricks job, as `dbutils.widgets.getAll` gives them."""
    given: dict[str, str] = {}
    runtime = ModuleType("databricks.sdk.runtime")
    runtime.dbutils = SimpleNamespace(widgets=SimpleNamespace(getAll=lambda: given))  # type: ignore[attr-defined]
    for name in ("databricks", "databricks.sdk"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, runtime.__name__, runtime)
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "18.0")
    return given


def test_a_databricks_job_s_widgets_win_and_keep_the_parameters_types(widgets: dict[str, str]) -> None:
    widgets |= {"days": "7", "activity_date": "2025-11-17", "another": "1"}
    assert chosen(environment="local", activity_date="", days=30) == ("local", "2025-11-17", 7)


def test_a_widget_that_is_no_number_is_refused_by_name(widgets: dict[str, str]) -> None:
    widgets["days"] = "a week"
    with pytest.raises(UsageError, match="the parameter days is 'a week', which is no number — give a whole number"):
        chosen(days=30)


def test_elsewhere_the_notebook_s_own_values_are_taken() -> None:
    assert chosen(environment="local", days=30) == ("local", 30)
