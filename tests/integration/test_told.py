"""From the command line: a run that fails is told and recorded, and what could not be told is told by the next."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from company_activity import pipeline
from company_activity.errors import CompanyActivityError, CrmFileRefused, GateRefused, PublishError
from company_activity.io.lake.run_records import run_records
from company_activity.report.model import StepReport
from company_activity.run import Run

from support.cycle.place import LAST, Place
from support.report.receivers import HttpReceiver, http_receiver

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


REFUSED = CrmFileRefused("raw/crm/x.csv: no column company_id", remedy="export it again")
SMALL = GateRefused("gate volume of 2025-11-23: found 8, wanted 50", remedy="--accept-gate volume")


def admit_crm(run: Run) -> StepReport:
    """A file is passed by; the rest goes on."""
    return StepReport("admit_crm", "failed", error=REFUSED)


def stage_usage(run: Run) -> StepReport:
    """The rest is refused."""
    raise SMALL


def publish(run: Run) -> StepReport:
    """Not reached."""
    raise PublishError("published what a gate refused")


def test_a_run_that_ends_in_3_and_was_also_refused_says_both(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pipeline, "CYCLE", tuple(map(pipeline.Step, (admit_crm, stage_usage, publish))))
    with http_receiver() as receiver:
        assert run(place, receiver, "admit_crm,stage_usage,publish,write_report,notify") == 3
    told = capsys.readouterr()
    assert told.err.splitlines() == [str(REFUSED), str(SMALL)]
    assert re.search(r"failed in \d+ s: admit_crm \(exit code 3\), stage_usage \(exit code 4\)\.", told.out)
    [record] = run_records(place.settings.lake.root)
    assert (record["exit_code"], record["exit_codes"], record["failed_step"]) == (3, [3, 4], "admit_crm")
    assert [(one["step"], one["exit_code"], one["what"]) for one in record["errors"]] == [
        ("admit_crm", 3, REFUSED.what),
        ("stage_usage", 4, SMALL.what),
    ]
    assert [one["remedy"] for one in record["errors"]] == ["export it again", "--accept-gate volume"]
    [posted] = receiver.taken
    both_are_told(json.dumps(posted.json, ensure_ascii=False))
    assert "exit code 3 (and 4)" in json.dumps(posted.json)
    both_are_told(Path(record["report"]).read_text(encoding="utf-8"))
    assert place.run("runs") == 0
    both_are_told(capsys.readouterr().out)


def both_are_told(text: str) -> None:
    errors: list[CompanyActivityError] = [REFUSED, SMALL]
    assert [error.what for error in errors if error.what not in text] == []


def test_that_a_run_cannot_be_recorded_is_its_failure(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    runs = place.folder / "lake" / "ops" / "runs"
    runs.parent.mkdir(parents=True)
    runs.touch()  # a file where the folder should be
    assert place.run("run", "--date", LAST, "--steps", "admit_crm") == 1
    told = capsys.readouterr()
    assert "lake/ops/runs" in told.err
    assert "write_record (exit code 1)" in told.out
