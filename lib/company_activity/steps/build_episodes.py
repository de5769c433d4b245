"""The activity table → `analytics.risk_episodes`: the stretches at risk that something new touches, no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from company_activity.report.model import StepReport
from company_activity.schemas import RISK_EPISODES

if TYPE_CHECKING:
    from company_activity.run import Run


def build_episodes(run: Run) -> StepReport:
    """Bring the episodes to what the activity table's rows say, in one commit.

    Raises:
        GateRefused: if a key stands twice among the rows to write, or a NULL where there must be none.
    """
    run.lake.look_at(RISK_EPISODES)
    moved = run.lake.moved_since_episodes
    if not moved.dates:
        return StepReport(
            "build_episodes", "nothing", notes=["no date of the activity table moved"]
        )
    from company_activity.work.build_episodes import revise_episodes

    return revise_episodes(run, moved)
