"""A run is frozen past its lease, another one finishes, the first wakes: nothing is lost.

The runs are processes of their own, JVM and all, frozen by SIGSTOP; the lease is that of a blob in Azurite, 15 seconds
long, the shortest that Azure grants. The lake lies on a disk, where nothing else keeps two runs apart here.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.io.storage.folder import lake_folder
from company_activity.schemas import COMPANIES_HISTORY, COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE, Table

from support.cycle.blob_place import SPARK_3, BlobPlace
from support.cycle.place import SAMPLES, Place, environment, serving
from support.lake.content import NAMES_OF_PARTS, content, content_by_date, noted_by_date
from support.landing.azurite import azurite, emulating, wasb_port
from support.processes import leased_run

__all__ = ["azurite"]  # a fixture: found by its name
pytestmark = [pytest.mark.long, pytest.mark.nightly, pytest.mark.fault, pytest.mark.integration]

BEGUN, BACKFILL, DAILY = ("2025-08-28",), ("2025-08-26", "2025-08-27"), ("2025-08-29",)
TESTS = Path(__file__).resolve().parents[1]
NOBODY = "none"


def dates(days: tuple[str, ...]) -> list[str]:
    return ["run", "--from", days[0], "--to", days[-1]]


@pytest.fixture(scope="module")
def begun(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A lake with one date, built and published, and a CRM file that waits."""
    del spark  # the session must be the suite's
    with serving(tmp_path_factory.mktemp("begun"), SAMPLES / "usage") as place:
        crm = sorted((SAMPLES / "crm").glob("*.csv"))
        place.drop_crm(crm[0])
        assert place.run(*dates(BEGUN)) == 0
        place.drop_crm(crm[1])
        yield place


@pytest.fixture(scope="module")
def serial(spark: SparkSession, begun: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """By table and date the content after the two runs, one after the other."""
    place = copied(begun, tmp_path_factory.mktemp("serial"))
    assert place.run(*dates(BACKFILL)) == 0
    assert place.run(*dates(DAILY)) == 0
    return tables_and_dates(spark, place.settings.lake.root)


def tables_and_dates(spark: SparkSession, lake: str) -> dict[str, str]:
    """By table the content of its rows, and by date what the newest commit notes."""
    return content(spark, lake, NAMES_OF_PARTS) | noted_by_date(lake)


def copied(place: Place, folder: Path) -> Place:
    for name in ("landing", "lake"):
        shutil.copytree(place.folder / name, folder / name)
    return Place(folder, place.api_url)


@contextmanager
def started(place: Place, connection: str, days: tuple[str, ...], table: str) -> Iterator[subprocess.Popen[str]]:
    """A run of these dates in a process group of its own, which ends with it."""
    arguments = [leased_run.__file__, connection, str(place.folder), table, *dates(days)]
    with environment({**place.environ, "PYTHONPATH": str(TESTS)}):
        run = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            cwd=TESTS.parent,
        )
    try:
        yield run
    finally:
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()


def sleep_past_the_lease(place: Place, connection: str, table: Table) -> None:
    """The daily run is frozen before its first commit to a table, the backfill ends, the daily run wakes and ends."""
    marks = place.folder
    with started(place, connection, DAILY, table.path) as daily:
        until((marks / leased_run.STANDS).exists, daily)
        os.killpg(daily.pid, signal.SIGSTOP)
        with started(place, connection, BACKFILL, NOBODY) as backfill:
            told, _ = backfill.communicate(timeout=300)
            assert backfill.returncode == 0, told
            assert f"waiting for the run of process {daily.pid} on" in told
        (marks / leased_run.GOES).touch()
        os.killpg(daily.pid, signal.SIGCONT)
        told, _ = daily.communicate(timeout=300)
        assert daily.returncode == 0, told
    assert f"another run has committed to {table.name}" in told
    assert "is taken again" in told
    assert "lost its lock on the lake" in told


@pytest.mark.parametrize("table", [PRODUCT_USAGE, COMPANIES_HISTORY, COMPANY_ACTIVITY_DAILY], ids=lambda one: one.path)
def test_a_run_that_slept_past_its_lease_loses_nothing(
    spark: SparkSession, begun: Place, serial: dict[str, str], azurite: str, tmp_path: Path, table: Table
) -> None:
    place = copied(begun, tmp_path)
    sleep_past_the_lease(place, azurite, table)
    lake = place.settings.lake.root
    assert tables_and_dates(spark, lake) == serial
    assert noted_by_date(lake) == content_by_date(spark, lake)


def test_a_run_on_a_lake_in_blob_storage_that_slept_past_its_lease_loses_nothing(
    spark: SparkSession, begun: Place, serial: dict[str, str], tmp_path: Path
) -> None:
    """Landing, lake and lease in the emulator; Spark 3.5 reaches it by `wasb://`, which knows one port of it."""
    port = wasb_port("a frozen run is NOT tested in blob storage")
    (tmp_path / "azurite").mkdir()
    with emulating(tmp_path / "azurite", port) as emulator:
        place = BlobPlace(tmp_path, begun.api_url, emulator, SPARK_3, "activity")
        crm = sorted((SAMPLES / "crm").glob("*.csv"))
        place.drop_crm(crm[0])
        place.command(*dates(BEGUN))
        place.drop_crm(crm[1])
        sleep_past_the_lease(place, leased_run.ITS_OWN, COMPANY_ACTIVITY_DAILY)
        noted = noted_by_date(lake_folder(place.settings))
        assert noted.items() <= serial.items()
        assert len(noted) == len((*BEGUN, *BACKFILL, *DAILY))


def until(condition: object, run: subprocess.Popen[str]) -> None:
    """Wait until something is so, while the run lives."""
    assert callable(condition)
    for _ in range(3000):
        if condition():
            return
        assert run.poll() is None, run.communicate()[0]
        time.sleep(0.1)
    pytest.fail("the run does not come so far")
