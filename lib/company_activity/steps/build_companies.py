"""Staged CRM and usage → `dim.companies` and `dim.companies_history`; what did not change is not written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.io.delta import read_table
from company_activity.io.delta_log import identity
from company_activity.planner import complete_dates, snapshots
from company_activity.report import StepReport
from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, CRM_COMPANIES, PRODUCT_USAGE
from company_activity.transforms.companies import beside_current, first_days_of_use, with_row_times
from company_activity.transforms.companies import build_companies as companies_of
from company_activity.transforms.company_changes import revise_companies, settle, told_by_crm
from company_activity.transforms.crm import union_of_paths
from company_activity.transforms.history import build_history
from company_activity.transforms.history_changes import (
    companies_that_differ,
    companies_told_otherwise,
    in_reach,
    periods_again,
)
from company_activity.transforms.layout import bucket_count
from company_activity.transforms.moves import Moves, moves_between

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.run import Run

CHANGES = ("inserted", "changed", "repaired", "removed")
Sources = dict[str, dict[str, str]]
Keep = Callable[["DataFrame"], "DataFrame"]


@dataclass(frozen=True)
class Tables:
    """What the dimension is built from (`snapshots`: each date the union of its paths), and how it stands."""

    snapshots: DataFrame
    usage: DataFrame
    companies: DataFrame
    history: DataFrame


@dataclass(frozen=True)
class Revision:
    """What may have to be written: companies with the row that stands as `before`, and the periods of those that `differ`.

    `standing` are the periods that `periods` belong among, and `reach` is what selects them (None: all there are).
    """

    companies: DataFrame
    periods: DataFrame
    differ: DataFrame
    standing: DataFrame
    reach: str | None


def build_companies(run: Run) -> StepReport:
    """Bring the dimension to what the staged snapshots and records say; each table in one commit, or in none."""
    now, built = staged_sources(run), built_sources(run)
    usage, crm = moved(built or {}, now)
    if not (usage.dates or crm.dates):
        return StepReport("build_companies", "nothing", notes=["nothing new is staged"])
    with ExitStack() as stack:

        def keep(rows: DataFrame) -> DataFrame:
            stack.callback(rows.unpersist)
            return rows.cache()

        tables = read_tables(run, now)
        revision = revised(tables, usage, crm, keep) if built else rebuilt(tables, keep)
        counts = write(run, tables, revision, now, keep)
    has_moved = any(counts[change] for change in (*CHANGES, "histories"))
    how = "from what is new in staging" if built else "from everything that is staged"
    return StepReport("build_companies", "done" if has_moved else "nothing", counts=counts, notes=[how])


def staged_sources(run: Run) -> Sources:
    """What staging holds now: the mark of each usage date, and date and content of each CRM path."""
    return {"usage": run.state_of(PRODUCT_USAGE).get("dates", {}), "crm": snapshots(run.state_of(CRM_COMPANIES))}


def built_sources(run: Run) -> Sources | None:
    """What both tables were last brought to; None where that is not known, or not the same of both.

    A commit of `dim.companies` says it for that table. Where later sources changed no row of it, the history's commit
    says so, and names the version that it speaks of: the dimension gets no version, and so no publish, for nothing.
    """
    own, noted = run.state_of(COMPANIES), run.state_of(COMPANIES_HISTORY)
    if noted and noted.get("companies") == identity(run.settings.lake.root, COMPANIES.path):
        own = noted
    if not own or own.get("crm") != noted.get("crm", {}):
        return None
    return {"usage": own["usage"], "crm": own["crm"]}


def moved(built: Sources, now: Sources) -> tuple[Moves, Moves]:
    """The usage dates and the snapshot dates whose staged rows are not those that the dimension was built from."""
    usage = moves_between(*(rows_by_date(sources.get("usage", {})) for sources in (built, now)))
    return usage, moves_between(built.get("crm", {}), now["crm"])


def rows_by_date(marks: dict[str, str]) -> dict[str, str]:
    """`<date>:<mark>` of the dates that have rows; a missing one has none."""
    return {day: f"{day}:{marks[day]}" for day in map(str, complete_dates({"dates": marks}))}


def read_tables(run: Run, now: Sources) -> Tables:
    """The tables as they stand; paths are united only where a snapshot date has several."""
    staged, usage, companies, history = (
        read_table(run.spark, run.settings.lake.root, table)
        for table in (CRM_COMPANIES, PRODUCT_USAGE, COMPANIES, COMPANIES_HISTORY)
    )
    dates = [content.split(":")[0] for content in now["crm"].values()]
    united = staged if len(dates) == len(set(dates)) else staged.transform(union_of_paths)
    return Tables(united, usage, companies, history)


def rebuilt(tables: Tables, keep: Keep) -> Revision:
    """The whole dimension from everything staged: the definition, and the way where nothing says what it was built from."""
    periods = keep(build_history(tables.snapshots))
    companies = companies_of(tables.snapshots, tables.usage).transform(beside_current, tables.companies)
    differ = keep(companies_that_differ(tables.history, periods))
    return Revision(companies, periods, differ, tables.history, reach=None)


def revised(tables: Tables, usage: Moves, crm: Moves, keep: Keep) -> Revision:
    """The same from what moved alone: its rows, the dimension, and where support was lost the companies' own staging."""
    reach = in_reach(crm.since)
    standing = tables.history.where(reach)
    touched = keep(companies_told_otherwise(tables.snapshots, standing, crm))
    periods = keep(periods_again(touched, tables.snapshots, standing, crm.since))
    differ = keep(companies_that_differ(standing.join(touched, "company_id", "left_semi"), periods))
    new_days = first_days_of_use(tables.usage.where(F.col("date").isin(list(usage.come))))
    companies = keep(
        revise_companies(
            tables.companies, told_by_crm(differ, periods), new_days, gone_usage=usage.gone, gone_crm=crm.gone
        )
    )
    unsure = companies.where("is_unsure").select("company_id")
    if (usage.gone or crm.gone) and not unsure.isEmpty():
        theirs = (rows.join(unsure, "company_id", "left_semi") for rows in (tables.snapshots, tables.usage))
        companies = companies.transform(settle, companies_of(*theirs))
    return Revision(companies, periods, differ, standing, reach)


def write(run: Run, tables: Tables, revision: Revision, now: Sources, keep: Keep) -> dict[str, int]:
    """Commit what changed, the companies before their history, and count it; unchanged rows, and no commit, for nothing."""
    spark, lake = run.spark, run.settings.lake.root
    changes = keep(with_row_times(revision.companies, run.now).where("change <> 'unchanged'"))
    counts = dict.fromkeys(CHANGES, 0)
    counts |= {row["change"]: row["count"] for row in changes.groupBy("change").count().collect()}
    before = tables.companies.count()
    counts["unchanged"] = before - counts["changed"] - counts["repaired"] - counts["removed"]
    counts["histories"] = revision.differ.count()
    buckets = bucket_count(before + counts["inserted"] - counts["removed"])
    if any(counts[change] for change in CHANGES):
        members = changes.where("change <> 'removed'")
    return counts
