"""What was looked at is not looked at again, on the real lake over small tables of ours."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from company_activity.io.lake import delta
from company_activity.io.lake.delta import Lake
from company_activity.planning.state import (
    ActivityState,
    BuiltFrom,
    CompanyCounts,
    DimensionState,
    GenerationMark,
    Marks,
    Sources,
    StagingState,
)
from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE, Table
from company_activity.steps.build_companies import build_companies

from support.lake.fake_delta import FakeLake

ONE, TWO, THREE = (date(2025, 3, day) for day in (1, 2, 3))
BUILT: Marks = {ONE: GenerationMark(1, "a")}
LOOKED_AT = {**BUILT, TWO: GenerationMark(1, "b")}
MISSING = GenerationMark.of(1, None)


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """Its dimension was built of the first date; the second one was looked at, and changed no row."""
    monkeypatch.setattr(Table, "fingerprint", "one")
    monkeypatch.setattr(delta, "as_declared", lambda rows, table: rows)
    lake = FakeLake(tmp_path, lambda: None)
    put(lake, PRODUCT_USAGE, StagingState(LOOKED_AT))
    put(lake, COMPANIES, DimensionState(Sources(BUILT), counts=CompanyCounts(1)))
    put(lake, COMPANIES_HISTORY, DimensionState(Sources(BUILT), lake.identity(COMPANIES)))
    lake.note_look(Sources(LOOKED_AT))
    built(lake)
    return lake


def put(lake: Lake, table: Table, state: Any) -> None:
    session: Any = lake.spark
    lake.replace(table, session.createDataFrame({}), None, state.as_json())


def built(lake: Lake) -> None:
    """The commit of `build_activity`, which says what was looked at."""
    now = lake.staged_sources
    identities = lake.identity(COMPANIES), lake.identity(COMPANIES_HISTORY)
    sources = BuiltFrom(now.usage, now.crm, *identities, lake.is_looked_at)
    put(lake, COMPANY_ACTIVITY_DAILY, ActivityState(sources=sources))


def next_run(lake: Lake) -> Lake:
    """A lake that has looked at nothing yet, with the tables as they stand."""
    later = FakeLake(Path(lake.root), lambda: None)
    run: Any = SimpleNamespace(lake=later)
    assert build_companies(run).outcome == "nothing"
    return later


def test_a_date_that_is_missing_does_not_take_back_what_was_looked_at(lake: Lake) -> None:
    put(lake, PRODUCT_USAGE, StagingState({**LOOKED_AT, THREE: MISSING}))
    later = next_run(lake)
    assert later.is_looked_at
    built(later)
    sources = next_run(lake).dimension_sources
    assert sources == Sources({**LOOKED_AT, THREE: MISSING})


def test_where_nothing_new_is_staged_nothing_is_noted(lake: Lake) -> None:
    put(lake, COMPANIES, DimensionState(Sources(LOOKED_AT), counts=CompanyCounts(1)))
    put(lake, COMPANIES_HISTORY, DimensionState(Sources(LOOKED_AT), lake.identity(COMPANIES)))
    assert not next_run(lake).is_looked_at  # the dimension's own commits say it
