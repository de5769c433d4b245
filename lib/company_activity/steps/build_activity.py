"""Dimension, staged usage and the calendar → `analytics.company_activity_daily`: the changed dates, no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from company_activity.planning.dirty import check_metrics
from company_activity.planning.state import ActivityState, BuiltFrom, MetricsMark
from company_activity.report.model import StepReport
from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, COMPANY_ACTIVITY_DAILY

if TYPE_CHECKING:
    from company_activity.run import Run


def build_activity(run: Run) -> StepReport:
    """Build the dates that something new may touch, and rewrite those whose content is another than the lake's.

    Raises:
        GateRefused: if staging does not know dates that the table was built from, if the candidate's keys, rows or
            sums are not what dimension and staging say, or if more would be rewritten or dropped than was asked for.
        SettingsError: if `metrics.yaml` was changed under the same `metric_version`.
    """
    metrics = run.metrics_mark
    run.lake.look_at(COMPANY_ACTIVITY_DAILY)
    sources = sources_of(run)
    table = run.lake.activity
    check_metrics(table.metrics, metrics)
    is_left = run.options.replays and is_left_to_a_run(table, sources)
    if is_left or is_built(table, sources, metrics):
        return StepReport("build_activity", "nothing", notes=["nothing new affects any date"])
    from company_activity.work.build_activity import build_dates

    return build_dates(run, sources)


def sources_of(run: Run) -> BuiltFrom:
    """What the table is built from, as the lake has it now."""
    staged = run.lake.staged_sources
    return BuiltFrom(
        staged.usage,
        staged.crm,
        run.lake.identity(COMPANIES),
        run.lake.identity(COMPANIES_HISTORY),
        run.lake.is_looked_at,
    )


def is_left_to_a_run(table: ActivityState, sources: BuiltFrom) -> bool:
    """Whether a replay has nothing to build: no usage is staged, or dates are dirty for their formulas alone."""
    return not sources.usage or table.sources == sources


def is_built(table: ActivityState, sources: BuiltFrom, metrics: MetricsMark) -> bool:
    """Whether the table was built from just these, and every date with today's constants and formulas."""
    if table.sources != sources or table.metrics != metrics:
        return False
    return all(built.is_computed_as_now(metrics.version) for built in table.dates.values())
