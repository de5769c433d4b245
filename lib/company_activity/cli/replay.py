"""The command `replay-quarantine`: usage that older rules refused is judged again, and what reads it rebuilt."""

from __future__ import annotations

from pathlib import Path

import click

from company_activity.cli.console import Console
from company_activity.cli.cycle import invoke
from company_activity.cli.options import settings_options
from company_activity.cli.rollback import REBUILD
from company_activity.cli.unrecorded import unrecorded_run
from company_activity.gates.arrived import REWRITE
from company_activity.operations.replay import replay_plan, replay_quarantine
from company_activity.run import Options
from company_activity.settings.loading import load_settings
from company_activity.steps.stage_usage import stage_usage

COMMAND = "replay-quarantine"
# Whatever else is stale under today's rules and formulas stays so.
BEHIND_STAGING = tuple(step for step in REBUILD if step != stage_usage.__name__)


@click.command(COMMAND)
@click.option("--dry-run", is_flag=True, help="Write nothing; list the dates.")
@click.option(
    "--accept-gate",
    multiple=True,
    type=click.Choice([REWRITE]),
    help="Accept what this gate refuses beside the replay: dates to rewrite for another reason, or to drop.",
)
@settings_options
def replay_quarantine_command(
    dry_run: bool, accept_gate: tuple[str, ...], env: str | None, file: Path | None
) -> int:
    """Judge quarantined usage again by today's rules; rebuild and publish what reads it.

    For an upgrade whose rules let in what older ones refused: each date that has such records is staged again from its
    landed parts, at once, and the gate `rewrite` need not be accepted for it. Other dates of older rules or formulas
    wait for the next run, as `plan` shows. Interrupted, it is given again; after that it finds nothing to do.

    \b
    replay-quarantine --dry-run   which dates, and how many records at most
    replay-quarantine             judge them again
    plan --date 2025-11-20        what a run would still do after it
    """
    settings = load_settings(env, file=file)
    if dry_run:
        Console().replay(replay_plan(unrecorded_run(settings, COMMAND)))
        return 0
    chosen = Options(accept_gates=accept_gate, replays=True)
    return invoke(settings, (), BEHIND_STAGING, COMMAND, chosen, replay_quarantine)
