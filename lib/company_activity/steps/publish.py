"""Lake → warehouse: what is not served yet, and nothing else."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from company_activity.io.lake.delta_log import identity
from company_activity.io.warehouse.ledger import MISSING, WHOLE
from company_activity.io.warehouse.mirror import read_mirror
from company_activity.io.warehouse.publishing import publish_scopes
from company_activity.planning.dirty import shows
from company_activity.report.model import StepReport
from company_activity.schemas import COMPANIES, COMPANY_ACTIVITY_DAILY

if TYPE_CHECKING:
    from company_activity.run import Run


def publish(run: Run) -> StepReport:
    """Send every date whose content the warehouse does not show, deletions included, and the changed companies.

    A run of the cycle trusts the ledger's mirror beside the lake, so that nothing new starts no Spark; `publish`
    alone always asks the ledger itself, and sends a date asked for again if somebody else changed it in SQL.
    """
    hashes = run.lake_hashes()
    if run.options.trusts_mirror and is_published(run, hashes):
        return StepReport("publish", "nothing", notes=["everything is published already"])
    done = publish_scopes(
        run.spark,
        run.settings,
        run_id=run.run_id,
        now=run.now,
        hashes=hashes,
        adopt_lake=run.options.adopt_lake,
        repair=() if run.options.trusts_mirror else run.dates,
    )
    scopes = {scope for table in done.tables for scope in table.published}
    run.published = sorted(date.fromisoformat(scope) for scope in scopes - {WHOLE})
    counts = {"rows_sent": done.rows, "dates": len(run.published)}
    notes = [] if scopes else ["everything was published already"]
    return StepReport("publish", "done" if scopes else "nothing", counts, notes, list(done.warnings))


def is_published(run: Run, hashes: dict[date, str]) -> bool:
    """Whether the ledger's mirror has all that the lake has, and no date beyond."""
    mirrored = read_mirror(run.settings.lake.root, run.settings.sql.url)
    activity = {day: mark for (table, day), mark in mirrored.items() if table == COMPANY_ACTIVITY_DAILY.name and day}
    shown = {day: mark for day, mark in activity.items() if mark != MISSING}
    companies = identity(run.settings.lake.root, COMPANIES.path)
    return shown == hashes and shows(mirrored.get((COMPANIES.name, None), ""), companies)
