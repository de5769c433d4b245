"""Notify from end to end: a run's report, the outbox, a real receiver."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from company_activity.errors import ApiError, SettingsError
from company_activity.io.lake.run_records import lake_marks, write_record
from company_activity.io.notify.digest.items import KnownEpisode
from company_activity.io.storage.folder import open_folder
from company_activity.planning.news import Episode
from company_activity.records.crm.snoozed import read_snoozed
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


# Digests: what is new of recipients' companies.


def asked_by_spark(monkeypatch: pytest.MonkeyPatch, known_episodes: Callable[..., list[KnownEpisode]]) -> None:
    """Let this answer in place of the module that asks Spark, which is not imported."""
    monkeypatch.setitem(sys.modules, "company_activity.work.news", ModuleType("news"))
    monkeypatch.setattr(sys.modules["company_activity.work.news"], "known_episodes", known_episodes, raising=False)


class Built:
    """A lake whose episodes are built; rows are not to be read unless told."""

    def __init__(self, run: Run, monkeypatch: pytest.MonkeyPatch, moved: bool = False) -> None:
        self.asked = 0
        activity = SimpleNamespace(dates={DAY: None})
        stands: dict[str, Any] = {
            "activity": activity,
            "moved_since_episodes": SimpleNamespace(dates=(DAY,) if moved else ()),
        }
        stands |= {"exists": lambda table: True, "identity": lambda table: "e@1", "files": open_folder(run.lake.root)}
        vars(run)["lake"] = SimpleNamespace(**stands)
        asked_by_spark(monkeypatch, self.known_episodes)

    def known_episodes(self, run: Run, newest: date, since: date) -> list[KnownEpisode]:
        self.asked += 1
        return [KnownEpisode(Episode("c_126", newest, newest, churn_reasons=("SILENT",), company_name="Sudden Stop"))]


def set_aside(run: Run, text: str) -> None:
    vars(run)["snoozed"] = read_snoozed("raw/crm/snoozed.csv", f"company_id,until,why\n{text}".encode())


def digests(tmp_path: Path) -> list[str]:
    return [file.read_text("utf-8") for file in sorted((tmp_path / "told").glob("*.txt"))]


def test_where_messages_go_to_a_file_so_does_a_digest_of_all_companies_once(
    run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for report, counts, asked in ((succeeded(), {"sent": 1, "digests": 1}, 1), (quiet(), {}, 0)):
        one = run(report)
        built = Built(one, monkeypatch)
        set_aside(one, "")
        step = notify(one)
        assert (step.counts, built.asked) == (counts, asked)
    [text] = digests(tmp_path)
    assert "Entered risk (1):\n  - Sudden Stop (c_126)" in text


def test_no_digest_is_made_while_the_episodes_are_not_those_of_the_rows(
    run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = run()
    built = Built(one, monkeypatch, moved=True)
    set_aside(one, "")
    assert (notify(one).counts, built.asked, digests(tmp_path)) == ({"sent": 1}, 0, [])


def test_without_recipients_nothing_is_asked(run: MakeRun, receiver: HttpReceiver) -> None:
    assert notify(run(channels="webhook", webhook_url=receiver.url)).counts == {"sent": 1}  # its lake has no Spark


def test_a_broken_row_of_those_set_aside_is_a_warning_and_no_failure(
    run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = run(quiet())
    Built(one, monkeypatch)
    set_aside(one, f"c_126,{DAY + timedelta(days=9)},\nc_127,soon,\n")
    step = notify(one)
    assert (step.outcome, step.error) == ("done", None)
    assert [warning for warning in step.warnings if "snoozed.csv, line 3: until 'soon' is no date" in warning]
    assert ["Nothing new on" in text for text in digests(tmp_path)] == [True]


def test_whatever_ails_the_lake_the_run_is_told_and_the_next_one_makes_the_digests(
    run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = run()
    Built(one, monkeypatch)
    set_aside(one, "")
    with monkeypatch.context() as broken:
        asked_by_spark(broken, lambda *_: 1 / 0)  # type: ignore[arg-type]
        step = notify(one)
    assert step.error
    assert (step.error.exit_code, len(told_messages(tmp_path)), digests(tmp_path)) == (6, 1, [])
    assert "digests: ZeroDivisionError" in str(step.error)
    assert "ops/news" in step.error.remedy
    again = run(quiet())
    Built(again, monkeypatch)
    set_aside(again, "")
    assert notify(again).counts == {"digests": 1}


def test_a_run_beside_another_leaves_digests_to_that(
    run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = run()
    built = Built(one, monkeypatch)
    assert (notify(one, holds_lake=False).counts, built.asked) == ({"sent": 1}, 0)


def told_messages(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "told").glob("*.json"))
