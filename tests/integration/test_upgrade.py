"""A landing, a lake and a warehouse that version 0.1 wrote go on under this one: one acceptance, whatever is killed.

One place for all, each test a moment in its life. `place_0_1.tar.gz` holds four dates of the sample; it was written by
`company-activity run --from 2025-08-26 --to 2025-08-29` of 0.1. `place_0_3.tar.gz` holds the same, written with
`metric_version` 2; it goes on without an acceptance. `place_0_4.tar.gz` is that one once today's code has gone on with it.
"""

from __future__ import annotations

import csv
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from company_activity.io.lake.delta import Lake
from company_activity.io.warehouse.warehouse import open_warehouse
from company_activity.schemas import (
    COMPANY_ACTIVITY_DAILY,
    CRM_COMPANIES,
    RETENTION_MONTHLY,
    RISK_EPISODES,
    SEGMENT_ACTIVITY_DAILY,
    Table,
)
from company_activity.work import build_activity

from support.cycle.place import SAMPLES, Place, serving
from support.lake.content import content_by_date, noted_by_date, versions

pytestmark = pytest.mark.long

DAYS = [str(date(2025, 8, 26) + timedelta(days=n)) for n in range(4)]
NEXT = "2025-08-30"
FEW = {"COMPANY_ACTIVITY__GATES__MAX_DATES_REWRITTEN": "2"}


@contextmanager
def written_by(version: str, folder: Path) -> Iterator[Place]:
    """What this version left, and the API that it was filled from."""
    with tarfile.open(Path(__file__).with_name(f"place_{version}.tar.gz")) as archive:
        archive.extractall(folder, filter="data")
    with serving(folder, SAMPLES / "usage") as place:
        yield place


@pytest.fixture(scope="module")
def place(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """What 0.1 left."""
    with written_by("0_1", tmp_path_factory.mktemp("upgrade")) as place:
        yield place


@pytest.fixture(scope="module")
def built_from_nothing(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """By date the hash of the table that a new lake gets."""
    with serving(tmp_path_factory.mktemp("fresh"), SAMPLES / "usage") as fresh:
        fresh.drop_crm(SAMPLES / "crm" / "crm_2025-08-20.csv")
        steps = "admit_crm,ingest_usage,stage_usage,stage_crm,build_companies,build_activity"
        assert fresh.run("run", "--from", DAYS[0], "--to", NEXT, "--steps", steps) == 0
        return noted_by_date(fresh.settings.lake.root)


def planned(place: Place, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert place.run("plan", "--date", NEXT, "--json", **FEW) == 0
    plan: dict[str, Any] = json.loads(capsys.readouterr().out)
    return plan


@pytest.mark.nightly
def test_the_plan_shows_what_the_upgrade_rewrites_and_publishes(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = planned(place, capsys)
    assert plan["stage"] == dict.fromkeys(DAYS, "staged by older rules")
    exact = {one["date"]: set(one["reasons"]) for one in plan["build"] if one["bound"] == "exact"}
    assert exact == {day: {"formula version 2", "metric version 2", "rules version 2"} for day in DAYS}
    assert plan["gate_rewrite"]["of_an_upgrade"] == 4
    assert plan["gate_rewrite"]["may_refuse"]
    assert set(DAYS) <= set(plan["publish"])


@pytest.mark.nightly
def test_without_an_acceptance_nothing_is_written(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    before = versions(place.settings.lake.root)
    assert place.run("run", "--date", NEXT, **FEW) == 4
    assert "--accept-gate rewrite" in capsys.readouterr().err
    assert versions(place.settings.lake.root) == before


@pytest.mark.nightly
def test_one_acceptance_outlives_a_kill_between_two_batches(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    before = noted_by_date(place.settings.lake.root)
    commits: list[Table] = []
    real = Lake.replace

    def dying(lake: Lake, table: Table, *given: Any) -> None:
        if table == COMPANY_ACTIVITY_DAILY:
            if commits:
                raise KeyboardInterrupt
            commits.append(table)
        real(lake, table, *given)

    monkeypatch.setattr(build_activity, "MOST_ROWS", 40)  # about the companies of one date
    monkeypatch.setattr(Lake, "replace", dying)
    assert place.run("run", "--date", NEXT, "--accept-gate", "rewrite", **FEW) == 130
    noted = noted_by_date(place.settings.lake.root)
    assert sum(noted.get(day) != before[day] for day in DAYS) == 1
    monkeypatch.setattr(Lake, "replace", real)
    assert place.run("run", "--date", NEXT, **FEW) == 0  # accepted already


@pytest.mark.nightly
def test_then_it_is_the_table_that_is_built_from_nothing(
    spark: SparkSession,
    place: Place,
    built_from_nothing: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert noted_by_date(place.settings.lake.root) == content_by_date(spark, place.settings.lake.root)
    assert built_from_nothing == noted_by_date(place.settings.lake.root)
    created = place.table(spark, COMPANY_ACTIVITY_DAILY).where(f"activity_date = DATE'{DAYS[0]}'")
    assert {str(row[0])[:10] for row in created.select("created_at").distinct().collect()} == {"2026-11-26"}
    standing = versions(place.settings.lake.root)
    capsys.readouterr()
    assert place.run("run", "--from", DAYS[0], "--to", NEXT) == 0
    assert "starting Spark" not in capsys.readouterr().out
    assert versions(place.settings.lake.root) == standing


def test_of_what_0_3_wrote_only_crm_files_are_read_again_and_a_late_date_gives_the_same_table(
    spark: SparkSession,
    built_from_nothing: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """They may have the optional columns by now; the files of the archive have none, so no row is another one."""
    with written_by("0_3", tmp_path) as place:
        lake = place.settings.lake.root
        standing, before = versions(lake), noted_by_date(lake)
        assert place.run("run", "--from", DAYS[0], "--to", DAYS[-1], **FEW) == 0
        once = versions(lake)
        moved = {table for table, version in once.items() if version != standing.get(table)}
        noted_only = {COMPANY_ACTIVITY_DAILY.name, RISK_EPISODES.name}  # what they were built from, no row
        made = {SEGMENT_ACTIVITY_DAILY.name, RETENTION_MONTHLY.name}  # it had no roll-ups
        assert moved == {CRM_COMPANIES.name, *noted_only, *made}
        assert noted_by_date(lake) == before
        capsys.readouterr()
        assert place.run("run", "--from", DAYS[0], "--to", DAYS[-1]) == 0
        said = capsys.readouterr().out
        assert versions(lake) == once, said
        assert "Nothing to do" in said, said
        assert "starting Spark" not in said, said
        assert place.run("run", "--date", NEXT) == 0
        assert noted_by_date(lake) == content_by_date(spark, lake)
        assert noted_by_date(lake) == built_from_nothing
        check_owners(spark, place)


def check_owners(spark: SparkSession, place: Place) -> None:
    """A file with owners, between two dates of the lake: from its date on rows have them, in the warehouse too."""
    crm = place.folder / "landing" / "raw" / "crm"
    with (crm / "crm_2025-08-20.csv").open(encoding="utf-8", newline="") as old:
        header, *rows = csv.reader(old)
    named = [[*header, "Owner", "seats"], *([*row[:5], "2025-08-28", "", "Ana", "many"] for row in rows)]
    with (crm / "crm_2025-08-28.csv").open("w", encoding="utf-8", newline="") as new:
        csv.writer(new).writerows(named)
    assert place.run("run", "--date", NEXT) == 0
    found = place.table(spark, COMPANY_ACTIVITY_DAILY).where("company_id = 'c_101'").orderBy("activity_date").collect()
    assert [row["owner"] for row in found] == [None, None, "Ana", "Ana", "Ana"]
    assert {row["seats"] for row in found} == {None}
    with open_warehouse(spark, place.settings).connection() as connection:
        served = connection.query(
            "SELECT owner, COUNT(*) FROM analytics.company_activity_daily WHERE company_id = 'c_101' GROUP BY owner"
        )
    assert {owner: int(str(rows)) for owner, rows in served} == {None: 2, "Ana": 3}
