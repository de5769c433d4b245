"""Checking a day finds what differs between two hops, and names the hop."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from company_activity.explore.hops import check_day, verdict
from company_activity.explore.reader import open_reader
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE, Table

from support.cycle.place import LAST, Place, environment

pytestmark = [pytest.mark.long, pytest.mark.nightly]
DAY = date.fromisoformat(LAST)
Changed = Callable[[Table, str], str]


@pytest.fixture
def after(sample_place: Place, spark: SparkSession, tmp_path: Path) -> Changed:
    """What a check of the last day says once the rows that a condition selects are gone from a table of the lake."""

    def checked(table: Table, condition: str) -> str:
        lake = tmp_path / "lake"
        shutil.copytree(sample_place.folder / "lake", lake)
        DeltaTable.forPath(spark, str(lake / table.path)).delete(f"{table.partition_by[-1]} = '{LAST}' AND {condition}")
        with environment(sample_place.environ | {"COMPANY_ACTIVITY__LAKE__ROOT": str(lake)}):
            return verdict(DAY, check_day(open_reader(), DAY))

    return checked


def test_a_row_that_the_activity_table_lost_differs_from_the_hops_around_it(after: Changed) -> None:
    assert after(COMPANY_ACTIVITY_DAILY, "company_id = 'c_101'") == (
        f"{LAST}: do not use it yet. 4 of 8 comparisons differ: staging → activity, companies → activity, lake → SQL."
    )


def test_a_staged_record_that_got_lost_is_missed_by_the_landing_and_by_the_sums(after: Changed) -> None:
    assert after(PRODUCT_USAGE, "company_id = 'c_101'") == (
        f"{LAST}: do not use it yet. 3 of 8 comparisons differ: landing → staging, staging → activity."
    )


def test_a_date_that_has_not_landed_is_not_fit_to_use_although_nothing_differs(sample_place: Place) -> None:
    with environment(sample_place.environ):
        reader = open_reader()
    tomorrow = date(2025, 11, 24)
    assert verdict(tomorrow, check_day(reader, tomorrow)) == (
        "2025-11-24: do not use it yet. 1 of 8 comparisons differ: API → landing."
    )


def test_a_warehouse_that_cannot_be_asked_is_said_and_not_taken_for_equal(sample_place: Place, tmp_path: Path) -> None:
    nowhere = f"jdbc:h2:file:{tmp_path}/none;IFEXISTS=TRUE"
    with environment(sample_place.environ | {"COMPANY_ACTIVITY__SQL__URL": nowhere}):
        compared = check_day(open_reader(), DAY)
    assert verdict(DAY, compared) == f"{LAST}: nothing differs, but lake → SQL could not be compared."
    (served,) = compared.loc[compared["hop"] == "lake → SQL", "after"]
    assert served.startswith("not asked: PublishError: checking a day at")
