"""What is served against the lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from company_activity.report.model import StepReport

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
    from company_activity.work.validate import compare_dates

    sent = published.dates if published else ()
    return compare_dates(run, sorted({*sent, *run.dates}))
