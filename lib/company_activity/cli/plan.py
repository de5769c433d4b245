"""The command `plan`: what a run would do. It imports nothing that a run needs and it does not."""

from __future__ import annotations

import json
from pathlib import Path

import click

from company_activity.cli.console import Console
from company_activity.cli.options import date_options, settings_options
from company_activity.cli.unrecorded import unrecorded_run
from company_activity.dates import DateRange
from company_activity.operations.plan import plan
from company_activity.run import Options
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
    run = unrecorded_run(settings, f"plan {dates}", dates, chosen=Options(accept_crm=accept_crm))
    check_accepted_files(run)
    planned = plan(run)
    if as_json:
        click.echo(json.dumps(planned.as_json(), ensure_ascii=False, indent=1))
    else:
        Console().plan(planned)
    return 0
