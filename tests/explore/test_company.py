"""A company's days on a calendar: a missing date is a gap, a silent day is a zero."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from company_activity.dates import DateRange
from company_activity.errors import UsageError
from company_activity.explore.company import company_days
from company_activity.schemas import COMPANIES, COMPANY_ACTIVITY_DAILY

from support.notebooks.readers import Frames, reader_of

pytestmark = [pytest.mark.long, pytest.mark.nightly]

DAYS = [date(2025, 11, number) for number in range(19, 24)]


def row(day: date, users: int) -> tuple[Any, ...]:
    """A row of the activity table with these users; what else it must have is made up."""
    made_up = {"bigint": 7, "double": 1.0, "string": "x", "array<string>": [], "boolean": False}
    known = {"company_id": "a", "activity_date": day, "active_users": users}
    return tuple(known.get(column.name, made_up.get(column.type)) for column in COMPANY_ACTIVITY_DAILY.columns)


def test_a_missing_date_has_no_figure_and_a_silent_day_has_zero(spark: SparkSession) -> None:
    """19 is before its first day, 22 is missing; on 21 it was silent."""
    rows = spark.createDataFrame([row(DAYS[1], 4), row(DAYS[2], 0), row(DAYS[4], 2)], COMPANY_ACTIVITY_DAILY.ddl)
    complete = [day for day in DAYS if day.day != 22]
    reader = reader_of(Frames({COMPANY_ACTIVITY_DAILY.name: rows}, complete))
    days = company_days(reader, "a", DateRange(DAYS[0], DAYS[-1]))
    assert list(days.index) == DAYS
    assert list(days["date_is"]) == ["before its first day", "complete", "complete", "missing", "complete"]
    assert list(days["active_users"]) == [pd.NA, 4, 0, pd.NA, 2]
    assert days["engagement_score"].isna().tolist() == [True, False, False, True, False]


def test_a_company_that_nobody_knows_is_refused_by_its_id(spark: SparkSession) -> None:
    rows = spark.createDataFrame([], COMPANY_ACTIVITY_DAILY.ddl)
    companies = spark.createDataFrame([], COMPANIES.ddl)
    reader = reader_of(Frames({COMPANY_ACTIVITY_DAILY.name: rows, COMPANIES.name: companies}, DAYS))
    with pytest.raises(UsageError, match=r"the lake knows no company 'C_1' — give an id of dim\.companies"):
        company_days(reader, "C_1", DateRange(DAYS[0], DAYS[-1]))
