"""The roll-ups after a whole run of the samples: what SQL serves of them, and what a page can draw."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pyspark.sql import SparkSession

from company_activity.io.lake.delta import Lake
from company_activity.io.warehouse.served import RETENTION, SEGMENTS
from company_activity.io.warehouse.warehouse import open_warehouse
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, SEGMENT_ACTIVITY_DAILY, Table
from company_activity.work import rollup_pictures as pictures
from company_activity.work.rollup_pictures import rollup_pictures

from support.cycle.place import FIRST, LAST, Place

NEWEST = date.fromisoformat(LAST)
BY_DATE = "SELECT activity_date, {} FROM {} GROUP BY activity_date ORDER BY activity_date"


def test_the_served_roll_ups_sum_up_to_the_served_rows_and_no_key_of_them_is_null(
    spark: SparkSession, sample_place: Place
) -> None:
    sums = "SUM({}), SUM({}), SUM(events)"
    with open_warehouse(spark, sample_place.settings).connection() as connection:
        by_segment = connection.query(BY_DATE.format(sums.format("companies", "user_days"), SEGMENTS.name))
        rows = connection.query(BY_DATE.format(sums.format("1", "active_users"), COMPANY_ACTIVITY_DAILY.name))
        ((unnamed,),) = connection.query(f"SELECT COUNT(*) FROM {SEGMENTS.name} WHERE segment = ''")
        months = connection.query(f"SELECT DISTINCT activity_month FROM {RETENTION.name} ORDER BY activity_month")
    assert by_segment == rows
    assert len(rows) == (NEWEST - date.fromisoformat(FIRST)).days + 1
    assert unnamed != "0"
    assert [month for (month,) in months] == ["2025-09-01", "2025-10-01"]  # of which the samples have each date


class CountingLake(Lake):
    """Counts how often a table is read."""

    reads = 0

    def read(self, table: Table) -> Any:
        self.reads += 1
        return super().read(table)


def test_pictures_are_few_rows_that_sum_up_to_the_tables(
    spark: SparkSession, sample_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_SEGMENTS", 1)
    lake = CountingLake(sample_place.settings.lake.root, lambda: spark)
    found = rollup_pictures(cast(Any, SimpleNamespace(lake=lake)), NEWEST)
    assert lake.reads == 2
    table = sample_place.table(spark, SEGMENT_ACTIVITY_DAILY).where(f"activity_date = DATE'{NEWEST}'").collect()
    on_newest = [one for one in found.segments if one.day == NEWEST]
    assert sorted(one.is_rest for one in on_newest) in ([False], [False, True])
    for name in ("companies", "active_companies", "user_days", "at_risk"):
        assert sum(getattr(one, name) for one in on_newest) == sum(row[name] for row in table)
    assert {one.day for one in found.segments} == {NEWEST - timedelta(days=back) for back in range(pictures.DAYS)}
    assert [(str(one.cohort_month), str(one.month)) for one in found.retention][-1] == ("2025-10-01", "2025-10-01")
    assert all(0 <= one.active <= one.companies for one in found.retention)
    at_first = rollup_pictures(cast(Any, SimpleNamespace(lake=lake)), date(2025, 9, 29))
    assert at_first.retention == ()  # September ends on the 30th
