"""The command `erase`: a company that must be forgotten."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from company_activity.cli.console import Console
from company_activity.cli.cycle import invoke
from company_activity.cli.options import settings_options
from company_activity.cli.rollback import REBUILD
from company_activity.cli.unrecorded import unrecorded_run
from company_activity.dates import spans_text
from company_activity.errors import UsageError
from company_activity.io.landing.erase_crm import files_holding
from company_activity.io.landing.erase_usage import dates_holding
from company_activity.io.landing.tombstones import erase_key
from company_activity.operations.erase import Erasure
from company_activity.records.fields import trim
from company_activity.records.tombstone import Tombstones
from company_activity.settings.loading import load_settings

# CRM files are read again as well: some have lost rows.
AFTERWARDS = ("admit_crm", "stage_crm", *REBUILD)


@click.command("erase")
@click.argument("company")
@click.option("--dry-run", is_flag=True, help="Erase nothing; print which dates and files hold it.")
@settings_options
def erase_command(company: str, dry_run: bool, env: str | None, file: Path | None) -> int:
    """Erase a company from landing, tables, warehouse, pages and messages. It does not come back.

    What stays is a tombstone, a keyed hash of its id: what the sources still send of it is dropped where it is read.
    So the secret `erase.key` must stand from now on, in every run. Exports below the lake that hold it are removed.
    Backups, exports that were given an --out, and copies of others are not ours.

    \b
    erase c_115 --dry-run   which dates and files hold it
    erase c_115             a second time it finds nothing to do
    erase -- -115           an id that begins with a dash
    """
    if not trim(company):
        raise UsageError("no company is given", remedy="give its id")
    settings = load_settings(env, file=file)
    key = erase_key(settings)  # before anything is touched, or recorded
    erasure = Erasure(company)
    looked = unrecorded_run(settings, "erase")
    tombstone = erasure.tombstone(looked)
    if dry_run:
        erased = Tombstones(key, frozenset({tombstone}))
        held = dates_holding(looked.landing, erased)
        files = files_holding(looked.landing.storage, settings.landing.crm_path, erased)
        console = Console()
        console.say(f"tombstone {tombstone}")
        console.say(f"{len(held)} dates hold it: {spans_text(held) or 'none'}")
        console.say(f"{len(files)} CRM files hold it: {', '.join(files) or 'none'}")
        console.say("and whatever tables, warehouse, pages, messages and exports have of it")
        return 0
    days = sorted(looked.lake.staging.marks) or [looked.now.date() - timedelta(days=1)]
    return invoke(
        settings, days, AFTERWARDS, f"erase {tombstone}", first=erasure.erase, last=erasure.scrub
    )
