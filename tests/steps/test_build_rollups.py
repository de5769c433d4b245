"""Both roll-ups in a lake: any order of arrival, corrections, dates that go, an unchanged rerun, and what gates refuse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pyspark.sql import DataFrame, SparkSession

from company_activity.errors import GateRefused
from company_activity.io.lake.delta import Lake
from company_activity.planning.episodes import Began, EpisodesState
from company_activity.planning.state import LIFECYCLE, TOTALS, ActivityState, BuiltDate
from company_activity.schemas import (
    COMPANIES,
    COMPANY_ACTIVITY_DAILY,
    RETENTION_MONTHLY,
    RISK_EPISODES,
    SEGMENT_ACTIVITY_DAILY,
    Table,
)
from company_activity.settings.model import MetricSettings
from company_activity.steps.build_rollups import build_rollups

from oracle.episodes import build_episodes
from oracle.model import Row
from oracle.rollups import build_retention, build_segments
from support.spark.compare import differences
from support.spark.frames import dictionaries, frame

pytestmark = [pytest.mark.spark, pytest.mark.long]

FIRST = date(2025, 1, 20)
LAST_OF_FEBRUARY = date(2025, 2, 28)
GROUPS = (None, "smb", "enterprise ", "")
Dates = dict[date, list[Row]]


def rows_on(day: date, rng: Random, companies: int = 9) -> list[Row]:
    """A date's rows; few of the companies are active for the first time in February."""
    return [row_of(f"c{number}", day, rng) for number in range(companies) if rng.random() < 0.9]


def row_of(company: str, day: date, rng: Random) -> Row:
    is_risk = rng.choice((True, False, False, None))
    users = rng.choice((0, 0, 3, 10**9)) if company < "c7" or day >= date(2025, 2, 10) else 0
    return {
        "company_id": company,
        "activity_date": day,
        "segment": rng.choice(GROUPS),
        "country": rng.choice(GROUPS),
        "active_users": users,
        "events": users * 2,
        "is_churn_risk": is_risk,
        "churn_reasons": ["SILENT"] if is_risk else [],
        "days_since_last_active": rng.choice((None, 0, 28, 29)),
        "missing_user_days_7d": rng.choice((None, 7)),
        "contract_value": rng.choice((None, Decimal("0.10"), Decimal("9999999999999999.99"))),
        "rolling_7d_active_users": users,
        "mau_lower": users // 2,
        "mau_upper": users,
        "lifecycle_state": rng.choice((*LIFECYCLE[:-1], None)),
        "owner": None,
    }


class LakeOf(Lake):
    """A lake in which only the roll-ups are real: the activity table has these rows, and other tables what follows."""

    def __init__(self, root: Path, spark: SparkSession, dates: Dates, lost: int = 0) -> None:
        super().__init__(str(root), lambda: spark)
        self.dates = dates
        self.lost = lost
        self.opened: list[str] = []

    @property
    def rows(self) -> list[Row]:
        return [row for of_date in self.dates.values() for row in of_date]

    @property
    def companies(self) -> list[Row]:
        first: dict[str, date | None] = {row["company_id"]: None for row in self.rows}
        for row in self.rows:
            if row["active_users"]:
                day = row["activity_date"]
                first[row["company_id"]] = min(first[row["company_id"]] or day, day)
        return [{"company_id": company, "first_active_date": day} for company, day in first.items()]

    def read(self, table: Table) -> DataFrame:
        self.opened.append(table.name)
        of_table: dict[Table, Any] = {
            COMPANY_ACTIVITY_DAILY: lambda: self.rows,
            RISK_EPISODES: lambda: build_episodes(self.rows),
            COMPANIES: lambda: self.companies,
        }
        return frame(self.spark, table, of_table[table]()) if table in of_table else super().read(table)

    @property
    def activity(self) -> ActivityState:
        return ActivityState({day: self.built(rows) for day, rows in self.dates.items()})

    def built(self, rows: list[Row]) -> BuiltDate:
        """A date's content, and its sums: what is older than February has none."""
        states = [row["lifecycle_state"] or "unknown" for row in rows]
        sums = (
            sum(row["active_users"] for row in rows) + self.lost,
            sum(row["events"] for row in rows),
            sum(row["is_churn_risk"] is True for row in rows),
            sum(row["is_churn_risk"] is None for row in rows),
            *(states.count(name) for name in LIFECYCLE),
        )
        assert len(sums) == len(TOTALS)
        is_noted = all(row["activity_date"] >= date(2025, 2, 1) for row in rows)
        return BuiltDate(str(hash(str(rows))), "", len(rows), "1", "2", sums if is_noted else ())

    @property
    def episodes(self) -> EpisodesState:
        began: dict[date, set[str]] = {}
        episodes = build_episodes(self.rows)
        for episode in episodes:
            began.setdefault(episode["started_on"], set()).add(episode["company_id"])
        marks = {day: Began(len(found), hash(str(sorted(found))) % 2**64) for day, found in began.items()}
        return EpisodesState.of(self.activity.hashes, len(episodes), marks)


def run(lake: LakeOf) -> Mapping[str, int]:
    """Take the step, hold the lake's roll-ups against the oracle, and give what the step counted."""
    settings = SimpleNamespace(metrics=MetricSettings())
    before = lake.commits
    found = build_rollups(cast(Any, SimpleNamespace(lake=lake, settings=settings)))
    assert lake.commits - before <= 2
    check(lake, SEGMENT_ACTIVITY_DAILY, build_segments(lake.rows, build_episodes(lake.rows)))
    check(lake, RETENTION_MONTHLY, build_retention(lake.rows, lake.companies, lake.dates))
    return found.counts


def check(lake: LakeOf, table: Table, expected: list[Row]) -> None:
    found = {tuple(row[name] for name in table.key): row for row in dictionaries(lake.read(table))}
    wanted = {tuple(row[name] for name in table.key): row for row in expected}
    assert found.keys() == wanted.keys()
    assert not [said for key in wanted if (said := differences(wanted[key], found[key], table.column_names))]


def test_roll_ups_in_a_lake_are_those_of_the_rows_whatever_comes(spark: SparkSession, tmp_path: Path) -> None:
    rng = Random(23)
    days = [FIRST + timedelta(days=n) for n in range(45)]
    rows = {day: rows_on(day, rng) for day in days}
    dates = {day: rows[day] for day in days if day < LAST_OF_FEBRUARY and day != days[30]}

    def lake(lost: int = 0) -> LakeOf:
        return LakeOf(tmp_path, spark, dates, lost)

    assert run(lake())["cohort_months"] == 0  # no month is complete yet: January began too late
    dates[LAST_OF_FEBRUARY] = rows[LAST_OF_FEBRUARY]
    dates[days[30]] = rows[days[30]]  # what arrives late completes the month
    assert run(lake())["months_rolled_up"] == 1

    march = lake()
    dates[date(2025, 3, 1)] = rows[date(2025, 3, 1)]
    assert run(march) == {"dates_rolled_up": 1, "dates_changed": 1, "dates_dropped": 0}  # and no month
    assert COMPANIES.name not in march.opened
    again = lake()
    assert (run(again), again.commits) == ({}, 0)

    # A correction in January moves first active dates, so what February shows moves as well. Of another date the
    # activity table has another content, and no roll-up has.
    dates[FIRST] = [{**row, "active_users": 5} for row in dates[FIRST]]
    dates[days[1]] = [{**row, "owner": "another"} for row in dates[days[1]]]
    moved = run(lake())
    assert (moved["dates_rolled_up"], moved["dates_changed"], moved["months_rolled_up"]) == (2, 1, 1)

    versions = [lake().log(table).version for table in (SEGMENT_ACTIVITY_DAILY, RETENTION_MONTHLY)]
    dates[days[-1]] = rows[days[-1]]
    with pytest.raises(GateRefused, match="conservation on analytics.segment_activity_daily 2025-03-05"):
        run(lake(lost=1))
    assert [lake().log(table).version for table in (SEGMENT_ACTIVITY_DAILY, RETENTION_MONTHLY)] == versions

    spark.sql(f"DELETE FROM delta.`{lake().uri(SEGMENT_ACTIVITY_DAILY)}` WHERE companies < 3")  # somebody else
    del dates[days[30]]  # and February is not complete any more
    counts = run(lake())
    assert (counts["dates_changed"], counts["cohort_months"]) == (len(dates), 0)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_arrival_ends_in_the_same_roll_ups(spark: SparkSession, tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    days = [FIRST + timedelta(days=n) for n in range(75)]
    dates: Dates = {}
    waiting = rng.sample(days, len(days))
    while waiting:
        arrived = [waiting.pop() for _ in range(min(len(waiting), rng.choice((1, 5, 30))))]
        for day in (*arrived, *rng.sample(sorted(dates), min(len(dates), rng.choice((0, 2))))):
            dates[day] = rows_on(day, rng)
        for day in rng.sample(sorted(dates), rng.choice((0, 0, 1))):
            del dates[day]
            waiting.insert(0, day)
        if rng.random() < 0.6:
            run(LakeOf(tmp_path, spark, dates))
    run(LakeOf(tmp_path, spark, dates))
    last = LakeOf(tmp_path, spark, dates)
    assert (run(last), last.commits) == ({}, 0)
