"""What of a rewriting is an upgrade's, and what is not."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from company_activity.planning.dirty import MOVED, Dirty, dirty_dates
from company_activity.planning.state import FORMULA_VERSION, BuiltDate, built_dates, under_rules
from company_activity.steps.build_activity import Build, in_batches, sources_noted

DAY = date(2025, 1, 1)


@pytest.mark.parametrize(
    ("reasons", "is_upgraded"),
    [
        ({"formula version 2"}, True),
        ({"formula version 2", MOVED}, True),  # newer rules let a company's rows in, and the first run was killed
        ({"rules version 2", "usage of 2024-12-31"}, True),
        ({MOVED}, False),
        ({"usage of 2024-12-31"}, False),
    ],
)
def test_what_an_upgrade_rewrites_is_its_own_though_something_moved_as_well(
    reasons: set[str], is_upgraded: bool
) -> None:
    run = cast(Any, SimpleNamespace(dates=()))
    build = Build(run, {"dates": {}}, {DAY: BuiltDate("9:x", "")}, {}, Dirty({DAY: reasons}), {DAY}, {DAY: 9})
    found = build.rewriting([DAY])
    assert (found.upgraded, found.rewritten) == (([DAY], []) if is_upgraded else ([], [DAY]))


def test_an_upgrade_that_is_cut_off_again_and_again_comes_to_its_end() -> None:
    days = [DAY + timedelta(days=n) for n in range(200)]
    before = {str(day): "1:0123456789abcdef" for day in days}
    now = {day: under_rules(noted) for day, noted in before.items()}
    metrics = {"version": "1", "digest": "d"}
    run = cast(Any, SimpleNamespace(settings=SimpleNamespace(metrics=SimpleNamespace(mark=metrics))))
    dates = {day: BuiltDate("9:x", "", 9) for day in days}
    state: dict[str, Any] = {"usage": before, "metrics": metrics}
    left: list[int] = []
    while not left or left[-1]:
        noted = {**state, "dates": {str(day): one.entry for day, one in dates.items()}}
        dirty = dirty_dates({"dates": now}, noted, metrics, [])
        left.append(len(dirty.dates))
        build = Build(run, noted, built_dates(noted), {"usage": now}, dirty, set(days), dict.fromkeys(dirty.dates, 1))
        batches = in_batches(build.spine, most=70)
        dates |= {day: BuiltDate("9:y", "", 9, "1", FORMULA_VERSION) for day in batches[0]}  # killed after the first
        state = sources_noted(build, [day for batch in batches[1:] for day in batch])
        assert len(left) < 20
    assert left[:3] == [200, 189, 178]
