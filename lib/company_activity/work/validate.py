"""The figures of some dates as they are served against those of the lake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from company_activity.io.warehouse.validation import validate_scopes
from company_activity.report.model import StepReport
from company_activity.schemas import SERVED
from company_activity.work.publish import figures_of_the_lake, left_out

if TYPE_CHECKING:
    from company_activity.run import Run


def compare_dates(run: Run, dates: Sequence[date]) -> StepReport:
    """Compare these dates, and the tables without dates, with the lake.

    Raises:
        PublishError: if counts, sums, keys or the ledger differ, naming table, date and both figures.
    """
    found = validate_scopes(
        run.spark,
        run.settings,
        hashes=run.lake.activity.hashes,
        dates=dates,
        versions=run.lake.versions(SERVED),
        noted=figures_of_the_lake(run),
        segments=run.lake.segment_hashes,
    )
    counts = {"dates": len(dates), "rows_compared": found.rows}
    return StepReport("validate", counts=counts, warnings=left_out(run), driver=str(found.driver))
