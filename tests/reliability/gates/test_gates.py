"""A bad candidate is refused: the run ends in 4, tables and warehouse stay as they are, and the gate is named.

One lake for all tests, a copy of the 90-day sample; each test brings what one gate must not let through.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.io.warehouse.warehouse import open_warehouse
from company_activity.records.crm import CrmFile
from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    COMPANY_ACTIVITY_DAILY,
    CRM_COMPANIES,
    PRODUCT_USAGE,
)
from company_activity.transforms.activity import build_activity as activity_of
from company_activity.transforms.usage import keep_latest_record
from company_activity.work import build_activity, build_companies, stage_crm, stage_usage

from support.cycle.place import LAST as SAMPLE_LAST
from support.cycle.place import Place
from support.lake.content import newest_version, noted_by_date

pytestmark = [pytest.mark.long, pytest.mark.nightly]

GUARDED = (PRODUCT_USAGE, CRM_COMPANIES, COMPANIES, COMPANIES_HISTORY, COMPANY_ACTIVITY_DAILY)
LAST = date.fromisoformat(SAMPLE_LAST)  # the newest date that is built
SMALL, BROKEN, LOST, LATER = (LAST + timedelta(days=n) for n in (1, 2, 3, 4))
COMPANIES_A_DAY = 45  # about as many as on any weekday of the sample
LOW = {"COMPANY_ACTIVITY__GATES__VOLUME_MIN_RECORDS": "10", "COMPANY_ACTIVITY__GATES__QUARANTINE_MIN_RECORDS": "10"}


def write_day(place: Place, day: date, good: int = COMPANIES_A_DAY, broken: int = 0) -> None:
    """What the API says of a date from now on."""
    items = [{"company_id": f"c{n}", "active_users": 3, "events": 30, "ts": f"{day}T10:00:00Z"} for n in range(good)]
    items += [
        {"company_id": f"b{n}", "active_users": -1, "events": 30, "ts": f"{day}T10:00:00Z"} for n in range(broken)
    ]
    Path(place.folder, "usage", f"{day}.json").write_text(json.dumps({"items": items}), encoding="utf-8")


def write_crm(place: Place, day: date, companies: int) -> None:
    rows = "".join(f"c{n},Company {n},UK,software,2025-10-01\n" for n in range(companies))
    folder = place.folder / "landing" / "raw" / "crm"
    folder.mkdir(parents=True, exist_ok=True)
    header = "company_id,name,country,industry_tag,last_contact_at\n"
    (folder / f"crm_{day}.csv").write_text(header + rows, encoding="utf-8")


@pytest.fixture(scope="module")
def place(sample_place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The 90-day sample, built and published, and an API that says what a test lets it say."""
    folder = tmp_path_factory.mktemp("gates")
    with sample_place.copied(folder, api=folder / "usage") as place:
        for day in (SMALL, BROKEN, LOST, LATER):
            write_day(place, day)
        yield place


@pytest.fixture
def state(spark: SparkSession, place: Place) -> Callable[[], object]:
    """What must not move: versions and hashes of the guarded tables, and what the warehouse serves."""

    def look() -> object:
        lake = place.settings.lake.root
        with open_warehouse(spark, place.settings).connection() as connection:
            ledger = connection.query("SELECT count(*), max(published_at) FROM etl.publish_ledger")
            served = connection.query(
                "SELECT count(*), sum(events), max(updated_at) FROM analytics.company_activity_daily"
            )
        return (
            [newest_version(lake, table.path) for table in GUARDED],
            noted_by_date(place.settings.lake.root),
            ledger,
            served,
        )

    return look


def newest_message(place: Place) -> dict[str, object]:
    newest = max(Path(place.folder, "outbox").glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
    told: dict[str, object] = json.loads(newest.read_text(encoding="utf-8"))
    return told


def refused_by(place: Place) -> set[str]:
    """The gates of the last run's message, which tells of a failure."""
    told = newest_message(place)
    assert told["event"] == "failed"
    gates = told["gates"]
    assert isinstance(gates, list)
    return {gate.split(" on ")[0] for gate in gates if " warn" not in gate.split(":")[0]}


def test_a_small_date_and_a_broken_one_are_refused_and_each_let_through_by_name(
    place: Place, state: Callable[[], object], capfd: pytest.CaptureFixture[str]
) -> None:
    write_day(place, SMALL, good=4)
    write_day(place, BROKEN, broken=30)
    before = state()
    assert place.run("run", "--from", str(SMALL), "--to", str(BROKEN), **LOW) == 4
    assert state() == before
    assert refused_by(place) == {"volume", "quarantine"}
    assert f"company-activity run --date {SMALL} --accept-gate volume" in capfd.readouterr().err

    assert place.run("run", "--date", str(LATER), **LOW) == 4  # not asked for, and still in the way
    assert str(SMALL) in capfd.readouterr().err
    assert state() == before

    assert place.run("run", "--date", str(SMALL), "--accept-gate", "volume", **LOW) == 4
    assert refused_by(place) == {"quarantine"}
    assert state() == before

    assert place.run("run", "--date", str(BROKEN), "--accept-gate", "quarantine", **LOW) == 0
    assert {str(SMALL), str(BROKEN)} <= noted_by_date(place.settings.lake.root).keys()
    warned = capfd.readouterr().out
    assert "accepted" in warned
    assert place.run("run", "--date", str(SMALL), **LOW) == 0  # a verdict is asked for once


def test_a_record_that_staging_loses_is_missed(
    place: Place, state: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that was cut is found by its digest before: what can lose a record here is a defect of ours."""
    before, real = state(), keep_latest_record
    monkeypatch.setattr(stage_usage, "keep_latest_record", lambda rows: real(rows).where("company_id <> 'c1'"))
    assert place.run("run", "--date", str(LOST), **LOW) == 4
    assert state() == before
    assert refused_by(place) == {"conservation"}


NEW = f"c{COMPANIES_A_DAY}"  # a company that no run has built yet


def twice(rows: DataFrame) -> DataFrame:
    """A company's rows doubled, as no count of records would tell."""
    again = rows.where(F.col("company_id") == NEW)
    return rows.unionByName(again.withColumn("copies", F.lit(0)) if "copies" in rows.columns else again)


def incomplete(rows: DataFrame) -> DataFrame:
    name = "item" if "item" in rows.columns else "first_seen_date"
    return rows.withColumn(name, F.when(F.col("company_id") != NEW, F.col(name)))


@pytest.mark.parametrize(("gate", "spoil"), [("unique keys", twice), ("not null", incomplete)])
@pytest.mark.parametrize(("step", "made"), [(stage_usage, "keep_latest_record"), (build_companies, "changed_rows")])
def test_staged_records_and_companies_of_ours_that_are_spoiled_are_refused(
    place: Place,
    state: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
    step: Any,
    made: str,
    gate: str,
    spoil: Callable[[DataFrame], DataFrame],
) -> None:
    """The rows are spoiled on their way to the gates, as a defect of ours would."""
    write_day(place, LOST, good=COMPANIES_A_DAY + 1)
    if step is build_companies:
        assert place.run("run", "--date", str(LOST), "--steps", "ingest_usage,stage_usage", **LOW) == 0
    before, real = state(), getattr(step, made)
    monkeypatch.setattr(step, made, lambda *given: spoil(real(*given)))
    assert place.run("run", "--date", str(LOST), **LOW) == 4
    assert state() == before
    assert refused_by(place) == {gate}


def test_a_crm_file_of_which_a_row_is_staged_twice_is_refused(
    place: Place, state: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_crm(place, LOST, COMPANIES_A_DAY)
    real = stage_crm.reconcile

    def doubling(files: list[CrmFile]) -> dict[str, int]:
        counts = real(files)
        files[0].accepted.append(files[0].accepted[0])
        return counts

    before = state()
    monkeypatch.setattr(stage_crm, "reconcile", doubling)
    assert place.run("run", "--date", str(LOST), "--steps", "stage_crm,build_companies,notify", **LOW) == 4
    assert state() == before
    assert refused_by(place) == {"unique keys"}
    (place.folder / "landing" / "raw" / "crm" / f"crm_{LOST}.csv").unlink()


def test_a_half_length_crm_file_is_refused(place: Place, state: Callable[[], object]) -> None:
    write_crm(place, SMALL, 4)
    before = state()
    assert place.run("run", "--date", str(SMALL), **LOW) == 4
    assert state() == before
    assert refused_by(place) == {"CRM loss"}


SPOILED: dict[str, Callable[[DataFrame], DataFrame]] = {
    "unique keys": lambda rows: rows.union(rows.where("company_id = 'c1'")),
    "one row per company": lambda rows: rows.where("company_id <> 'c1'"),
    "sums of staging": lambda rows: rows.withColumn("events", F.col("events") + 1),
    "not null": lambda rows: rows.withColumn("source", F.lit(None).cast("string")),
    "rewrite": lambda rows: rows,
}


@pytest.fixture(scope="module")
def staged(place: Place) -> None:
    """A new date and a late generation: the next build has a date to make and dates to heal."""
    late = LAST - timedelta(days=9)
    for day in (late, LATER):
        write_day(place, day, good=COMPANIES_A_DAY - 1)
        assert place.run("ingest", "--start", str(day), "--end", str(day), **LOW) == 0
    assert place.run("run", "--date", str(LATER), "--steps", "stage_usage,build_companies", **LOW) == 0


@pytest.mark.usefixtures("staged")
@pytest.mark.parametrize("gate", SPOILED)
def test_a_spoiled_candidate_is_refused(
    place: Place, state: Callable[[], object], monkeypatch: pytest.MonkeyPatch, gate: str
) -> None:
    """The candidate is spoiled on its way to the gates, as a defect of ours would."""
    before, real = state(), activity_of
    monkeypatch.setattr(build_activity, "activity_of", lambda *given, **more: SPOILED[gate](real(*given, **more)))
    none = {"COMPANY_ACTIVITY__GATES__MAX_DATES_REWRITTEN": "0" if gate == "rewrite" else "120"}
    assert place.run("run", "--date", str(LATER), "--steps", "build_activity,publish,notify", **LOW, **none) == 4
    assert state() == before
    assert gate in refused_by(place)
