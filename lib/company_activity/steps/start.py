"""What is seen before the first step: that the command line can be, and that what the steps need is there.

It writes nothing and starts no Spark.
"""

from __future__ import annotations

from collections.abc import Collection, Set
from typing import TYPE_CHECKING

from company_activity.errors import UsageError
from company_activity.io.api.api_url import checked_url
from company_activity.io.landing.crm_arrivals import new_arrivals
from company_activity.planning.dirty import check_metrics
from company_activity.runtime.session import check_java
from company_activity.schemas import TABLES

if TYPE_CHECKING:
    from company_activity.run import Run

READS_CRM = {"admit_crm"}
READS_USAGE = {"ingest_usage", "stage_usage"}
ASKS_THE_API = {"ingest_usage"}
BUILDS = {"build_activity"}
NEEDS_SPARK = {
    "stage_usage",
    "stage_crm",
    "build_companies",
    "build_activity",
    "build_episodes",
    "build_rollups",
    "publish",
    "validate",
}


def check_accepted_files(run: Run) -> None:
    """See that each `--accept-crm` names one CRM file that waits to be staged, by its whole path or its last part.

    Raises:
        UsageError: if it names none, or several.
    """
    waiting = waiting_files(run) if run.options.accept_crm else []
    for name in run.options.accept_crm:
        named = [path for path in waiting if path == name or path.endswith(f"/{name}")]
        if len(named) != 1:
            what = "several files that wait" if named else "no file that waits"
            raise UsageError(
                f"--accept-crm {name} names {what} to be staged",
                remedy=f"waiting: {', '.join(named or waiting) or 'none'}",
            )


def waiting_files(run: Run) -> list[str]:
    """The paths of the CRM files that can be read and hold something which is not staged."""
    arrivals = new_arrivals(run.landing, run.lake.files, run.lake.crm, run.now.date())
    return [file.path for file in arrivals.waiting]


def check_start(run: Run, names: Collection[str]) -> None:
    """Find out before anything is written that a step will lack what it needs, or that settings contradict the lake.

    Raises:
        SettingsError: if `metrics.yaml` was changed under the same `metric_version`, `api.url` cannot be asked, or
            companies were erased and `erase.key` does not tell which.
        RuntimeMissing: if a date asked for is not built yet and there is no Java to build it with.
        SourceError: if the landing cannot be read.
        LakeUnfit: if somebody gave a table a feature that ours are made without.
    """
    wanted = set(names)
    run.lake.check_features(TABLES)
    activity = run.lake.activity
    if wanted & BUILDS:
        check_metrics(activity.metrics, run.metrics_mark)
    is_built = all(day in activity.dates for day in run.dates)
    if not is_built and wanted & NEEDS_SPARK:
        check_java()
    if wanted & ASKS_THE_API:
        checked_url(run.settings.api.url)
    check_landing(run, wanted)


def check_landing(run: Run, names: Set[str]) -> None:
    """See that the store answers for the folders that the steps read, and that they can tell what not to read of them.

    One listing for each, of no date: that of the usage container is the one of its tombstones.

    Raises:
        SourceError: if it does not answer.
        SettingsError: if companies were erased and `erase.key` does not tell which.
    """
    if names & READS_CRM:
        next(iter(run.landing.storage.list(run.settings.landing.crm_path)), None)
    if names & (READS_CRM | READS_USAGE):
        run.tombstones  # noqa: B018 - listed, and kept for the steps
