"""Run records: what a run changed, and the list of the last ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from company_activity.errors import ApiError, CrmFileRefused, GateRefused
from company_activity.io.lake.run_records import lake_marks, run_records, write_record
from company_activity.report.model import RunReport, StepReport
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE, Table

from support.lake.content import lake_at
from support.report.reports import BEGAN, DAY, failed, succeeded


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A lake whose Delta logs are written by hand."""
    return tmp_path


def commit(lake: Path, table: Table, version: int, state: Mapping[str, Any]) -> None:
    """A commit that carries a state, as io/delta writes it."""
    log = lake / table.path / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    metadata = json.dumps({"company_activity": state})
    (log / f"{version:020d}.json").write_text(json.dumps({"commitInfo": {"userMetadata": metadata}}), encoding="utf-8")


def record_of(lake: Path, report: RunReport | None = None) -> dict[str, Any]:
    """What is recorded of a run that commits a second date and corrects the first."""
    commit(lake, PRODUCT_USAGE, 0, {"dates": {"2025-11-21": "1:a", "2025-11-22": "1:b"}})
    commit(lake, COMPANY_ACTIVITY_DAILY, 0, {"dates": {"2025-11-21": ["5:x", "t"], "2025-11-22": ["5:y", "t"]}})
    before = lake_marks(lake_at(lake))
    commit(lake, PRODUCT_USAGE, 1, {"dates": {"2025-11-21": "1:a", "2025-11-22": "2:c", "2025-11-23": "1:d"}})
    commit(
        lake,
        COMPANY_ACTIVITY_DAILY,
        2,
        {"dates": {"2025-11-21": ["5:x", "t"], "2025-11-22": ["6:y", "t"], "2025-11-23": ["7:z", "t"]}},
    )
    written = Path(write_record(lake_at(lake), report or succeeded(), before))
    record: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
    return record


def test_it_names_the_dates_that_the_run_touched_and_no_others(lake: Path) -> None:
    assert record_of(lake)["dates"] == [
        {"date": "2025-11-22", "generation": 2, "content_hash": "6:y"},
        {"date": "2025-11-23", "generation": 1, "content_hash": "7:z"},
    ]


def test_it_names_the_versions_of_the_tables_that_moved(lake: Path) -> None:
    assert record_of(lake)["tables"] == [
        {"table": "analytics.company_activity_daily", "version_before": 0, "version_after": 2},
        {"table": "stg.product_usage", "version_before": 0, "version_after": 1},
    ]


def test_it_counts_rows_in_out_rejected_and_duplicate(lake: Path) -> None:
    assert record_of(lake)["rows"] == {"stage_usage": {"in": 3356, "out": 3300, "rejected": 36, "duplicate": 20}}


def test_it_names_the_driver_of_each_step_that_asked_the_warehouse(lake: Path) -> None:
    named = {step["name"]: step["driver"] for step in record_of(lake)["steps"]}
    assert {name: driver for name, driver in named.items() if driver} == {"publish": "H2 JDBC Driver 2.3.232"}
    assert named["build_activity"] is None


def test_a_failed_run_is_recorded_with_its_error(lake: Path) -> None:
    record = record_of(lake, failed(ApiError("page 1: 500", remedy="again")))
    assert (record["outcome"], record["exit_code"], record["failed_step"]) == ("failed", 3, "stage_usage")
    assert record["error"] == {"kind": "ApiError", "what": "page 1: 500", "remedy": "again"}
    assert record["steps"][-1]["error"] == "ApiError: page 1: 500 — again"


def test_every_step_that_failed_has_its_code_and_its_error_in_it(lake: Path) -> None:
    report = failed(GateRefused("too few", remedy="look"))
    report.steps.insert(0, StepReport("admit_crm", "failed", error=CrmFileRefused("no header")))
    record = record_of(lake, report)
    assert (record["exit_code"], record["exit_codes"], record["error"]["what"]) == (3, [3, 4], "no header")
    assert record["errors"] == [
        {"step": "admit_crm", "exit_code": 3, "kind": "CrmFileRefused", "what": "no header", "remedy": ""},
        {"step": "stage_usage", "exit_code": 4, "kind": "GateRefused", "what": "too few", "remedy": "look"},
    ]


def test_a_run_that_went_well_has_no_codes(lake: Path) -> None:
    record = record_of(lake)
    assert (record["exit_code"], record["exit_codes"], record["errors"]) == (0, [], [])


def test_what_moved_beside_a_run_that_took_no_step_is_not_its_doing(lake: Path) -> None:
    commit(lake, PRODUCT_USAGE, 0, {"dates": {"2025-11-21": "1:a"}})
    record = json.loads(Path(write_record(lake_at(lake), succeeded(), None)).read_text(encoding="utf-8"))
    assert (record["dates"], record["tables"]) == ([], [])


def test_no_company_stands_in_it(lake: Path) -> None:
    text = json.dumps(record_of(lake))
    assert "Sudden Stop" not in text
    assert "c_126" not in text


def test_it_is_one_line_so_that_spark_reads_a_folder_of_them_as_a_table(lake: Path) -> None:
    record_of(lake)
    [file] = (lake / "ops/runs").iterdir()
    assert file.read_text(encoding="utf-8").count("\n") == 1


def test_the_last_ones_come_newest_first(lake: Path) -> None:
    before = lake_marks(lake_at(lake))
    for hour in range(5):
        began = BEGAN + timedelta(hours=hour)
        report = replace(succeeded(), run_id=f"{began:%Y%m%dT%H%M%SZ}-abc123", started_at=began, dates=(DAY,))
        write_record(lake_at(lake), report, before)
    assert [record["run_id"][9:11] for record in run_records(str(lake), last=3)] == ["07", "06", "05"]
    assert len(run_records(str(lake))) == 5


def test_a_lake_without_runs_has_none(lake: Path) -> None:
    assert run_records(str(lake)) == []
