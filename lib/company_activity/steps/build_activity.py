"""Dimension, staged usage and the calendar → `analytics.company_activity_daily`: the changed dates, no others."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from company_activity.dates import HORIZON_DAYS
from company_activity.errors import GateRefused
from company_activity.gates.arrived import judge_unknown
from company_activity.gates.rewrite import Rewriting
from company_activity.gates.verdict import Verdict, equal, refuse_defects, warnings_of, well_keyed
from company_activity.io.lake.delta import (
    VersionGone,
    dates_predicate,
    exists,
    note_state,
    read_table,
    read_version,
    replace_where,
)
from company_activity.io.lake.delta_log import state_warnings
from company_activity.planning.dirty import (
    Dirty,
    Span,
    check_metrics,
    complete_dates,
    dirty_dates,
    is_of_a_version,
    is_of_the_date,
    lost_dates,
)
from company_activity.planning.state import FORMULA_VERSION, BuiltDate, built_dates, table_of, version_of
from company_activity.report.model import StepReport
from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE, QUARANTINE
from company_activity.transforms.activity import LAST_WEEK, ActivityInputs
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
MOST_ROWS = 20_000_000  # of one commit, unless a single date has more
EMPTY = "0:"  # the content hash of a date without rows
UNREADABLE = ""  # the content hash of a date whose state could not be read: no candidate has it


@dataclass(frozen=True)
class Build:
    """What this build starts from: the table as it stands, the sources as they are now, and what is dirty.

    `built` is the state of the table's newest commit, `before` the dates that it has. `spine` holds how many rows
    each dirty date must have.
    """

    run: Run
    built: Mapping[str, Any]
    before: Mapping[date, BuiltDate]
    sources: Mapping[str, Any]
    dirty: Dirty
    complete: set[date]
    spine: Mapping[date, int]

    def is_moved(self, day: date, content_hash: str) -> bool:
        """Whether a date's content is another than the table has."""
        return day not in self.before or self.before[day].content_hash != content_hash

    def rewriting(self, moved: Iterable[date]) -> Rewriting:
        """What of the table goes or changes that nobody asked for."""
        unasked = [day for day in moved if day in self.before and day not in self.run.dates]
        upgraded = [day for day in unasked if any(map(is_of_a_version, self.dirty.reasons[day]))]
        dropped = [day for day in self.dirty.dropped if day not in self.run.dates]
        is_readable = bool(self.built)
        return Rewriting(
            rewritten=[day for day in unasked if day not in set(upgraded)],
            upgraded=upgraded,
            dropped=dropped,
            lost=[] if is_readable else self.dirty.dropped,
        )


@dataclass(frozen=True)
class Candidate:
    """The rows that some dates should have, and their figures by date (see `audited`)."""

    dates: Sequence[date]
    rows: DataFrame
    found: Mapping[date, Row]

    def hash_of(self, day: date) -> str:
        return str(self.found[day]["content_hash"]) if day in self.found else EMPTY

    def rows_of(self, day: date) -> int:
        return int(self.found[day]["rows"]) if day in self.found else 0


def build_activity(run: Run) -> StepReport:
    """Build the candidate dates, judge them, and rewrite those whose content hash is another than the lake's.

    Many rows are built in batches, a commit each. Until the last one the table goes on saying what it was built from
    before, so that the run after a kill finds the rest.

    Raises:
        GateRefused: if the candidate's keys, rows or sums are not what dimension and staging say, or if more would be
            rewritten or dropped than was asked for.
    """
    build = begin(run)
    if build is None:
        return StepReport("build_activity", "nothing", notes=["nothing new affects any date"])
    batches = in_batches(build.spine)
    verdicts = check_all(build, batches) if len(batches) > 1 else []
    counts = {"dates_built": len(build.dirty.dates), "dates_rewritten": 0, "dates_dropped": len(build.dirty.dropped)}
    counts["rows_written"] = 0
    dates = {day: kept for day, kept in build.before.items() if day not in build.dirty.dropped}
    state: dict[str, Any] = {}
    for number, batch in enumerate(batches):
        candidate = candidate_of(build, batch, keep=True)
        verdicts += judge(build, candidate)
        moved = [day for day in batch if build.is_moved(day, candidate.hash_of(day))]
        if len(batches) == 1:
            verdicts += run.check_rewriting(COMPANY_ACTIVITY_DAILY.name, build.rewriting(moved))
        dates |= {day: as_built(build, candidate, day) for day in batch}
        rest = [day for later in batches[number + 1 :] for day in later]
        state = {"dates": {str(day): dates[day].entry for day in sorted(dates)}, **sources_noted(build, rest)}
        dropped = [] if number else build.dirty.dropped
        write(build, candidate, moved, dropped, state)
        candidate.rows.unpersist()
        counts["dates_rewritten"] += len(moved)
        counts["rows_written"] += sum(candidate.rows_of(day) for day in moved)
    if run.upgrade.is_accepted:
        run.upgrade.end()  # every date is of today's versions by now
    warnings = [*warnings_of(verdicts), *state_warnings(COMPANY_ACTIVITY_DAILY.name, state)]
    outcome = "done" if counts["dates_rewritten"] or counts["dates_dropped"] else "nothing"
    return StepReport("build_activity", outcome, counts, warnings=warnings, verdicts=verdicts)


def begin(run: Run) -> Build | None:
    """What there is to build; None where no date is touched by anything new.

    Raises:
        GateRefused: if staging does not know dates that the table was built from.
        SettingsError: if `metrics.yaml` was changed under the same `metric_version`.
    """
    usage, built = run.state_of(PRODUCT_USAGE), run.state_of(COMPANY_ACTIVITY_DAILY)
    metrics = run.settings.metrics.mark
    check_metrics(built, metrics)
    staged = run.staged_sources()
    sources = {**staged, **run.dimension_versions()}
    before = dates_of_the_table(run, built)
    is_current = all(one.is_computed_as_now(metrics["version"]) for one in before.values())
    if is_current and {**sources, "metrics": metrics}.items() <= built.items():
        return None
    lost = lost_dates(staged["usage"], built.get("usage", {}))
    run.check_rewriting(COMPANY_ACTIVITY_DAILY.name, Rewriting(lost=lost))
    standing = {"dates": {str(day): one.entry for day, one in before.items()}, "usage": built.get("usage", {})}
    dirty = dirty_dates(usage, standing, metrics, moves(run, built))
    spine = rows_of_the_spine(read_table(run.spark, run.settings.lake.root, COMPANIES), dirty.dates)
    return Build(run, built, before, sources, dirty, complete_dates(usage), spine)


def dates_of_the_table(run: Run, built: Mapping[str, Any]) -> dict[date, BuiltDate]:
    """The dates that the table has, as its state says; where that cannot be read, as the rows themselves say."""
    if built or not exists(run.settings.lake.root, COMPANY_ACTIVITY_DAILY):
        return built_dates(built)
    rows = read_table(run.spark, run.settings.lake.root, COMPANY_ACTIVITY_DAILY)
    first_built = F.date_format(F.min("created_at"), "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX")
    found = rows.groupBy("activity_date").agg(first_built, F.count("*")).collect()
    return {day: BuiltDate(UNREADABLE, created_at, count) for day, created_at, count in found}


def in_batches(spine: Mapping[date, int], most: int | None = None) -> list[list[date]]:
    """The dates in groups of at most `most` rows, in order; a date that has more stands alone. At least one group.

    >>> days = [date(2025, 1, n) for n in range(1, 5)]
    >>> [len(batch) for batch in in_batches(dict.fromkeys(days, 40), most=100)]
    [2, 2]
    """
    batches: list[list[date]] = [[]]
    filled = 0
    for day in sorted(spine):
        if batches[-1] and filled + spine[day] > (most or MOST_ROWS):
            batches.append([])
            filled = 0
        batches[-1].append(day)
        filled += spine[day]
    return batches


def check_all(build: Build, batches: Sequence[Sequence[date]]) -> list[Verdict]:
    """The gate `rewrite` over all batches, before the first of them is written.

    That as many dates may be rewritten as are dirty is soon seen. If they may not, each has to be built to be counted.
    """
    scope, run = COMPANY_ACTIVITY_DAILY.name, build.run
    try:
        return run.check_rewriting(scope, build.rewriting(build.dirty.dates))
    except GateRefused:
        candidates = (candidate_of(build, batch, keep=False) for batch in batches)
        moved = [day for one in candidates for day in one.dates if build.is_moved(day, one.hash_of(day))]
        return run.check_rewriting(scope, build.rewriting(moved))


def as_built(build: Build, candidate: Candidate, day: date) -> BuiltDate:
    """What the state keeps of a date of the candidate: where its content stands, when it was first built stays."""
    created_at = build.before[day].created_at if day in build.before else build.run.now.isoformat()
    version = build.run.settings.metrics.metric_version
    return BuiltDate(candidate.hash_of(day), created_at, candidate.rows_of(day), version, FORMULA_VERSION)


def sources_noted(build: Build, rest: Collection[date]) -> dict[str, Any]:
    """What a commit says that the table was built from, while the dates of `rest` are still to come.

    Today's sources, as soon as each of these dates says by itself that it is dirty; until then those of before.
    """
    metrics = {"metrics": build.run.settings.metrics.mark}
    if all(is_of_the_date(reason) for day in rest for reason in build.dirty.reasons[day]):
        return {**build.sources, **metrics}
    noted = {name: build.built[name] for name in build.sources if name in build.built} | metrics
    return noted | ({"usage": usage_noted(build, sorted(rest))} if "usage" in noted else {})


def usage_noted(build: Build, rest: Sequence[date]) -> dict[str, str]:
    """The usage marks of today where no date that reads them is still to come, so that a run goes on where one was
    cut off; elsewhere those of before.
    """
    then, now = build.built["usage"], build.sources["usage"]

    def is_read(day: str) -> bool:
        first = date.fromisoformat(day)
        place = bisect_left(rest, first)
        return place < len(rest) and rest[place] < first + timedelta(days=HORIZON_DAYS)

    kept = {day: then.get(day) if is_read(day) else now.get(day) for day in then.keys() | now.keys()}
    return {day: kept[day] for day in sorted(kept) if kept[day]}


def write(
    build: Build, candidate: Candidate, moved: Sequence[date], dropped: Sequence[date], state: Mapping[str, Any]
) -> None:
    """Commit the changed dates with the state; the state alone where none changed."""
    lake = build.run.settings.lake.root
    if moved or dropped:
        fresh = stamped(candidate.rows, {day: as_built(build, candidate, day).created_at for day in moved}, build.run)
        replace_where(fresh, lake, COMPANY_ACTIVITY_DAILY, dates_predicate("activity_date", [*moved, *dropped]), state)
    elif exists(lake, COMPANY_ACTIVITY_DAILY):
        note_state(build.run.spark, lake, COMPANY_ACTIVITY_DAILY, state)


def moves(run: Run, built: Mapping[str, Any]) -> list[Span]:
    """The dates that see a company's first days or attributes otherwise than when the table was last built.

    Found by comparing the versions that it read with the current ones. Where an old version is gone, every date may
    see something else.
    """
    spark, lake = run.spark, run.settings.lake.root
    then, now = built, run.dimension_versions()
    if all(then.get(name) == version for name, version in now.items()):
        return []
    if any(table_of(then.get(name, "")) != table_of(version) for name, version in now.items()):
        return [Span(date.min, None)]
    companies, history = (read_table(spark, lake, table) for table in (COMPANIES, COMPANIES_HISTORY))
    found: list[DataFrame] = []
    try:
        if then[COMPANIES.name] != now[COMPANIES.name]:
            before = read_version(spark, lake, COMPANIES, version_of(then[COMPANIES.name]))
            found.append(spans_of_moved_companies(before, companies))
        if then[COMPANIES_HISTORY.name] != now[COMPANIES_HISTORY.name]:
            before = read_version(spark, lake, COMPANIES_HISTORY, version_of(then[COMPANIES_HISTORY.name]))
            found.append(spans_of_moved_attributes(before, history, companies))
    except VersionGone:
        return [Span(date.min, None)]
    return [Span(first, last) for spans in found for first, last in spans.collect()]


def candidate_of(build: Build, dates: Sequence[date], *, keep: bool) -> Candidate:
    """The rows that these dates should have, from the lake as it stands, and their figures."""
    run = build.run
    spark, lake = run.spark, run.settings.lake.root
    first = min(dates, default=date.max - timedelta(days=1))
    reach = first - timedelta(days=HORIZON_DAYS - 1)
    of_usage = "feed = 'usage' AND company_id IS NOT NULL"
    of_the_weeks = F.col("date").between(F.lit(first - timedelta(days=LAST_WEEK)), F.lit(max(dates, default=first)))
    inputs = ActivityInputs(
        calendar=spark.createDataFrame(calendar_rows(dates, build.complete), CALENDAR),
        companies=read_table(spark, lake, COMPANIES),
        history=read_table(spark, lake, COMPANIES_HISTORY),
        usage=read_table(spark, lake, PRODUCT_USAGE).where(F.col("date") >= F.lit(reach)),
        quarantined=read_table(spark, lake, QUARANTINE)
        .where(of_usage)
        .where(of_the_weeks)
        .select("date", "company_id"),
    )
    rows = activity_of(inputs, run.settings.metrics, by_slices=len(dates) <= MOST_SLICES)
    rows = rows.cache() if keep else rows
    return Candidate(dates, rows, {row["activity_date"]: row for row in audited(rows).collect()})


def judge(build: Build, candidate: Candidate) -> list[Verdict]:
    """Per date: as many rows as companies known by then, keys unique, nothing NULL that must not be, sums of staging.

    The newest date also tells how many of its companies the CRM does not know, which only warns.
    """
    run, dates, found = build.run, candidate.dates, candidate.found
    usage = read_table(run.spark, run.settings.lake.root, PRODUCT_USAGE).where(F.col("date").isin(list(dates)))
    sums = usage.groupBy("date").agg(F.sum("active_users"), F.sum("events")).collect()
    staged = {day: (users, events) for day, users, events in sums}
    verdicts: list[Verdict] = []
    for day in dates:
        rows, keys, users, events, _, nulls = found[day][1:7] if day in found else (0,) * 6
        verdicts += [
            equal("one row per company", str(day), rows, build.spine[day]),
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
