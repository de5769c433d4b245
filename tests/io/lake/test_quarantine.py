"""When the quarantine is committed to: on the real lake over small tables of ours."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from company_activity.io.lake import delta
from company_activity.io.lake import quarantine as module
from company_activity.io.lake.quarantine import known_quarantine, quarantine
from company_activity.planning.state import GenerationMark, QuarantineState, StagingState
from company_activity.schemas import QUARANTINE, Table

from support.lake.fake_delta import FakeLake, FakeTable

DAY = date(2025, 3, 31)


@pytest.fixture(autouse=True)
def fake_delta(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "as_declared", lambda rows, table: rows)
    monkeypatch.setattr(Table, "fingerprint", "one")


def put(root: Path, refused: dict[str, str], *replaced: str) -> tuple[int, dict[str, str]]:
    """A run that replaces what is held of these paths; the table's version then, and its rows."""
    lake = FakeLake(root, lambda: None)
    session = lake.spark
    rows = session.createDataFrame(refused)
    quarantine(lake, rows, json.dumps(sorted(replaced)), replaced, dict.fromkeys(refused, DAY))
    assert lake.quarantined == ({DAY} if refused else set())  # the page tells of it, however old it is
    table = FakeTable(lake.uri(QUARANTINE))
    return table.version, table.rows(table.version)


def test_nothing_is_committed_where_nothing_is_refused_and_nothing_is_held(tmp_path: Path) -> None:
    assert put(tmp_path, {}, "a") == (-1, {})
    assert put(tmp_path, {"a": "bad"}, "a") == (1, {"a": "bad"})
    assert put(tmp_path, {}, "b") == (1, {"a": "bad"})
    assert put(tmp_path, {"b": "bad"}, "b") == (2, {"a": "bad", "b": "bad"})
    assert put(tmp_path, {}, "a") == (3, {"b": "bad"})
    assert put(tmp_path, {}, "a") == (3, {"b": "bad"})


def test_in_a_storage_account_it_is_committed_to_in_any_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_local", lambda root: False)
    assert put(tmp_path, {}, "a") == (1, {})


def test_what_no_state_says_is_asked_of_the_rows_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[FakeLake] = []

    def by_rows(lake: FakeLake) -> QuarantineState:
        asked.append(lake)
        return lake.quarantine.with_places([], [DAY])

    monkeypatch.setattr(module, "held_by_rows", by_rows)
    FakeTable(FakeLake(tmp_path, lambda: None).uri(QUARANTINE)).write(0, {}, add={"path": "a", "dataChange": True})
    for _ in range(2):
        lake = FakeLake(tmp_path, lambda: None)
        assert known_quarantine(lake) == QuarantineState(usage=frozenset([DAY]), is_known=True)
    assert len(asked) == 1


def test_a_date_that_is_cleared_before_it_is_staged_is_noted_with_what_staging_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = GenerationMark(1, "a", "1")
    monkeypatch.setattr(FakeLake, "staging", StagingState({DAY: older}))
    for refused in ({str(DAY): "bad"}, {}):
        lake = FakeLake(tmp_path, lambda: None)
        rows = lake.spark.createDataFrame(refused)
        quarantine(lake, rows, json.dumps([str(DAY)]), [DAY], dict.fromkeys([DAY] if refused else [], DAY))
    assert FakeLake(tmp_path, lambda: None).quarantine == QuarantineState(is_known=True, cleared={DAY: older})
