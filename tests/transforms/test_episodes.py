"""Risk episodes against the oracle: from scratch, and brought up to date in random orders of arrival."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pyspark.sql import DataFrame, SparkSession

from company_activity.planning.episodes import EpisodesState, Moved
from company_activity.schemas import RISK_EPISODES, Table
from company_activity.settings.model import MetricSettings
from company_activity.work.build_episodes import rebuilt, touched_by

from oracle.episodes import build_episodes
from oracle.model import Row
from support.lake.flagged import FIRST, READ, Table_, activity_frame, hashes, rows_on

pytestmark = pytest.mark.spark

ORDERS = [0, *(pytest.param(seed, marks=[pytest.mark.long, pytest.mark.nightly]) for seed in range(1, 30))]


def episodes_frame(spark: SparkSession, episodes: Iterable[Mapping[str, Any]]) -> DataFrame:
    rows = [tuple(row[name] for name in RISK_EPISODES.column_names) for row in episodes]
    return spark.createDataFrame(rows, RISK_EPISODES.struct)


def brought_up(spark: SparkSession, episodes: list[Row], built: EpisodesState, table: Table_) -> list[Row]:
    """The episodes after a run over this table, as the step builds them: those that it touches are replaced."""
    moved = Moved.between(built, hashes(table))
    if not moved.dates:
        return episodes
    standing = episodes_frame(spark, episodes)
    touched = touched_by(moved)
    read: list[Table] = []

    def read_table(asked: Table) -> DataFrame:
        read.append(asked)
        return activity_frame(spark, table)

    settings = SimpleNamespace(metrics=MetricSettings())
    run = cast(Any, SimpleNamespace(lake=SimpleNamespace(read=read_table), settings=settings))
    fresh = rebuilt(run, moved, standing.where(touched or "true"))
    kept = standing.where(f"NOT ({touched})") if touched else standing.where("false")
    return [row.asDict() for row in kept.unionByName(fresh).collect()]


def in_order(episodes: Iterable[Row]) -> list[Row]:
    return sorted(episodes, key=lambda row: (row["company_id"], row["started_on"]))


def all_rows(table: Table_) -> list[Row]:
    return [row for rows in table.values() for row in rows]


@pytest.mark.parametrize("seed", ORDERS)
def test_any_order_of_arrival_ends_as_built_from_scratch(spark: SparkSession, seed: int) -> None:
    rng = Random(seed)
    days = [FIRST + timedelta(days=n) for n in range(120) if rng.random() < 0.95]
    table: Table_ = {day: rows_on(day, rng, 60) for day in days[: rng.randint(30, 60)]}
    episodes: list[Row] = []
    built = EpisodesState()
    for day in [days[0], *rng.sample([*days[60:], *days[:60]], 4), days[-1]]:
        for one in rng.choice(([day], [one for one in days if day <= one < day + timedelta(days=20)])):
            table[one] = rows_on(one, rng, 60)
        for one in rng.sample(sorted(table), 1 if rng.random() < 0.3 else 0):
            del table[one]
        episodes = brought_up(spark, episodes, built, table)
        built = EpisodesState.of(hashes(table), len(episodes))
        assert in_order(episodes) == in_order(build_episodes(all_rows(table)))
    assert {row["ended_as"] for row in episodes} == {"recovered", "gone", None}


def stretch(*at_risk: tuple[int, int], days: int = 130) -> Table_:
    """A company that is at risk between these days, both included, and calm on the others."""
    table: Table_ = {}
    for n in range(days):
        day = FIRST + timedelta(days=n)
        is_risk = any(first <= n <= last for first, last in at_risk)
        values = ("a", day, is_risk, ["DECLINING"] if is_risk else [], n, 0, f"owner {n % 3}")
        table[day] = [dict(zip(READ, values, strict=True))]
    return table


@pytest.mark.parametrize(
    ("before", "after", "stretches"),
    [
        ([(5, 95)], [(5, 40), (52, 95)], 2),  # a correction in the middle splits it
        ([(5, 40), (52, 95)], [(5, 95)], 1),  # and joins two
        ([(5, 95)], [(5, 40), (46, 95)], 1),  # 5 calm dates are too few
        ([(5, 95)], [(5, 95), (110, 112)], 2),
        ([(5, 95)], [], 0),
        ([], [(5, 95)], 1),
    ],
)
def test_a_correction_of_a_long_stretch_ends_as_built_from_scratch(
    spark: SparkSession, before: list[tuple[int, int]], after: list[tuple[int, int]], stretches: int
) -> None:
    then, now = stretch(*before), stretch(*after)
    episodes = build_episodes(all_rows(then))
    found = brought_up(spark, episodes, EpisodesState.of(hashes(then), len(episodes)), now)
    assert in_order(found) == in_order(build_episodes(all_rows(now)))
    assert len(found) == stretches


@pytest.mark.parametrize("history", [60, 1095])
def test_a_new_newest_date_is_the_only_one_that_is_read(spark: SparkSession, history: int) -> None:
    rng = Random(history)
    days = [FIRST + timedelta(days=n) for n in range(history + 1)]
    table: Table_ = {day: rows_on(day, rng, 3) for day in days}
    before = {day: table[day] for day in days[:-1]}
    episodes = build_episodes(all_rows(before))
    only_newest: Table_ = {day: rows if day == days[-1] else [] for day, rows in table.items()}
    moved = Moved.between(EpisodesState.of(hashes(before), len(episodes)), hashes(table))
    assert (moved.dates, moved.goes_on) == ((days[-1],), True)
    read = SimpleNamespace(read=lambda _: activity_frame(spark, only_newest))
    run = cast(Any, SimpleNamespace(lake=read, settings=SimpleNamespace(metrics=MetricSettings())))
    touched = touched_by(moved)
    standing = episodes_frame(spark, episodes)
    fresh = [row.asDict() for row in rebuilt(run, moved, standing.where(str(touched))).collect()]
    kept = [row.asDict() for row in standing.where(f"NOT ({touched})").collect()]
    assert in_order([*kept, *fresh]) == in_order(build_episodes(all_rows(table)))
