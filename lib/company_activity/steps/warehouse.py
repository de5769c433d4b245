"""Lake → warehouse: publish what is not served yet, then compare what is served with the lake."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from company_activity.io.delta_log import identity
from company_activity.io.sql.ledger import MISSING
from company_activity.io.sql.mirror import read_mirror
from company_activity.report import StepReport
from company_activity.schemas import COMPANIES, COMPANY_ACTIVITY_DAILY
from company_activity.steps.publish import publish as publish_scopes
from company_activity.steps.validate import validate as validate_scopes

if TYPE_CHECKING:
    from company_activity.run import Run


def publish(run: Run) -> StepReport:
    """Send every date whose content the warehouse does not show, deletions included, and the changed companies."""
    hashes = lake_hashes(run)
    if not hashes and not unpublished(run, hashes):
        return StepReport("publish", "nothing", notes=["the lake has nothing to publish"])
    if not unpublished(run, hashes):
        return StepReport("publish", "nothing", notes=["everything is published already"])
    done = publish_scopes(run.spark, run.settings, run_id=run.run_id, now=run.now, hashes=hashes)
    counts = {
        "rows_sent": done.rows,
        "dates": sum(len(t.published) for t in done.tables if "all" not in t.published),
    }
    return StepReport("publish", counts=counts, warnings=list(done.warnings))


def validate(run: Run) -> StepReport:
    """Compare the dates asked for, as served, with the lake; skipped where nothing was published."""
    published = run.report.step("publish")
    if published is not None and published.outcome == "nothing":
        return StepReport("validate", "nothing", notes=["nothing new is served"])
    hashes = lake_hashes(run)
    found = validate_scopes(run.spark, run.settings, hashes=hashes, dates=hashes)
    return StepReport("validate", counts={"rows_compared": found.rows})


def lake_hashes(run: Run) -> dict[date, str]:
    """The content hash of each built date."""
    dates = run.state_of(COMPANY_ACTIVITY_DAILY).get("dates", {})
    return {date.fromisoformat(day): entry[0] for day, entry in dates.items()}


def unpublished(run: Run, hashes: dict[date, str]) -> bool:
    """Whether the ledger's mirror lacks anything of what the lake has."""
    mirrored = read_mirror(run.settings.lake.root, run.settings.sql.url)
    served = {day: mark for (table, day), mark in mirrored.items() if table == COMPANY_ACTIVITY_DAILY.name and day}
    shown = {day: mark for day, mark in served.items() if mark != MISSING}
    companies = identity(run.settings.lake.root, COMPANIES.path)
    return shown != hashes or mirrored.get((COMPANIES.name, None), "") != companies
