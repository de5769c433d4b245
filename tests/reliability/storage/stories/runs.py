"""The story of a run: it holds the lake, lands a date, tells of it, and is recorded; steps without Spark."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from company_activity.io.lake.record_files import record_files
from company_activity.io.notify.outbox import Outbox
from company_activity.pipeline import run_steps
from company_activity.report.model import RunReport
from company_activity.run import Options, Run
from company_activity.settings.model import LakeSettings, NotifySettings, ReportSettings, Settings

from reliability.storage.stories.landing import whole
from reliability.storage.stories.story import LANDING, Given, Story
from support.landing.ingest import settings_for
from support.landing.pages import DAY, NOON

STEPS = ("ingest_usage", "notify")


class Says:
    """Prints what a console would: warnings and what goes wrong."""

    def say(self, line: str) -> None:
        print(line)

    def step(self, step: Any) -> None:
        print(step.name, step.outcome, *step.warnings, step.error or "", sep=": ")

    def page(self, day: Any, pages: int, rows: int) -> None:
        return


def settings_of(given: Given) -> Settings:
    """Settings by which landing, lake, reports and messages are in the place."""
    landing = replace(LANDING, root=str(given.root / "landing"))
    return replace(
        settings_for(given.api, "", landing=vars(landing)),
        lake=LakeSettings(str(given.lake)),
        report=ReportSettings(str(given.root / "reports")),
        notify=NotifySettings(file=str(given.drop)),
    )


def run_of(given: Given, settings: Settings, began: datetime = NOON) -> Run:
    """A run as the command line makes it."""
    report = RunReport(given.run_id, f"ingest {DAY}", began, (DAY,))
    return Run(settings, (DAY,), report, lambda: began, Says(), Options(outcome="nightly"))


def run(given: Given) -> int:
    """An ingest, its message, its record and its outcome; its exit code."""
    run = run_of(given, settings_of(given))
    run_steps(run, STEPS)
    for step in reversed(run.report.failures):
        print(step.error)  # the last line is of the first failure, whose exit code it is
    return run.report.exit_code


def told(given: Given) -> Any:
    """What has landed; each run that was recorded as news is told of, once, and nothing waits.

    The next run's outcome stands where the scheduler looks.
    """
    records = [found for found in record_files(given.lake) if found.uri]
    assert [found.why for found in records if found.why] == []
    messages = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(given.drop.glob("*.json"))]
    assert list(Outbox(given.lake).pending()) == []
    keys = [(one["run_id"], one["event"]) for one in messages]
    landed = [found.record["run_id"] for found in records if found.record["steps"][0]["outcome"] == "done"]
    assert set(landed) <= {run_id for run_id, _ in keys}
    assert len(keys) == len(set(keys))
    outcome = json.loads(Path(given.root, "lake/ops/outcomes/nightly.json").read_text(encoding="utf-8"))
    return whole(given), outcome["exit_code"], given.run_id in {found.record["run_id"] for found in records}


RUN = Story("run", run, told)
