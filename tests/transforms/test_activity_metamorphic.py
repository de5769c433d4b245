"""What must follow when the input is changed in a known way."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from pyspark.sql import SparkSession

from company_activity.formulas import FORMULAS
from company_activity.schemas import COMPANY_ACTIVITY_DAILY
from company_activity.transforms.hashing import content_hash

from support.lake.build import activity, by_key, days

pytestmark = [pytest.mark.long, pytest.mark.nightly]

FIRST, LAST = date(2024, 1, 20), date(2024, 4, 10)  # a leap day inside
COMPLETE = [day for day in days(FIRST, LAST) if day != date(2024, 3, 5)]  # one date is missing
EVENTS = {"events", "rolling_30d_events", "usage_density", "engagement_depth", "engagement_score"}
OF_OTHERS = {name for name, formula in FORMULAS.items() if formula.reads_others}
Row = dict[str, Any]


def random_usage(seed: int) -> list[tuple[str, date, int, int]]:
    rng = Random(seed)
    usage = []
    for number in range(8):
        odds, size = rng.random(), rng.randint(1, 40)
        joined = rng.randrange(len(COMPLETE))
        usage += [(f"c{number}", day, (u := rng.randint(0, size)), u * rng.randint(0, 9))
                  for day in COMPLETE[joined:] if rng.random() < odds]  # fmt: skip
    return usage


SNAPSHOTS: list[Row] = [
    {"company_id": f"c{n}", "name": f"Name {n}", "file_date": FIRST + timedelta(days=9 * n)} for n in range(0, 8, 2)
]
USAGE = random_usage(7)


@pytest.fixture(scope="module")
def table(spark: SparkSession) -> dict[tuple[str, date], Row]:
    return by_key(activity(spark, COMPLETE, USAGE, SNAPSHOTS))


def test_twice_the_events_double_the_density_and_leave_the_users(spark: SparkSession, table: dict[Any, Row]) -> None:
    doubled = by_key(activity(spark, COMPLETE, [(i, d, u, 2 * e) for i, d, u, e in USAGE], SNAPSHOTS))
    for key, row in table.items():
        users = {name: value for name, value in row.items() if name not in EVENTS}
        assert users == {name: value for name, value in doubled[key].items() if name not in EVENTS}
        assert doubled[key]["rolling_30d_events"] == 2 * row["rolling_30d_events"]
        if row["usage_density"] is not None:
            assert doubled[key]["usage_density"] == 2 * row["usage_density"]


def test_a_shift_by_a_week_shifts_the_table(spark: SparkSession, table: dict[Any, Row]) -> None:
    week = timedelta(days=7)
    later = by_key(
        activity(
            spark,
            [day + week for day in COMPLETE],
            [(i, d + week, u, e) for i, d, u, e in USAGE],
            [{**snapshot, "file_date": snapshot["file_date"] + week} for snapshot in SNAPSHOTS],
        )
    )
    assert later == {(i, d + week): {**row, "activity_date": d + week} for (i, d), row in table.items()}


def test_other_ids_permute_the_table(spark: SparkSession, table: dict[Any, Row]) -> None:
    def renamed(company: str) -> str:
        return f"x{9 - int(company[1:])}"

    named = [{**snapshot, "company_id": renamed(snapshot["company_id"])} for snapshot in SNAPSHOTS]
    other = by_key(activity(spark, COMPLETE, [(renamed(i), d, u, e) for i, d, u, e in USAGE], named))
    assert other == {(renamed(i), d): {**row, "company_id": renamed(i)} for (i, d), row in table.items()}


def test_one_more_company_leaves_the_others_rows_as_they_are(spark: SparkSession, table: dict[Any, Row]) -> None:
    more = [*USAGE, *(("new", day, 7, 70) for day in COMPLETE)]
    grown = by_key(activity(spark, COMPLETE, more, SNAPSHOTS))
    for key, row in table.items():
        alone = {name: value for name, value in row.items() if name not in OF_OTHERS}
        assert alone == {name: value for name, value in grown[key].items() if name not in OF_OTHERS}
    assert grown.keys() - table.keys() == {("new", day) for day in COMPLETE}


def test_any_partitioning_gives_the_same_content(spark: SparkSession) -> None:
    found = set()
    for partitions in ("1", "7"):
        spark.conf.set("spark.sql.shuffle.partitions", partitions)
        rows = activity(spark, COMPLETE, USAGE, SNAPSHOTS)
        found.add(
            tuple(
                rows.groupBy("activity_date")
                .agg(content_hash(COMPANY_ACTIVITY_DAILY).alias("h"))
                .orderBy("activity_date")
                .collect()
            )
        )
    spark.conf.set("spark.sql.shuffle.partitions", "2")
    assert len(found) == 1


def test_both_formulations_give_the_same_bits(spark: SparkSession, table: dict[Any, Row]) -> None:
    assert by_key(activity(spark, COMPLETE, USAGE, SNAPSHOTS, by_slices=True)) == table
