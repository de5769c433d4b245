"""A roll-up that somebody else changed is neither sent nor deleted: what is served stays until a run builds it again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from company_activity.io.lake import delta
from company_activity.io.lake.delta import Lake
from company_activity.planning.rollups import RolledDate, SegmentsState
from company_activity.run import Options, Run
from company_activity.schemas import SEGMENT_ACTIVITY_DAILY, Table
from company_activity.work import publish, validate

from support.lake.fake_delta import FakeLake, FakeTable

DAY = date(2025, 3, 31)


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake whose roll-up by segment has a date."""
    monkeypatch.setattr(Table, "fingerprint", "one")
    monkeypatch.setattr(delta, "as_declared", lambda rows, table: rows)
    lake = FakeLake(tmp_path, lambda: None)
    rows: Any = lake.spark
    state = SegmentsState.of({DAY: RolledDate("1:a", "x")})
    lake.replace(SEGMENT_ACTIVITY_DAILY, rows.createDataFrame({}), None, state.as_json())
    return lake


def published_and_compared(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> tuple[list[object], list[str]]:
    """Which dates of the roll-up publish and validate are given, and what both warn of."""
    given: list[object] = []

    def told(*_: object, segments: object, **__: object) -> SimpleNamespace:
        given.append(segments)
        return SimpleNamespace(tables=(), rows=0, driver="one", warnings=())

    monkeypatch.setattr(publish, "publish_scopes", told)
    monkeypatch.setattr(validate, "validate_scopes", told)
    now = datetime(2025, 4, 1, tzinfo=UTC)
    named = SimpleNamespace(lake=lake, spark=None, settings=None, run_id="one", now=now, options=Options(), dates=[DAY])
    run = cast("Run", named)
    warnings = [*publish.send_changes(run, {}).report.warnings, *validate.compare_dates(run, [DAY]).warnings]
    return given, warnings


def test_a_roll_up_of_our_own_is_published_and_compared(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    assert published_and_compared(lake, monkeypatch) == ([{DAY: "1:a"}] * 2, [])


def test_one_that_somebody_changed_is_left_out_with_a_warning(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = FakeTable(lake.uri(SEGMENT_ACTIVITY_DAILY))
    theirs.write(theirs.version + 1, {}, commitInfo={}, add={"path": "a", "dataChange": True})
    lake.forget()
    given, warnings = published_and_compared(lake, monkeypatch)
    assert given == [None, None]
    assert ["changed by somebody else" in warning for warning in warnings] == [True, True]
