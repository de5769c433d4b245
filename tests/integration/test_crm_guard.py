"""A half-length CRM file: the run ends in 4, nothing moves, and only a name lets the file in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.io.lake.delta_log import identity
from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, COMPANY_ACTIVITY_DAILY, CRM_COMPANIES, QUARANTINE

from support.cycle import Place, serving

DAY = "2025-11-23"
HEADER = "company_id,name,country,industry_tag,last_contact_at\n"
GUARDED = (CRM_COMPANIES, COMPANIES, COMPANIES_HISTORY, COMPANY_ACTIVITY_DAILY)


def drop(place: Place, day: str, companies: int) -> str:
    folder = place.folder / "landing" / "raw" / "crm"
    folder.mkdir(parents=True, exist_ok=True)
    rows = "".join(f"c_{number},Company {number},UK,software,\n" for number in range(companies))
    (folder / f"crm_{day}.csv").write_text(HEADER + rows, encoding="utf-8")
    return f"raw/crm/crm_{day}.csv"


def versions(place: Place) -> list[str]:
    return [identity(place.settings.lake.root, table.path) for table in GUARDED]


def test_a_half_length_file_is_refused_kept_aside_and_let_in_by_name(
    spark: SparkSession, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    usage = tmp_path / "usage"
    usage.mkdir()
    (usage / f"{DAY}.json").write_text(json.dumps({"items": []}), encoding="utf-8")
    with serving(tmp_path, usage) as place:
        drop(place, "2025-11-01", 10)
        assert place.run("run", "--date", DAY) == 0
        before = versions(place)

        half = drop(place, "2025-11-20", 4)
        assert place.run("run", "--date", DAY) == 4
        assert f"--accept-crm {half}" in capfd.readouterr().err
        assert versions(place) == before
        (aside,) = place.table(spark, QUARANTINE).where("array_contains(reasons, 'CRM_LOSS')").collect()
        assert (aside.path, str(aside.date)) == (half, "2025-11-20")

        assert place.run("run", "--date", DAY) == 0  # the verdict stands: passed by with a warning
        assert "was refused before" in capfd.readouterr().out
        assert versions(place) == before

        assert place.run("run", "--date", DAY, "--accept-crm", "nowhere.csv") == 2
        assert place.run("run", "--date", DAY, "--accept-crm", "crm_2025-11-20.csv") == 0
        assert place.table(spark, CRM_COMPANIES).where("file_date = DATE'2025-11-20'").count() == 4
        assert place.table(spark, QUARANTINE).where("array_contains(reasons, 'CRM_LOSS')").isEmpty()


def test_a_file_that_cannot_be_read_ends_in_3_after_the_rest_is_built(spark: SparkSession, tmp_path: Path) -> None:
    usage = tmp_path / "usage"
    usage.mkdir()
    (usage / f"{DAY}.json").write_text(json.dumps({"items": []}), encoding="utf-8")
    with serving(tmp_path, usage) as place:
        drop(place, "2025-11-01", 3)
        (place.folder / "landing/raw/crm/crm_2025-11-02.csv").write_text("company_id,name\n", encoding="utf-8")
        assert place.run("run", "--date", DAY) == 3
        assert place.table(spark, COMPANY_ACTIVITY_DAILY).count() == 3
