"""The ordered steps of a run, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from company_activity.errors import CompanyActivityError, UsageError
from company_activity.io.lake.lock import lake_lock
from company_activity.io.lake.run_records import LakeMarks, lake_marks, write_record
from company_activity.io.secrets.in_urls import without_secrets_in
from company_activity.report.model import START, StepReport
from company_activity.steps.admit_crm import admit_crm
from company_activity.steps.build_activity import build_activity
from company_activity.steps.build_companies import build_companies
from company_activity.steps.ingest_usage import ingest_usage
from company_activity.steps.notify import notify
from company_activity.steps.publish import publish
from company_activity.steps.stage_crm import stage_crm
from company_activity.steps.stage_usage import stage_usage
from company_activity.steps.start import check_accepted_files, check_start
from company_activity.steps.validate import validate
from company_activity.steps.write_report import write_report

if TYPE_CHECKING:
    from company_activity.run import Run

Step = Callable[["Run"], StepReport]

# What can be refused comes first: the gates on CRM files and on usage are judged before the run's first commit.
CYCLE: tuple[Step, ...] = (
    admit_crm,
    ingest_usage,
    stage_usage,
    stage_crm,
    build_companies,
    build_activity,
    publish,
    validate,
)
EPILOGUE: tuple[Step, ...] = (write_report, notify)
STEPS = tuple(step.__name__ for step in (*CYCLE, *EPILOGUE))


def run_steps(run: Run, names: Collection[str] = STEPS) -> None:
    """Take the named steps in their order; report and notification come last, however the others ended.

    A step that did a part of its work hands back an error in its report, and the rest goes on; one that raises
    ends the cycle. What fails before the first step is told in the same way, as the step `start`. The run's exit code
    is that of the first step that failed. Whatever comes of it is recorded.

    Raises:
        UsageError: if the command line cannot be: nothing is written then, and nobody else is told.
    """
    if stage_crm.__name__ in names:
        names = {*names, admit_crm.__name__}  # what is staged is what was admitted
    if build_activity.__name__ not in names:  # asked for alone, publish and validate ask the ledger itself
        run.options = replace(run.options, trusts_mirror=False)
    with ExitStack() as held:
        before = _start(run, names, held)
        if before:
            _take_cycle(run, names)
        for step in EPILOGUE:
            if step.__name__ in names:
                _take(run, step)
        _record(run, before)


def _start(run: Run, names: Collection[str], held: ExitStack) -> LakeMarks | None:
    """Take the lake for as long as `held` lasts, and look at what the steps need; where the lake stands.

    None where the run cannot begin: the reason is kept in its report.
    """
    began = time.monotonic()
    run.holds_lake = False
    lake = run.settings.lake
    try:
        check_accepted_files(run)
        held.enter_context(lake_lock(lake.root, lake.lock_timeout_seconds, on_wait=run.progress.say))
        run.holds_lake = True
        check_start(run, names)
        return lake_marks(lake.root)
    except UsageError:
        raise
    except Exception as error:
        _keep(run, StepReport(START, "failed", error=foreseen(error)), began)
        return None


def _take_cycle(run: Run, names: Collection[str]) -> None:
    for step in CYCLE:
        if step.__name__ in names and not _take(run, step):
            return


def _take(run: Run, step: Step) -> bool:
    """Run one step and keep its report; False where it raised."""
    began = time.monotonic()
    besides: Sequence[CompanyActivityError] = ()
    goes_on = True
    try:
        done = step(run)
    except Exception as error:
        done, goes_on = StepReport(step.__name__, "failed", error=foreseen(error)), False
        besides = getattr(error, "besides", ())
    _keep(run, done, began)
    for one in besides:
        _keep(run, StepReport(step.__name__, "failed", error=one), time.monotonic())
    return goes_on


def _keep(run: Run, done: StepReport, began: float) -> None:
    done.seconds = time.monotonic() - began
    run.report.steps.append(done)
    run.progress.step(done)


def _record(run: Run, before: LakeMarks | None) -> None:
    """Record the run. That it cannot be recorded is its failure only where nothing else was."""
    began = time.monotonic()
    try:
        write_record(run.settings.lake.root, run.report, before)
    except Exception as error:
        why = foreseen(error)
        if run.report.failures:
            run.progress.say(f"this run is not recorded: {why}")
        else:
            _keep(run, StepReport("write_record", "failed", error=why), began)


def foreseen(error: Exception) -> CompanyActivityError:
    """The error itself if it is one of ours, else one line about it."""
    return error if isinstance(error, CompanyActivityError) else unexpected(error)


def unexpected(error: Exception) -> CompanyActivityError:
    """An error that no one foresaw, as one line; its traceback stays with it for `--debug`."""
    lines = str(error).strip().splitlines() or [""]
    wrapped = CompanyActivityError(
        f"{type(error).__name__}: {without_secrets_in(lines[0])[:300]}", remedy="run again with --debug"
    )
    wrapped.__cause__ = error
    return wrapped
