"""A run of a command that only looks, or that is no part of the daily cycle: no record of it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from company_activity.cli import options
from company_activity.report.model import RunReport
from company_activity.run import Options, Progress, Run, Silence
from company_activity.settings.model import Settings

DEFAULTS = Options()
SILENCE = Silence()


def unrecorded_run(
    settings: Settings,
    command: str,
    dates: Iterable[date] = (),
    progress: Progress = SILENCE,
    chosen: Options = DEFAULTS,
) -> Run:
    """The run that such a command hands to its operation; it has no id."""
    report = RunReport("", command, options.utc_now())
    return Run(settings, tuple(dates), report, options.utc_now, progress, chosen)
