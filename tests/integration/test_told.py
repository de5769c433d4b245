"""From the command line: a run that fails is told and recorded, and what could not be told is told by the next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from company_activity.io.run_records import run_records

from support.cycle import LAST, Place
from support.receivers import HttpReceiver, http_receiver

STEPS = "ingest_usage,write_report,notify"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place whose API is not there."""
    return Place(tmp_path, "http://127.0.0.1:9/usage")


def run(place: Place, receiver: HttpReceiver, steps: str) -> int:
    told = {"CHANNELS": "teams", "TEAMS_URL": receiver.url, "MAX_ATTEMPTS": "1"}
    return place.run(
        "run", "--date", LAST, "--steps", steps, **{f"COMPANY_ACTIVITY__NOTIFY__{k}": v for k, v in told.items()}
    )


def test_what_could_not_be_told_is_told_by_the_next_run_once(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    with http_receiver([503, 503, 202]) as receiver:
        assert run(place, receiver, STEPS) == 3  # the data's failure comes first
        assert run(place, receiver, "notify") == 6  # all is done but the message
        assert run(place, receiver, "notify") == 0
        assert run(place, receiver, "notify") == 0
    [posted] = receiver.taken
    assert "failed at ingest usage" in json.dumps(posted.json)
    told = capsys.readouterr()
    assert "Undelivered: teams" in told.err
    assert "127.0.0.1 answers 503" in told.err
    assert "s3cret" not in told.err + told.out


def test_every_run_is_recorded_with_how_it_ended(place: Place) -> None:
    with http_receiver([503, 202]) as receiver:
        run(place, receiver, STEPS)
        run(place, receiver, "notify")
    notified, failed = run_records(place.settings.lake.root)
    assert (failed["outcome"], failed["exit_code"], failed["failed_step"]) == ("failed", 3, "ingest_usage")
    assert [step["name"] for step in failed["steps"]] == ["ingest_usage", "write_report", "notify"]
    assert failed["steps"][-1]["error"].startswith("Undelivered: teams")
    assert (notified["exit_code"], [step["outcome"] for step in notified["steps"]]) == (0, ["done"])
    page = Path(failed["report"]).read_text(encoding="utf-8")
    assert "Ingest usage failed" in page
    assert "no date is built yet" in page
