"""SIGKILL right after any table commit of a run: the next run ends with the same tables as an undisturbed one.

Between `dim.companies` and its history in every test run; after each commit where `CRASHES` is as many as there are.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import LocalStorage
from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    COMPANY_ACTIVITY_DAILY,
    CRM_COMPANIES,
    PRODUCT_USAGE,
    QUARANTINE,
)

from support.cycle.place import Place
from support.lake.content import content, noted_by_date, versions
from support.landing.pages import land

pytestmark = [pytest.mark.long, pytest.mark.fault, pytest.mark.nightly, pytest.mark.row("G1")]

LAST = "2025-11-22"
RUN = ("run", "--date", LAST, "--steps", "stage_usage,stage_crm,build_companies,build_activity")
COMMITS = [QUARANTINE, PRODUCT_USAGE, QUARANTINE, CRM_COMPANIES, COMPANIES, COMPANIES_HISTORY, COMPANY_ACTIVITY_DAILY]
AFTER = (5, 4, 6, 2, 1, 3, 7)[: int(os.environ.get("CRASHES", "1"))]
TESTS = Path(__file__).resolve().parents[2]
HEADER = "company_id,name,country,industry_tag,last_contact_at\n"


def item(company: str, day: str, users: object = 3) -> str:
    return json.dumps({"company_id": company, "active_users": users, "events": 20, "ts": f"{day}T08:00:00Z"})


def usage(place: Place, day: str, *items: str) -> None:
    landing = Landing(LocalStorage(place.folder / "landing"), place.settings.landing)
    assert land(landing, items, run_id=f"lands-{len(items)}", day=date.fromisoformat(day))


def crm(place: Place, day: str, rows: str) -> None:
    path = place.folder / "landing/raw/crm" / f"crm_{day}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + rows, encoding="utf-8")


def at(folder: Path) -> Place:
    return Place(folder, "http://127.0.0.1:9/usage")


@dataclass(frozen=True)
class Undisturbed:
    """A lake that has something to stage, to move, to remove and to heal; and how a run leaves it."""

    before: Path
    content: dict[str, str]
    dates: dict[str, str]


@pytest.fixture(scope="module")
def undisturbed(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    place = at(tmp_path_factory.mktemp("before"))
    crm(place, "2025-11-10", "a,Acme,DE,retail,2025-11-01\nb,Bolt,FR,,\n")
    for day in ("2025-11-18", "2025-11-19", "2025-11-21", LAST):
        usage(place, day, item("a", day), item("b", day, 5), item("c", day, "many"))
    usage(place, "2025-11-19", item("a", "2025-11-19"), item("b", "2025-11-19"), item("taken-back", "2025-11-19"))
    assert place.run(*RUN) == 0
    usage(place, "2025-11-19", item("a", "2025-11-19"), item("b", "2025-11-19", -1))
    usage(place, "2025-11-20", item("a", "2025-11-20"), item("late", "2025-11-20"), item("b", "2025-11-20", "many"))
    crm(place, "2025-11-20", "a,Acme,US,retail,\nb,Bolt,FR,,\nc,First,,,\nc,Second,,,\n")
    whole = copied(place.folder, tmp_path_factory.mktemp("undisturbed"))
    was = versions(whole.settings.lake.root)
    assert whole.run(*RUN) == 0
    assert committed(whole, was) == Counter(table.name for table in COMMITS)
    lake = whole.settings.lake.root
    return Undisturbed(place.folder, content(spark, lake), noted_by_date(lake))


def copied(folder: Path, to: Path) -> Place:
    return at(Path(shutil.copytree(folder, to, dirs_exist_ok=True)))


def committed(place: Place, was: dict[str, int]) -> Counter[str]:
    """How many commits each table has more than it had."""
    now = versions(place.settings.lake.root)
    return +Counter({table: now[table] - was[table] for table in now})


@pytest.mark.parametrize("number", AFTER)
def test_the_run_after_a_crash_ends_with_the_same_tables(
    spark: SparkSession, undisturbed: Undisturbed, tmp_path: Path, number: int, capfd: pytest.CaptureFixture[str]
) -> None:
    place = copied(undisturbed.before, tmp_path)
    was = versions(place.settings.lake.root)
    assert killed_after(place, number) == -signal.SIGKILL
    assert committed(place, was) == Counter(table.name for table in COMMITS[:number])

    assert place.run(*RUN) == 0
    lake = place.settings.lake.root
    assert content(spark, lake) == undisturbed.content
    assert noted_by_date(lake) == undisturbed.dates

    capfd.readouterr()
    assert place.run(*RUN) == 0
    assert "starting Spark" not in capfd.readouterr().out


def killed_after(place: Place, number: int) -> int:
    """A run in a process of its own that is killed right after so many commits; how it ended."""
    path = os.pathsep.join([str(TESTS), str(TESTS.parent / "samples"), str(TESTS.parent / "lib")])
    script = TESTS / "support/processes/killed_run.py"
    process = subprocess.Popen(
        [sys.executable, str(script), place.settings.lake.root, str(number), *RUN],
        env=os.environ | place.environ | {"PYTHONPATH": path},
        start_new_session=True,  # its JVM is of its group and dies with it
    )
    return process.wait(timeout=300)
