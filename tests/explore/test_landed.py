"""The landing, date by date: what has not landed has no figures, and what was refused is named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from company_activity.dates import DateRange
from company_activity.explore.company import records_of
from company_activity.explore.landed import landed_dates
from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import LocalStorage
from company_activity.planning.state import GenerationMark
from company_activity.schemas import PRODUCT_USAGE, QUARANTINE
from company_activity.settings.model import LandingSettings

from support.landing.pages import DAY, MIDNIGHT, land
from support.notebooks.readers import Frames, reader_of

pytestmark = [pytest.mark.long, pytest.mark.nightly]

BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
THREE = DateRange(BEFORE, AFTER)


def item(company: str, users: Any, day: Any = DAY) -> str:
    return f'{{"company_id":"{company}","active_users":{users},"events":9,"ts":"{day}T00:00:00Z"}}'


def refused(spark: SparkSession, *reasons: list[str]) -> Any:
    """Quarantined usage of DAY, a record for each list of reasons."""
    columns = QUARANTINE.column_names
    made_up = {"feed": "usage", "date": DAY, "path": "p", "generation": 1, "page": 1, "raw": "{", "rules_version": "2"}
    rows = [made_up | {"item": at, "reasons": broken, "run_id": "r"} for at, broken in enumerate(reasons)]
    return spark.createDataFrame([tuple(row.get(name) for name in columns) for row in rows], QUARANTINE.ddl)


def test_each_date_is_shown_as_it_landed(spark: SparkSession, tmp_path: Path) -> None:
    """The date before landed twice and is staged once; DAY is staged; the date after has not landed."""
    landing = Landing(LocalStorage(tmp_path), LandingSettings(str(tmp_path)))
    land(landing, [item("a", 1, BEFORE)], day=BEFORE, at=MIDNIGHT - timedelta(days=1))
    land(landing, [item("a", 1, BEFORE), item("b", 1, BEFORE)], day=BEFORE, run_id="run-2")
    land(landing, [item("a", 1)], [item("b", -1), item("b", '"2"')])
    quarantine = refused(spark, ["NEGATIVE", "WRONG_TYPE"], ["WRONG_TYPE"])
    marks = {BEFORE: GenerationMark(1, "x"), DAY: GenerationMark(1, "y")}
    reader = reader_of(Frames({QUARANTINE.name: quarantine}, marks=marks), landing=landing)
    dates = landed_dates(reader, THREE)
    shown = ["state", "generation", "staged", "pages", "records", "refused", "reasons"]
    assert [list(row) for row in dates[shown].astype(object).values.tolist()[:2]] == [
        ["complete", 2, 1, 1, 2, 0, ""],
        ["complete", 1, 1, 2, 3, 2, "NEGATIVE 1, WRONG_TYPE 2"],
    ]
    assert dates.loc[AFTER, "state"] == "not landed"
    assert dates.loc[AFTER, ["generation", "staged", "records", "refused"]].isna().all()


def test_each_record_of_a_company_says_where_it_stands_and_what_became_of_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    landing = Landing(LocalStorage(tmp_path), LandingSettings(str(tmp_path)))
    landed = land(landing, [item("a", 1), item("b", 5)], [item("a", 3), item("a", -1)]).manifest
    file = landed.parts[0].path
    place = {"company_id": "a", "date": DAY, "src_file_name": file, "page": 2, "item": 1}
    kept = spark.createDataFrame([tuple(place.get(name) for name in PRODUCT_USAGE.column_names)], PRODUCT_USAGE.ddl)
    reader = reader_of(Frames({PRODUCT_USAGE.name: kept}, marks={DAY: landed.mark}), spark, landing)
    records = records_of(reader, "a", THREE)
    shown = records[["became", "active_users", "page", "item", "reasons"]].astype(object).where(records.notna(), None)
    assert shown.values.tolist() == [
        ["duplicate", 1, 1, 1, ""],
        ["staged", 3, 2, 1, ""],
        ["refused", None, 2, 2, "NEGATIVE"],
    ]
    assert set(records["file"]) == {file}
    unstaged = records_of(reader_of(Frames({PRODUCT_USAGE.name: kept}), spark, landing), "a", THREE)
    assert isinstance(unstaged, pd.DataFrame)
    assert set(unstaged["became"]) == {"not staged"}
