"""The command `maintain`: what nothing needs any more is removed."""

from __future__ import annotations

from pathlib import Path

import click

from company_activity.cli.console import Console
from company_activity.cli.cycle import invoke
from company_activity.cli.options import settings_options
from company_activity.cli.unrecorded import unrecorded_run
from company_activity.operations.maintain import heaps, maintain
from company_activity.settings.loading import load_settings
from company_activity.settings.model import Settings


@click.command("maintain")
@click.option("--dry-run", is_flag=True, help="Remove nothing; print what would go.")
@settings_options
def maintain_command(dry_run: bool, env: str | None, file: Path | None) -> int:
    """Remove what nothing needs any more: old generations, table files, run records, reports, messages.

    How many days each is kept is set in the section `maintain` of the settings. The newest generation of every date
    stays, and what the tables were built from; so do parts that a newer generation names again, and what is held
    stays held. Table versions that the next run compares with stay readable. CRM files are not touched.

    It waits for a run to end, needs no Spark, and may be killed: the next one goes on. Once a week is often enough.

    \b
    maintain --dry-run    how many files of each kind would go, and their bytes
    maintain              remove them; at once again, it finds nothing to do
    COMPANY_ACTIVITY__MAINTAIN__GENERATIONS_DAYS=30 company-activity maintain
                          keep for 30 days what rollback can go back to
    """
    settings = load_settings(env, file=file)
    if dry_run:
        return show(settings)
    return invoke(settings, (), (), "maintain", first=maintain)


def show(settings: Settings) -> int:
    """Print what would go."""
    run = unrecorded_run(settings, "maintain --dry-run")
    Console().heaps(list(heaps(run)))
    return 0
