"""Figures that a state notes are those of its rows: once somebody else changed rows, they are counted again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from company_activity.io.lake import delta
from company_activity.io.lake.delta import Lake
from company_activity.io.warehouse.figures import noted_figures
from company_activity.io.warehouse.served import ACTIVITY, DIMENSION
from company_activity.planning.state import (
    TOTALS,
    ActivityState,
    BuiltDate,
    CompanyCounts,
    DimensionState,
    GenerationMark,
    QuarantineState,
    Sources,
    StagedFigures,
    StagingState,
)
from company_activity.schemas import COMPANIES, COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE, QUARANTINE, Table

from support.lake.fake_delta import FakeLake, FakeTable

DAY = date(2025, 3, 31)
FIGURES = {DAY: StagedFigures(2, 3, 4)}
STATES: dict[Table, Any] = {
    PRODUCT_USAGE: StagingState({DAY: GenerationMark(1, "a")}, figures=FIGURES),
    QUARANTINE: QuarantineState(is_known=True),
    COMPANIES: DimensionState(Sources(), counts=CompanyCounts(5, 1)),
    COMPANY_ACTIVITY_DAILY: ActivityState({DAY: BuiltDate("5:x", "", 5, "1", "2", (7,) * len(TOTALS))}),
}


@pytest.fixture(autouse=True)
def fake_delta(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Table, "fingerprint", "one")
    monkeypatch.setattr(delta, "as_declared", lambda rows, table: rows)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake whose tables were each committed to once."""
    lake = FakeLake(tmp_path, lambda: None)
    for table, state in STATES.items():
        session: Any = lake.spark
        lake.replace(table, session.createDataFrame({}), None, state.as_json())
    return lake


def noted_by(lake: Lake) -> Iterator[bool]:
    """Which figures the lake's states tell: of staging, quarantine, dimension, activity; and what is served of both."""
    yield lake.staging.figures == FIGURES
    yield lake.quarantine.is_known
    yield lake.company_counts is not None
    yield bool(lake.activity.dates[DAY].total)
    noted = noted_figures(lake.activity, lake.company_counts, lake.episodes.rows)
    yield DIMENSION.name in noted
    yield bool(noted[ACTIVITY.name])


def committed_by_somebody(lake: Lake, **actions: Any) -> None:
    for table in STATES:
        fake = FakeTable(lake.uri(table))
        fake.write(fake.version + 1, {}, commitInfo={"operation": "theirs"}, **actions)
    lake.forget()


def test_what_changes_no_row_leaves_the_figures_as_they_are(lake: Lake) -> None:
    assert all(noted_by(lake))
    committed_by_somebody(lake)  # VACUUM
    committed_by_somebody(lake, remove={"path": "a", "dataChange": False}, add={"path": "b", "dataChange": False})
    assert all(noted_by(lake))


@pytest.mark.parametrize("kind", ["add", "remove"])
def test_once_somebody_else_brought_or_took_rows_no_figure_is_noted(lake: Lake, kind: str) -> None:
    committed_by_somebody(lake, **{kind: {"path": "a", "dataChange": True}})
    committed_by_somebody(lake)
    assert not any(noted_by(lake))
    assert lake.staging.complete == {DAY}  # the sources are known all the same
    assert lake.activity.hashes == {DAY: "5:x"}


def test_our_next_commit_brings_no_figure_back_that_it_did_not_count(lake: Lake) -> None:
    committed_by_somebody(lake, remove={"path": "a", "dataChange": True})
    later = date(2025, 4, 1)
    state = lake.staging.with_staged({later: GenerationMark(1, "b")}, {later: StagedFigures(1, 1, 1)})
    session: Any = lake.spark
    lake.replace(PRODUCT_USAGE, session.createDataFrame({}), None, state.as_json())
    assert set(lake.staging.figures) == {later}


def test_rows_that_somebody_took_while_we_were_counting_are_seen(tmp_path: Path) -> None:
    """Between the version that a commit was built from and the commit itself."""
    in_between: list[Any] = []

    def pause() -> None:
        for fake in in_between[:1]:
            fake.write(fake.version + 1, {}, commitInfo={}, remove={"path": "a", "dataChange": True})
        in_between.clear()

    lake = FakeLake(tmp_path, pause)
    for moment in ([], [FakeTable(lake.uri(PRODUCT_USAGE))], []):
        lake.look_at(PRODUCT_USAGE)
        state = lake.staging.with_staged({DAY: GenerationMark(1, "a")}, FIGURES)
        session: Any = lake.spark
        in_between += moment
        lake.replace(PRODUCT_USAGE, session.createDataFrame({}), None, state.as_json())
        assert bool(lake.staging.figures) is not bool(moment)
