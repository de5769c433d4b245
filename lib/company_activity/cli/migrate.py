"""The command `migrate`: the warehouse's tables as we declare them."""

from __future__ import annotations

from pathlib import Path

import click

from company_activity.cli import options
from company_activity.cli.console import Console
from company_activity.cli.options import settings_options
from company_activity.io.lake.lock import lake_lock
from company_activity.operations.migrate import migrate
from company_activity.report.model import RunReport
from company_activity.run import Run
from company_activity.settings.loading import load_settings


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
