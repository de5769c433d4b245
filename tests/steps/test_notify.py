"""Notify from end to end: a run's report, the outbox, a real receiver."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from company_activity.errors import ApiError, SettingsError
from company_activity.io.lake.run_records import lake_marks, write_record
from company_activity.report.model import RunReport, StepReport
from company_activity.run import Run
from company_activity.settings.loading import load_settings
from company_activity.steps.notify import notify

from support.lake.content import lake_at
from support.report.receivers import HttpReceiver, http_receiver
from support.report.reports import BEGAN, DAY, failed, succeeded

MakeRun = Callable[..., Run]

RUNS = iter(range(10_000))


@pytest.fixture
def run(tmp_path: Path) -> MakeRun:
    """Makes runs on one lake, each with an id of its own."""

    def run(report: RunReport | None = None, **settings: str) -> Run:
        number = next(RUNS)
        given = {"CHANNELS": "file", "FILE": f"{tmp_path}/told", "MAX_ATTEMPTS": "1", "TIMEOUT_SECONDS": "2"} | settings
        environ = {f"COMPANY_ACTIVITY__NOTIFY__{name.upper()}": value for name, value in given.items()}
        environ |= {"COMPANY_ACTIVITY__LAKE__ROOT": f"{tmp_path}/lake", "COMPANY_ACTIVITY__API__URL": "http://x/"}
        report = replace(report or succeeded(), run_id=f"20251124T03{number:04d}Z-abc123")
        return Run(load_settings(environ=environ), report.dates, report, lambda: BEGAN)

    return run


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


def told(tmp_path: Path) -> list[Any]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted((tmp_path / "told").iterdir())]


def quiet() -> RunReport:
    return succeeded(steps=[StepReport("ingest_usage", "nothing")])


def test_success_is_told(run: MakeRun, tmp_path: Path) -> None:
    step = notify(run())
    assert (step.outcome, step.counts, step.error) == ("done", {"sent": 1}, None)
    assert [(one["event"], one["failed_step"]) for one in told(tmp_path)] == [("succeeded", "")]


@pytest.mark.parametrize("step", ["ingest_usage", "stage_usage", "build_activity", "publish"])
def test_failure_is_told_from_every_step(run: MakeRun, tmp_path: Path, step: str) -> None:
    assert notify(run(failed(ApiError("x"), step=step))).error is None
    [one] = told(tmp_path)
    assert (one["event"], one["failed_step"], one["exit_code"]) == ("failed", step, 3)


def test_a_run_that_changed_nothing_has_nothing_to_tell(run: MakeRun, tmp_path: Path) -> None:
    step = notify(run(quiet()))
    assert (step.outcome, step.notes, step.counts) == ("nothing", ["nothing to send"], {})
    assert not (tmp_path / "told").exists()


def test_a_message_that_could_not_be_sent_is_sent_by_the_next_run_once(run: MakeRun, receiver: HttpReceiver) -> None:
    teams = {"channels": "teams", "teams_url": receiver.url}
    receiver.answers = [503, 202]
    first = run(failed(ApiError("the API is down")), **teams)
    step = notify(first)
    assert step.error
    assert (step.outcome, step.error.exit_code) == ("failed", 6)
    assert "127.0.0.1 answers 503" in str(step.error)
    assert "s3cret" not in str(step.error)
    assert receiver.taken == []
    assert notify(run(quiet(), **teams)).counts == {"sent": 1}  # the next run has nothing of its own to tell
    assert notify(run(quiet(), **teams)).outcome == "nothing"
    [card] = [posted.json["attachments"][0]["content"] for posted in receiver.taken]
    assert "the API is down" in json.dumps(card)
    assert first.run_id in json.dumps(card)


def test_what_is_not_delivered_on_one_channel_is_on_the_other(
    run: MakeRun, receiver: HttpReceiver, tmp_path: Path
) -> None:
    receiver.answers = [500]
    step = notify(run(channels="file,webhook", webhook_url=receiver.url))
    assert step.error
    assert (step.counts, step.error.exit_code) == ({"sent": 1, "undelivered": 1}, 6)
    assert len(told(tmp_path)) == 1


def test_the_data_s_failure_decides_the_exit_code(run: MakeRun, receiver: HttpReceiver) -> None:
    receiver.answers = [500]
    failing = run(failed(ApiError("x")), channels="webhook", webhook_url=receiver.url)
    failing.report.steps.append(notify(failing))
    assert failing.report.exit_code == 3
    going = run(channels="webhook", webhook_url=receiver.url)
    going.report.steps.append(notify(going))
    assert going.report.exit_code == 6


def test_the_same_run_is_told_once(run: MakeRun, receiver: HttpReceiver) -> None:
    once = run(channels="webhook", webhook_url=receiver.url)
    notify(once)
    notify(once)
    assert len(receiver.taken) == 1


def test_a_channel_without_its_address_keeps_the_message_and_says_which_setting(run: MakeRun) -> None:
    assert "notify.webhook_url is no https:// URL" in str(notify(run(channels="webhook")).error)


def test_an_unknown_channel_is_refused_before_the_run(run: MakeRun) -> None:
    with pytest.raises(SettingsError, match=r"notify.channels.0.*'pigeon'"):
        run(channels="pigeon")


def test_an_outbox_that_cannot_be_written_silences_nobody(run: MakeRun, receiver: HttpReceiver, tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake/ops").touch()  # a file where the folder should be
    step = notify(run(failed(ApiError("x")), channels="webhook", webhook_url=receiver.url))
    assert len(receiver.taken) == 1
    assert "the outbox cannot be used" in str(step.error)


def alone(dates: tuple[date, ...] = (DAY,)) -> RunReport:
    """What `company-activity notify --date D` reports before its one step."""
    return RunReport("n", f"notify {dates[0]}", BEGAN + timedelta(hours=1), dates)


def test_on_its_own_it_tells_of_the_newest_run_of_the_date_once(
    run: MakeRun, receiver: HttpReceiver, tmp_path: Path
) -> None:
    lake = str(tmp_path / "lake")
    for report in (succeeded(), failed(ApiError("the newest")), replace(succeeded(), dates=(date(2025, 1, 1),))):
        one = run(report)
        write_record(lake_at(lake), one.report, lake_marks(lake_at(lake)))
    for _ in range(2):
        notify(run(alone(), channels="webhook", webhook_url=receiver.url))
    [posted] = receiver.taken
    assert posted.json["error"] == "ApiError: the newest"


def test_on_its_own_it_has_nothing_to_tell_of_a_date_that_no_run_had(run: MakeRun) -> None:
    assert notify(run(alone((date(2024, 1, 1),)))).outcome == "nothing"


def test_no_address_is_kept_with_the_message(run: MakeRun, tmp_path: Path, receiver: HttpReceiver) -> None:
    receiver.answers = [500]
    notify(run(channels="webhook", webhook_url=receiver.url))
    [kept] = (tmp_path / "lake/ops/outbox").iterdir()
    assert "s3cret" not in kept.read_text(encoding="utf-8")
