"""What may pass is tried again, inside one command: a source (3) and the warehouse (5), never a refused gate (4) or wrong usage (2)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from company_activity import errors
from company_activity.cli import cycle, options
from company_activity.cli.main import main
from company_activity.errors import CompanyActivityError, GateRefused, SourceError
from company_activity.report.model import StepReport
from company_activity.run import Run

from support.api.usage_api import Answer, in_turn, serving

DAY = ["--date", "2025-11-23"]
EMPTY = Answer(body=b'{"items": [], "next_page": null}')


@pytest.fixture
def waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, none of which is made; and three attempts."""
    settings = {
        "LANDING__ROOT": tmp_path / "landing",
        "LAKE__ROOT": tmp_path / "lake",
        "REPORT__DIR": tmp_path / "reports",
        "NOTIFY__FILE": tmp_path / "outbox",
        "API__MAX_ATTEMPTS": 1,
        "RUN__ATTEMPTS": 3,
        "RUN__RETRY_SECONDS": 60,
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"COMPANY_ACTIVITY__{name}", str(value))
    made: list[float] = []
    monkeypatch.setattr(options, "wait", made.append)
    return made


def test_a_source_that_comes_back_is_read_by_a_later_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    with serving(in_turn(Answer(status=500), Answer(status=503), EMPTY)) as api:
        monkeypatch.setenv("COMPANY_ACTIVITY__API__URL", api.url)
        assert main(["run", *DAY, "--steps", "ingest_usage,notify"]) == 0
    assert waits == [60, 60]
    records = [json.loads(file.read_text("utf-8")) for file in sorted((tmp_path / "lake/ops/runs").glob("*.json"))]
    assert [record["exit_code"] for record in records] == [3, 3, 0]
    told = [step["name"] for record in records for step in record["steps"]].count("notify")
    assert told == 1  # nobody is told of an attempt that another one follows


def test_a_source_that_stays_away_is_told_once_and_is_exit_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    with serving(lambda asked: Answer(status=500)) as api:
        monkeypatch.setenv("COMPANY_ACTIVITY__API__URL", api.url)
        assert main(["run", *DAY, "--steps", "ingest_usage,notify"]) == 3
    assert waits == [60, 60]
    assert len([file for file in (tmp_path / "outbox").rglob("*") if file.is_file()]) == 1


ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CompanyActivityError)]


@pytest.mark.parametrize("error", ERRORS)
def test_only_the_exit_codes_3_and_5_are_tried_again(
    error: type[CompanyActivityError], monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    def fail(run: Run, *asked: object) -> None:
        run.report.steps.append(StepReport("publish", "failed", error=error("no")))

    monkeypatch.setattr(cycle, "run_steps", fail)
    assert main(["run", *DAY]) == error.exit_code
    assert len(waits) == (2 if error.exit_code in (3, 5) else 0)


def test_a_refused_gate_behind_a_source_error_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    def fail(run: Run, *asked: object) -> None:
        run.report.steps.append(StepReport("ingest_usage", "failed", error=SourceError("no answer")))
        run.report.steps.append(StepReport("stage_usage", "failed", error=GateRefused("too few")))

    monkeypatch.setattr(cycle, "run_steps", fail)
    assert main(["run", *DAY]) == 3
    assert waits == []
