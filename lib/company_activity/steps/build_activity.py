"""Dimension, staged usage and the calendar → `analytics.company_activity_daily`: the changed dates, no others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from company_activity.dates import HORIZON_DAYS
from company_activity.gates import Verdict, equal, refuse_defects, refuse_unless_passed, warnings_of, well_keyed
from company_activity.input_gates import REWRITE, judge_unknown
from company_activity.io.lake.delta import (
    VersionGone,
    dates_predicate,
    exists,
    note_state,
    read_table,
    read_version,
    replace_where,
)
from company_activity.planner import Span, check_metrics, complete_dates, dirty_dates, snapshots
from company_activity.report import StepReport
from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    COMPANY_ACTIVITY_DAILY,
    CRM_COMPANIES,
    PRODUCT_USAGE,
    QUARANTINE,
)
from company_activity.transforms.activity import ActivityInputs
from company_activity.transforms.activity import build_activity as activity_of
from company_activity.transforms.audit import audited, rows_of_the_spine
from company_activity.transforms.calendar import CALENDAR, calendar_rows
from company_activity.transforms.dirty_spans import spans_of_moved_attributes, spans_of_moved_companies

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

    from company_activity.run import Run

# Up to so many dates the windows are conditional sums over each date's slice; for more, running sums
# (tests/benchmarks/bench_windows.py: slices cost 0.6 of the windows at 8 dates, 1.1 at 30).
MOST_SLICES = 16
EMPTY = "0:"  # the content hash of a date without rows


def build_activity(run: Run) -> StepReport:
    """Build the candidate dates, judge them, and rewrite those whose content hash is another than the lake's.

    Raises:
        GateRefused: if the candidate's keys, rows or sums are not what dimension and staging say.
    """
    usage, crm, built = (run.state_of(table) for table in (PRODUCT_USAGE, CRM_COMPANIES, COMPANY_ACTIVITY_DAILY))
    metrics = run.settings.metrics.mark
    check_metrics(built, metrics)
    sources = {"usage": usage.get("dates", {}), "crm": snapshots(crm), "metrics": metrics, **run.dimension_versions()}
    if sources.items() <= built.items():
        return StepReport("build_activity", "nothing", notes=["no date is touched by what is new"])
    dirty = dirty_dates(usage, built, metrics, moves(run, built))
    dates, dropped = dirty.dates, dirty.dropped
    candidate = candidate_of(run, dates, complete_dates(usage)).cache()
    found = {row["activity_date"]: row for row in audited(candidate).collect()}
    verdicts = judge(run, dates, found)
    before = built.get("dates", {})
    hashes = {day: found[day]["content_hash"] if day in found else EMPTY for day in dates}
    moved = [day for day in dates if hashes[day] != before.get(str(day), [None])[0]]
    created = {day: before.get(str(day), [None, run.now.isoformat()])[1] for day in moved}
    rows = {day: found[day]["rows"] if day in found else 0 for day in dates}
    kept = {day: entry for day, entry in before.items() if date.fromisoformat(day) not in dropped}
    state = {"dates": kept | {str(day): [hashes[day], created[day], rows[day]] for day in moved}, **sources}
    lake = run.settings.lake.root
    not_asked = [day for day in moved if day not in run.dates and str(day) in before]
    refuse_too_many(not_asked, run)
    if moved or dropped:
        fresh = stamped(candidate, created, run)
        changed = dates_predicate("activity_date", [*moved, *dropped])
        replace_where(fresh, lake, COMPANY_ACTIVITY_DAILY, changed, state)
    elif exists(lake, COMPANY_ACTIVITY_DAILY):
        note_state(run.spark, lake, COMPANY_ACTIVITY_DAILY, state)
    candidate.unpersist()
    counts = {"dates_built": len(dates), "dates_rewritten": len(moved), "dates_dropped": len(dropped)}
    counts["rows_written"] = sum(rows[day] for day in moved)
    outcome = "done" if moved or dropped else "nothing"
    return StepReport("build_activity", outcome, counts, warnings=warnings_of(verdicts), verdicts=verdicts)


def moves(run: Run, built: Mapping[str, Any]) -> list[Span]:
    """The dates that see a company's first days or attributes otherwise than when the table was last built.

    Found by comparing the versions that it read with the current ones. Where an old version cannot be read any
    more, every date may see something else.
    """
    now = run.dimension_versions()
    found: list[DataFrame] = []
    for table, spans in ((COMPANIES, spans_of_moved_companies), (COMPANIES_HISTORY, spans_of_moved_attributes)):
        then = built.get(table.name, "")
        if then == now[table.name]:
            continue
        if then.split("@")[0] != now[table.name].split("@")[0]:
            return [Span(date.min, None)]
        try:
            before = read_version(run.spark, run.settings.lake.root, table, int(then.split("@")[1]))
        except VersionGone:
            return [Span(date.min, None)]
        found.append(spans(before, read_table(run.spark, run.settings.lake.root, table)))
    return [Span(first, last) for spans in found for first, last in spans.collect()]


def refuse_too_many(days: Collection[date], run: Run) -> None:
    """See that a run does not rewrite much of the table that nobody asked it to.

    Raises:
        GateRefused: above `gates.max_dates_rewritten`, without `--accept-gate rewrite`.
    """
    most = run.settings.gates.max_dates_rewritten
    if len(days) > most and REWRITE not in run.accept_gates:
        found = f"{len(days)} built dates that nobody asked for"
        verdict = Verdict(REWRITE, "the activity table", False, found, f"at most {most}")
        refuse_unless_passed([verdict], remedy="see what moved with `plan`; if it is right: --accept-gate rewrite")


def candidate_of(run: Run, dates: Collection[date], complete: set[date]) -> DataFrame:
    """The rows that these dates should have, from the lake as it stands."""
    spark, lake = run.spark, run.settings.lake.root
    reach = min(dates, default=date.max - timedelta(days=1)) - timedelta(days=HORIZON_DAYS - 1)
    of_usage = "feed = 'usage' AND company_id IS NOT NULL"
    inputs = ActivityInputs(
        calendar=spark.createDataFrame(calendar_rows(dates, complete), CALENDAR),
        companies=read_table(spark, lake, COMPANIES),
        history=read_table(spark, lake, COMPANIES_HISTORY),
        usage=read_table(spark, lake, PRODUCT_USAGE).where(F.col("date") >= F.lit(reach)),
        quarantined=read_table(spark, lake, QUARANTINE).where(of_usage).select("date", "company_id"),
    )
    return activity_of(inputs, run.settings.metrics, by_slices=len(dates) <= MOST_SLICES)


def judge(run: Run, dates: Sequence[date], found: Mapping[date, Row]) -> list[Verdict]:
    """Per date: as many rows as companies known by then, keys unique, nothing NULL that must not be, sums of staging.

    The newest date also tells how many of its companies the CRM does not know, which only warns.
    """
    lake = run.settings.lake.root
    spine = rows_of_the_spine(read_table(run.spark, lake, COMPANIES), dates)
    usage = read_table(run.spark, lake, PRODUCT_USAGE).where(F.col("date").isin(list(dates)))
    sums = usage.groupBy("date").agg(F.sum("active_users"), F.sum("events")).collect()
    staged = {day: (users, events) for day, users, events in sums}
    verdicts: list[Verdict] = []
    for day in dates:
        rows, keys, users, events, _, nulls = found[day][1:7] if day in found else (0,) * 6
        verdicts += [
            equal("one row per company", str(day), rows, spine[day]),
            *well_keyed(str(day), rows, keys, nulls),
            equal("sums of staging", str(day), (users, events), staged.get(day, (0, 0))),
        ]
    if dates and dates[-1] in found:
        newest = found[dates[-1]]
        verdicts.append(judge_unknown(dates[-1], newest["unknown"], newest["rows"], run.settings.gates))
    return refuse_defects(verdicts)


def stamped(candidate: DataFrame, created: Mapping[date, str], run: Run) -> DataFrame:
    """The rows of the changed dates with their run and row times."""
    times = [(day, datetime.fromisoformat(moment)) for day, moment in created.items()]
    by_date = run.spark.createDataFrame(times, "activity_date date, created_at timestamp")
    return (
        candidate.join(F.broadcast(by_date), "activity_date")
        .withColumn("run_id", F.lit(run.run_id))
        .withColumn("updated_at", F.lit(run.now))
    )
