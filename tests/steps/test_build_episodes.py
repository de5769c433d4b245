"""Risk episodes in a lake: what a run writes, in one small file or with the ended ones apart, and what it heals."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pyspark.sql import DataFrame, SparkSession

from company_activity.io.lake.delta import Lake
from company_activity.planning.state import ActivityState, BuiltDate
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, RISK_EPISODES, Table
from company_activity.settings.model import MetricSettings
from company_activity.steps.build_episodes import build_episodes as build
from company_activity.work import build_episodes as work

from oracle import episodes as oracle
from support.lake.flagged import FIRST, Table_, activity_frame, hashes, rows_on

pytestmark = [pytest.mark.spark, pytest.mark.long]

COMPANIES = 12


class LakeOf(Lake):
    """A lake in which only the episodes are real: the activity table has these rows."""

    def __init__(self, root: Path, spark: SparkSession, table: Table_) -> None:
        super().__init__(str(root), lambda: spark)
        self.table = table

    def read(self, table: Table) -> DataFrame:
        return activity_frame(self.spark, self.table) if table is COMPANY_ACTIVITY_DAILY else super().read(table)

    @property
    def activity(self) -> ActivityState:
        return ActivityState({day: BuiltDate(found, "") for day, found in hashes(self.table).items()})


def run(root: Path, spark: SparkSession, table: Table_) -> dict[str, int]:
    """Run the step over this activity table, hold the lake against the oracle, and give what the step counted."""
    settings = SimpleNamespace(metrics=MetricSettings())
    found = build(cast(Any, SimpleNamespace(lake=LakeOf(root, spark, table), settings=settings)))
    lake = LakeOf(root, spark, table)
    rows = [row.asDict() for row in lake.read(RISK_EPISODES).orderBy("company_id", "started_on").collect()]
    expected = oracle.build_episodes([row for rows_of_date in table.values() for row in rows_of_date])
    assert rows == sorted(expected, key=lambda row: (row["company_id"], row["started_on"]))
    assert lake.episodes.rows == len(rows)
    return dict(found.counts)


@pytest.mark.parametrize("rows_per_file", [4, pytest.param(100_000, marks=pytest.mark.nightly)])
def test_a_lake_shows_the_episodes_of_its_rows_whatever_comes(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_per_file: int
) -> None:
    from delta import DeltaTable  # a pool without it collects these tests too

    monkeypatch.setattr(work, "ROWS_PER_FILE", rows_per_file)
    rng = Random(rows_per_file)
    days = [FIRST + timedelta(days=n) for n in range(45)]
    rows = {day: rows_on(day, rng, COMPANIES) for day in days}
    table = {day: rows[day] for day in days[:40]}
    run(tmp_path, spark, table)
    for day in days[40:42]:  # dates go on
        table[day] = rows[day]
        assert run(tmp_path, spark, table)["dates_moved"] == 1
    table[days[20]] = rows_on(days[20], rng, COMPANIES)  # a correction
    del table[days[30]]  # and a date that is missing now
    assert run(tmp_path, spark, table)["dates_moved"] == 2
    assert run(tmp_path, spark, table) == {}  # nothing new

    episodes = DeltaTable.forPath(spark, LakeOf(tmp_path, spark, table).uri(RISK_EPISODES))
    older = spark.sql(f"DESCRIBE HISTORY '{episodes.detail().first()['location']}'").count() - 3  # type: ignore[index]
    episodes.restoreToVersion(older)  # somebody else
    table[days[42]] = rows[days[42]]
    assert run(tmp_path, spark, table)["dates_moved"] == len(table)
    episodes.delete("ended_on IS NULL")
    assert run(tmp_path, spark, table)["episodes_changed"] > 0
    episodes.optimize().executeCompaction()
    table[days[43]] = rows[days[43]]
    assert run(tmp_path, spark, table)["dates_moved"] == 1
