"""Staged CRM and usage → `dim.companies` and `dim.companies_history`; what did not change is not written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from company_activity.planning.staging_change import StagingChange, staging_change_between
from company_activity.planning.state import Sources, complete_dates
from company_activity.report.model import StepReport
from company_activity.schemas import COMPANIES, COMPANIES_HISTORY

if TYPE_CHECKING:
    from company_activity.run import Run


def build_companies(run: Run) -> StepReport:
    """Bring the dimension to what the staged snapshots and records say; each table in one commit, or in none.

    Where no row changes nothing is committed: `build_activity` notes what was looked at.

    Raises:
        GateRefused: if staging does not know what the dimension was built from, or if a key or a NULL stands where
            there must be none.
    """
    run.lake.look_at(COMPANIES, COMPANIES_HISTORY)
    now = run.lake.staged_sources
    built = run.lake.dimension_sources
    usage, crm = moved(built or Sources(), now)
    if not (usage.dates or crm.dates):
        if built is not None and built != now:  # a date that is missing has no row: the look holds
            run.lake.note_look(now)
        return StepReport("build_companies", "nothing", notes=["nothing new is staged"])
    from company_activity.work.build_companies import revise_companies

    return revise_companies(run, built, now, usage, crm)


def moved(built: Sources, now: Sources) -> tuple[StagingChange, StagingChange]:
    """The usage dates and the snapshot dates whose staged rows are not those that the dimension was built from."""
    return (
        staging_change_between(complete_marks(built), complete_marks(now)),
        staging_change_between(built.crm, now.crm),
    )


def complete_marks(sources: Sources) -> dict[str, str]:
    """The marks of the usage dates that have rows; a missing one has none."""
    return {str(day): str(sources.usage[day]) for day in complete_dates(sources.usage)}
