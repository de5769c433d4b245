"""Two runs at once, interleaved at random: nothing is lost, and the tables are as one run after the other leaves them.

The pipeline and the lake are the real ones, over a Delta of a few lines; the steps do what ours do, in their order of
reading and writing. The same on real tables is `tests/integration/test_frozen_run.py`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from company_activity import pipeline
from company_activity.errors import CompanyActivityError, LakeMoved, PublishError
from company_activity.io.lake import delta
from company_activity.io.lake.lock import LakeHold
from company_activity.report.model import RunReport, StepReport
from company_activity.run import Run, Silence
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE, QUARANTINE, Table
from company_activity.settings.loading import load_settings

from support.lake.fake_delta import FakeLake, FakeSession, FakeTable
from support.processes.turns import Worker, take_turns

NOW = datetime(2025, 1, 5, tzinfo=UTC)


@dataclass
class Landing:
    """The newest generation of each date; a fetch adds one."""

    generations: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def fetch(self, days: Iterable[str]) -> None:
        for day in days:
            self.generations[day] += 1

    def newest(self) -> dict[str, int]:
        return dict(self.generations)


def run_on(lake: Any, progress: Any = None) -> Run:
    report = RunReport("r", "test", NOW)
    run = Run(load_settings(environ={}), (), report, lambda: NOW, progress=progress or Silence())
    vars(run)["lake"] = lake  # a cached property
    return run


def ingest(landing: Landing, days: str) -> Callable[[Run], StepReport]:
    def ingest(run: Run) -> StepReport:
        for day in days:
            run.lake.spark.pause()  # type: ignore[attr-defined]
            landing.fetch(day)
        return StepReport("ingest")

    return ingest


def stage(landing: Landing) -> Callable[[Run], StepReport]:
    """As `stage_usage`: what is refused first, then the records with the marks of all dates; two batches, if need be."""

    def stage(run: Run) -> StepReport:
        run.lake.look_at(QUARANTINE, PRODUCT_USAGE)
        staged = run.lake.state(PRODUCT_USAGE).get("dates", {})
        landed = landing.newest()
        due = sorted(day for day in landed if landed[day] > staged.get(day, 0))
        for batch in (due[:2], due[2:]):
            if batch:
                marks = {day: landed[day] for day in batch}
                replace(run, QUARANTINE, {day: f"refused {mark}" for day, mark in marks.items()}, None)
                standing = run.lake.state(PRODUCT_USAGE).get("dates", {})
                state = {"dates": {**standing, **marks}}
                replace(run, PRODUCT_USAGE, {day: f"records {mark}" for day, mark in marks.items()}, state)
        return StepReport("stage", "done" if due else "nothing")

    return stage


def build(run: Run) -> StepReport:
    """As `build_activity`: the dates whose marks are not those that the table was built from."""
    run.lake.look_at(COMPANY_ACTIVITY_DAILY)
    staged = run.lake.state(PRODUCT_USAGE).get("dates", {})
    built = run.lake.state(COMPANY_ACTIVITY_DAILY).get("usage", {})
    if staged == built:
        return StepReport("build", "nothing")
    assert all(staged.get(day, 0) >= built[day] for day in built), "a date is lost or set back"
    records = read(run, PRODUCT_USAGE)
    assert records == {day: f"records {mark}" for day, mark in staged.items()}, "rows of another state than was read"
    refused = read(run, QUARANTINE)
    due = [day for day in staged if staged[day] != built.get(day)]
    replace(run, COMPANY_ACTIVITY_DAILY, {day: f"{records[day]}, {refused[day]}" for day in due}, {"usage": staged})
    return StepReport("build")


def read(run: Run, table: Table) -> dict[str, str]:
    found: Any = run.lake.read(table)  # a table of the small model
    return dict(found.rows)


def replace(run: Run, table: Table, rows: dict[str, str], state: Any) -> None:
    session: Any = run.lake.spark  # a session of the small model
    run.lake.replace(table, session.createDataFrame(rows), json.dumps(sorted(rows)), state)


@pytest.fixture(autouse=True)
def fake_delta(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "as_declared", lambda rows, table: rows)
    monkeypatch.setattr(pipeline, "is_local", lambda root: False)  # read anew before each step
    monkeypatch.setattr(pipeline, "MOST_TAKES", 50)
    monkeypatch.setattr(Table, "fingerprint", "one")


def a_run(lake: Any, landing: Landing, days: str) -> Run:
    """A whole run of the stylised steps."""
    run = run_on(lake)
    for take in (ingest(landing, days), stage(landing), build):
        run.lake.forget()
        taken = pipeline._take_on_firm_ground(run, pipeline.Step(take), {}, LakeHold())
        run.report.steps.append(taken if isinstance(taken, StepReport) else taken.report)
    return run


@pytest.mark.parametrize(
    "seeds",
    [range(60), pytest.param(range(60, 1000), marks=[pytest.mark.long, pytest.mark.nightly])],
    ids=["few", "many"],
)
@pytest.mark.parametrize("is_one_killed", [False, True])
def test_two_runs_interleaved_at_random_end_as_one_after_the_other(
    tmp_path: Path, seeds: range, is_one_killed: bool
) -> None:
    """A run that is killed is followed by another one, as every day."""
    retaken = sum(interleaved(tmp_path / str(seed), seed, is_one_killed=is_one_killed) for seed in seeds)
    assert retaken > len(seeds) / 8  # the runs do meet


def interleaved(root: Path, seed: int, *, is_one_killed: bool) -> int:
    """Two runs that share a date, in an order that the seed tells; how many steps were taken again."""
    landing = Landing()
    runs: list[Run] = []
    workers = [Worker("daily"), Worker("backfill")]
    for worker, days in zip(workers, ("cd", "abc"), strict=True):
        lake = FakeLake(root, worker.pause)
        worker.start(lambda lake=lake, days=days: runs.append(a_run(lake, landing, days)))  # type: ignore[misc]
    take_turns(workers, seed, kill_at=seed % 23 if is_one_killed else None)
    if is_one_killed:
        a_run(FakeLake(root, lambda: None), landing, "")
    as_serial(root, landing, seed)
    return sum(bool(step.notes) for run in runs for step in run.report.steps)


def as_serial(root: Path, landing: Landing, seed: int) -> None:
    """Each date is as its newest generation gives it, and each state says so."""
    newest = landing.newest()
    lake = FakeLake(root, lambda: None)
    assert lake.state(PRODUCT_USAGE)["dates"] == newest, seed
    assert lake.state(COMPANY_ACTIVITY_DAILY)["usage"] == newest, seed
    for table, text in (
        (PRODUCT_USAGE, "records {0}"),
        (QUARANTINE, "refused {0}"),
        (COMPANY_ACTIVITY_DAILY, "records {0}, refused {0}"),
    ):
        stands = FakeTable(lake.uri(table))
        assert stands.rows(stands.version) == {day: text.format(mark) for day, mark in newest.items()}, seed


class Said(Silence):
    """What a run says."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


class Overtaken:
    """A step that another run comes before, so many times, and what it was handed each time."""

    def __init__(self, times: int, error: CompanyActivityError, commits: int = 0) -> None:
        self.__name__ = "overtaken"
        self.left = times
        self.error = error
        self.commits = commits
        self.handed: list[object] = []

    def __call__(self, run: Run, *handed: object) -> StepReport:
        self.handed += handed
        if self.left:
            self.left -= 1
            run.lake.commits += self.commits
            raise self.error
        return StepReport("overtaken", "nothing")


MOVED = LakeMoved("another run has committed to stg.t")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(pipeline, "MOST_TAKES", 5)
    return run_on(FakeLake(tmp_path, lambda: None), Said())


def cycle(run: Run, monkeypatch: pytest.MonkeyPatch, *steps: pipeline.Step, hold: LakeHold | None = None) -> None:
    monkeypatch.setattr(pipeline, "CYCLE", steps)
    pipeline._take_cycle(run, [step.name for step in steps], hold or LakeHold())


def test_a_step_that_another_run_came_before_is_taken_again_with_the_one_that_it_needs(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    admitted: list[StepReport] = []

    def admit(run: Run) -> StepReport:
        run.lake.look_at(QUARANTINE)
        admitted.append(StepReport("admit"))
        return admitted[-1]

    step = Overtaken(2, MOVED)
    cycle(run, monkeypatch, pipeline.Step(admit), pipeline.Step(step, result_of=admit, needs=True))
    assert [id(one) for one in step.handed] == [id(one) for one in admitted]
    assert len(admitted) == 3
    assert [one.notes for one in run.report.steps] == [[], ["taken 3 times: another run committed meanwhile"]]
    assert run.report.exit_code == 0
    assert run.progress.lines == ["another run has committed to stg.t; overtaken is taken again"] * 2  # type: ignore[attr-defined]


def test_what_an_earlier_take_committed_is_not_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    cycle(run, monkeypatch, pipeline.Step(Overtaken(1, MOVED, commits=1)))
    assert run.report.has_changed_something


def test_it_ends_after_so_many_takes_with_its_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    step = Overtaken(99, MOVED)
    cycle(run, monkeypatch, pipeline.Step(step))
    assert step.left == 99 - 5
    assert (run.report.exit_code, run.report.failures[0].error) == (1, MOVED)


@pytest.mark.parametrize("has_moved", [False, True])
def test_a_publish_that_failed_is_taken_again_if_the_lake_moved_meanwhile(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_moved: bool
) -> None:
    """The warehouse then shows a newer lake than this run has read."""
    run.lake.look_at(PRODUCT_USAGE)
    if has_moved:
        other = run_on(FakeLake(tmp_path, lambda: None))
        replace(other, PRODUCT_USAGE, {"a": "1"}, {"dates": {"a": 1}})
    monkeypatch.setattr(pipeline, "is_local", lambda root: True)
    cycle(run, monkeypatch, pipeline.Step(Overtaken(1, PublishError("a newer fence is there"))))
    assert run.report.exit_code == (0 if has_moved else 5)


def test_a_lost_lease_is_a_warning_of_the_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Lost:
        is_lost = True

    regained: list[str] = []
    hold = LakeHold(Lost(), regain=lambda: regained.append("waited"))  # type: ignore[arg-type]
    cycle(run, monkeypatch, pipeline.Step(Overtaken(1, MOVED)), hold=hold)
    assert ["lost its lock" in warning for warning in run.report.warnings] == [True]
    assert regained == ["waited"]


def test_the_sessions_double_is_asked_as_the_real_one(tmp_path: Path) -> None:
    """A state alone is a commit of no row, and a transaction that is known already is skipped without a word."""
    lake = FakeLake(tmp_path, lambda: None)
    replace(run_on(lake), PRODUCT_USAGE, {"a": "1"}, {"dates": {"a": 1}})
    lake.note(PRODUCT_USAGE, {"dates": {"a": 1, "b": 1}})
    table = FakeTable(lake.uri(PRODUCT_USAGE))
    assert (table.version, table.rows(2), table.transaction(0, 2)) == (2, {"a": "1"}, 2)
    writer = FakeSession(lambda: None).createDataFrame({"z": "9"}).option("txnAppId", "x").option("txnVersion", 2)
    writer.option("userMetadata", "").save(lake.uri(PRODUCT_USAGE))
    assert table.version == 2
