"""What fails before a run's first step: a wrong command line is between us and its caller, all else is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from company_activity.io.lake.delta_log import encode_state
from company_activity.io.lake.run_records import run_records
from company_activity.io.notify.outbox import Outbox
from company_activity.records.fields import CRM_RULES_VERSION
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, CRM_COMPANIES
from company_activity.settings.loading import load_settings

from support.api.faulty_api import broken_api
from support.cycle.place import Place
from support.processes.holder import hold_elsewhere
from support.report.receivers import HttpReceiver, http_receiver

DAY = "2025-11-23"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Who asked for Spark. Nobody gets it."""
    asked: list[object] = []

    def refuse(*arguments: object) -> None:
        asked.append(arguments)
        raise AssertionError("Spark was started")

    monkeypatch.setattr("company_activity.run.spark_session", refuse)
    return asked


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def place(tmp_path: Path, receiver: HttpReceiver) -> Place:
    """A place whose lake has the date built, and whose API nobody may ask."""
    place = Place(tmp_path, "http://127.0.0.1:9/usage")
    commit(place, COMPANY_ACTIVITY_DAILY.path, {"dates": {DAY: ["5:x", f"{DAY}T00:00:00+00:00", 3]}})
    return place


def commit(place: Place, table: str, state: dict[str, Any]) -> None:
    """A commit of a table that carries a state and no rows."""
    log = place.folder / "lake" / table / "_delta_log"
    log.mkdir(parents=True)
    told = {"commitInfo": {"userMetadata": encode_state(state)}}
    (log / f"{0:020d}.json").write_text(json.dumps(told), encoding="utf-8")


def files(place: Place) -> list[str]:
    """Every file, but for the locks."""
    found = (path for path in place.folder.rglob("*") if path.is_file() and path.name != ".lock")
    return sorted(str(path.relative_to(place.folder)) for path in found)


def run(place: Place, receiver: HttpReceiver, *arguments: str, **more: str) -> int:
    """A run that tells by the receiver."""
    told = {"CHANNELS": "webhook", "WEBHOOK_URL": receiver.url, "MAX_ATTEMPTS": "1"}
    told = {f"COMPANY_ACTIVITY__NOTIFY__{name}": value for name, value in told.items()}
    return place.run(*(arguments or ("run", "--date", DAY)), **told | more)


@contextmanager
def held(place: Place) -> Iterator[int]:
    """Another process holds the lake; its id."""
    other = hold_elsewhere(place.folder / "lake")
    try:
        yield other.pid
    finally:
        other.kill()
        other.wait()


def all_is_told(place: Place, receiver: HttpReceiver, code: int, what: str, err: str) -> None:
    """One line, a message, a page without figures and a record, each with the reason."""
    [line] = err.strip().splitlines()
    assert what in line
    message = receiver.taken[-1].json
    assert (message["event"], message["failed_step"], message["exit_code"]) == ("failed", "start", code)
    assert what in message["error"]
    [page] = (place.folder / "reports").iterdir()
    text = page.read_text(encoding="utf-8")
    assert what in text
    assert "This page has no figures: the run failed before its first step" in text
    if (place.folder / "lake").is_dir():
        [record] = run_records(place.settings.lake.root)
        assert (record["exit_code"], record["failed_step"]) == (code, "start")
        assert what in record["error"]["what"]
        assert record["dates"] == record["tables"] == []  # what another run did meanwhile is not this one's


# A command line that cannot be.

AHEAD = "2999-01-01"
RANGE = ("--from", DAY, "--to", AHEAD)


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--date", AHEAD),
        ("run", *RANGE),
        ("run", "--date", AHEAD, "--steps", "write_report,notify"),
        ("run", "--date", AHEAD, "--dry-run"),
        ("ingest", "--start", DAY, "--end", AHEAD),
        ("plan", *RANGE),
        ("publish", "--date", AHEAD),
        ("validate", *RANGE),
        ("report", "--date", AHEAD),
        ("notify", *RANGE),
    ],
    ids=" ".join,
)
def test_a_date_that_is_not_over_is_told_to_the_caller_alone(
    place: Place,
    receiver: HttpReceiver,
    started: list[object],
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
) -> None:
    before = files(place)
    assert run(place, receiver, *arguments) == 2
    assert f"{AHEAD} is not over" in capsys.readouterr().err
    assert (files(place), receiver.asked, started) == (before, 0, [])


@pytest.mark.parametrize(("now", "code"), [("2025-11-23T23:59:59", 2), ("2025-11-24T00:00:00", 0)])
def test_a_date_is_over_at_its_midnight_in_utc(
    place: Place, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch, now: str, code: int
) -> None:
    monkeypatch.setattr("company_activity.cli.options.utc_now", lambda: datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert run(place, receiver, "plan", "--date", DAY) == code


@pytest.mark.parametrize("more", [(), ("--dry-run",)], ids=["run", "dry run"])
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("nowhere.csv", "names no file that waits to be staged — waiting: raw/crm/a/crm.csv, raw/crm/b/crm.csv"),
        ("crm.csv", "names several files that wait to be staged — waiting: raw/crm/a/crm.csv, raw/crm/b/crm.csv"),
        ("rm.csv", "names no file that waits"),
        ("staged.csv", "names no file that waits"),
    ],
)
def test_an_accepted_file_that_does_not_wait_is_told_to_the_caller_alone(
    place: Place,
    receiver: HttpReceiver,
    started: list[object],
    capsys: pytest.CaptureFixture[str],
    name: str,
    what: str,
    more: tuple[str, ...],
) -> None:
    folder = place.folder / "landing" / "raw" / "crm"
    for path in ("a/crm.csv", "b/crm.csv", "staged.csv"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        text = f"company_id,name,country,industry_tag,last_contact_at,file_date\na,A,DE,,,{DAY}\n"
        (folder / path).write_text(text, encoding="utf-8")
    status = (folder / "staged.csv").stat()
    seen = f"{status.st_size}/{datetime.fromtimestamp(status.st_mtime, UTC).isoformat()}"
    staged = {"raw/crm/staged.csv": {"sha256": "x", "seen": seen, "file_date": DAY}}
    commit(place, CRM_COMPANIES.path, {"files": staged, "companies": {}, "rules_version": CRM_RULES_VERSION})
    before = files(place)
    assert run(place, receiver, "run", "--date", DAY, "--accept-crm", name, *more) == 2
    [line] = capsys.readouterr().err.strip().splitlines()
    assert line.startswith(f"UsageError: --accept-crm {name} {what}")
    assert (files(place), receiver.asked, started) == (before, 0, [])


@pytest.mark.parametrize("arguments", [("--steps", "bake"), ("--accept-gate", "heaven")], ids=" ".join)
def test_a_dry_run_sees_what_a_run_would_refuse(place: Place, receiver: HttpReceiver, arguments: tuple[str]) -> None:
    assert run(place, receiver, "run", "--date", DAY, "--dry-run", *arguments) == 2


@pytest.mark.parametrize("arguments", [("--steps", ""), ("--steps", "publish", "--accept-crm", "a/crm.csv")])
def test_steps_that_say_nothing_are_told_to_the_caller_alone(
    place: Place, receiver: HttpReceiver, arguments: tuple[str, ...]
) -> None:
    before = files(place)
    assert run(place, receiver, "run", "--date", DAY, *arguments) == 2
    assert (files(place), receiver.asked) == (before, 0)


def test_an_api_in_clear_is_refused_before_the_first_step(
    place: Place, receiver: HttpReceiver, started: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, receiver, COMPANY_ACTIVITY__API__URL="http://api.example.com/usage") == 2
    all_is_told(place, receiver, 2, "api.url", capsys.readouterr().err)
    assert started == []


# What fails otherwise.


def test_a_busy_lake_is_told_and_recorded_and_starts_no_spark(
    place: Place, receiver: HttpReceiver, started: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    with held(place) as other:
        assert run(place, receiver, COMPANY_ACTIVITY__LAKE__LOCK_TIMEOUT_SECONDS="0") == 1
    all_is_told(place, receiver, 1, f"another run (process {other}) holds the lake", capsys.readouterr().err)
    assert started == []


def test_a_run_beside_another_leaves_the_outbox_to_that_and_its_own_message_to_the_next(
    place: Place, receiver: HttpReceiver, started: list[object]
) -> None:
    busy = {"COMPANY_ACTIVITY__LAKE__LOCK_TIMEOUT_SECONDS": "0"}
    receiver.answers = [503, 503, 202]
    assert run(place, receiver, "run", "--date", DAY, COMPANY_ACTIVITY__LANDING__ROOT="/dev/null") == 3
    [waiting] = Outbox(place.settings.lake.root).pending()
    with held(place):
        assert run(place, receiver, **busy) == 1  # 503: kept
        assert run(place, receiver, **busy) == 1  # 202: its own, and nothing of the others
    assert [posted.json["exit_code"] for posted in receiver.taken] == [1]
    kept = [one.message.exit_code for one in Outbox(place.settings.lake.root).pending()]
    assert (waiting.message.exit_code, kept) == (3, [3, 1])
    run(place, receiver, "notify", "--date", DAY)
    assert sorted(posted.json["exit_code"] for posted in receiver.taken) == [1, 1, 3]
    assert started == []


def test_changed_metrics_are_told_and_recorded_and_start_no_spark(
    tmp_path: Path, receiver: HttpReceiver, started: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path, "http://127.0.0.1:9/usage")
    mark = load_settings(environ=place.environ).metrics.mark | {"digest": "another"}
    built = {"dates": {DAY: ["5:x", f"{DAY}T00:00:00+00:00", 3]}, "metrics": mark}
    commit(place, COMPANY_ACTIVITY_DAILY.path, built)
    assert run(place, receiver) == 2
    all_is_told(place, receiver, 2, "metrics.yaml differs from what the table was built", capsys.readouterr().err)
    assert started == []


@pytest.mark.parametrize("root", ["a file", "a folder below one"])
def test_a_landing_that_does_not_answer_is_told_and_recorded_and_starts_no_spark(
    place: Place, receiver: HttpReceiver, started: list[object], capsys: pytest.CaptureFixture[str], root: str
) -> None:
    file = place.folder / "disk"
    file.touch()
    landing = str(file if root == "a file" else file / "below")
    assert run(place, receiver, COMPANY_ACTIVITY__LANDING__ROOT=landing) == 3
    all_is_told(place, receiver, 3, "Not a directory", capsys.readouterr().err)
    assert started == []


def test_a_blob_store_that_refuses_is_told_and_recorded_and_starts_no_spark(
    place: Place, receiver: HttpReceiver, started: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    with broken_api(403) as url:
        account = f"{url.removesuffix('/usage')}/devstoreaccount1"
        connection = (
            f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=c2VjcmV0;BlobEndpoint={account};"
        )
        assert run(place, receiver, BLOB_CONN_STR=connection) == 3
    all_is_told(place, receiver, 3, "raw/crm/", capsys.readouterr().err)
    assert started == []


def test_a_landing_that_no_step_reads_need_not_answer(
    place: Place, receiver: HttpReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, receiver, "notify", "--date", DAY, COMPANY_ACTIVITY__LANDING__ROOT="/dev/null") == 0


def test_a_lake_that_does_not_answer_is_told_all_the_same(
    tmp_path: Path, receiver: HttpReceiver, started: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path, "http://127.0.0.1:9/usage")
    (tmp_path / "lake").touch()
    assert run(place, receiver) == 1
    told = capsys.readouterr()
    all_is_told(place, receiver, 1, "lake: ", told.err)
    assert "this run is not recorded" in told.out
    assert started == []


@pytest.mark.parametrize(("more", "has_traceback"), [((), False), (("--debug",), True)])
def test_a_traceback_is_shown_if_asked_for(
    place: Place, receiver: HttpReceiver, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], has_traceback: bool
) -> None:
    assert run(place, receiver, "run", "--date", DAY, *more, COMPANY_ACTIVITY__LANDING__ROOT="/dev/null") == 3
    assert ("Traceback" in capsys.readouterr().err) == has_traceback


@pytest.mark.integration
def test_a_name_that_the_output_has_no_letters_for_is_told_escaped(place: Place) -> None:
    folder = place.folder / "landing" / "raw" / "crm"
    folder.mkdir(parents=True)
    (folder / "café.csv").write_text("company_id,name\n", encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "-c", "import sys; from company_activity.cli.main import main; sys.exit(main())", "plan", "--date", DAY],
        env=os.environ | place.environ | {"PYTHONIOENCODING": "ascii"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (told.returncode, told.stderr) == (0, "")
    assert "raw/crm/caf\\xe9.csv" in told.stdout
