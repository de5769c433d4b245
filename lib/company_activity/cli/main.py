"""Commands, options, exit codes."""

from __future__ import annotations

import io
import json
import os
import sys
import traceback
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from company_activity import __version__
from company_activity.cli.console import Console
from company_activity.dates import DateRange, check_is_over, parse_date
from company_activity.errors import CompanyActivityError, UsageError
from company_activity.gates.arrived import ACCEPTABLE
from company_activity.io.lake.lock import lake_lock
from company_activity.io.lake.run_records import run_records
from company_activity.operations.migrate import migrate
from company_activity.operations.plan import plan
from company_activity.pipeline import STEPS, run_steps, unexpected
from company_activity.report.model import RunReport
from company_activity.run import Run
from company_activity.settings.loading import load_settings
from company_activity.settings.model import Settings
from company_activity.steps.start import check_accepted_files

Command = TypeVar("Command", bound=Callable[..., Any])

DEBUG = "company_activity.debug"
READ_CRM = {"admit_crm", "stage_crm"}
EXIT_CODES = """
Exit codes: 0 done (also: nothing to do), 1 unexpected, 2 usage or settings, 3 source (API, CRM file),
4 gate refused, 5 publish, 6 done but a notification is undelivered; if several steps fail,
it is the first one's code; output, message, report and run record name all of them.
"""


class DateType(click.ParamType):  # type: ignore[type-arg]
    """A day as YYYY-MM-DD that is over, in UTC."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        day = value if isinstance(value, date) else parse_date(str(value))
        check_is_over(day, utc_now())
        return day


def settings_options(command: Command) -> Command:
    """`--env`, `--settings` and `--debug`, shared by every command."""
    command = click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=lambda context, option, is_asked: context.meta.update({DEBUG: is_asked}),
        help="Show a traceback on failure.",
    )(command)
    command = click.option(
        "--settings",
        "file",
        type=click.Path(path_type=Path),
        help="Settings file in place of conf/<env>.yaml.",
    )(command)
    named = os.environ.get("COMPANY_ACTIVITY_ENV")
    text = "Which conf/<env>.yaml to read; default: the name of --settings FILE, else local."
    return click.option("--env", default=named, help=text)(command)


def date_options(command: Command) -> Command:
    """`--date`, or `--from` and `--to`."""

    @wraps(command)
    def with_dates(on: date | None, first: date | None, last: date | None, **options: Any) -> Any:
        return command(dates=asked_for(on, first, last), **options)

    for option, name, text in (
        ("--to", "last", "Last date of a range."),
        ("--from", "first", "First date of a range."),
        ("--date", "on", "One date, YYYY-MM-DD."),
    ):
        with_dates = click.option(option, name, type=DateType(), help=text)(with_dates)
    return with_dates  # type: ignore[return-value]


def asked_for(on: date | None, first: date | None, last: date | None) -> DateRange:
    """The dates that the options name.

    Raises:
        UsageError: if they name none, or both a date and a range.
    """
    if on and not (first or last):
        return DateRange(on, on)
    if first and last and not on:
        return DateRange(first, last)
    raise UsageError("no date is given", remedy="give --date D, or --from A and --to B")


@click.group(epilog=EXIT_CODES)
@click.version_option(__version__, prog_name="company-activity")
def cli() -> None:
    """One trustworthy row per company per day, from CRM files and product usage."""


@cli.command()
@date_options
@click.option("--steps", default=",".join(STEPS), show_default=True, help="Only these steps, in their order.")
@click.option("--accept-crm", multiple=True, metavar="FILE", help="Accept a CRM file that was refused.")
@click.option("--accept-gate", multiple=True, metavar="NAME", help="Accept what this gate refuses.")
@click.option("--dry-run", is_flag=True, help="Write nothing; print the plan.")
@settings_options
def run(
    dates: DateRange,
    steps: str,
    accept_crm: tuple[str, ...],
    accept_gate: tuple[str, ...],
    dry_run: bool,
    env: str | None,
    file: Path | None,
) -> int:
    """The daily cycle for one date or a range, in one pass."""
    if unknown_gates := sorted(set(accept_gate) - set(ACCEPTABLE)):
        raise UsageError(f"no gate {unknown_gates[0]} to accept", remedy=f"gates are {', '.join(ACCEPTABLE)}")
    names = [name.strip() for name in steps.split(",") if name.strip()]
    if unknown := sorted(set(names) - set(STEPS)):
        raise UsageError(f"no step {unknown[0]}", remedy=f"steps are {', '.join(STEPS)}")
    if not names:
        raise UsageError("--steps names no step", remedy=f"steps are {', '.join(STEPS)}")
    if accept_crm and not READ_CRM.intersection(names):
        raise UsageError("--accept-crm goes with a step that reads CRM files", remedy="add admit_crm to --steps")
    settings = load_settings(env, file=file)
    if dry_run:
        return show_plan(settings, dates, as_json=False, accept_crm=accept_crm)
    return invoke(settings, dates, names, f"run {dates}", accept_crm=accept_crm, accept_gates=accept_gate)


@cli.command("plan")
@date_options
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@settings_options
def plan_command(dates: DateRange, as_json: bool, env: str | None, file: Path | None) -> int:
    """What a run would do and why. Writes nothing, starts no Spark."""
    return show_plan(load_settings(env, file=file), dates, as_json=as_json)


def show_plan(settings: Settings, dates: DateRange, *, as_json: bool, accept_crm: tuple[str, ...] = ()) -> int:
    """Print what a run of these dates would do."""
    this = Run(settings, tuple(dates), RunReport("", f"plan {dates}", utc_now()), utc_now, accept_crm=accept_crm)
    check_accepted_files(this)
    planned = plan(this)
    if as_json:
        click.echo(json.dumps(planned.as_json(), ensure_ascii=False, indent=1))
    else:
        Console().plan(planned)
    return 0


@cli.command()
@click.option("--start", "first", type=DateType(), required=True, help="First date to fetch.")
@click.option("--end", "last", type=DateType(), required=True, help="Last date to fetch.")
@settings_options
def ingest(first: date, last: date, env: str | None, file: Path | None) -> int:
    """API to landing only."""
    dates = DateRange(first, last)
    return invoke(load_settings(env, file=file), dates, ["ingest_usage"], f"ingest {dates}", refetch=False)


@cli.command("publish")
@date_options
@click.option("--adopt-lake", is_flag=True, help="Let this lake replace the one that was published before.")
@settings_options
def publish_command(dates: DateRange, adopt_lake: bool, env: str | None, file: Path | None) -> int:
    """Bring the warehouse to the lake's state, and check what it serves."""
    settings, names = load_settings(env, file=file), ["publish", "validate"]
    return invoke(settings, dates, names, f"publish {dates}", trusts_mirror=False, adopt_lake=adopt_lake)


@cli.command("migrate")
@settings_options
def migrate_command(env: str | None, file: Path | None) -> int:
    """Apply the DDL that the warehouse lacks, and compare its tables with ours."""
    settings, console = load_settings(env, file=file), Console()
    this = Run(settings, (), RunReport("", "migrate", utc_now(), ()), utc_now, console.say)
    with lake_lock(settings.lake.root, settings.lake.lock_timeout_seconds, on_wait=console.say):
        console.step(migrate(this))
    return 0


@cli.command("validate")
@date_options
@settings_options
def validate_command(dates: DateRange, env: str | None, file: Path | None) -> int:
    """Compare what is served with the lake."""
    return invoke(load_settings(env, file=file), dates, ["validate"], f"validate {dates}", trusts_mirror=False)


@cli.command("report")
@date_options
@settings_options
def report_command(dates: DateRange, env: str | None, file: Path | None) -> int:
    """Write the report of the lake as it stands, up to the last of these dates."""
    return invoke(load_settings(env, file=file), dates, ["write_report"], f"report {dates}")


@cli.command("notify")
@date_options
@settings_options
def notify_command(dates: DateRange, env: str | None, file: Path | None) -> int:
    """Send undelivered messages, and that of the newest run of these dates if none was sent."""
    return invoke(load_settings(env, file=file), dates, ["notify"], f"notify {dates}")


@cli.command()
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole records as JSON, one per line.")
@settings_options
def runs(last: int, as_json: bool, env: str | None, file: Path | None) -> int:
    """The last runs, newest first: when, what, how each ended."""
    records = run_records(load_settings(env, file=file).lake.root, last)
    if as_json:
        for record in records:
            click.echo(json.dumps(record, ensure_ascii=False))
    else:
        Console().runs(records)
    return 0


def invoke(settings: Settings, dates: DateRange, names: Sequence[str], command: str, **choices: Any) -> int:
    """One run of these steps; its exit code. `choices` are fields of `Run`."""
    console = Console(with_traceback=click.get_current_context().meta[DEBUG])
    began = utc_now()
    report = RunReport(new_run_id(began), command, began, tuple(dates))
    with console.progress() as on_page:
        this = Run(settings, tuple(dates), report, utc_now, console.say, console.step, on_page, **choices)
        run_steps(this, names)
    console.summary(report)
    return report.exit_code


def utc_now() -> datetime:
    """The one clock of a run."""
    return datetime.now(UTC)


def new_run_id(now: datetime) -> str:
    """A run's name: when it began, to the microsecond, and what tells it from another of that moment.

    In the order of their names the runs stand as they began.
    """
    return f"{now:%Y%m%dT%H%M%SZ}-{now.microsecond:05x}{uuid.uuid4().hex[:3]}"


def run_step(step: Callable[[Run], Any]) -> None:
    """What a job in `jobs/` calls: the options of `run`, for one step alone."""
    sys.exit(main(["run", "--steps", step.__name__, *sys.argv[1:]]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. One line on standard error says what went wrong, where, and the remedy."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name that the output has no letters for must not end a run
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return int(cli.main(arguments, standalone_mode=False) or 0)
    except click.ClickException as wrong:
        wrong.show()
        return 2
    except click.exceptions.Abort:
        return 130
    except CompanyActivityError as error:
        return told(error, arguments)
    except Exception as error:
        return told(unexpected(error), arguments)


def told(error: CompanyActivityError, arguments: Sequence[str]) -> int:
    """Say it in one line, and show where it happened if asked to; its exit code."""
    if "--debug" in arguments:
        traceback.print_exception(error)
    print(error, file=sys.stderr)
    return error.exit_code
