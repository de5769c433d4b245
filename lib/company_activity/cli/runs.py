"""The command `runs`: how the last runs ended."""

from __future__ import annotations

import json
from pathlib import Path

import click

from company_activity.cli.console import Console
from company_activity.cli.options import settings_options
from company_activity.io.storage.folder import lake_folder
from company_activity.operations.runs import runs
from company_activity.settings.loading import load_settings

EXAMPLES = """\b
Examples:
  company-activity runs                         the last 20 runs of conf/local.yaml's lake
  company-activity runs --last 1 --env synapse  how the newest one on the pool ended
  company-activity runs --last 100 --json | jq 'select(.exit_code != 0) | .run_id, .errors'
  company-activity runs --json | jq -r '[.started_at, .seconds] | @tsv'
"""


@click.command("runs", epilog=EXAMPLES)
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
    """The last runs, newest first: when, what, how each ended.

    Each run's record in the lake (ops/runs) says when it began, the command with its dates, the exit code, the step
    that failed with its remedy, the seconds, the rows of each step, the dates and tables that it changed, the versions
    that it worked with, and its report. What cannot be read is named on standard error, and the others are shown. No
    Spark is started, and no run is waited for.
    """
    folder = lake_folder(load_settings(env, file=file))
    found = runs(folder, last)
    console = Console()
    console.unreadable(found.unreadable)
    if as_json:
        for record in found.records:
            click.echo(json.dumps(record, ensure_ascii=False))
    elif found.records:
        console.runs(found.records)
    else:
        console.say(f"No run is recorded under {folder.uri('ops/runs')}.")
    return 0
