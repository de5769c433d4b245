"""A whole run, Spark and database included, on a disk that is too small: once there is room, the next one makes up for it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity import errors

from reliability.harness.cases import Cases
from reliability.storage.small_disk import SmallDisk, small_disk
from support.cycle.place import Place, serving
from support.lake.content import content, noted_by_date

pytestmark = [pytest.mark.long, pytest.mark.full, pytest.mark.fault]

DAYS = ("2025-11-21", "2025-11-22", "2025-11-23")
RUN = ("run", "--from", DAYS[0], "--to", DAYS[-1])
COMPANIES = 40
TENTHS = range(1, 11)  # of what the disk holds after an undisturbed run
CODES = {0, 1, 2, 3, 4, 5, 6}
TESTS = Path(__file__).resolve().parents[2]
SENTENCE = re.compile(r"(?P<kind>[A-Z]\w+): .+")


@dataclass(frozen=True)
class Undisturbed:
    """How a run ends on a disk that is large enough: tables, dates, and the room that it takes."""

    tables: dict[str, str]
    dates: dict[str, str]
    bytes: int


def sources(folder: Path) -> Path:
    """Three days of usage, one page each."""
    folder.mkdir(parents=True)
    for number, day in enumerate(DAYS, 1):
        items = [
            {"company_id": f"c{company}", "active_users": number, "events": company, "ts": f"{day}T08:00:00Z"}
            for company in range(COMPANIES)
        ]
        (folder / f"{day}.json").write_text(json.dumps({"items": items}), encoding="utf-8")
    return folder


def with_companies(place: Place) -> Place:
    """The place with a CRM file."""
    folder = place.folder / "landing/raw/crm"
    folder.mkdir(parents=True)
    rows = "".join(f"c{company},Company {company},DE,retail,2025-11-01\n" for company in range(COMPANIES))
    header = "company_id,name,country,industry_tag,last_contact_at\n"
    (folder / "crm_2025-11-20.csv").write_text(header + rows, encoding="utf-8")
    return place


def run(place: Place, *command: str) -> tuple[int, str]:
    """A command as a process of its own: its exit code, and what it says of errors."""
    path = os.pathsep.join([str(TESTS), str(TESTS.parent / "samples"), str(TESTS.parent / "lib")])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYSPARK_", "SPARK_"))}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("company-activity")), *command],
        env=kept | place.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=1200,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the usage API."""
    folder = tmp_path_factory.mktemp("api")
    with serving(folder, sources(folder / "usage")) as place:
        yield place.api_url


@pytest.fixture(scope="module")
def undisturbed(spark: SparkSession, api: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    with small_disk(tmp_path_factory.mktemp("undisturbed") / "disk") as disk:
        place = with_companies(Place(disk.folder / "place", api))
        code, said = run(place, *RUN)
        assert code == 0, said
        lake = place.settings.lake.root
        yield Undisturbed(content(spark, lake), noted_by_date(lake), disk.used)


@pytest.mark.row("S2")
def test_a_run_on_a_disk_that_is_too_small(
    spark: SparkSession, undisturbed: Undisturbed, api: str, tmp_path: Path, cases: Cases
) -> None:
    for tenth in cases.left([f"run:{tenth}/10" for tenth in TENTHS], short=1):
        number = int(re.findall(r"\d+", tenth)[0])
        with cases.one(tenth) as notes, small_disk(tmp_path / f"disk-{number}") as disk:
            place = with_companies(Place(disk.folder / "place", api))
            disk.resize(undisturbed.bytes * number // 10)
            notes.append(f"{number}/10 ends in {ended(place)}")
            made_up_for(spark, disk, place, undisturbed)


def ended(place: Place) -> int:
    """The exit code of a run; where it is not 0, an error of ours is told."""
    code, said = run(place, *RUN)
    print(said)
    assert code in CODES, said
    assert "Traceback" not in said
    if code:
        kinds = {found["kind"] for found in map(SENTENCE.search, said.splitlines()) if found}
        assert any(issubclass(getattr(errors, kind, object), errors.CompanyActivityError) for kind in kinds), said
    return code


def made_up_for(spark: SparkSession, disk: SmallDisk, place: Place, undisturbed: Undisturbed) -> None:
    """With room, the next run leaves the same tables, and the database serves them."""
    disk.grow()
    for command in (RUN, ("validate", *RUN[1:])):
        code, said = run(place, *command)
        assert code == 0, said
    lake = place.settings.lake.root
    spark.catalog.clearCache()
    assert content(spark, lake) == undisturbed.tables
    assert noted_by_date(lake) == undisturbed.dates
