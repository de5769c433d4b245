"""The ordered steps of a run, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from company_activity.errors import CompanyActivityError
from company_activity.io.run_records import lake_marks, write_record
from company_activity.planner import check_metrics
from company_activity.report import StepReport
from company_activity.schemas import COMPANY_ACTIVITY_DAILY
from company_activity.session import check_java
from company_activity.steps.admit_crm import admit_crm
from company_activity.steps.build_activity import build_activity
from company_activity.steps.build_companies import build_companies
from company_activity.steps.ingest_usage import ingest_usage
from company_activity.steps.notify import notify
from company_activity.steps.publish import publish
from company_activity.steps.stage_crm import stage_crm
from company_activity.steps.stage_usage import stage_usage
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
    ends the cycle. The run's exit code is that of the first step that failed. Whatever comes of it is recorded.
    """
    preflight(run, names)
    before = lake_marks(run.settings.lake.root)
    if stage_crm.__name__ in names:
        names = {*names, admit_crm.__name__}  # what is staged is what was admitted
    for step in CYCLE:
        if step.__name__ in names and not _take(run, step):
            break
    for step in EPILOGUE:
        if step.__name__ in names:
            _take(run, step)
    write_record(run.settings.lake.root, run.report, before)


def preflight(run: Run, names: Collection[str]) -> None:
    """Find out before anything is written that Spark will be needed and cannot start, or that settings contradict.

    Raises:
        RuntimeMissing: if a date asked for is not built yet and there is no Java to build it with.
        SettingsError: if `metrics.yaml` was changed under the same `metric_version`.
    """
    activity = run.state_of(COMPANY_ACTIVITY_DAILY)
    if build_activity.__name__ in names:
        check_metrics(activity, run.settings.metrics.mark)
    built = activity.get("dates", {})
    is_built = all(str(day) in built for day in run.dates)
    if not is_built and any(step.__name__ in names for step in CYCLE[1:]):
        check_java()


def _take(run: Run, step: Step) -> bool:
    """Run one step and keep its report; False where it raised."""
    began = time.monotonic()
    goes_on = True
    try:
        done = step(run)
    except CompanyActivityError as error:
        done, goes_on = StepReport(step.__name__, "failed", error=error), False
    except Exception as error:
        done, goes_on = StepReport(step.__name__, "failed", error=unexpected(error)), False
    done.seconds = time.monotonic() - began
    run.report.steps.append(done)
    run.tell(done)
    return goes_on


def unexpected(error: Exception) -> CompanyActivityError:
    """An error that no one foresaw, as one line; its traceback stays with it for `--debug`."""
    lines = str(error).strip().splitlines() or [""]
    wrapped = CompanyActivityError(f"{type(error).__name__}: {lines[0][:300]}", remedy="run again with --debug")
    wrapped.__cause__ = error
    return wrapped
