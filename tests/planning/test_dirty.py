"""Which dates a run has to build, and why."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from company_activity.errors import SettingsError
from company_activity.planning.dirty import Span, check_metrics, dirty_dates
from company_activity.planning.state import (
    FORMULA_VERSION,
    ActivityState,
    BuiltDate,
    BuiltFrom,
    Marks,
    MetricsMark,
    complete_dates,
    marks_from_json,
)

FIRST = date(2025, 1, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(100)]
METRICS = MetricsMark("1", "d")


def staged(**changed: str) -> Marks:
    return marks_from_json({str(day): "1:a" for day in DAYS} | changed)


def built_from(usage: Marks) -> ActivityState:
    entry = BuiltDate("9:x", "", 9, METRICS.version, FORMULA_VERSION)
    return ActivityState(dict.fromkeys(complete_dates(usage), entry), BuiltFrom(usage), METRICS, is_known=True)


def dirty(usage: Marks, *moved: Span) -> list[date]:
    return dirty_dates(usage, built_from(staged()), METRICS.version, moved).dates


def test_nothing_new_is_nothing_to_do() -> None:
    assert not dirty_dates(staged(), built_from(staged()), METRICS.version, [])


def test_a_late_day_reaches_itself_and_59_more() -> None:
    late = dirty(staged(**{"2025-01-11": "2:b"}))
    assert (late[0], late[-1], len(late)) == (date(2025, 1, 11), date(2025, 3, 11), 60)


def test_a_late_day_near_the_end_reaches_the_newest() -> None:
    assert dirty(staged(**{str(DAYS[-2]): "2:b"})) == DAYS[-2:]


def test_a_new_day_is_built_and_no_other() -> None:
    tomorrow = DAYS[-1] + timedelta(days=1)
    assert dirty(staged(**{str(tomorrow): "1:n"})) == [tomorrow]


def test_a_day_that_became_missing_is_dropped_and_its_readers_are_dirty() -> None:
    found = dirty_dates(staged(**{str(DAYS[50]): "2:missing"}), built_from(staged()), METRICS.version, [])
    assert found.dropped == [DAYS[50]]
    assert found.dates == DAYS[51:]
    assert found.reasons[DAYS[51]] == {f"usage of {DAYS[50]}"}


def test_a_moved_company_touches_its_spans() -> None:
    spans = [Span(DAYS[3], DAYS[5]), Span(DAYS[97], None)]
    assert dirty(staged(), *spans) == [*DAYS[3:6], *DAYS[97:]]


def test_another_metric_version_touches_everything() -> None:
    found = dirty_dates(staged(), built_from(staged()), "2", [])
    assert found.dates == DAYS


def test_other_constants_under_the_same_version_are_refused() -> None:
    with pytest.raises(SettingsError, match="metric_version '1'"):
        check_metrics(built_from(staged()).metrics, MetricsMark("1", "other"))
    check_metrics(built_from(staged()).metrics, MetricsMark("2", "other"))
    check_metrics(None, METRICS)
