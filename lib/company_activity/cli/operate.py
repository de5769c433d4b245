"""Commands beside the cycle: `plan`, `doctor`, `migrate`, `runs`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from company_activity.cli import options
from company_activity.cli.console import Console
from company_activity.cli.options import date_options, settings_options
from company_activity.dates import DateRange
from company_activity.io.lake.lock import lake_lock
from company_activity.io.lake.run_records import run_records
from company_activity.io.storage.folder import lake_folder
from company_activity.operations.doctor import doctor
from company_activity.operations.migrate import migrate
from company_activity.operations.plan import plan
from company_activity.report.model import RunReport
from company_activity.run import Options, Run
from company_activity.settings.loading import load_settings
from company_activity.settings.model import Settings
from company_activity.steps.start import check_accepted_files


@click.command("plan")
@date_options
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@settings_options
def plan_command(dates: DateRange, as_json: bool, env: str | None, file: Path | None) -> int:
    """What a run would do and why. Writes nothing, starts no Spark."""
    return show_plan(load_settings(env, file=file), dates, as_json=as_json)


def show_plan(
    settings: Settings,
    dates: DateRange,
    *,
    as_json: bool,
    accept_crm: tuple[str, ...] = (),
) -> int:
    """Print what a run of these dates would do."""
    report = RunReport("", f"plan {dates}", options.utc_now())
    chosen = Options(accept_crm=accept_crm)
    run = Run(settings, tuple(dates), report, options.utc_now, options=chosen)
    check_accepted_files(run)
    planned = plan(run)
    if as_json:
        click.echo(json.dumps(planned.as_json(), ensure_ascii=False, indent=1))
    else:
        Console().plan(planned)
    return 0


@click.command("doctor")
@settings_options
def doctor_command(env: str | None, file: Path | None) -> int:
    """Look at what a run needs here: Python, settings, API key, landing, lake, Java, Spark, JVM, JDBC driver.

    Each ✗ has its remedy. It changes nothing.
    """
    settings = load_settings(env, file=file)
    console = Console()
    run = Run(settings, (), RunReport("", "doctor", options.utc_now()), options.utc_now, console)
    exit_code = 0
    for finding in doctor(run):
        console.finding(finding)
        exit_code = exit_code or finding.exit_code
    return exit_code


@click.command("migrate")
@settings_options
def migrate_command(env: str | None, file: Path | None) -> int:
    """Apply the DDL that the warehouse lacks, and compare its tables with ours."""
    settings = load_settings(env, file=file)
    console = Console()
    report = RunReport("", "migrate", options.utc_now(), ())
    run = Run(settings, (), report, options.utc_now, console)
    lake = settings.lake
    with lake_lock(lake.root, lake.lock_timeout_seconds, console.say, run.lake.files):
        console.step(migrate(run))
    return 0


@click.command("runs")
@click.option(
    "--last",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the whole records as JSON, one per line."
)
@settings_options
def runs_command(last: int, as_json: bool, env: str | None, file: Path | None) -> int:
    """The last runs, newest first: when, what, how each ended."""
    records = run_records(lake_folder(load_settings(env, file=file)), last)
    if not as_json:
        Console().runs(records)
        return 0
    for record in records:
        click.echo(json.dumps(record, ensure_ascii=False))
    return 0
