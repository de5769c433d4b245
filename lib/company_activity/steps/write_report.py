"""What the run did, and what the lake says now → one page that anyone can open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from company_activity.report.model import StepReport

if TYPE_CHECKING:
    from company_activity.run import Run


def write_report(run: Run) -> StepReport:
    """Write the page of a run that changed anything or failed, or of the lake as it stands where nothing else ran."""
    report = run.report
    if report.steps and not report.has_changed_something and not report.first_failure:
        return StepReport(
            "write_report", "nothing", notes=["nothing new to show; the last report is up to date"]
        )
    from company_activity.work.write_report import write_page

    return write_page(run)
