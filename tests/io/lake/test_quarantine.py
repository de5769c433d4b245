"""When the quarantine is committed to: on the real lake over small tables of ours."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from company_activity.io.lake import delta
from company_activity.io.lake import quarantine as module
from company_activity.io.lake.quarantine import quarantine
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
