"""The activity table and the episodes → both roll-ups: the dates and months that something new touches, no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from company_activity.report.model import StepReport
from company_activity.schemas import RETENTION_MONTHLY, SEGMENT_ACTIVITY_DAILY

if TYPE_CHECKING:
    from company_activity.run import Run


def build_rollups(run: Run) -> StepReport:
    """Bring the roll-ups to what the activity table and the episodes say, in one commit for each that moves.

    Raises:
        GateRefused: if the rows to write have a key twice, a NULL where there must be none, other sums than the rows
            they were made of, or more active companies than companies.
    """
    run.lake.look_at(SEGMENT_ACTIVITY_DAILY, RETENTION_MONTHLY)
    moved = run.lake.moved_since_rollups
    if not moved:
        notes = ["no date or month that roll-ups are made of moved"]
        return StepReport("build_rollups", "nothing", notes=notes)
    from company_activity.work.build_rollups import roll_up

    return roll_up(run, moved)
