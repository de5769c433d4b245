"""Commands of the daily cycle: `run`, and its steps on their own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import click

from company_activity.cli import options
from company_activity.cli.console import Console
from company_activity.cli.options import DEBUG, DateType, date_options, file_name, settings_options
from company_activity.cli.plan import show_plan
from company_activity.dates import DateRange
from company_activity.errors import UsageError
from company_activity.gates.arrived import ACCEPTABLE
from company_activity.pipeline import STEPS, run_steps
from company_activity.report.model import RunReport, StepReport
from company_activity.run import Options, Run
from company_activity.settings.loading import load_settings
from company_activity.settings.model import Settings

NO_OPTIONS = Options()
READ_CRM = {"admit_crm", "stage_crm"}


@click.command("run")
@date_options
@click.option(
    "--steps",
    default=",".join(STEPS),
    show_default=True,
    help="Only these steps, in their order.",
)
@click.option(
    "--accept-crm",
    multiple=True,
    metavar="FILE",
    help="Accept a CRM file that was refused.",
)
@click.option(
    "--accept-gate",
    multiple=True,
    metavar="NAME",
    help="Accept what this gate refuses.",
)
@click.option(
    "--outcome",
    type=file_name,
    default="",
    metavar="NAME",
    help="Keep how the run ended as ops/outcomes/NAME.json in the lake, for the scheduler.",
)
@click.option("--dry-run", is_flag=True, help="Write nothing; print the plan.")
@settings_options
def run_command(
    dates: DateRange,
    steps: str,
    accept_crm: tuple[str, ...],
    accept_gate: tuple[str, ...],
    outcome: str,
    dry_run: bool,
    env: str | None,
    file: Path | None,
) -> int:
    """The daily cycle for one date or a range, in one pass."""
    check_gates(accept_gate)
    names = named_steps(steps)
    if accept_crm and not READ_CRM.intersection(names):
        raise UsageError(
            "--accept-crm goes with a step that reads CRM files",
            remedy="add admit_crm to --steps",
        )
    settings = load_settings(env, file=file)
    if dry_run:
        return show_plan(settings, dates, as_json=False, accept_crm=accept_crm)
    chosen = Options(accept_crm=accept_crm, accept_gates=accept_gate, outcome=outcome)
    return invoke(settings, dates, names, f"run {dates}", chosen)


def check_gates(names: Sequence[str]) -> None:
    """Check that each name is a gate that can be accepted.

    Raises:
        UsageError: naming the first that is none.
    """
    unknown = sorted(set(names) - set(ACCEPTABLE))
    if unknown:
        raise UsageError(
            f"no gate {unknown[0]} to accept",
            remedy=f"gates are {', '.join(ACCEPTABLE)}",
        )


def named_steps(steps: str) -> list[str]:
    """The steps of a comma-separated list.

    >>> named_steps("publish, validate")
    ['publish', 'validate']

    Raises:
        UsageError: if one is no step, or the list is empty.
    """
    stripped = (name.strip() for name in steps.split(","))
    names = [name for name in stripped if name]
    remedy = f"steps are {', '.join(STEPS)}"
    unknown = sorted(set(names) - set(STEPS))
    if unknown:
        raise UsageError(f"no step {unknown[0]}", remedy=remedy)
    if not names:
        raise UsageError("--steps names no step", remedy=remedy)
    return names


@click.command("ingest")
@click.option("--start", "first", type=DateType(), required=True, help="First date to fetch.")
@click.option("--end", "last", type=DateType(), required=True, help="Last date to fetch.")
@settings_options
def ingest_command(first: date, last: date, env: str | None, file: Path | None) -> int:
    """API to landing only."""
    dates = DateRange(first, last)
    settings = load_settings(env, file=file)
    return invoke(settings, dates, ["ingest_usage"], f"ingest {dates}", Options(refetch=False))


@click.command("publish")
@date_options
@click.option(
    "--adopt-lake",
    is_flag=True,
    help="Let this lake replace the one that was published before.",
)
@settings_options
def publish_command(dates: DateRange, adopt_lake: bool, env: str | None, file: Path | None) -> int:
    """Bring the warehouse to the lake's state, and check what it serves."""
    settings = load_settings(env, file=file)
    chosen = Options(trusts_mirror=False, adopt_lake=adopt_lake)
    return invoke(settings, dates, ["publish", "validate"], f"publish {dates}", chosen)


@click.command("validate")
@date_options
@settings_options
def validate_command(dates: DateRange, env: str | None, file: Path | None) -> int:
    """Compare what is served with the lake."""
    settings = load_settings(env, file=file)
    chosen = Options(trusts_mirror=False)
    return invoke(settings, dates, ["validate"], f"validate {dates}", chosen)


@click.command("report")
@date_options
@settings_options
def report_command(dates: DateRange, env: str | None, file: Path | None) -> int:
    """Write the report of the lake as it stands, up to the last of these dates."""
    settings = load_settings(env, file=file)
    return invoke(settings, dates, ["write_report"], f"report {dates}")


@click.command("notify")
@date_options
@settings_options
def notify_command(dates: DateRange, env: str | None, file: Path | None) -> int:
    """Send undelivered messages, and that of the newest run of these dates if none was sent."""
    settings = load_settings(env, file=file)
    return invoke(settings, dates, ["notify"], f"notify {dates}")


def invoke(
    settings: Settings,
    dates: Collection[date],
    names: Sequence[str],
    command: str,
    chosen: Options = NO_OPTIONS,
    first: Callable[[Run], StepReport] | None = None,
    last: Callable[[Run], StepReport] | None = None,
) -> int:
    """A run of these steps; its exit code. What may pass is tried again, each attempt as a run with its own record.

    `first` is what an operation does before them, `last` what it does after them.
    """
    console = Console(with_traceback=click.get_current_context().meta[DEBUG])
    days = tuple(dates)
    for left in reversed(range(settings.run.attempts)):
        began = options.utc_now()
        report = RunReport(new_run_id(began), command, began, days)
        attempt = replace(chosen, attempts_left=left)
        run = Run(settings, days, report, options.utc_now, console, attempt)
        with console.counting_pages():
            run_steps(run, names, first, last)
        console.summary(report)
        if not run.is_tried_again:
            break
        seconds = settings.run.retry_seconds
        console.say(f"exit code {report.exit_code} may pass: tried again in {seconds:.0f} s")
        options.wait(seconds)
    return report.exit_code


def new_run_id(now: datetime) -> str:
    """A run's name: when it began, to the microsecond, and three random characters.

    Sorted by name, runs stand in the order in which they began.
    """
    return f"{now:%Y%m%dT%H%M%SZ}-{now.microsecond:05x}{uuid.uuid4().hex[:3]}"
