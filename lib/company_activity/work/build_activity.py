"""The dates of the activity table that something new touches: built in batches, judged, written where they moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.dates import WEEK_DAYS
from company_activity.errors import GateRefused
from company_activity.gates.arrived import judge_unknown
from company_activity.gates.rewrite import Rewriting
from company_activity.gates.verdict import Verdict, equal, key_checks, refuse_defects, warnings_of
from company_activity.io.lake.delta import VersionGone, dates_predicate, reading_versions
from company_activity.io.lake.delta_log import state_warnings
from company_activity.planning.batches import in_batches, sources_noted
from company_activity.planning.dirty import Dirty, Span, dirty_dates
from company_activity.planning.rewriting import asked_by_replay, rewriting_of
from company_activity.planning.staging import lost_dates
from company_activity.planning.state import (
    FORMULA_VERSION,
    TOTALS,
    ActivityState,
    BuiltDate,
    BuiltFrom,
    complete_dates,
)
from company_activity.report.model import StepOutcome, StepReport
from company_activity.runtime.compute import cached, uncache
from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    COMPANY_ACTIVITY_DAILY,
    PRODUCT_USAGE,
    QUARANTINE,
)
from company_activity.transforms.activity import (
    ActivityInputs,
    finished_rows,
    known_rows,
    within_reach,
)
from company_activity.transforms.audit import audited, first_seen, rows_of_the_spine
from company_activity.transforms.calendar import calendar_rows
from company_activity.transforms.dirty_spans import (
    spans_of_moved_attributes,
    spans_of_moved_companies,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

    from company_activity.io.lake.delta import Lake
    from company_activity.run import Run

# Up to so many dates the windows are conditional sums over each date's slice; for more, running sums
# (tests/benchmarks/studies/windows.py: slices cost 0.6 of the windows at 8 dates, 1.1 at 30).
MOST_SLICES = 16
MOST_ROWS = 20_000_000  # of one commit, unless a single date has more
EMPTY = "0:"  # the content hash of a date without rows
UNREADABLE = ""  # the content hash of a date whose state could not be read: no candidate has it
EVERY_DATE = Span(date.min, None)


@dataclass(frozen=True)
class Build:
    """What this build starts from: the table as it stands, the sources as they are now, and what is dirty.

    `complete` are the dates whose usage is known; `first_seen` is how many companies were first seen on each date.
    """

    run: Run
    table: ActivityState
    sources: BuiltFrom
    dirty: Dirty
    complete: set[date]
    first_seen: Mapping[date, int]

    @cached_property
    def spine(self) -> dict[date, int]:
        """How many rows each dirty date must have."""
        return rows_of_the_spine(self.first_seen, self.dirty.dates)

    def is_moved(self, day: date, content_hash: str) -> bool:
        """Whether a date's content is another than the table has."""
        return day not in self.table.dates or self.table.dates[day].content_hash != content_hash

    def rewriting(self, moved: Iterable[date]) -> Rewriting:
        """What of the table goes or changes that nobody asked for."""
        rewritten = [day for day in moved if day in self.table.dates]
        lost = [] if self.table.is_known else self.dirty.dropped
        return rewriting_of(rewritten, self.dirty, self.asked, lost)

    @cached_property
    def asked(self) -> Collection[date]:
        """The dates that somebody asked for."""
        if self.run.options.replays:
            return asked_by_replay(self.dirty, self.sources, self.table.sources)
        return self.run.dates


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

    def totals_of(self, day: date) -> tuple[int, ...]:
        """What the state keeps of a date's rows."""
        return tuple(int(self.found[day][name]) if day in self.found else 0 for name in TOTALS)


@dataclass
class Outcome:
    """What the batches came to so far."""

    dates: dict[date, BuiltDate]
    verdicts: list[Verdict]
    rewritten: int = 0
    rows_written: int = 0
    state: ActivityState = field(default_factory=ActivityState)


def build_dates(run: Run, sources: BuiltFrom) -> StepReport:
    """Build the candidate dates, judge them, and rewrite those whose content hash is another than the lake's.

    Many rows are built in batches, a commit each. Until the last one the table goes on saying what it was built from
    before, so that the run after a kill finds the rest.

    Raises:
        GateRefused: if staging does not know dates that the table was built from, if the candidate's keys, rows or
            sums are not what dimension and staging say, or if more would be rewritten or dropped than was asked for.
    """
    build = begin(run, sources)
    batches = in_batches(build.spine, MOST_ROWS)
    kept = {
        day: built for day, built in build.table.dates.items() if day not in build.dirty.dropped
    }
    outcome = Outcome(kept, check_all(build, batches) if len(batches) > 1 else [])
    for number in range(len(batches)):
        build_batch(build, batches, number, outcome)
    if run.upgrade.is_accepted and not run.options.replays:
        run.upgrade.end()  # every date is of today's versions by now

    return report_of(build, outcome)


def report_of(build: Build, outcome: Outcome) -> StepReport:
    """What was built, rewritten and dropped, and what the gates found."""
    counts = {
        "dates_built": len(build.dirty.dates),
        "dates_rewritten": outcome.rewritten,
        "dates_dropped": len(build.dirty.dropped),
        "rows_written": outcome.rows_written,
    }
    warnings = warnings_of(outcome.verdicts)
    warnings += state_warnings(COMPANY_ACTIVITY_DAILY.name, outcome.state.as_json())
    has_changed = outcome.rewritten or build.dirty.dropped
    ended: StepOutcome = "done" if has_changed else "nothing"
    return StepReport("build_activity", ended, counts, warnings=warnings, verdicts=outcome.verdicts)


def begin(run: Run, sources: BuiltFrom) -> Build:
    """What there is to build.

    Raises:
        GateRefused: if staging does not know dates that the table was built from.
    """
    usage = run.lake.staged_sources.usage
    table = activity_of_the_lake(run)
    lost = lost_dates(usage, table.usage)
    run.check_rewriting(COMPANY_ACTIVITY_DAILY.name, Rewriting(lost=lost))

    moved, seen = look_at_companies(run, table.sources)
    dirty = dirty_dates(usage, table, run.metrics_mark.version, moved)
    if run.options.replays:
        dirty = dirty.without_older_formulas()
    return Build(run, table, sources, dirty, complete_dates(usage), seen)


def activity_of_the_lake(run: Run) -> ActivityState:
    """What the table has, as its state says; where that cannot be read, the dates as the rows themselves say."""
    state = run.lake.activity
    if state.is_known or not run.lake.exists(COMPANY_ACTIVITY_DAILY):
        return state
    rows = run.lake.read(COMPANY_ACTIVITY_DAILY)
    first_built = F.date_format(F.min("created_at"), "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX")
    found = rows.groupBy("activity_date").agg(first_built, F.count("*")).collect()
    return ActivityState(
        {day: BuiltDate(UNREADABLE, created_at, count) for day, created_at, count in found}
    )


def look_at_companies(run: Run, then: BuiltFrom) -> tuple[list[Span], dict[date, int]]:
    """What moved since the table was last built, and how many companies were first seen on each date; one question.

    The first are the dates that see a company's first days or attributes otherwise. They are found by comparing the
    versions that the table read with the current ones. Where an old version is gone, every date may see something
    else.
    """
    seen = first_seen(run.lake.read(COMPANIES)).select(
        F.lit(None).cast("date").alias("first"), F.col("first_seen_date").alias("last"), "companies"
    )
    asked = seen
    try:
        with reading_versions():
            for spans in moved_spans(run, then):
                asked = asked.unionByName(spans.withColumn("companies", F.lit(0)))
            found = asked.collect()
    except VersionGone:
        found = seen.collect()
        return [EVERY_DATE], {last: companies for _, last, companies in found}
    moved = [Span(first, last) for first, last, companies in found if not companies]
    return moved, {last: companies for _, last, companies in found if companies}


def moved_spans(run: Run, then: BuiltFrom) -> list[DataFrame]:
    """The spans of dates that see a company otherwise, by what changed: first days, attributes.

    Raises:
        VersionGone: if it is not known with what the current versions are to be compared.
    """
    lake = run.lake
    companies = lake.identity(COMPANIES)
    history = lake.identity(COMPANIES_HISTORY)
    if then.companies == companies and then.history == history:
        return []
    if then.companies is None or then.history is None:
        if companies.table_id or history.table_id:
            raise VersionGone("the state does not say what the table was built from")
        return []
    if then.companies.table_id != companies.table_id or then.history.table_id != history.table_id:
        raise VersionGone("the table was built from other tables")
    found: list[DataFrame] = []
    now = lake.read(COMPANIES)
    if then.companies != companies:
        before, after = lake.changed_since(COMPANIES, then.companies.version)
        found.append(spans_of_moved_companies(before, after))
    if then.history != history:
        before = lake.read_version(COMPANIES_HISTORY, then.history.version)
        after = lake.read(COMPANIES_HISTORY)
        found.append(spans_of_moved_attributes(before, after, now))
    return found


def check_all(build: Build, batches: Sequence[Sequence[date]]) -> list[Verdict]:
    """The gate `rewrite` over all batches, before the first of them is written.

    That as many dates may be rewritten as are dirty is soon seen. If they may not, each has to be built to be counted.
    """
    scope = COMPANY_ACTIVITY_DAILY.name
    try:
        return build.run.check_rewriting(scope, build.rewriting(build.dirty.dates))
    except GateRefused:
        moved: list[date] = []
        for batch in batches:
            moved += moved_dates(build, candidate_of(build, batch, keep=False))
        return build.run.check_rewriting(scope, build.rewriting(moved))


def build_batch(
    build: Build, batches: Sequence[Sequence[date]], number: int, outcome: Outcome
) -> None:
    """Build one batch, judge it and commit it; what it came to is added to `outcome`."""
    candidate = candidate_of(build, batches[number], keep=True)
    outcome.verdicts += judge(build, candidate)
    moved = moved_dates(build, candidate)
    if len(batches) == 1:
        outcome.verdicts += build.run.check_rewriting(
            COMPANY_ACTIVITY_DAILY.name, build.rewriting(moved)
        )

    for day in candidate.dates:
        outcome.dates[day] = as_built(build, candidate, day)
    rest = [day for later in batches[number + 1 :] for day in later]
    sources = sources_noted(build.table.sources, build.sources, build.dirty, rest)
    outcome.state = ActivityState(outcome.dates, sources, build.run.metrics_mark)
    dropped = [] if number else build.dirty.dropped
    write(build, candidate, [*moved, *dropped], outcome.state)

    uncache(candidate.rows)
    outcome.rewritten += len(moved)
    outcome.rows_written += sum(candidate.rows_of(day) for day in moved)


def moved_dates(build: Build, candidate: Candidate) -> list[date]:
    """The dates of a candidate whose content is not the table's."""
    return [day for day in candidate.dates if build.is_moved(day, candidate.hash_of(day))]


def as_built(build: Build, candidate: Candidate, day: date) -> BuiltDate:
    """What the state keeps of a date of the candidate; when it was first built stays."""
    standing = build.table.dates.get(day)
    return BuiltDate(
        content_hash=candidate.hash_of(day),
        created_at=standing.created_at if standing else build.run.now.isoformat(),
        rows=candidate.rows_of(day),
        metric_version=build.run.settings.metrics.metric_version,
        formula_version=FORMULA_VERSION,
        totals=candidate.totals_of(day),
    )


def write(
    build: Build, candidate: Candidate, changed: Sequence[date], state: ActivityState
) -> None:
    """Commit the changed and dropped dates with the state; the state alone where there is none."""
    lake = build.run.lake
    if changed:
        fresh = stamped(candidate.rows, state, changed, build.run)
        lake.replace(
            COMPANY_ACTIVITY_DAILY,
            fresh,
            dates_predicate("activity_date", changed),
            state.as_json(),
        )
    elif lake.exists(COMPANY_ACTIVITY_DAILY):
        lake.note(COMPANY_ACTIVITY_DAILY, state.as_json())


def candidate_of(build: Build, dates: Sequence[date], *, keep: bool) -> Candidate:
    """The rows that these dates should have, from the lake as it stands, and their figures."""
    if not dates:
        return Candidate(dates, build.run.lake.no_rows(COMPANY_ACTIVITY_DAILY), {})
    run = build.run
    metrics = run.settings.metrics
    read = within_reach(inputs_of(run.lake, build.complete, dates))
    known = cached(known_rows(read, metrics, by_slices=len(dates) <= MOST_SLICES))
    rows = finished_rows(known, read, metrics)
    if keep:
        rows = cached(rows)
    try:
        found = {row["activity_date"]: row for row in audited(rows).collect()}
    finally:
        uncache(known)
    return Candidate(dates, rows, found)


def inputs_of(lake: Lake, complete: Collection[date], dates: Sequence[date]) -> ActivityInputs:
    """What the rows of these dates are made of; `complete` are the dates whose usage is known."""
    return ActivityInputs(
        calendar=calendar_rows(dates, complete),
        companies=lake.read(COMPANIES),
        history=lake.read(COMPANIES_HISTORY),
        usage=lake.read(PRODUCT_USAGE),
        quarantined=refused_usage(lake, dates),
    )


def refused_usage(lake: Lake, dates: Sequence[date]) -> DataFrame:
    """Date and company of each usage record that was refused; the table is not opened where no week holds one."""
    weeks = [day - timedelta(days=back) for day in dates for back in range(WEEK_DAYS)]
    held = lake.quarantine
    if held.is_known and not held.holds(weeks):
        return lake.spark.createDataFrame([], "date date, company_id string")
    refused = lake.read(QUARANTINE).where("feed = 'usage' AND company_id IS NOT NULL")
    return refused.select("date", "company_id")


def judge(build: Build, candidate: Candidate) -> list[Verdict]:
    """Per date: as many rows as companies known by then, keys unique, nothing NULL that must not be, sums of staging.

    The newest date also tells how many of its companies the CRM does not know, which only warns.
    """
    verdicts: list[Verdict] = []
    if not candidate.dates:
        return verdicts
    staged = sums_of_staging(build.run, candidate.dates)
    for day in candidate.dates:
        verdicts += verdicts_of(
            day, candidate.found.get(day), build.spine[day], staged.get(day, (0, 0))
        )
    newest = candidate.dates[-1]
    if newest in candidate.found:
        row = candidate.found[newest]
        verdicts.append(
            judge_unknown(newest, row["unknown_companies"], row["rows"], build.run.settings.gates)
        )
    return refuse_defects(verdicts)


def verdicts_of(
    day: date, row: Row | None, companies: int, staged: tuple[int, int]
) -> Iterator[Verdict]:
    """The gates on one date's figures; a date without rows has none of anything."""
    found = row.asDict() if row else defaultdict(int)
    yield equal("one row per company", str(day), found["rows"], companies)
    yield from key_checks(str(day), found["rows"], found["keys"], found["nulls"])
    yield equal("sums of staging", str(day), (found["active_users"], found["events"]), staged)


def sums_of_staging(run: Run, dates: Sequence[date]) -> dict[date, tuple[int, int]]:
    """Users and events that are staged of each date: as the state of staging has them, else counted in its rows."""
    noted = run.lake.staging.figures
    sums = {day: (noted[day].active_users, noted[day].events) for day in dates if day in noted}
    unnoted = [day for day in dates if day not in noted]
    if unnoted:
        usage = run.lake.read(PRODUCT_USAGE).where(F.col("date").isin(unnoted))
        counted = usage.groupBy("date").agg(F.sum("active_users"), F.sum("events")).collect()
        sums |= {day: (users, events) for day, users, events in counted}
    return sums


def stamped(
    candidate: DataFrame, state: ActivityState, changed: Sequence[date], run: Run
) -> DataFrame:
    """The rows of the changed dates with their run and row times."""
    days = [day for day in changed if day in state.dates]
    if not days:
        return run.lake.no_rows(COMPANY_ACTIVITY_DAILY)
    times = [datetime.fromisoformat(state.dates[day].created_at) for day in days]
    first_built = F.map_from_arrays(F.array(*map(F.lit, days)), F.array(*map(F.lit, times)))
    return (
        candidate.where(F.col("activity_date").isin(days))
        .withColumn("run_id", F.lit(run.run_id))
        .withColumn("created_at", F.element_at(first_built, F.col("activity_date")))
        .withColumn("updated_at", F.lit(run.now))
    )
