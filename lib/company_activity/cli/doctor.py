"""The command `doctor`: whether a run can do its work here."""

from __future__ import annotations

from pathlib import Path

import click

from company_activity.cli import options
from company_activity.cli.console import Console
from company_activity.cli.options import settings_options
from company_activity.operations.doctor import doctor
from company_activity.report.model import RunReport
from company_activity.run import Run
from company_activity.settings.loading import load_settings


@click.command("doctor")
@settings_options
def doctor_command(env: str | None, file: Path | None) -> int:
    """Look at what a run needs here: Python, packages, settings, key, landing, lake, Java, Spark, JVM, driver.

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
