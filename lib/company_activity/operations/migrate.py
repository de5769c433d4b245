"""The warehouse's tables, made or extended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from company_activity.io.warehouse.publishing import migrate_warehouse
from company_activity.report.model import StepOutcome, StepReport

if TYPE_CHECKING:
    from company_activity.run import Run


def migrate(run: Run) -> StepReport:
    """Apply the numbered DDL of the warehouse's engine that it lacks; its notes name what was applied.

    Raises:
        PublishError: if the warehouse cannot be reached, or a table of our names cannot take our rows.
    """
    began = time.monotonic()
    done = migrate_warehouse(run.spark, run.settings, run.now)
    outcome: StepOutcome = "done" if done.applied else "nothing"
    note = f"applied {', '.join(done.applied)}" if done.applied else "nothing to apply"
    seconds = time.monotonic() - began
    report = StepReport("migrate", outcome, notes=[note], warnings=list(done.advice))
    report.driver = str(done.driver)
    report.seconds = seconds
    return report
