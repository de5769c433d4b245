"""Over a real Spark Connect server, by a process that can start no JVM: all but publishing, the same tables."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.schemas import COMPANIES

from support.cycle.place import SAMPLES, Place, serving
from support.lake.content import NAMES_OF_PARTS, content, noted_by_date
from support.spark.connect import connect_server

pytestmark = [pytest.mark.long, pytest.mark.nightly]
pytest.importorskip("grpc", reason="Spark Connect's client is not installed: make dev")

CRM = sorted((SAMPLES / "crm").glob("*.csv"))
WITHOUT_SQL = "admit_crm,ingest_usage,stage_usage,stage_crm,build_companies,build_activity,write_report,notify"
# A range, then a date before it that comes late: both tables of the companies and most dates are rewritten.
RUNS = (("--from", "2025-08-27", "--to", "2025-08-29"), ("--date", "2025-08-26"))


@pytest.fixture(scope="module")
def remote(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    del spark  # a JVM of the suite's own stands: this file needs the marker
    with connect_server(tmp_path_factory.mktemp("connect")) as address:
        yield address


@pytest.fixture(scope="module")
def place(remote: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """What the runs make of the samples over Spark Connect."""
    with serving(tmp_path_factory.mktemp("remote"), SAMPLES / "usage") as place:
        place.drop_crm(*CRM)
        for dates in RUNS:
            done = over_connect(place, remote, "run", *dates, "--steps", WITHOUT_SQL)
            assert done.returncode == 0, done.stdout + done.stderr
        yield place


def over_connect(place: Place, remote: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of ours, over Spark Connect."""
    return as_client(place, remote, [str(Path(sys.executable).with_name("company-activity")), *arguments])


def as_client(place: Place, remote: str, command: list[str]) -> subprocess.CompletedProcess[str]:
    """A process that can start no Java."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYSPARK_", "SPARK_", "JAVA_"))
    }
    environ |= place.environ | {"SPARK_REMOTE": remote, "PATH": "/nowhere", "COMPANY_ACTIVITY__SQL__WAKE_SECONDS": "0"}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_the_tables_are_those_of_a_session_with_a_jvm(spark: SparkSession, place: Place, tmp_path: Path) -> None:
    with serving(tmp_path, SAMPLES / "usage") as local:
        local.drop_crm(*CRM)
        for dates in RUNS:
            assert local.run("run", *dates, "--steps", WITHOUT_SQL) == 0
    ours, theirs = local.settings.lake.root, place.settings.lake.root
    assert noted_by_date(theirs) == noted_by_date(ours)
    assert content(spark, theirs, NAMES_OF_PARTS) == content(spark, ours, NAMES_OF_PARTS)


LOOK = """
import sys
from company_activity.io.lake.delta import Lake, VersionGone, reading_versions
from company_activity.runtime.session import spark_session
from company_activity.schemas import COMPANIES
from company_activity.settings.model import SparkSettings
lake = Lake(sys.argv[1], lambda: spark_session(SparkSettings()))
for version in sys.argv[2:]:
    try:
        with reading_versions():
            print(version, len(lake.read_version(COMPANIES, int(version)).collect()))
    except VersionGone as gone:
        print(version, "gone")
"""


def test_an_old_version_is_gone_if_its_log_or_its_files_are(place: Place, remote: str) -> None:
    lake = shutil.copytree(place.folder / "lake", place.folder / "torn")
    log = sorted((lake / COMPANIES.path / "_delta_log").glob("*.json"))
    (first,) = [line for line in log[1].read_text().splitlines() if line.startswith('{"add"')]
    (lake / COMPANIES.path / json.loads(first)["add"]["path"]).unlink()
    done = as_client(place, remote, [sys.executable, "-c", LOOK, str(lake), "1", "99", str(len(log) - 1)])
    one, other, newest = done.stdout.splitlines()[-3:]
    assert (one, other) == ("1 gone", "99 gone"), done.stdout + done.stderr
    assert int(newest.split()[1]) > 0


def test_a_second_run_has_nothing_to_do(place: Place, remote: str) -> None:
    done = over_connect(place, remote, "run", *RUNS[0], "--steps", WITHOUT_SQL)
    assert (done.returncode, "Nothing to do" in done.stdout) == (0, True), done.stdout + done.stderr


def test_publish_and_doctor_say_what_is_missing_and_where_to_go(place: Place, remote: str) -> None:
    published = over_connect(place, remote, "publish", "--date", "2025-08-29")
    assert published.returncode == 5, published.stdout + published.stderr
    assert "no access to its driver JVM" in published.stderr
    looked = over_connect(place, remote, "doctor")
    assert looked.returncode == 5, looked.stdout + looked.stderr
    assert looked.stdout.count("✗") == 1, looked.stdout
