"""Landed usage → `stg.product_usage` and `quarantine.records`: each record kept once, or aside with its reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from company_activity.dates import spans_text
from company_activity.planning.staging import (
    dates_set_back,
    dates_to_stage,
    dates_to_stage_again,
    under_other_rules,
)
from company_activity.report.model import StepReport
from company_activity.schemas import PRODUCT_USAGE, QUARANTINE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from company_activity.planning.state import Marks
    from company_activity.run import Run


def stage_usage(run: Run) -> StepReport:
    """Stage the newest generation of every date that is not staged yet; a date that became missing is emptied.

    What older rules staged is staged again, as far as the landing still holds it, in batches behind the new dates.

    Raises:
        GateRefused: if a new generation is refused, if a record got lost, or if more dates would be staged again
            under today's rules than anybody asked for.
    """
    run.lake.look_at(QUARANTINE, PRODUCT_USAGE)
    staged = run.lake.staging.marks
    landed = run.landing.generations()
    new = dates_to_stage(landed, staged)
    again = [day for day in dates_to_stage_again(landed, staged) if day not in new]
    set_back = older_landing(landed, staged)
    if not new and not again:
        return StepReport(
            "stage_usage", "nothing", notes=["every landed date is staged"], warnings=set_back
        )
    from company_activity.work.stage_usage import stage_dates

    report = stage_dates(run, new, again)
    report.warnings += [*out_of_reach(landed, staged), *set_back]
    return report


def out_of_reach(landed: Mapping[date, int], staged: Marks) -> list[str]:
    """A warning that names the dates which older rules staged and the landing no longer holds."""
    kept = sorted(
        set(under_other_rules(staged)) - set(dates_to_stage_again(landed, staged)) - landed.keys()
    )
    if not kept:
        return []
    return [
        f"{len(kept)} dates are no longer in the landing and keep the rows that older rules staged: {spans_text(kept)}"
    ]


def older_landing(landed: Mapping[date, int], staged: Marks) -> list[str]:
    """A warning that names the dates of which the landing holds only an older generation than was staged."""
    days = dates_set_back(landed, staged)
    if not days:
        return []
    return [
        f"of {spans_text(days)} the landing holds an older generation than was staged, which stays: fetch them again"
    ]
