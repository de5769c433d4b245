"""`maintain`: what nothing needs any more goes, and everything works as it did before."""

from __future__ import annotations

import json
import os
import random
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from pyspark.sql import SparkSession

from company_activity import run as run_module
from company_activity.cli.rollback import REBUILD
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.retention import Limits, SpareFile, orphan_age, remove_spare_files, spare_files
from company_activity.io.landing.rollback import Rollback, release, roll_back
from company_activity.io.storage.opening import LocalStorage, Storage, open_root
from company_activity.schemas import SEGMENT_ACTIVITY_DAILY
from company_activity.settings.loading import load_settings
from company_activity.settings.model import LandingSettings
from company_activity.settings.roots import root_of
from company_activity.steps.notify import LOOKED_BACK

from support.cycle.place import Place, serving
from support.lake.aged import age, tree
from support.lake.content import NAMES_OF_PARTS, content, versions
from support.lake.history import lengthen_logs
from support.landing.azurite import azurite
from support.landing.mortal import Killed, Mortal
from support.landing.pages import DAY, fetch, land, newest, pages, session
from support.processes.holder import hold_elsewhere

__all__ = ["azurite"]  # a fixture: found by its name
ARCHIVES = Path(__file__).parents[1] / "integration"
BUILT, LAST = date(2025, 8, 28), date(2025, 8, 29)
A, B, C = ['{"a": 1}', '{"a": 2}'], ['{"b": 1}'], ['{"c": 1}']
NOW = datetime.now(UTC)
# Everything that another generation has followed may go, whenever it did.
ALL = Limits(NOW + timedelta(days=1), NOW + timedelta(days=1))


def over(storage: Storage) -> Landing:
    return Landing(storage, LandingSettings(""))


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """A date with the content A, and B behind it."""
    landing = over(LocalStorage(tmp_path))
    land(landing, A)
    land(landing, B, run_id="run-2")
    return landing


def back(landing: Landing, to: int | None) -> None:
    roll_back(landing, Rollback(DAY, to, "rollback", NOW))


def clear(landing: Landing, limits: Limits = ALL) -> list[str]:
    """What is removed of the date, by path; or why nothing is."""
    removed = []
    for kind in ("generation", "orphan"):
        for done in remove_spare_files(landing, DAY, limits, kind):
            removed.append(done.path.removeprefix(f"date={DAY}/") if isinstance(done, SpareFile) else done)
    return removed


def written(landing: Landing, days_ago: float, *numbers: int) -> None:
    """Let the files of these generations have been written so long ago."""
    for number in numbers:
        for entry in landing.storage.list(landing.at(f"date={DAY}/gen={number:06d}/")):
            at = (NOW - timedelta(days=days_ago)).timestamp()
            os.utime(landing.storage.uri(entry.path).removeprefix("file:"), (at, at))


def generations(landing: Landing) -> list[int]:
    return sorted(landing.files_of(DAY))


# The landing.


def test_an_older_generation_goes_its_manifest_first_and_numbers_count_on(landing: Landing) -> None:
    assert clear(landing) == ["gen=000001/manifest.json", f"gen=000001/usage_{DAY}_part-00000-run-1.ndjson"]
    assert clear(landing) == []
    landing.check(newest(landing))
    land(landing, C, run_id="run-3")
    assert generations(landing) == [2, 3]


def test_a_generation_goes_so_long_after_another_has_followed_it(landing: Landing) -> None:
    """It is of no matter how old it was then."""
    written(landing, 400, 1)
    written(landing, 10, 2)
    for days, kept in ((11, [1, 2]), (9, [2])):
        clear(landing, Limits(NOW - timedelta(days=400), NOW - timedelta(days=days)))
        assert generations(landing) == kept


def test_the_newest_stays_however_old_it_is(landing: Landing) -> None:
    written(landing, 4000, 1, 2)
    clear(landing)
    assert generations(landing) == [2]


def test_the_generation_that_is_staged_stays(landing: Landing) -> None:
    """A gate refused those behind it: the tables were built from this one, and `explain` reads it."""
    land(landing, C, run_id="run-3")
    clear(landing, Limits(ALL.orphans_before, ALL.followed_before, {DAY: 1}))
    assert generations(landing) == [1, 3]
    landing.check(landing.manifest(DAY, 1))


def test_parts_that_a_rollback_named_again_stay_and_what_is_held_stays_held(landing: Landing) -> None:
    back(landing, 1)
    gone = clear(landing)
    assert [path for path in gone if "usage_" in path] == []
    assert generations(landing) == [2, 3]  # an erasure needs a held content to tell its digest anew
    landing.check(newest(landing))
    assert not land(landing, B, run_id="run-4").is_new
    assert land(landing, C, run_id="run-5").manifest.generation == 4
    assert not land(landing, B, run_id="run-6").is_new
    clear(landing)
    assert [entry.path for entry in landing.storage.list(landing.at("date=")) if "run-1" in entry.path] == []
    release(landing, DAY, "back")
    clear(landing)
    assert generations(landing) == [4]


def test_what_stands_beside_a_manifest_goes_with_it_and_what_is_not_ours_stays(landing: Landing) -> None:
    back(landing, 1)
    land(landing, C, run_id="run-3")
    beside = {"released.json", "refused_volume.json", "accepted_volume.json", "provisional.json"}
    for name in (*sorted(beside), "readme.txt"):
        landing.storage.create(landing.at(f"date={DAY}/gen=000003/{name}"), (b"{}",))
    gone = {path.removeprefix("gen=000003/") for path in clear(landing) if path.startswith("gen=000003/")}
    assert gone == {"manifest.json", "held.json", *beside}


def test_a_date_whose_kept_manifest_cannot_be_read_is_left_alone(landing: Landing) -> None:
    path = landing.at(f"date={DAY}/gen=000002/manifest.json")
    landing.storage.delete(path)
    landing.storage.create(path, (b"{",))
    before = list(landing.storage.list(landing.at("date=")))
    (why, _) = clear(landing)
    assert "gen=000002/manifest.json is no manifest" in why
    assert [one.why_left for one in spare_files(landing, ALL)] == [why]
    assert list(landing.storage.list(landing.at("date="))) == before


def test_a_date_that_a_fetch_holds_is_left_alone(landing: Landing) -> None:
    with landing.lock(DAY):
        assert {why.split(" product")[0] for why in clear(landing)} == {"another run holds"}
    assert generations(landing) == [1, 2]


def test_pages_that_a_fetch_may_go_on_with_stay(landing: Landing) -> None:
    """However short an orphan's time is set."""
    fetch(landing, pages(B, C)[:1], session("run-3", at=NOW), max_age=3600)
    assert clear(landing, Limits(NOW - orphan_age(0, resume_max_age_seconds=3600))) == []
    assert len(clear(landing, Limits(ALL.orphans_before))) == 1


def test_a_clock_that_went_back_removes_nothing(landing: Landing) -> None:
    past = NOW - timedelta(days=365)
    assert clear(landing, Limits(past, past)) == []


@pytest.mark.fault
@pytest.mark.parametrize("is_after", [False, True])
def test_after_a_kill_at_any_removal_no_manifest_lacks_a_part_and_the_next_try_ends_the_same(is_after: bool) -> None:
    with mock.patch.object(os, "fsync", os.fstat):
        removals = next(n for n in range(1, 30) if not killed_at(n, is_after))
    assert removals > 5


def killed_at(nth: int, is_after: bool) -> bool:
    """Whether the removal came to its nth file and was killed there; what it leaves, and the next try, are as must be."""
    with TemporaryDirectory() as folder:
        whole = over(LocalStorage(Path(folder)))
        for number, items in enumerate((A, B, C, B)):
            land(whole, items, run_id=f"run-{number}")
        back(whole, 1)
        land(whole, B, ['{"d": 1}'], run_id="run-9")
        back(whole, 3)
        is_killed = False
        try:
            clear(over(Mortal(Path(folder), nth, is_after)))
        except Killed:
            is_killed = True
        for number in generations(whole):
            whole.check(whole.manifest(DAY, number))
        clear(whole)
        assert generations(whole) == [4, 6, 7]  # the newest, and those whose contents are held
        parts = [
            entry.path.rpartition("-run-")[2]
            for entry in whole.storage.list(whole.at("date="))
            if "usage_" in entry.path
        ]
        assert sorted(parts) == ["2.ndjson", "3.ndjson", "9.ndjson"]
        return is_killed


# The command, on a lake without a session.


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A lake of four dates, built; no command may start Spark."""
    with tarfile.open(ARCHIVES / "place_0_3.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    for begun in tmp_path.rglob("*.begun"):  # a mirror's file that is read no more
        begun.unlink()
    (tmp_path / "answers").mkdir()
    monkeypatch.setattr(run_module, "spark_session", mock.Mock(side_effect=AssertionError("Spark is started")))
    with serving(tmp_path, tmp_path / "answers") as place:
        yield place


def give(folder: Path, name: str, days_ago: float = 0) -> Path:
    """A small file that was written so long ago."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("{}", encoding="utf-8")
    at = (NOW - timedelta(days=days_ago)).timestamp()
    os.utime(file, (at, at))
    return file


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def record(place: Place, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert place.run("runs", "--last", "1", "--json") == 0
    newest: dict[str, Any] = json.loads(capsys.readouterr().out)
    return newest


def test_nothing_to_remove_is_said_and_recorded(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(place.folder / "lake")
    assert place.run("maintain", "--dry-run") == 0
    assert capsys.readouterr().out == "Nothing to remove.\n"
    assert tree(place.folder / "lake") == before
    assert place.run("maintain") == 0
    found = record(place, capsys)
    assert (found["command"], found["has_changed_something"]) == ("maintain", False)


def test_what_killed_processes_left_of_their_files_goes_once_it_is_old(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = f".file.json.{uuid4().hex}.tmp"
    ops, landing = place.folder / "lake/ops", place.folder / "landing"
    folders = ops / "outbox", ops / "ledger/0123", landing / "raw/crm", landing / "product-api-raw/_erased"
    old = [give(folder, draft, days_ago=2) for folder in folders]
    young = [give(folder, f".file.json.{uuid4().hex}.tmp") for folder in folders]
    copy = give(ops / "landing/0123", "part.ndjson", days_ago=2)
    (ops / "loop").symlink_to(ops / "loop")
    assert place.run("maintain") == 0, capsys.readouterr()
    assert [file for file in (*old, copy) if file.exists()] == []
    assert all(file.exists() for file in young)


def test_small_files_go_by_their_age(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    ops, reports = place.folder / "lake/ops", place.folder / "reports"
    old = "20240101T000000Z-000000aa"
    runs = [f"20251101T0000{number:02d}Z-000000bb" for number in range(LOOKED_BACK)]
    for run_id in (old, *runs):
        give(ops / "runs", f"{run_id}.json", 400)
        give(ops / "outbox", f"{run_id}.succeeded.file.done", 400)
    give(ops / "outbox", f"{old}.failed.mail.json", 400)
    for ending in ("json", "done"):  # its run was killed before the message went
        give(ops / "outbox", f"{old}.failed.file.{ending}", 400)
    give(ops / "outcomes", "daily.json", 400)
    give(ops / "outcomes", "weekly.json", 300)
    for name, days in ((f"{old}.html", 91), (f"{runs[0]}.html", 80), ("about.html", 400)):
        give(reports, name, days)
    give(reports, f".{runs[0]}.html.{'0' * 32}.tmp", 2)
    give(reports, f".{runs[1]}.html.{'0' * 32}.tmp")

    assert place.run("maintain", "--dry-run") == 0
    told = dict(line.rsplit(None, 2)[:2] for line in capsys.readouterr().out.splitlines()[1:])
    assert {name.strip(): count for name, count in told.items()} == {
        "run records": "1", "outcomes": "1", "reports": "2", "sent messages": "1", "in all": "5",
    }  # fmt: skip
    assert place.run("maintain") == 0
    found = record(place, capsys)
    (step,) = found["steps"]
    assert step["counts"] == {
        "run_records": 1, "outcomes": 1, "reports": 2, "sent_messages": 1, "bytes": 10,
    }  # fmt: skip
    assert names(ops / "runs") == {f"{run_id}.json" for run_id in (*runs, found["run_id"])}
    # What `notify` may find to tell of stays told; what was not sent is no business of ours.
    kept = {f"{old}.failed.mail.json", f"{old}.failed.file.json", f"{old}.failed.file.done"}
    assert names(ops / "outbox") == kept | {f"{run_id}.succeeded.file.done" for run_id in runs}
    assert names(ops / "outcomes") == {"weekly.json"}
    assert names(reports) == {f"{runs[0]}.html", "about.html", f".{runs[1]}.html.{'0' * 32}.tmp"}


def test_exports_go_as_a_whole_and_where_they_ended_once_it_is_old(place: Place) -> None:
    exports, positions = place.folder / "lake/ops/exports/0123", place.folder / "lake/ops/export_positions"
    for name, ages in (("old", (31, 40)), ("young", (10, 40))):
        for file, age_in_days in zip(("manifest.json", "dim.companies/part-00000.csv"), ages, strict=True):
            give(exports / name, file, age_in_days)
    for warehouse in ("0123", "4567"):
        for number, days in ((4, 400), (7, 300), (9, 500)):
            give(positions / warehouse, f"{number:012d}.json", days)
    assert place.run("maintain") == 0
    assert set(tree(exports)) == {"young/dim.companies/part-00000.csv", "young/manifest.json"}
    kept = {"000000000007.json", "000000000009.json"}  # numbers count on from the newest
    assert (names(positions / "0123"), names(positions / "4567")) == (kept, kept)


def test_of_a_mirror_the_newest_file_and_the_newest_copy_stay(place: Place) -> None:
    (folder,) = (place.folder / "lake/ops/ledger").iterdir()
    for name in ("000000003.b.begun", "000000004.b.json", "000000005.c.begun", "other.json"):
        give(folder, name)
    other = place.folder / "lake/ops/ledger/0123456789ab"
    give(other, "dim.companies.all.000000001.4bd1253b11d6.json", 400)  # as 0.1 wrote them
    assert place.run("maintain") == 0
    assert names(folder) == {"000000004.b.json", "000000005.c.begun"}
    assert len(names(other)) == 1


def test_notes_of_crm_files_that_no_state_names_go(place: Place) -> None:
    notes = place.folder / "lake/ops/crm"
    named = names(notes)
    lost = "2025-08-20.1-0123456789abcdef.0123456789abcdef.json"
    give(notes, lost, 2)
    give(notes, lost.replace("-20", "-21"))
    assert place.run("maintain") == 0
    assert names(notes) == named | {lost.replace("-20", "-21")}


def test_landed_generations_and_orphans_go(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    usage = place.folder / "landing/product-api-raw"
    orphan = give(usage / "date=2025-08-27/gen=000002", "usage_2025-08-27_part-00000-killed.ndjson", 2)
    landing = Landing(LocalStorage(place.folder / "landing"), place.settings.landing)
    day = BUILT
    land(landing, A, run_id="run-2", day=day)
    land(landing, B, run_id="run-3", day=day)
    age(usage, 100)
    kept = sorted(landing.files_of(day))
    assert kept == [1, 2, 3]
    assert place.run("maintain", "--dry-run") == 0
    assert sorted(landing.files_of(day)) == kept
    assert place.run("maintain") == 0
    (step,) = record(place, capsys)["steps"]
    assert step["counts"]["files_of_old_generations"] == 3  # manifest, part, and that it had not settled
    assert step["counts"]["orphans"] == 1
    assert not orphan.exists()
    assert sorted(landing.files_of(day)) == [1, 3]  # the first is staged
    capsys.readouterr()
    assert place.run("maintain") == 0
    assert "nothing to remove" in capsys.readouterr().out


def test_what_is_left_alone_is_a_warning(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = place.folder / "landing/product-api-raw/date=2025-08-27/gen=000001/manifest.json"
    manifest.write_text("{", encoding="utf-8")
    for file in (place.folder / "lake/stg/product_usage").rglob("*.parquet"):
        file.rename(file.with_suffix(".moved"))
    age(place.folder, 40)
    assert place.run("maintain", "--dry-run") == 0
    assert capsys.readouterr().out.count("left alone") == 2
    assert place.run("maintain") == 0
    (step,) = record(place, capsys)["steps"]
    assert step["outcome"] == "nothing"
    first, second = step["warnings"]
    assert "left alone: 2025-08-27: date=2025-08-27/gen=000001/manifest.json is no manifest" in first
    assert "left alone: stg.product_usage: " in second
    assert "of its files are not where they should be" in second


def test_it_waits_for_the_run_that_holds_the_lake(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    other = hold_elsewhere(place.folder / "lake")
    try:
        assert place.run("maintain", COMPANY_ACTIVITY__LAKE__LOCK_TIMEOUT_SECONDS="0") == 1
    finally:
        other.kill()
        other.wait()
    assert "LakeBusy" in capsys.readouterr().err


def test_a_lake_that_is_not_made_yet_has_nothing_to_remove(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(tmp_path, "http://localhost:1")
    for arguments in (("maintain", "--dry-run"), ("maintain",)):
        assert place.run(*arguments) == 0
    assert "Nothing to remove." in capsys.readouterr().out


def test_a_table_s_time_is_a_week_at_least(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(tmp_path, "http://localhost:1")
    assert place.run("maintain", COMPANY_ACTIVITY__MAINTAIN__TABLES_DAYS="6") == 2
    assert "maintain.tables_days" in capsys.readouterr().err


@pytest.mark.integration
def test_in_a_storage_account_the_same_goes(
    place: Place, azurite: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hundred days after everything was uploaded."""
    landing = Landing(LocalStorage(place.folder / "landing"), place.settings.landing)
    for number, items in enumerate((A, B, C)):
        land(landing, items, run_id=f"run-{number}", day=BUILT)
    roll_back(landing, Rollback(BUILT, 2, "rollback", NOW))
    give(place.folder / "lake/dim/companies", "part-00000-killed.c000.snappy.parquet")
    give(place.folder / "lake/ops/outcomes", "daily.json")
    address = f"abfss://maintain{uuid4().hex}@devstoreaccount1.dfs.core.windows.net"
    settings = {
        "COMPANY_ACTIVITY__LANDING__CONNECTION": azurite,
        "COMPANY_ACTIVITY__LANDING__ROOT": f"{address}/landing",
        "COMPANY_ACTIVITY__LAKE__ROOT": f"{address}/lake",
        "COMPANY_ACTIVITY__REPORT__DIR": f"{address}/reports",
        "COMPANY_ACTIVITY__MAINTAIN__RUNS_DAYS": "90",
    }
    loaded = load_settings(environ=place.environ | settings)
    whole = open_root(root_of(address), loaded.landing, loaded.secrets)
    for name in tree(place.folder):
        if name.startswith(("landing/", "lake/")) and not Path(name).name.startswith("."):
            whole.create(name, [(place.folder / name).read_bytes()])
    before = {entry.path for entry in whole.list("")}
    monkeypatch.setattr("company_activity.cli.options.utc_now", lambda: NOW + timedelta(days=100))
    capsys.readouterr()
    assert place.run("maintain", "--dry-run", **settings) == 0
    assert {entry.path for entry in whole.list("")} == before
    assert place.run("maintain", **settings) == 0
    told = capsys.readouterr().out
    after = {entry.path for entry in whole.list("")}
    gone = {path.replace(f"landing/product-api-raw/date={BUILT}/", "") for path in before - after}
    assert {path for path in gone if "gen=" not in path} == {
        "lake/dim/companies/part-00000-killed.c000.snappy.parquet", "lake/ops/outcomes/daily.json",
    }  # fmt: skip
    # The first is staged, the content of the fourth is held, the fifth names the parts of the second.
    assert {path for path in gone if path.endswith("manifest.json")} == {
        f"gen=00000{number}/manifest.json" for number in (2, 3)
    }  # fmt: skip
    assert f"gen=000002/usage_{BUILT}_part-00000-run-0.ndjson" not in gone
    assert "Nothing to do" not in told
    assert place.run("maintain", **settings) == 0
    assert "nothing to remove" in capsys.readouterr().out


# The command, on tables.

REBUILT = ",".join(REBUILD)
NEWCOMER = "company_id,name,country,industry_tag,last_contact_at\nc_new,New,UK,software,\n"


@contextmanager
def without_spark() -> Iterator[None]:
    """No command may ask for a session."""
    with mock.patch.object(run_module, "spark_session", side_effect=AssertionError("Spark is started")):
        yield


def item(company: str, users: int) -> Mapping[str, Any]:
    return {"company_id": company, "active_users": users, "events": 20, "ts": f"{BUILT}T08:00:00Z"}


def steps_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """The steps of a run record by name."""
    return {step["name"]: step for step in found["steps"]}


def late_crm(place: Place, folder: Path) -> None:
    """A CRM file of the last date, with a company that nobody knew."""
    file = folder / f"crm_{LAST}.csv"
    file.write_text(NEWCOMER, encoding="utf-8")
    place.drop_crm(file)


@pytest.mark.spark
@pytest.mark.long
@pytest.mark.nightly
def test_after_it_all_is_as_it_was_and_works_as_it_did(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A date corrected and set back; then a late CRM file, from which only the dimension was built; 60 days later."""
    (tmp_path / "answers").mkdir()
    with tarfile.open(ARCHIVES / "place_0_3.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    with serving(tmp_path, tmp_path / "answers") as place:
        lake = place.settings.lake.root
        (tmp_path / f"answers/{BUILT}.json").write_text(json.dumps({"items": [item("c_1", 3)]}), encoding="utf-8")
        fetched = ("run", "--date", str(BUILT), "--steps", f"ingest_usage,{REBUILT}")
        rebuild = ("run", "--date", str(LAST), "--steps", REBUILT)
        assert place.run(*fetched) == 0
        assert place.run("rollback", "--date", str(BUILT), "--to-generation", "1") == 0
        late_crm(place, tmp_path)
        only_companies = ("run", "--date", str(LAST), "--steps", "admit_crm,stage_crm,build_companies")
        assert place.run(*only_companies, COMPANY_ACTIVITY__GATES__CRM_MAX_LOSS="1") == 0
        lengthen_logs(spark, lake, 1)  # with a checkpoint, as Delta writes it
        usage = tmp_path / "landing/product-api-raw"
        orphan = give(usage / f"date={BUILT}/gen=000002", f"usage_{BUILT}_part-00000-killed.ndjson")
        age(tmp_path, 60)

        before = content(spark, lake), versions(lake)
        with without_spark():
            assert place.run("maintain", "--dry-run") == 0
            assert orphan.exists()
            assert place.run("maintain") == 0
            found = steps_of(record(place, capsys))["maintain"]
            assert place.run("maintain") == 0
            again = steps_of(record(place, capsys))["maintain"]
        assert (found["counts"]["orphans"], found["counts"]["table_files"] > 10, found["warnings"]) == (1, True, [])
        assert (again["outcome"], again["warnings"]) == ("nothing", [])
        assert not orphan.exists()
        assert (content(spark, lake), versions(lake)) == before

        # Of the dimension the version is there with which the activity table and the warehouse compare.
        assert place.run(*rebuild) == 0
        steps = steps_of(record(place, capsys))
        built = steps["build_activity"]["counts"]
        assert (built["dates_built"], built["dates_rewritten"]) == (1, 1)
        groups = place.table(spark, SEGMENT_ACTIVITY_DAILY).where(f"activity_date = DATE'{BUILT}'").count()
        assert steps["publish"]["counts"] == {"rows_sent": built["rows_written"] + 1 + groups, "dates": 1}
        with without_spark():
            assert place.run(*rebuild) == 0
        assert record(place, capsys)["has_changed_something"] is False

        assert place.run("rollback", "--date", str(BUILT), "--to-generation", "2") == 0
        assert place.run("validate", "--from", "2025-08-26", "--to", str(LAST)) == 0


@pytest.mark.long
@pytest.mark.nightly
def test_with_it_every_few_weeks_all_is_as_without_it(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two places of version 0.1, of which one is maintained, get the same corrections, rollbacks and CRM files."""
    randomness = random.Random(21)
    answers = tmp_path / "answers"
    answers.mkdir()
    with ExitStack() as stack:
        places = []
        for name in ("maintained", "other"):
            with tarfile.open(ARCHIVES / "place_0_1.tar.gz") as packed:
                packed.extractall(tmp_path / name, filter="data")
            places.append(stack.enter_context(serving(tmp_path / name, answers)))
        maintained, _ = places
        lakes = [place.settings.lake.root for place in places]
        landing = Landing(LocalStorage(tmp_path / "maintained/landing"), maintained.settings.landing)
        removed = 0
        for turn in range(3):
            items = [item(f"c_{number}", randomness.randint(0, 30)) for number in randomness.sample(range(20), 8)]
            (answers / f"{BUILT}.json").write_text(json.dumps({"items": items}), encoding="utf-8")
            commands = [("run", "--date", str(BUILT), "--steps", f"ingest_usage,{REBUILT}")]
            kept = sorted(landing.files_of(BUILT))
            commands += [("rollback", "--date", str(BUILT), "--to-generation", str(randomness.choice(kept)))] * (
                turn % 2
            )
            crm = tmp_path / f"crm_{LAST - timedelta(days=turn)}.csv"
            crm.write_text(NEWCOMER.replace("New", f"New {turn}"), encoding="utf-8")
            for place in places:
                place.drop_crm(crm)
                for command in (*commands, ("run", "--date", str(LAST), "--steps", f"admit_crm,stage_crm,{REBUILT}")):
                    assert (
                        place.run(*command, "--accept-gate", "rewrite", COMPANY_ACTIVITY__GATES__CRM_MAX_LOSS="1") == 0
                    )
            age(maintained.folder, 35)
            settings = {"COMPANY_ACTIVITY__MAINTAIN__GENERATIONS_DAYS": "40"}
            with without_spark():
                assert maintained.run("maintain", **settings) == 0
                counts = steps_of(record(maintained, capsys))["maintain"]["counts"]
                removed += counts.get("table_files", 0)
                assert maintained.run("maintain", **settings) == 0
                assert record(maintained, capsys)["has_changed_something"] is False
            first, second = (content(spark, lake, without=NAMES_OF_PARTS) for lake in lakes)
            assert first == second
            for place in places:
                assert place.run("validate", "--from", "2025-08-26", "--to", str(LAST)) == 0
        assert removed > 10
        assert min(landing.files_of(BUILT)) > 1
