"""What of a rewriting is an upgrade's, and what is not."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from company_activity.planning.batches import in_batches, sources_noted
from company_activity.planning.dirty import MOVED, Dirty, dirty_dates
from company_activity.planning.state import FORMULA_VERSION, ActivityState, BuiltDate, BuiltFrom, GenerationMark
from company_activity.run import Options
from company_activity.work.build_activity import Build

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
    run = cast(Any, SimpleNamespace(dates=(), options=Options()))
    table = ActivityState({DAY: BuiltDate("9:x", "")}, is_known=True)
    build = Build(run, table, BuiltFrom(), Dirty({DAY: reasons}), {DAY}, {DAY: 9})
    found = build.rewriting([DAY])
    assert (found.upgraded, found.rewritten) == (([DAY], []) if is_upgraded else ([], [DAY]))


@pytest.mark.parametrize(
    ("reasons", "snapshots", "is_asked"),
    [
        ({"rules version 2"}, {}, True),
        ({"rules version 2", MOVED}, {}, True),
        ({MOVED}, {}, True),  # beyond the 60 days of what was replayed
        ({MOVED}, {"2025-01-01": "1:a"}, False),  # or by that snapshot
        ({"rules version 2"}, {"2025-01-01": "1:a"}, True),
        ({"rules version 2", "formula version 2"}, {}, True),  # it cannot be built with older ones
        ({"rules version 2", "usage of 2024-12-31"}, {}, False),
    ],
)
def test_a_replay_was_asked_for_what_newer_rules_alone_dirty(
    reasons: set[str], snapshots: dict[str, str], is_asked: bool
) -> None:
    older = {DAY: GenerationMark(1, "a", "1")}
    table = ActivityState({DAY: BuiltDate("9:x", "")}, BuiltFrom(older, {}), is_known=True)
    sources = BuiltFrom({DAY: older[DAY].under_rules()}, snapshots)
    run = cast(Any, SimpleNamespace(dates=(DAY,), options=Options(replays=True)))
    gone = DAY - timedelta(days=1)
    found = Build(run, table, sources, Dirty({DAY: reasons}, [gone]), {DAY}, {DAY: 9}).rewriting([DAY])
    assert [*found.upgraded, *found.rewritten] == ([] if is_asked else [DAY])
    assert found.dropped == [gone]


def test_an_upgrade_that_is_cut_off_again_and_again_comes_to_its_end() -> None:
    days = [DAY + timedelta(days=n) for n in range(200)]
    before = dict.fromkeys(days, GenerationMark(1, "0123456789abcdef"))
    now = BuiltFrom({day: noted.under_rules() for day, noted in before.items()})
    dates = {day: BuiltDate("9:x", "", 9) for day in days}
    sources = BuiltFrom(before)
    left: list[int] = []
    while not left or left[-1]:
        dirty = dirty_dates(now.usage or {}, ActivityState(dates, sources), "1", [])
        left.append(len(dirty.dates))
        batches = in_batches(dict.fromkeys(dirty.dates, 1), most=70)
        dates |= {day: BuiltDate("9:y", "", 9, "1", FORMULA_VERSION) for day in batches[0]}  # killed after the first
        sources = sources_noted(sources, now, dirty, [day for batch in batches[1:] for day in batch])
        assert len(left) < 20
    assert left[:3] == [200, 189, 178]
