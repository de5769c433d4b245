"""The dates and months of the roll-ups that something new touches: built, judged, written where they moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.gates.verdict import Verdict, equal, key_checks, refuse_defects
from company_activity.io.lake.delta import dates_predicate
from company_activity.planning.rollups import (
    ROLLUPS_VERSION,
    RetentionState,
    RolledDate,
    SegmentsState,
    sources_of_months,
)
from company_activity.planning.state import LIFECYCLE
from company_activity.report.model import StepOutcome, StepReport
from company_activity.runtime.compute import cached, uncache
from company_activity.schemas import (
    COMPANIES,
    COMPANY_ACTIVITY_DAILY,
    RETENTION_MONTHLY,
    RISK_EPISODES,
    SEGMENT_ACTIVITY_DAILY,
)
from company_activity.transforms.figures import figures_by_date
from company_activity.transforms.retention import audited_retention, month_of, retention_rows
from company_activity.transforms.segments import audited_segments, segment_rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

    from company_activity.planning.rollups import MovedDates, MovedMonths, MovedRollups
    from company_activity.run import Run

EMPTY = "0"  # the content hash of a date without rows
# What the rows of a date must sum up to: a column of the roll-up, and what the activity table's state calls it.
CONSERVED = {
    "companies": "rows",
    "user_days": "active_users",
    "events": "events",
    "at_risk": "at_risk",
    "not_judged": "not_judged",
    **{f"lifecycle_{name}": name for name in LIFECYCLE},
}


@dataclass
class Outcome:
    """What the step has done so far."""

    counts: dict[str, int] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    has_changed: bool = False


def roll_up(run: Run, moved: MovedRollups) -> StepReport:
    """Build again what moved, and replace it where it differs; what each was built from is committed in any case.

    Raises:
        GateRefused: as `build_rollups`.
    """
    outcome = Outcome()
    if moved.dates:
        revise_segments(run, moved.dates, outcome)
    if moved.months:
        revise_retention(run, moved.months, outcome)
    ended: StepOutcome = "done" if outcome.has_changed else "nothing"
    return StepReport("build_rollups", ended, outcome.counts, verdicts=outcome.verdicts)


def revise_segments(run: Run, moved: MovedDates, outcome: Outcome) -> None:
    """Build these dates by segment and country; those with another content than the table's are replaced."""
    lake = run.lake
    activity = lake.read(COMPANY_ACTIVITY_DAILY).where(
        F.col("activity_date").isin(list(moved.build))
    )
    gone_after_days = run.settings.metrics.churn.gone_after_days
    rows = cached(segment_rows(activity, episodes_begun(run, moved.build), gone_after_days))
    try:
        found = {row["activity_date"]: row for row in audited_segments(rows).collect()}
        outcome.verdicts += refuse_defects(
            judge_segments(found, sums_of_activity(run, activity, moved.build), run, moved.build)
        )
        standing = lake.segments.dates if moved.is_known else {}
        rolled = rolled_dates(found, lake.sources_of_segments, moved.build)
        kept = {day: then for day, then in standing.items() if day not in moved.drop}
        state = SegmentsState.of({**kept, **rolled}).as_json()
        changed = [
            day
            for day in moved.build
            if day not in standing or standing[day].content_hash != rolled[day].content_hash
        ]
        if not moved.is_known:  # rows of others may stand on any date
            lake.replace(SEGMENT_ACTIVITY_DAILY, rows, None, state)
        elif changed or moved.drop:
            predicate = dates_predicate("activity_date", [*changed, *moved.drop])
            fresh = rows.where(F.col("activity_date").isin(changed))
            lake.replace(SEGMENT_ACTIVITY_DAILY, fresh, predicate, state)
        else:
            lake.note(SEGMENT_ACTIVITY_DAILY, state)
    finally:
        uncache(rows)
    outcome.has_changed |= bool(changed or moved.drop)
    outcome.counts |= {
        "dates_rolled_up": len(moved.build),
        "dates_changed": len(changed),
        "dates_dropped": len(moved.drop),
    }


def rolled_dates(
    found: Mapping[date, Row], sources: Mapping[date, str], days: Sequence[date]
) -> dict[date, RolledDate]:
    """What the state keeps of these dates."""
    rolled = {}
    for day in days:
        content = str(found[day]["content_hash"]) if day in found else EMPTY
        rolled[day] = RolledDate(content, sources[day])
    return rolled


def episodes_begun(run: Run, days: Sequence[date]) -> DataFrame | None:
    """The episodes that began on one of these dates; None where their state says that none did."""
    if not run.lake.episodes.began.keys() & set(days):
        return None
    return run.lake.read(RISK_EPISODES).where(F.col("started_on").isin(list(days)))


def sums_of_activity(
    run: Run, activity: DataFrame, days: Sequence[date]
) -> dict[date, dict[str, int]]:
    """What these dates sum up to: as the activity table's state has it; of older dates the rows are asked."""
    built = run.lake.activity.dates
    sums = {day: built[day].total for day in days if built[day].total}
    unknown = [day for day in days if day not in sums]
    if unknown:
        asked = activity.where(F.col("activity_date").isin(unknown))
        for row in figures_by_date(asked).collect():
            sums[row["activity_date"]] = row.asDict()
    return sums


def judge_segments(
    found: Mapping[date, Row],
    sums: Mapping[date, Mapping[str, int]],
    run: Run,
    days: Sequence[date],
) -> list[Verdict]:
    """Each date's verdicts: its keys and NULLs, what is impossible, and that nothing was lost or counted twice."""
    began = run.lake.episodes.began
    verdicts: list[Verdict] = []
    for day in days:
        scope = f"{SEGMENT_ACTIVITY_DAILY.name} {day}"
        row = found[day].asDict() if day in found else {}
        verdicts += key_checks(scope, row.get("rows", 0), row.get("keys", 0), row.get("nulls", 0))
        verdicts.append(equal("active among all", scope, row.get("above", 0), 0))
        sums_found = {name: row.get(name, 0) for name in (*CONSERVED, "entered")}
        of_day = sums.get(day, {})
        wanted = {name: of_day.get(of_rows, 0) for name, of_rows in CONSERVED.items()}
        wanted["entered"] = began[day].companies if day in began else 0
        verdicts.append(equal("conservation", scope, sums_found, wanted))
    return verdicts


def revise_retention(run: Run, moved: MovedMonths, outcome: Outcome) -> None:
    """Build these months of all cohorts; earlier months stay. The table is small, and is written whole."""
    lake = run.lake
    activity = lake.read(COMPANY_ACTIVITY_DAILY).where(
        month_of("activity_date").isin(list(moved.months))
    )
    whole = retention_rows(activity, lake.read(COMPANIES), moved.months)
    if moved.is_known:
        standing = lake.read(RETENTION_MONTHLY)
        whole = whole.unionByName(standing.where(F.col("activity_month") < F.lit(moved.first)))
    whole = cached(whole.coalesce(1))
    try:
        (found,) = audited_retention(whole).collect()
        outcome.verdicts += refuse_defects(judge_retention(found))
        kept = lake.retention.built.difference(moved.drop) if moved.is_known else frozenset()
        state = RetentionState(
            sources_of_months(lake.activity.hashes),
            kept.union(moved.months),
            found["content_hash"],
            found["rows"],
            ROLLUPS_VERSION,
        )
        is_same = moved.is_known and state.content_hash == lake.retention.content_hash
        if is_same:
            lake.note(RETENTION_MONTHLY, state.as_json())
        else:
            lake.replace(RETENTION_MONTHLY, whole, None, state.as_json())
    finally:
        uncache(whole)
    outcome.has_changed |= not is_same
    outcome.counts |= {"months_rolled_up": len(moved.months), "cohort_months": found["rows"]}


def judge_retention(found: Row) -> list[Verdict]:
    """The verdicts on the whole table: its keys and NULLs, and no cohort more active than it is large."""
    scope = RETENTION_MONTHLY.name
    return [
        *key_checks(scope, found["rows"], found["keys"], found["nulls"]),
        equal("active among all", scope, found["above"], 0),
    ]
