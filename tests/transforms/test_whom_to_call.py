"""Whom to call, against the oracle: random fleets of 60 companies, with holidays, holes and refused records."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from company_activity.transforms.calendar import calendar_rows
from company_activity.transforms.usage import parse_usage

from oracle.world import World, build
from support.orders.fleets import fleet_world
from support.orders.histories import activity_inputs, activity_of, complete_days, landed_lines, staged_snapshots
from support.spark.compare import differences

pytestmark = pytest.mark.spark

COMPANIES, DAYS = 60, 70
NIGHTLY = [pytest.param(seed, marks=[pytest.mark.long, pytest.mark.nightly]) for seed in (2, 3, 4, 5)]
COLUMNS = [
    "usual_user_days_7d",
    "fleet_pace",
    "missing_user_days_7d",
    "is_churn_risk",
    "churn_reasons",
    "churn_reasons_text",
    "is_contact_due",
]
Row = dict[str, Any]


@cache
def told(seed: int) -> World:
    """What the oracle says of a fleet."""
    return build(*fleet_world(seed, COMPANIES, DAYS))


def rows_of(found: DataFrame) -> dict[tuple[str, date], Row]:
    rows = found.select("company_id", "activity_date", *COLUMNS).collect()
    return {(row["company_id"], row["activity_date"]): row.asDict() for row in rows}


def check(found: DataFrame, seed: int, dates: Collection[date]) -> None:
    expected = {(row["company_id"], row["activity_date"]): row for row in told(seed).activity}
    wanted = {key: row for key, row in expected.items() if key[1] in dates}
    rows = rows_of(found)
    assert rows.keys() == wanted.keys()
    wrong = {key: said for key in wanted if (said := differences(wanted[key], rows[key], COLUMNS))}
    assert not wrong, (len(wrong), list(wrong.items())[:5])


@pytest.mark.parametrize("seed", [1, *NIGHTLY])
def test_a_fleet_is_judged_as_the_oracle_judges_it(spark: SparkSession, seed: int) -> None:
    landed, snapshots = fleet_world(seed, COMPANIES, DAYS)
    history = tuple(landed), tuple(snapshots)
    complete = [day.date for day in complete_days(history)]
    parsed = landed_lines(spark, history).repartition(2).transform(parse_usage).cache()
    inputs = activity_inputs(spark, parsed, staged_snapshots(spark, told(seed)), complete)
    check(activity_of(inputs, by_slices=False), seed, complete)
    some = complete[-40::6]
    sliced = replace(inputs, calendar=calendar_rows(some, complete))
    check(activity_of(sliced, by_slices=True), seed, some)
    spark.catalog.clearCache()


def test_a_fleet_shows_every_reason_and_every_way_not_to_be_judged() -> None:
    rows = told(1).activity
    assert {reason for row in rows for reason in row["churn_reasons"]} == {"DECLINING", "SILENT", "UNUSUAL_SILENCE"}
    assert {row["is_churn_risk"] for row in rows} == {True, False, None}
    assert len({row["fleet_pace"] for row in rows if row["fleet_pace"] is not None}) > 20
