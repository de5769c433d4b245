"""Usage API → landing: the dates asked for, and those fetched before they had settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from company_activity.io.landing.fetch_dates import fetch_dates
from company_activity.report.model import StepOutcome, StepReport

if TYPE_CHECKING:
    from company_activity.run import Run


def ingest_usage(run: Run) -> StepReport:
    """Fetch each date whole; a date that fails is named, and does not stop the others."""
    staged = run.lake.staging.marks
    done = fetch_dates(
        run.settings,
        run.dates,
        clock=run.clock,
        run_id=run.run_id,
        refetch=run.options.refetch,
        known_generations={day: mark.generation for day, mark in staged.items()},
        on_page=run.progress.page,
        landing=run.landing,
        erased=run.tombstones,
    )
    landed = done.of("landed")
    counts = {
        "dates_fetched": len(done.dates),
        "landed": len(landed),
        "unchanged": len(done.of("unchanged")),
        "held": len(done.of("held")),
        "failed": len(done.of("failed")),
        "records_landed": sum(one.rows for one in landed),
    }
    warnings = [
        f"{day} was fetched before it had settled: the next run fetches it again"
        for day in done.provisional
    ]
    warnings += [
        f"{one.day}: the API gives what a rollback set aside; nothing of it lands until `rollback --release {one.day}`"
        for one in done.of("held")
    ]
    outcome: StepOutcome = "failed" if done.error else "done" if landed else "nothing"
    return StepReport("ingest_usage", outcome, counts, warnings=warnings, error=done.error)
