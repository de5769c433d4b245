"""The command `runs`: how the last runs ended."""

from __future__ import annotations

import json
from pathlib import Path

import click

from company_activity.cli.console import Console
from company_activity.cli.options import settings_options
from company_activity.io.lake.run_records import run_records
from company_activity.io.storage.folder import lake_folder
from company_activity.settings.loading import load_settings


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
