"""Any order of arrival, and any repetition, gives the same tables."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    CRM_COMPANIES,
    PRODUCT_USAGE,
    QUARANTINE,
    TABLES,
)

from support.cycle.place import SAMPLES, Place, serving
from support.lake.content import newest_version, noted_by_date
from support.spark.frames import dictionaries

pytestmark = [pytest.mark.long, pytest.mark.nightly, pytest.mark.row("O1")]

DAYS = ("2025-11-20", "2025-11-21", "2025-11-22", "2025-11-23")
CRM = sorted((SAMPLES / "crm").glob("*.csv"))
BUILD = "stage_crm,stage_usage,build_companies,build_activity"
OF_THE_RUN = {"ingested_at", "src_ingested_at", "created_at", "updated_at", "run_id"}


def content(spark: SparkSession, place: Place) -> dict[str, list[dict[str, Any]]]:
    """Every table's rows without what belongs to the run that wrote them; parts by their folder, not their run's name."""
    found = {}
    for table in (CRM_COMPANIES, PRODUCT_USAGE, QUARANTINE, COMPANIES, COMPANIES_HISTORY):
        rows = []
        for row in dictionaries(place.table(spark, table)):
            kept = {name: value for name, value in row.items() if name not in OF_THE_RUN}
            for name in ("src_file_name", "path"):
                if "/gen=" in (kept.get(name) or ""):
                    kept[name] = kept[name].split("/usage_")[0]
            rows.append(kept)
        found[table.name] = sorted(rows, key=lambda row: json.dumps(row, default=str, sort_keys=True))
    return found


def test_late_dates_old_snapshots_and_repeats_end_in_the_same_tables(
    spark: SparkSession, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        serving(tmp_path / "once", SAMPLES / "usage") as once,
        serving(tmp_path / "piecemeal", SAMPLES / "usage") as piecemeal,
    ):
        once.drop_crm(*CRM)
        assert once.run("run", "--from", DAYS[0], "--to", DAYS[-1], "--steps", f"ingest_usage,{BUILD}") == 0

        for days, files in (
            ((DAYS[3],), CRM[2:3]),
            ((DAYS[0], DAYS[1]), [CRM[3], CRM[0]]),
            ((DAYS[1], DAYS[2]), CRM[1:3]),
        ):
            piecemeal.drop_crm(*files)
            assert piecemeal.run("run", "--from", days[0], "--to", days[-1], "--steps", f"ingest_usage,{BUILD}") == 0
        assert content(spark, piecemeal) == content(spark, once)
        assert noted_by_date(once.settings.lake.root).keys() == set(DAYS)
        assert noted_by_date(piecemeal.settings.lake.root) == noted_by_date(once.settings.lake.root)

        versions = [newest_version(piecemeal.settings.lake.root, table.path) for table in TABLES]
        shutil.copy(CRM[0], piecemeal.folder / "landing/raw/crm")  # the same bytes, delivered again
        capfd.readouterr()
        assert piecemeal.run("run", "--from", DAYS[0], "--to", DAYS[-1], "--steps", f"ingest_usage,{BUILD}") == 0
        assert "starting Spark" not in capfd.readouterr().out
        assert [newest_version(piecemeal.settings.lake.root, table.path) for table in TABLES] == versions
