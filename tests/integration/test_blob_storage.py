"""Landing, lake and report in blob storage: the same content as on a disk, and nothing done where there is nothing to do.

Spark 3.5 reaches the emulator by `wasb://`, which knows one port of it; Spark 4.1 by `abfs://`, the driver of real
accounts, with the hadoop-azure of its own Hadoop. Each command is a process of its own, as on a pool.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.io.storage.folder import lake_folder

from support.cycle.blob_place import SPARK_3, SPARK_4, BlobPlace, Runtime
from support.cycle.place import LAST, SAMPLES, Place, serving
from support.lake.content import noted_by_date
from support.lake.history import days_until, lengthen_logs, write_crm, write_feed
from support.landing.azurite import WASB_PORT, emulating, kinds, wasb_port

pytestmark = [pytest.mark.long, pytest.mark.integration]

LATE, FIRST = "2025-10-20", "2025-10-21"
NEVER = {"read rows", "look at rows", "write rows"}
REPORTED = 90


@pytest.fixture(scope="module")
def local(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """35 days of the sample and all its CRM files, in one run on a disk."""
    del spark  # the session must be the suite's
    with serving(tmp_path_factory.mktemp("local"), SAMPLES / "usage") as place:
        place.drop_crm(*sorted((SAMPLES / "crm").glob("*.csv")))
        assert place.run("run", "--from", LATE, "--to", LAST) == 0
        yield place


@pytest.fixture(params=[SPARK_3, pytest.param(SPARK_4, marks=pytest.mark.nightly)], ids=lambda runtime: runtime.name)
def runtime(request: pytest.FixtureRequest) -> Runtime:
    """Each runtime that is set up."""
    runtime: Runtime = request.param
    if not runtime.properties.is_file():
        pytest.skip(f"{runtime.name} is NOT tested on blob storage: it is not set up (make spark4)")
    return runtime


@pytest.fixture
def place(runtime: Runtime, local: Place, tmp_path: Path) -> Iterator[BlobPlace]:
    """A place in an emulator of its own, with the sample's CRM files."""
    port = wasb_port(f"{runtime.name} is NOT tested on blob storage") if runtime.scheme == "wasb" else 0
    folder = tmp_path / "azurite"
    folder.mkdir()
    with emulating(folder, port) as emulator:
        place = BlobPlace(tmp_path, local.api_url, emulator, runtime, "activity")
        place.drop_crm(*sorted((SAMPLES / "crm").glob("*.csv")))
        yield place


def test_the_cycle_in_blob_storage_has_the_content_of_the_one_on_a_disk(place: BlobPlace, local: Place) -> None:
    """All dates but the first, then nothing to do, then the first one late, which every other date reads."""
    place.command("run", "--from", FIRST, "--to", LAST)

    with place.emulator.counted() as asked:
        told = place.command("run", "--from", FIRST, "--to", LAST)
    assert "Nothing new was published" in told
    assert "starting Spark" not in told
    assert not NEVER & kinds(asked).keys()

    place.command("run", "--date", LATE)
    assert noted_by_date(lake_folder(place.settings)) == noted_by_date(local.settings.lake.root)


@pytest.mark.nightly
def test_requests_do_not_grow_with_history(spark: SparkSession, tmp_path: Path) -> None:
    """A run with nothing to do, and the next day's run, on a lake of 60 dates and on one of 400, a commit for each.

    Rows are read of 60 dates for the metrics, and of 90 for the report: that many are there only on the longer one.
    A listing has a page per 5,000 names, a manifest and a part for each date: it grows by one request in 2,500 dates.
    """
    wasb_port("the requests of a run are NOT counted")
    asked = {number: requests_of_runs(spark, tmp_path / str(number), number) for number in (60, 400)}
    for number, (nothing, daily) in asked.items():
        print(
            f"{number} dates: {nothing.total()} requests of a run with nothing to do, {dict(sorted(nothing.items()))}"
        )
        print(f"{number} dates: {daily.total()} requests of the next day's run, {dict(sorted(daily.items()))}")
    (nothing, daily), (nothing_later, daily_later) = asked[60], asked[400]
    assert nothing_later == nothing
    assert not NEVER & nothing.keys()
    assert of_rows(daily_later) <= of_rows(daily) * REPORTED / 60
    assert daily_later.total() - of_rows(daily_later) <= (daily.total() - of_rows(daily)) * 1.1


def of_rows(asked: Counter[str]) -> int:
    """The requests that were for rows of tables."""
    return sum(asked[kind] for kind in NEVER)


def requests_of_runs(spark: SparkSession, folder: Path, number: int) -> tuple[Counter[str], Counter[str]]:
    """By kind, the requests of a run with nothing to do and of the next day's, on a lake of so many dates.

    The lake is built on a disk and copied into the emulator.
    """
    folder.mkdir()
    next_day = date.fromisoformat(LAST)
    days = days_until(next_day - timedelta(days=1), number)
    write_feed(folder / "usage", [*days, next_day])
    (folder / "azurite").mkdir()
    with serving(folder, folder / "usage") as place, emulating(folder / "azurite", WASB_PORT) as emulator:
        place.drop_crm(write_crm(folder, days[0]))
        assert place.run("run", "--from", str(days[0]), "--to", str(days[-1])) == 0
        lengthen_logs(spark, place.settings.lake.root, number)
        there = BlobPlace(folder, place.api_url, emulator, SPARK_3, "activity")
        there.upload(folder)
        there.command("run", "--date", str(days[-1]))  # the CRM file has another time than on the disk
        with emulator.counted() as nothing:
            assert "starting Spark" not in there.command("run", "--date", str(days[-1]))
        with emulator.counted() as daily:
            there.command("run", "--date", str(next_day))
    return kinds(nothing), kinds(daily)
