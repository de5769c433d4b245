"""What the activity table's state tells of its dates, so that nobody has to ask the rows."""

from __future__ import annotations

import json
from datetime import date, timedelta

from company_activity.io.warehouse.figures import Figures, noted_figures
from company_activity.io.warehouse.ledger import WHOLE
from company_activity.io.warehouse.served import ACTIVITY, DIMENSION
from company_activity.planning.state import TOTALED_DAYS, TOTALS, ActivityState, BuiltDate, CompanyCounts

DAY = date(2025, 3, 31)
SUMS = tuple(range(10, 10 + len(TOTALS)))


def built(rows: int = 3, totals: tuple[int, ...] = SUMS) -> BuiltDate:
    return BuiltDate("3:x", "2025-04-01T00:00:00+00:00", rows, "1", "2", totals)


def read_back(state: ActivityState) -> ActivityState:
    return ActivityState.from_json(json.loads(json.dumps(state.as_json())))


def test_the_totals_of_the_newest_dates_are_read_as_they_were_noted_and_of_older_ones_none_are_kept() -> None:
    days = [DAY - timedelta(days=back) for back in range(TOTALED_DAYS + 2)]
    found = read_back(ActivityState(dict.fromkeys(days, built())))
    assert [day for day in days if found.dates[day].totals != SUMS] == days[TOTALED_DAYS:]
    assert found.dates[DAY].total == {"rows": 3, **dict(zip(TOTALS, SUMS, strict=True))}


def test_totals_of_another_version_are_none() -> None:
    assert built(totals=SUMS[:-1]).total == {}
    assert ActivityState.from_json({"dates": {str(DAY): ["3:x", "", 3, "1", "2"]}}).dates[DAY].total == {}


def test_the_figures_of_a_date_and_of_the_dimension_are_those_that_are_noted() -> None:
    dates = {DAY: built(), DAY - timedelta(days=1): built(totals=())}
    state = ActivityState(dates)
    of_dates = {DAY.isoformat(): Figures(3, SUMS[:2])}
    of_companies = {WHOLE: Figures(12)}
    assert noted_figures(state, CompanyCounts(12, 1), None) == {ACTIVITY.name: of_dates, DIMENSION.name: of_companies}
    assert noted_figures(state, None, None) == {
        ACTIVITY.name: of_dates
    }  # an older version wrote it, and counted nothing
