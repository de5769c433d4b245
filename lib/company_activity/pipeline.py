"""The ordered steps of a run, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from company_activity.errors import CompanyActivityError, LakeMoved, PublishError, UsageError
from company_activity.io.lake.lock import LakeHold, is_local, lake_lock
from company_activity.io.lake.outcomes import keep_outcome, outcome_of
from company_activity.io.lake.run_records import LakeMarks, lake_marks, write_record
from company_activity.io.secrets.in_urls import without_secrets_in
from company_activity.report.model import START, StepReport
from company_activity.steps.admit_crm import admit_crm
from company_activity.steps.build_activity import build_activity
from company_activity.steps.build_companies import build_companies
from company_activity.steps.build_episodes import build_episodes
from company_activity.steps.build_rollups import build_rollups
from company_activity.steps.ingest_usage import ingest_usage
from company_activity.steps.notify import notify
from company_activity.steps.publish import publish
from company_activity.steps.register_tables import register_tables
from company_activity.steps.stage_crm import stage_crm
from company_activity.steps.stage_usage import stage_usage
from company_activity.steps.start import check_accepted_files, check_start
from company_activity.steps.validate import validate
from company_activity.steps.write_report import write_report

if TYPE_CHECKING:
    from company_activity.run import Run

Take = Callable[..., "StepReport | HandedOn"]
MOST_TAKES = 5  # of one step, while another run commits to the same tables


class HandedOn(Protocol):
    """What a step hands to a later one, and its report."""

    @property
    def report(self) -> StepReport: ...


@dataclass(frozen=True)
class Step:
    """A step, and the earlier one whose result it takes; `needs` says that it cannot be taken without that."""

    take: Take
    result_of: Take | None = None
    needs: bool = False

    @property
    def name(self) -> str:
        return self.take.__name__


# What can be refused comes first: the gates on CRM files and on usage are judged before the run's first commit.
CYCLE = (
    Step(admit_crm),
    Step(ingest_usage),
    Step(stage_usage),
    Step(stage_crm, result_of=admit_crm, needs=True),
    Step(build_companies),
    Step(build_activity),
    Step(build_episodes),
    Step(build_rollups),
    Step(register_tables),
    Step(publish),
    Step(validate, result_of=publish),
)
EPILOGUE = (write_report.__name__, notify.__name__)
STEPS = (*(step.name for step in CYCLE), *EPILOGUE)
WRITE_RECORD = "write_record"
NAMED_IN_OUTCOME = (START, *STEPS, WRITE_RECORD)


def run_steps(
    run: Run,
    names: Collection[str] = STEPS,
    first: Callable[[Run], StepReport] | None = None,
    last: Callable[[Run], StepReport] | None = None,
) -> None:
    """Take the named steps in their order; report and notification come last, however the others ended.

    `first` is what an operation does before them, under the same lock and in the same record, `last` what it does once
    all of them have gone well.

    A step that did a part of its work hands back an error in its report, and the rest goes on; one that raises
    ends the cycle. What fails before the first step is told in the same way, as the step `start`. The run's exit code
    is that of the first step that failed. Whatever comes of it is recorded. If the run is tried again, only the last
    attempt reports and notifies.

    Raises:
        UsageError: if the command line cannot be: nothing is written then, and nobody else is told.
    """
    wanted = with_needed(names)
    if not run.settings.lake.catalog:  # by path alone
        wanted.discard(register_tables.__name__)
    if (
        build_activity.__name__ not in wanted
    ):  # asked for alone, publish and validate ask the ledger itself
        run = replace(run, options=replace(run.options, trusts_mirror=False))
    with ExitStack() as held:
        started = _start(run, wanted, held)
        if started.marks:
            _take_cycle(run, wanted, started.hold, first, last)
        epilogue = [name for name in EPILOGUE if name in wanted and not run.is_tried_again]
        if write_report.__name__ in epilogue:
            _take(run, write_report.__name__, lambda: write_report(run))
        if notify.__name__ in epilogue:
            _take(run, notify.__name__, lambda: notify(run, holds_lake=started.holds_lake))
        _record(run, started.marks)
        if run.options.outcome and not run.is_tried_again:
            _keep_outcome(run)


def with_needed(names: Collection[str]) -> set[str]:
    """The named steps, and those whose results they need.

    >>> sorted(with_needed(["stage_crm"])), sorted(with_needed(["validate"]))
    (['admit_crm', 'stage_crm'], ['validate'])
    """
    wanted = set(names)
    for step in CYCLE:
        if step.name in wanted and step.needs and step.result_of is not None:
            wanted.add(step.result_of.__name__)
    return wanted


@dataclass(frozen=True)
class Start:
    """How a run began: whether it holds the lake, and where the lake stands; no marks if it cannot go on."""

    holds_lake: bool
    marks: LakeMarks | None = None
    hold: LakeHold = field(default_factory=LakeHold)


def _start(run: Run, names: Collection[str], held: ExitStack) -> Start:
    """Take the lake for as long as `held` lasts, and look at what the steps need.

    Why a run cannot begin is kept in its report.
    """
    began = time.monotonic()
    settings = run.settings.lake
    holds_lake = False
    try:
        check_accepted_files(run)
        hold = held.enter_context(
            lake_lock(
                settings.root, settings.lock_timeout_seconds, run.progress.say, run.lake.files
            )
        )
        holds_lake = True
        run.lake.forget()  # another run may have committed while this one waited
        check_start(run, names)
        return Start(holds_lake, lake_marks(run.lake), hold)
    except UsageError:
        raise
    except Exception as error:
        _keep(run, StepReport(START, "failed", error=foreseen(error)), began)
        return Start(holds_lake)


def _take_cycle(
    run: Run,
    names: Collection[str],
    hold: LakeHold,
    first: Take | None = None,
    last: Take | None = None,
) -> None:
    """Take the steps of the cycle; each is handed the result of the step that it builds on."""
    results: dict[str, object] = {}
    before = [Step(first)] if first else []
    for step in (*before, *(step for step in CYCLE if step.name in names)):
        _look_anew(run)
        taken = _take(run, step.name, partial(_take_on_firm_ground, run, step, results, hold))
        if taken is None:
            run.report.steps[-1].warnings += hold.news()
            return
        results[step.name] = taken
    if last and not run.report.failures:
        _take(run, last.__name__, lambda: last(run))


def _take_on_firm_ground(
    run: Run, step: Step, results: dict[str, object], hold: LakeHold
) -> StepReport | HandedOn:
    """Take a step; again from a fresh reading, where another run has committed to what it was built from.

    With it the earlier step is taken again whose result it needs. What a take has committed stands.

    Raises:
        LakeMoved: if that goes on for `MOST_TAKES` takes.
    """
    before = run.lake.commits
    standing = 0
    for takes in range(1, MOST_TAKES + 1):
        try:
            if takes > 1 and step.needs and step.result_of is not None:
                results[step.result_of.__name__] = step.result_of(run)
            handed = [results.get(step.result_of.__name__)] if step.result_of else []
            taken = step.take(run, *handed)
        except CompanyActivityError as error:
            if takes == MOST_TAKES or not _was_overtaken(run, error):
                raise
            standing = run.lake.commits - before
            run.progress.say(f"{error.what}; {step.name} is taken again")
            hold.regain()
            run.lake.forget()
        else:
            break
    report = taken if isinstance(taken, StepReport) else taken.report
    if takes > 1:
        report.notes.append(f"taken {takes} times: another run committed meanwhile")
    if standing and report.outcome == "nothing":
        report.outcome = "done"  # by an earlier take
    report.warnings += hold.news()
    return taken


def _was_overtaken(run: Run, error: CompanyActivityError) -> bool:
    """Whether a step failed because another run has committed since the step looked at the lake."""
    if isinstance(error, LakeMoved):
        return True
    try:  # the warehouse shows what the other run has published of a newer lake
        return isinstance(error, PublishError) and run.lake.has_moved()
    except CompanyActivityError:
        return False


def _look_anew(run: Run) -> None:
    """Read the tables' logs again where another run may have committed: on an object store a lease can be lost."""
    if not is_local(run.lake.root):
        run.lake.forget()


def _take(
    run: Run, name: str, take: Callable[[], StepReport | HandedOn]
) -> StepReport | HandedOn | None:
    """Take one step and keep its report; what it hands on, or None if it raised."""
    began = time.monotonic()
    try:
        taken = take()
    except Exception as error:
        _keep(run, StepReport(name, "failed", error=foreseen(error)), began)
        for besides in getattr(error, "besides", ()):
            _keep(run, StepReport(name, "failed", error=besides), time.monotonic())
        return None
    _keep(run, taken if isinstance(taken, StepReport) else taken.report, began)
    return taken


def _keep(run: Run, done: StepReport, began: float) -> None:
    done.seconds = time.monotonic() - began
    run.report.steps.append(done)
    run.progress.step(done)


def _record(run: Run, before: LakeMarks | None) -> None:
    """Record the run. That it cannot be recorded is its failure only where nothing else was."""
    began = time.monotonic()
    try:
        _look_anew(run)
        write_record(run.lake, run.report, before)
    except Exception as error:
        why = foreseen(error)
        if run.report.failures:
            run.progress.say(f"this run is not recorded: {why}")
        else:
            _keep(run, StepReport(WRITE_RECORD, "failed", error=why), began)


def _keep_outcome(run: Run) -> None:
    """Keep how the run ended where its scheduler looks; without it, that knows only that something is wrong."""
    try:
        outcome = outcome_of(run.report, NAMED_IN_OUTCOME)
        keep_outcome(run.lake.files, run.options.outcome, outcome)
    except Exception as error:
        run.progress.say(f"the outcome of this run is not kept: {foreseen(error)}")


def foreseen(error: Exception) -> CompanyActivityError:
    """The error itself if it is one of ours, else one line about it."""
    return error if isinstance(error, CompanyActivityError) else unexpected(error)


def unexpected(error: Exception) -> CompanyActivityError:
    """An error that no one foresaw, as one line; its traceback stays with it for `--debug`."""
    lines = str(error).strip().splitlines() or [""]
    wrapped = CompanyActivityError(
        f"{type(error).__name__}: {without_secrets_in(lines[0])[:300]}",
        remedy="run again with --debug",
    )
    wrapped.__cause__ = error
    return wrapped
