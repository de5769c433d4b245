"""The command `doctor`: whether a run can do its work here."""

from __future__ import annotations

from pathlib import Path

import click

from company_activity.cli.console import Console
from company_activity.cli.options import settings_options
from company_activity.cli.unrecorded import unrecorded_run
from company_activity.operations.doctor import doctor
from company_activity.run import Run
from company_activity.settings.loading import load_settings

EXAMPLES = """\b
Examples:
  company-activity doctor                       before the first run on a laptop
  company-activity doctor --deep --env synapse  start Spark too, and ask the warehouse
  company-activity doctor --settings my.yaml    settings of your own
  company-activity doctor && company-activity run --date 2025-11-23
"""


@click.command("doctor", epilog=EXAMPLES)
@click.option("--deep", is_flag=True, help="Start Spark as well, and ask the warehouse through it.")
@settings_options
def doctor_command(deep: bool, env: str | None, file: Path | None) -> int:
    """Look at what a run needs here, from Python to the warehouse; each ✗ has its remedy.

    ✓ is as it must be, ✗ is a fault, ! works and could be better, · was not looked at. It looks at Python, packages,
    Java, settings, secrets (which are resolved and not shown), channels, landing, lake, its lock, disk, clock, Spark
    and Delta, jars, the JDBC driver, and whether the warehouse's server takes connections. With --deep, and where Spark
    is there already, also at the session and what the warehouse answers: its driver, and how it keeps transactions
    apart. It changes nothing, sends nothing and waits for no run. The exit code is that of the first ✗.
    """
    console = Console()

    def open_run() -> Run:
        return unrecorded_run(load_settings(env, file=file), "doctor", progress=console)

    exit_code = 0
    for finding in doctor(open_run, deep=deep):
        console.finding(finding)
        exit_code = exit_code or finding.exit_code
    return exit_code
