"""Both roll-ups against the plain-Python oracle: 300 random histories, all of a calendar in one DataFrame."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

import pytest
from pyspark.sql import DataFrame, SparkSession

from company_activity.planning.rollups import complete_months
from company_activity.schemas import (
    COMPANIES,
    COMPANY_ACTIVITY_DAILY,
    RETENTION_MONTHLY,
    RISK_EPISODES,
    SEGMENT_ACTIVITY_DAILY,
    Table,
)
from company_activity.transforms.retention import audited_retention, retention_rows
from company_activity.transforms.segments import audited_segments, segment_rows

from oracle.cases import random_worlds
from oracle.episodes import build_episodes
from oracle.model import Row, Thresholds
from oracle.rollups import build_retention, build_segments
from oracle.world import World, build
from support.orders.histories import complete_days
from support.spark.compare import differences
from support.spark.frames import dictionaries, frame

pytestmark = pytest.mark.spark

# A seed fixes a calendar; → how many histories there are of it. 11 has no hole and two whole months, 28 a leap day and
# dates that are missing, 3 one whole month.
HISTORIES = [
    (11, 40),
    *(
        pytest.param(seed, count, marks=[pytest.mark.long, pytest.mark.nightly])
        for seed, count in ((11, 120), (28, 100), (3, 80))
    ),
]
# What of the activity table roll-ups are made of: rows with all of its columns take Python five times as long to send.
READ = (
    "company_id", "activity_date", "segment", "country", "active_users", "events", "is_churn_risk",
    "days_since_last_active", "missing_user_days_7d", "contract_value", "rolling_7d_active_users", "mau_lower",
    "mau_upper", "lifecycle_state",
)  # fmt: skip
GONE_AFTER = Thresholds().gone_after_days


def eras(days: Iterable[date]) -> Iterator[int]:
    """Numbers of years by which all these days can be moved, for each of them to be the same day of its year."""
    years = {day.year for day in days}
    for shift in range(0, 9_900 - max(years), 4):
        if all(isleap(year + shift) == isleap(year) for year in years):
            yield shift


def moved(rows: Iterable[Row], column: str, years: int) -> list[Row]:
    """The rows in another era: so histories that stand in one table have no date and no month in common."""
    return [{**row, column: in_era(row[column], years)} for row in rows]


def in_era(day: date | None, years: int) -> date | None:
    return day.replace(year=day.year + years) if day else None


def check(table: Table, found: DataFrame, expected: list[Row]) -> None:
    """Compare by key; what is NULL in a key is a value like others."""
    columns = table.column_names
    assert found.columns == columns
    rows = dictionaries(found)
    by_key = {tuple(row[name] for name in table.key): row for row in rows}
    wanted = {tuple(row[name] for name in table.key): row for row in expected}
    assert len(by_key) == len(rows)
    assert by_key.keys() == wanted.keys()
    wrong = [said for key in wanted if (said := differences(wanted[key], by_key[key], columns))]
    assert not wrong, wrong[:5]


@pytest.mark.parametrize(("seed", "count"), HISTORIES)
def test_the_roll_ups_of_random_histories_are_those_of_the_oracle(spark: SparkSession, seed: int, count: int) -> None:
    histories = random_worlds(seed, count)
    complete = {day.date for day in complete_days(histories[0])}
    activity: list[Row] = []
    companies: list[Row] = []
    episodes: list[Row] = []
    segments: list[Row] = []
    landed: list[date] = []
    for history, years in zip(histories, eras(complete), strict=False):
        world: World = build(*history)
        rows = moved(world.activity, "activity_date", years)
        known = moved(world.companies, "first_active_date", years)
        activity += rows
        companies += known
        episodes += build_episodes(rows)
        segments += build_segments(rows, build_episodes(rows))
        landed += [day.replace(year=day.year + years) for day in complete]
    assert len({row["activity_date"].year for row in activity}) >= count  # every history found an era
    read = tuple(COMPANY_ACTIVITY_DAILY.column(name) for name in READ)
    of_activity = frame(spark, replace(COMPANY_ACTIVITY_DAILY, columns=read), activity).cache()
    of_episodes = frame(spark, RISK_EPISODES, episodes)
    found = segment_rows(of_activity, of_episodes, GONE_AFTER).cache()
    check(SEGMENT_ACTIVITY_DAILY, found, segments)
    sums = audited_segments(found).groupBy().sum("companies", "entered", "nulls", "above").first()
    assert sums is not None
    assert tuple(sums) == (len(activity), len(episodes), 0, 0)
    retention = build_retention(activity, companies, landed)  # a cohort has rows in the eras after its own as well
    by_cohort = retention_rows(of_activity, frame(spark, COMPANIES, companies), complete_months(landed)).cache()
    check(RETENTION_MONTHLY, by_cohort, retention)
    figures = audited_retention(by_cohort).first()
    assert figures is not None
    assert figures[:4] == (len(retention), len(retention), 0, 0)
