"""What is served against the lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from company_activity.io.warehouse.figures import noted_figures
from company_activity.io.warehouse.validation import validate_scopes
from company_activity.report.model import StepReport
from company_activity.schemas import COMPANIES, COMPANY_ACTIVITY_DAILY

if TYPE_CHECKING:
    from company_activity.run import Published, Run


def validate(run: Run, published: Published | None) -> StepReport:
    """Compare the dates that were just published, and those asked for, with the lake: one that it lacks is not served.

    `published` is what this run published, None where it was not asked to.

    Raises:
        PublishError: if counts, sums, keys or the ledger differ, naming table, date and both figures.
    """
    is_nothing_new = published is not None and published.report.outcome == "nothing"
    if is_nothing_new and run.options.trusts_mirror:
        return StepReport("validate", "nothing", notes=["nothing new is served"])
    sent = published.dates if published else ()
    dates = sorted({*sent, *run.dates})
    found = validate_scopes(
        run.spark,
        run.settings,
        hashes=run.lake.activity.hashes,
        dates=dates,
        versions=run.lake.versions((COMPANIES, COMPANY_ACTIVITY_DAILY)),
        noted=noted_figures(run.lake.activity, run.lake.company_counts),
    )
    counts = {"dates": len(dates), "rows_compared": found.rows}
    return StepReport("validate", counts=counts, driver=str(found.driver))
