"""The dimension and its history, brought to what moved in staging: revised, judged, and each committed once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.gates.rewrite import Rewriting
from company_activity.gates.verdict import Verdict, key_checks, refuse_defects
from company_activity.planning.staging import lost_dates
from company_activity.planning.state import (
    CompanyCounts,
    DimensionState,
    Sources,
)
from company_activity.report.model import StepOutcome, StepReport
from company_activity.runtime.compute import cached, uncache
from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    CRM_COMPANIES,
    PRODUCT_USAGE,
    Table,
)
from company_activity.transforms.companies import spelt_alike, with_row_times
from company_activity.transforms.crm import union_of_paths
from company_activity.transforms.dimension import (
    Revision,
    Tables,
    rebuilt,
    revised,
    with_rebuilt_rows,
)
from company_activity.transforms.dimension_figures import (
    CHANGES,
    RevisionFigures,
    figures_of_revision,
)
from company_activity.transforms.layout import (
    ROWS_PER_FILE,
    Replacement,
    bucket,
    bucket_count,
    in_buckets,
    with_ended_apart,
)

if TYPE_CHECKING:
    from datetime import datetime

    from pyspark.sql import DataFrame

    from company_activity.io.lake.delta import Lake
    from company_activity.planning.staging_change import StagingChange
    from company_activity.run import Run

MOST_ALIKE = 10  # that a warning names
Keep = Callable[["DataFrame"], "DataFrame"]


def revise_companies(
    run: Run, built: Sources | None, now: Sources, usage: StagingChange, crm: StagingChange
) -> StepReport:
    """Bring the dimension from what it was `built` from to what is staged `now`; each table in one commit, or in none.

    Raises:
        GateRefused: if staging does not know what the dimension was built from, or if a key or a NULL stands where
            there must be none.
    """
    run.check_rewriting(COMPANIES.name, Rewriting(lost=lost_sources(now, built)))
    with ExitStack() as stack:

        def keep(rows: DataFrame) -> DataFrame:
            stack.callback(uncache, rows)
            return cached(rows)

        tables = read_tables(run, now, usage, crm, is_known=built is not None)
        revision = revised(tables, usage, crm, keep) if built else rebuilt(tables, keep)
        counts, verdicts = write(run, tables, revision, now, keep, is_known=built is not None)
    warnings = alike(run) if counts["inserted"] else []
    has_moved = any(counts[change] for change in (*CHANGES, "histories"))
    how = "from what moved in staging" if built else "from everything that is staged"
    outcome: StepOutcome = "done" if has_moved else "nothing"
    return StepReport("build_companies", outcome, counts, [how], warnings, verdicts=verdicts)


def alike(run: Run) -> list[str]:
    """A warning that names ids of CRM and usage which only case or normal form tells apart: most often one company."""
    rows = run.lake.read(COMPANIES)
    found = [row["ids"] for row in spelt_alike(rows).limit(MOST_ALIKE + 1).collect()]
    if not found:
        return []
    named = "; ".join(" and ".join(map(ascii, ids)) for ids in sorted(found)[:MOST_ALIKE])
    more = "; and more" if len(found) > MOST_ALIKE else ""
    return [
        f"ids of CRM and usage differ only in case or normal form, and count as different companies: {named}{more}"
    ]


def lost_sources(now: Sources, built: Sources | None) -> list[date]:
    """The usage dates that the dimension was built from and staging does not know; so too snapshots, if it knows none.

    A single snapshot date may go: its only file may have come again with another date.
    """
    if built is None:
        return []
    snapshots = [] if now.crm else [date.fromisoformat(day) for day in built.crm]
    return sorted({*lost_dates(now.usage, built.usage), *snapshots})


def read_tables(
    run: Run, now: Sources, usage: StagingChange, crm: StagingChange, *, is_known: bool
) -> Tables:
    """The tables as they stand; paths are united only where a snapshot date has several.

    Where only usage was added to what the dimension `is_known` to hold, snapshots and history have nothing to say: they
    are not opened.
    """
    lake = run.lake
    reads_crm = bool(crm.dates) or not is_known
    reads_snapshots = reads_crm or bool(usage.removed)
    staged = lake.read(CRM_COMPANIES) if reads_snapshots else lake.no_rows(CRM_COMPANIES)
    has_several_paths = any(not content.startswith("1:") for content in now.crm.values())
    if reads_snapshots and has_several_paths:
        staged = staged.transform(union_of_paths)
    return Tables(
        staged,
        lake.read(PRODUCT_USAGE),
        lake.read(COMPANIES),
        lake.read(COMPANIES_HISTORY) if reads_crm else lake.no_rows(COMPANIES_HISTORY),
    )


def write(
    run: Run, tables: Tables, revision: Revision, now: Sources, keep: Keep, *, is_known: bool
) -> tuple[dict[str, int], list[Verdict]]:
    """Judge what changed, commit it, the companies before their history, and count it.

    Where no row of the companies changed, the state goes with the history's commit. Where no row of either changed, it
    is written only if it was not known before (`is_known`).

    Raises:
        GateRefused: if a key stands in two of the rows to write, or a NULL where there must be none.
    """
    changes = keep(changed_rows(tables, revision, run.now))
    history = revision.history if revision.may_move_periods else None
    found = RevisionFigures.read(figures_of_revision(changes, history).collect())
    before = counted_before(run, tables)
    after = found.counts_after(before)
    counts = found.counts
    has_changes = any(counts.values())
    kept = before.rows - counts["changed"] - counts["repaired"] - counts["removed"]
    counts |= {"unchanged": kept, "histories": found.touched, "inferred": after.inferred}
    verdicts = judge(found, has_changes=has_changes)
    if is_known and not has_changes and not found.touched:
        run.lake.note_look(now)
        return counts, verdicts

    buckets = bucket_count(after.rows)
    if has_changes:
        members = changes.where("change <> 'removed'")
        companies = Replacement(tables.companies, members, changes.select("company_id"))
        state = DimensionState(now, counts=after)
        replace(run.lake, COMPANIES, companies, buckets, state, standing=before.rows)
    elif run.lake.exists(COMPANIES) and not run.lake.identity(COMPANIES).table_id:
        run.lake.note(COMPANIES, DimensionState(now, counts=after).as_json())
    commit_history(run.lake, revision.history, found, buckets, now, is_due=not has_changes)
    return counts, verdicts


def counted_before(run: Run, tables: Tables) -> CompanyCounts:
    """How many companies stand; their rows are counted only where an older version wrote them."""
    noted = run.lake.company_counts
    if noted is not None:
        return noted
    (found,) = tables.companies.agg(F.count("*"), F.count_if("is_inferred")).collect()
    return CompanyCounts(*map(int, found))


def commit_history(
    lake: Lake,
    history: Replacement,
    found: RevisionFigures,
    buckets: int,
    now: Sources,
    *,
    is_due: bool,
) -> None:
    """Commit the changed periods with the state; the state alone where it `is_due`, or names other snapshots."""
    state = DimensionState(now, lake.identity(COMPANIES))
    lake.create(COMPANIES_HISTORY)
    if found.touched:
        replace(lake, COMPANIES_HISTORY, history, buckets, state, standing=found.standing_periods)
    elif is_due or lake.state(COMPANIES_HISTORY).get("crm", {}) != now.crm:
        lake.note(COMPANIES_HISTORY, state.as_json())


def judge(found: RevisionFigures, *, has_changes: bool) -> list[Verdict]:
    """The rows that are about to be written, table by table.

    Raises:
        GateRefused: if a key stands in two of them, or a NULL where the table allows none.
    """
    is_written = {COMPANIES.name: has_changes, COMPANIES_HISTORY.name: bool(found.touched)}
    return refuse_defects(
        verdict
        for name, figures in found.keys.items()
        if is_written[name]
        for verdict in key_checks(name, *figures)
    )


def changed_rows(tables: Tables, revision: Revision, now: datetime) -> DataFrame:
    """`dim.companies` rows that are not as they stand, each with its `change`."""
    companies = revision.companies
    if revision.may_be_unsure:
        unsure = companies.where("is_unsure").select("company_id")
        companies = companies if unsure.isEmpty() else with_rebuilt_rows(tables, revision, unsure)
    return with_row_times(companies, now).where("change <> 'unchanged'")


def replace(
    lake: Lake,
    table: Table,
    replacement: Replacement,
    count: int,
    state: DimensionState,
    *,
    standing: int,
) -> None:
    """Commit a replacement: the buckets of the touched companies, or the whole of a table that fits into a file.

    `standing` is how many rows the table has.
    """
    if count == 1 and standing <= ROWS_PER_FILE:
        lake.replace(table, in_buckets(replacement.rows(None), 1), None, state.as_json())
        return
    numbers = (
        replacement.touched.select(bucket(count)).distinct().collect() if count > 1 else [(0,)]
    )
    predicate = replacement.predicate([number for (number,) in numbers], count)
    layout = with_ended_apart if table is COMPANIES_HISTORY else in_buckets
    rows = layout(replacement.rows(predicate), count)
    lake.replace(table, rows, predicate, state.as_json())
