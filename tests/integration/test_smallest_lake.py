"""The reference's three companies, the smallest case; then what becomes of CRM files that cannot be let in.

One place for all, each test a day in its life: a run of the whole cycle takes its seconds however small the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, COMPANY_ACTIVITY_DAILY, CRM_COMPANIES, QUARANTINE
from company_activity.work import stage_crm

from support.cycle.place import LAST, SAMPLES, Place, serving
from support.lake.content import newest_state, newest_version

pytestmark = pytest.mark.long

SMALLEST = SAMPLES / "smallest"
HEADER = "company_id,name,country,industry_tag,last_contact_at\n"
GUARDED = (CRM_COMPANIES, COMPANIES, COMPANIES_HISTORY, COMPANY_ACTIVITY_DAILY)
CRM_TO_TABLE = "admit_crm,ingest_usage,stage_crm,stage_usage,build_companies,build_activity"


@pytest.fixture(scope="module")
def place(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The smallest sample, after one whole run."""
    with serving(tmp_path_factory.mktemp("smallest"), SMALLEST / "usage") as place:
        place.drop_crm(*(SMALLEST / "crm").glob("*.csv"))
        assert place.run("run", "--date", LAST) == 0
        yield place


def drop(place: Place, day: str, text: str, prefix: str = "crm_") -> str:
    """Let a CRM file land; its path."""
    path = f"raw/crm/{prefix}{day}.csv"
    Path(place.folder, "landing", path).write_text(text, encoding="utf-8")
    return path


def versions(place: Place) -> list[int]:
    return [newest_version(place.settings.lake.root, table.path) for table in GUARDED]


def test_the_reference_s_three_companies(spark: SparkSession, place: Place) -> None:
    columns = (
        "company_id company_name active_users events usage_density lifecycle_state is_churn_risk data_quality_flag"
    )
    rows = place.table(spark, COMPANY_ACTIVITY_DAILY).where(f"activity_date = DATE'{LAST}'").select(*columns.split())
    assert [tuple(row) for row in rows.orderBy("company_id").collect()] == [
        ("c_001", "Acme Corp", 12, 120, 10.0, "new", None, "WARMUP"),
        ("c_002", "Bits & Bytes", 5, 22, 4.4, "new", None, "WARMUP"),
        ("c_003", "Green Farm", 0, 0, None, "inactive", None, "WARMUP"),
    ]


def test_a_half_length_file_is_refused_kept_aside_and_let_in_by_name(
    spark: SparkSession, place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    before = versions(place)
    half = drop(place, "2026-01-20", HEADER + "c_001,Acme Corporation,UK,software,\n")
    assert place.run("run", "--date", LAST) == 4
    assert f"--accept-crm {half}" in capfd.readouterr().err
    assert versions(place) == before
    (aside,) = place.table(spark, QUARANTINE).where("array_contains(reasons, 'CRM_LOSS')").collect()
    assert (aside.path, str(aside.date)) == (half, "2026-01-20")

    assert place.run("run", "--date", LAST) == 0  # the verdict stands: passed by with a warning
    assert "was refused before" in capfd.readouterr().out
    assert versions(place) == before

    assert place.run("run", "--date", LAST, "--accept-crm", "nowhere.csv") == 2
    accepted = ["--accept-crm", "crm_2026-01-20.csv"]
    assert place.run("run", "--date", LAST, "--steps", CRM_TO_TABLE, *accepted) == 0
    assert place.table(spark, CRM_COMPANIES).where("file_date = DATE'2026-01-20'").count() == 1
    assert place.table(spark, COMPANIES).where("name = 'Acme Corporation'").count() == 1
    assert place.table(spark, QUARANTINE).where("array_contains(reasons, 'CRM_LOSS')").isEmpty()


def test_an_export_in_parts_is_staged_in_batches_and_a_broken_one_is_kept_aside(
    spark: SparkSession, place: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [f"c_00{n},Part {n},UK,software,\n" for n in (1, 2, 3)]
    for n, row in enumerate(parts):
        drop(place, "2026-01-21", HEADER + row, f"part{n}_")
    broken = drop(place, "2026-01-22", HEADER + "c_001,Acme,UK,software,yesterday\n")
    before = versions(place)
    assert place.run("run", "--date", LAST, "--steps", CRM_TO_TABLE) == 4
    assert "1 row, 1 broken: BAD_TIMESTAMP 1" in capfd.readouterr().err
    assert versions(place) == before
    (aside,) = place.table(spark, QUARANTINE).where("array_contains(reasons, 'CRM_BROKEN')").collect()
    assert (aside.path, str(aside.date)) == (broken, "2026-01-22")

    monkeypatch.setattr(stage_crm, "MOST_ROWS", 2)
    assert place.run("run", "--date", LAST, "--steps", "stage_crm") == 0
    assert f"--accept-crm {broken}" in capfd.readouterr().out
    assert versions(place)[0] == before[0] + 2  # two rows, then one
    staged = place.table(spark, CRM_COMPANIES).where("file_date = DATE'2026-01-21'")
    assert sorted(row.name for row in staged.collect()) == ["Part 1", "Part 2", "Part 3"]
    state = newest_state(place.settings.lake.root, CRM_COMPANIES.path)
    assert (state["companies"]["2026-01-21"], state["crm"]["2026-01-21"][:2]) == (3, "3:")

    drop(place, "2026-01-21", HEADER + "c_003,Part three,UK,software,\n", "part2_")  # beside what stays of its date
    assert place.run("run", "--date", LAST, "--steps", "stage_crm") == 0
    assert newest_state(place.settings.lake.root, CRM_COMPANIES.path)["companies"]["2026-01-21"] == 3
    capfd.readouterr()
    assert place.run("run", "--date", LAST, "--steps", "stage_crm") == 0
    assert "starting Spark" not in capfd.readouterr().out


def test_a_file_that_cannot_be_read_ends_in_3_after_the_rest_is_built(
    spark: SparkSession, place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    odd = drop(place, "2025-11-02", "company_id,name\n")
    rest = "".join(f"c_00{number};Earlier {number};UK;software;;\n" for number in (1, 2, 3))
    header = "sep=;\nCompany ID;Name;Country;Industry Tag;Last Contact At\n"
    drop(place, "2025-11-01", f"{header}{rest}\n;;;;\n")  # as a spreadsheet saves it
    assert place.run("run", "--date", LAST, "--steps", CRM_TO_TABLE) == 3
    told = capfd.readouterr()
    assert f"{odd}: the header has no country, industry_tag, last_contact_at; it reads 'company_id,name'" in told.err
    out = " ".join(told.out.split())
    assert "3 rows have empty fields beyond the header's, the first in line 3" in out
    assert "2 blank" in out
    known = place.table(spark, COMPANIES).where("first_seen_date = DATE'2025-11-01'")
    assert known.count() == 3
