"""What the warehouse does not show of the lake: sent, and reported."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from company_activity.io.warehouse.figures import NotedFigures, noted_figures
from company_activity.io.warehouse.ledger import WHOLE
from company_activity.io.warehouse.publishing import publish_scopes
from company_activity.report.model import StepReport
from company_activity.run import Published
from company_activity.schemas import SEGMENT_ACTIVITY_DAILY, SERVED

if TYPE_CHECKING:
    from company_activity.run import Run


def figures_of_the_lake(run: Run) -> NotedFigures:
    """What the lake's states tell of the rows that are served, so that these need not be asked."""
    lake = run.lake
    episodes = lake.episodes.rows
    # Where `build_rollups` was left out, rows by segment may be older than what the activity table's state sums up.
    segments = lake.segments.built_from(lake.sources_of_segments)
    return noted_figures(lake.activity, lake.company_counts, episodes, segments, lake.retention)


def left_out(run: Run) -> list[str]:
    """A warning where the roll-up by segment is not what our last commit left."""
    if run.lake.segment_hashes is not None:
        return []
    name = SEGMENT_ACTIVITY_DAILY.name
    return [f"{name} was changed by somebody else, and is left out: the next run builds it again"]


def send_changes(run: Run, hashes: Mapping[date, str]) -> Published:
    """Send what the ledger does not have; `hashes` are the content hashes of the lake's dates.

    Of a roll-up that somebody else changed nothing is sent, and nothing deleted: the next run builds it again.
    """
    done = publish_scopes(
        run.spark,
        run.settings,
        run_id=run.run_id,
        now=run.now,
        hashes=hashes,
        adopt_lake=run.options.adopt_lake,
        versions=run.lake.versions(SERVED),
        noted=figures_of_the_lake(run),
        segments=run.lake.segment_hashes,
        repair=() if run.options.trusts_mirror else run.dates,
    )

    scopes = {scope for table in done.tables for scope in table.published}
    dates = sorted(date.fromisoformat(scope) for scope in scopes - {WHOLE})
    warnings = [*done.warnings, *left_out(run)]
    report = StepReport("publish", "done" if scopes else "nothing", warnings=warnings)
    report.driver = str(done.driver)
    report.counts = {"rows_sent": done.rows, "dates": len(dates)}
    if not scopes:
        report.notes = ["everything was published already"]
    return Published(report, tuple(dates))
