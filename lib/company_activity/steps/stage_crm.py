"""CRM files → `stg.crm_companies` and `quarantine.records`: each row kept once, or aside with its reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from company_activity.report.model import StepReport

if TYPE_CHECKING:
    from company_activity.run import Admission, Run


def stage_crm(run: Run, admission: Admission) -> StepReport:
    """Stage every file that was let in; what was staged of its path before is replaced.

    A file that changed since it was judged is left to the next run: its verdict was on other bytes.

    Raises:
        LakeMoved: if another run has staged files since these were judged.
        GateRefused: if rows got lost or doubled on the way.
    """
    if not admission.files:
        return StepReport("stage_crm", "nothing", notes=["no new CRM file"])
    from company_activity.work.stage_crm import stage_files

    return stage_files(run, admission)
