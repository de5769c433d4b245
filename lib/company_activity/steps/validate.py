"""What is served against the lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from company_activity.io.warehouse.validation import validate_scopes
from company_activity.report.model import StepReport

if TYPE_CHECKING:
    from company_activity.run import Run


def validate(run: Run) -> StepReport:
    """Compare the dates that were just published, and those asked for, with the lake: one that it lacks is not served.

    Raises:
        PublishError: if counts, sums, keys or the ledger differ, naming table, date and both figures.
    """
    published = run.report.step("publish")
    if published is not None and published.outcome == "nothing" and run.options.trusts_mirror:
        return StepReport("validate", "nothing", notes=["nothing new is served"])
    hashes = run.lake_hashes()
    dates = sorted({*run.published, *run.dates})
    found = validate_scopes(run.spark, run.settings, hashes=hashes, dates=dates)
    return StepReport("validate", counts={"dates": len(dates), "rows_compared": found.rows})
