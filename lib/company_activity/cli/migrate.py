"""The command `migrate`: the warehouse's tables as we declare them."""

from __future__ import annotations

from pathlib import Path

import click

from company_activity.cli.console import Console
from company_activity.cli.options import settings_options
from company_activity.cli.unrecorded import unrecorded_run
from company_activity.io.lake.lock import lake_lock
from company_activity.operations.migrate import migrate
from company_activity.settings.loading import load_settings


@click.command("migrate")
@settings_options
def migrate_command(env: str | None, file: Path | None) -> int:
    """Apply the DDL that the warehouse lacks, and compare its tables with ours."""
    settings = load_settings(env, file=file)
    console = Console()
    run = unrecorded_run(settings, "migrate", progress=console)
    lake = settings.lake
    with lake_lock(lake.root, lake.lock_timeout_seconds, console.say, run.lake.files):
        console.step(migrate(run))
    return 0
