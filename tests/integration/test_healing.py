"""A date among 90 built ones gets a new generation: what is planned, refused, let through and rewritten.

One place for all, a copy of the sample cycle, each test a moment in its life: a run takes its seconds.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import LocalStorage
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, TABLES

from support.cycle.place import FIRST, LAST, SAMPLES, Place
from support.lake.content import content_by_date, noted_by_date, versions
from support.landing.pages import land

pytestmark = [pytest.mark.long, pytest.mark.nightly]

DAY = date(2025, 9, 10)
REACHED = [str(DAY + timedelta(days=n)) for n in range(60)]
STEPS = "stage_crm,stage_usage,build_companies,build_activity"
FEW = {"COMPANY_ACTIVITY__GATES__MAX_DATES_REWRITTEN": "10"}
LISTING = "spark.sql.sources.parallelPartitionDiscovery.parallelism"
CLI = "import sys; from company_activity.cli.main import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def place(sample_place: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The sample's landing and lake, with a generation of `DAY` that has two more users of one company."""
    place = Place(tmp_path_factory.mktemp("healing"), sample_place.api_url)
    for name in ("landing", "lake"):
        shutil.copytree(sample_place.folder / name, place.folder / name)
    items = json.loads((SAMPLES / "usage" / f"{DAY}.json").read_text(encoding="utf-8"))["items"]
    first = next(item for item in items if isinstance(item, dict) and item.get("company_id") == "c_101")
    first["active_users"] += 2
    landing = Landing(LocalStorage(place.folder / "landing"), place.settings.landing)
    landed = land(landing, [json.dumps(item) for item in items], run_id="late", day=DAY)
    assert landed
    assert landed.manifest.generation == 2
    return place


def planned(place: Place, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert place.run("plan", "--date", LAST, "--json") == 0
    plan: dict[str, Any] = json.loads(capsys.readouterr().out)
    return plan


def exact(plan: dict[str, Any]) -> list[str]:
    return [one["date"] for one in plan["build"] if one["bound"] == "exact"]


def test_the_plan_names_the_60_dates_that_read_it(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned(place, capsys)
    assert plan["stage"] == {str(DAY): "superseded"}
    assert exact(plan) == REACHED
    assert [one["date"] for one in plan["build"] if one["bound"] == "at most"] == [
        str(date.fromisoformat(REACHED[-1]) + timedelta(days=n + 1))
        for n in range((date.fromisoformat(LAST) - date.fromisoformat(REACHED[-1])).days)
    ]


def test_optimize_and_vacuum_leave_the_plan_as_it_is(
    spark: SparkSession, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, before = planned(place, capsys), versions(place.settings.lake.root)
    spark.conf.set(LISTING, "2")  # VACUUM lists a folder in 10,000 tasks otherwise
    on_each_table(spark, place, "OPTIMIZE {}", "VACUUM {}")
    spark.conf.unset(LISTING)
    after = versions(place.settings.lake.root)
    assert all(after[table] > before[table] for table in before)
    assert planned(place, capsys) == plan


def on_each_table(spark: SparkSession, place: Place, *statements: str) -> None:
    for table in TABLES:
        for statement in statements:
            spark.sql(statement.format(f"delta.`{place.settings.lake.root}/{table.path}`"))


def test_more_dates_than_the_gate_lets_through_leave_the_table_as_it_is(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = place.settings.lake.root
    before = versions(lake)[COMPANY_ACTIVITY_DAILY.name]
    assert place.run("run", "--date", LAST, "--steps", STEPS, **FEW) == 4
    assert "--accept-gate rewrite" in capsys.readouterr().err
    assert versions(lake)[COMPANY_ACTIVITY_DAILY.name] == before
    assert exact(planned(place, capsys)) == REACHED  # staged by now, and not built

    standing = versions(lake)
    assert place.run("run", "--date", LAST, "--steps", STEPS, **FEW) == 4
    assert versions(lake) == standing


def test_what_is_rewritten_is_what_changed(
    spark: SparkSession, place: Place, sample_place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    lake, version = place.settings.lake.root, versions(place.settings.lake.root)[COMPANY_ACTIVITY_DAILY.name]
    before = {str(row[0]): row[1:] for row in row_times(spark, place)}
    assert place.run("run", "--date", LAST, "--steps", STEPS, "--accept-gate", "rewrite", **FEW) == 0
    after = {str(row[0]): row[1:] for row in row_times(spark, place)}
    rewritten = [day for day in after if after[day] != before[day]]
    was, now = (content_by_date(spark, one.settings.lake.root) for one in (sample_place, place))
    assert rewritten == [day for day in sorted(now) if now[day] != was[day]]
    assert (rewritten[0], rewritten[-1]) == (REACHED[0], REACHED[-1])
    assert 30 <= len(rewritten) < 60  # the 30 dates of the month, and those that compare a month with it
    assert set(rewritten) <= set(REACHED)
    assert all(after[day][0] == before[day][0] for day in rewritten)  # when a date was first built is kept
    assert noted_by_date(lake) == now
    assert versions(lake)[COMPANY_ACTIVITY_DAILY.name] == version + 1


def row_times(spark: SparkSession, place: Place) -> list[Any]:
    rows = place.table(spark, COMPANY_ACTIVITY_DAILY).select("activity_date", "created_at", "updated_at", "run_id")
    return rows.distinct().orderBy("activity_date").collect()


def test_then_nothing_is_left_to_build(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    plan, before = planned(place, capsys), versions(place.settings.lake.root)
    assert (plan["build"], plan["stage"], plan["drop"]) == ([], {}, [])
    assert place.run("run", "--from", FIRST, "--to", LAST, "--steps", STEPS) == 0
    assert "starting Spark" not in capsys.readouterr().out
    assert versions(place.settings.lake.root) == before


@pytest.mark.parametrize("command", [("run", "--steps", STEPS), ("plan",)])
def test_other_constants_under_the_same_metric_version_are_refused(
    place: Place, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    other = {"COMPANY_ACTIVITY__METRICS__CHURN__NO_CONTACT_DAYS": "31"}
    before = versions(place.settings.lake.root)
    assert place.run(*command, "--date", LAST, **other) == 2
    assert "metric_version" in capsys.readouterr().err
    assert versions(place.settings.lake.root) == before


def test_alter_table_leaves_nothing_to_build_either(
    spark: SparkSession, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, before = planned(place, capsys), versions(place.settings.lake.root)
    on_each_table(spark, place, "ALTER TABLE {} SET TBLPROPERTIES ('someone' = 'else')")
    assert versions(place.settings.lake.root) == {table: version + 1 for table, version in before.items()}
    assert planned(place, capsys) == plan


def test_a_new_company_of_the_newest_snapshot_builds_the_newest_date_alone(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has no rows on the 60 days before its first snapshot, which that snapshot would be read by."""
    standing = (SAMPLES / "crm" / "crm_2025-11-20.csv").read_text(encoding="utf-8").rstrip("\n")
    header, *_ = standing.splitlines()
    named = dict.fromkeys(header.split(","), "") | {"company_id": "c_brand_new", "name": "Brand New"}
    row = ",".join(named.values())
    new = place.folder / "landing" / "raw" / "crm" / f"crm_{LAST}.csv"
    new.parent.mkdir(parents=True, exist_ok=True)
    new.write_text(f"{standing}\n{row}\n".replace("2025-11-20", LAST), encoding="utf-8")
    assert place.run("run", "--date", LAST, "--steps", STEPS) == 0
    assert counts_of_the_last_run(place, capsys)["dates_built"] == 1


def counts_of_the_last_run(place: Place, capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    capsys.readouterr()
    assert place.run("runs", "--last", "1", "--json") == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    counts: dict[str, int] = next(step["counts"] for step in steps if step["name"] == "build_activity")
    return counts


def test_a_state_that_cannot_be_read_drops_nothing(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Staging forgets no date: one that it does not know is no missing date."""
    log = Path(place.settings.lake.root) / "stg" / "product_usage" / "_delta_log"
    before = versions(place.settings.lake.root)[COMPANY_ACTIVITY_DAILY.name]
    log.rename(log.with_name("aside"))
    assert place.run("run", "--date", LAST, "--steps", "build_activity") == 4
    assert place.run("run", "--date", LAST, "--steps", "build_companies") == 4
    told = capsys.readouterr()
    assert "its state could not be read" in told.err
    assert "starting Spark" not in told.out
    log.with_name("aside").rename(log)
    assert versions(place.settings.lake.root)[COMPANY_ACTIVITY_DAILY.name] == before


def test_a_table_whose_own_state_cannot_be_read_is_not_rewritten_unasked(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    log = Path(place.settings.lake.root) / "analytics" / "company_activity_daily" / "_delta_log"
    kept = {file: file.read_text(encoding="utf-8") for file in log.glob("*.json")}
    for file, text in kept.items():
        file.with_name(f".{file.name}.crc").unlink(missing_ok=True)
        file.write_text(
            text.replace('"userMetadata":"{\\"company_activity', '"userMetadata":"{\\"somebody'), encoding="utf-8"
        )
    assert place.run("run", "--date", LAST, "--steps", "build_activity", **FEW) == 4
    assert "built dates to rewrite that nobody asked for" in capsys.readouterr().err
    for file, text in kept.items():
        file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("command", ["plan", "run"])
def test_plan_and_an_unchanged_run_need_no_java(sample_place: Place, tmp_path: Path, command: str) -> None:
    nowhere = {"JAVA_HOME": str(tmp_path / "nowhere"), "PATH": str(tmp_path)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYSPARK", "SPARK"))}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", CLI, command, "--from", FIRST, "--to", LAST],
        env=kept | sample_place.environ | nowhere,
        capture_output=True,
        text=True,
    )
    print(f"{command}: {time.monotonic() - began:.2f} s")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "starting Spark" not in done.stdout
