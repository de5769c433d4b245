"""The dimension from all that is staged, and the same dimension from what changed in staging."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.transforms.companies import (
    beside_current,
    build_companies,
    first_days_of_use,
)
from company_activity.transforms.company_changes import (
    latest_of_crm,
    replace_unsure_rows,
    revise_companies,
)
from company_activity.transforms.history import build_history
from company_activity.transforms.history_changes import (
    companies_that_differ,
    companies_with_changed_periods,
    in_reach,
    rebuilt_periods,
)
from company_activity.transforms.layout import Replacement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.planning.staging_change import StagingChange

    Keep = Callable[[DataFrame], DataFrame]


@dataclass(frozen=True)
class Tables:
    """What the dimension is built from, and how it stands.

    `snapshots` is `stg.crm_companies`, each date the union of its paths; `usage` is
    `stg.product_usage`.
    """

    snapshots: DataFrame
    usage: DataFrame
    companies: DataFrame
    history: DataFrame

    def of(self, companies: DataFrame) -> tuple[DataFrame, DataFrame]:
        """All snapshots and usage of these companies."""
        snapshots = self.snapshots.join(companies, "company_id", "left_semi")
        usage = self.usage.join(companies, "company_id", "left_semi")
        return snapshots, usage


@dataclass(frozen=True)
class Revision:
    """Companies beside their current row (see `beside_current`), and the periods to replace.

    Where `may_be_unsure`, some companies need all their staged rows: see `with_rebuilt_rows`. Where
    no snapshot moved, no period does (`may_move_periods`).
    """

    companies: DataFrame
    history: Replacement
    may_be_unsure: bool = False
    may_move_periods: bool = True


def rebuilt(tables: Tables, keep: Keep) -> Revision:
    """The dimension from everything staged: its definition.

    `keep` caches what is read several times.

    >>> from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, CRM_COMPANIES
    >>> declared = (CRM_COMPANIES, COMPANIES, COMPANIES_HISTORY)
    >>> snapshots, companies, history = (spark.createDataFrame([], t.struct) for t in declared)
    >>> usage = spark.sql("SELECT 'a' AS company_id, DATE'2025-03-05' AS date, 1 AS active_users")
    >>> tables = Tables(snapshots, usage, companies, history)
    >>> revision = rebuilt(tables, keep=lambda rows: rows)
    >>> [(r.company_id, r.is_inferred, r.before) for r in revision.companies.collect()]
    [('a', True, None)]
    """
    periods = keep(build_history(tables.snapshots))
    differ = keep(companies_that_differ(tables.history, periods))
    fresh = periods.join(differ, "company_id", "left_semi")
    candidates = build_companies(tables.snapshots, tables.usage)
    companies = candidates.transform(beside_current, tables.companies)
    return Revision(companies, Replacement(tables.history, fresh, differ))


def revised(tables: Tables, usage: StagingChange, crm: StagingChange, keep: Keep) -> Revision:
    """The dimension from the rows of the changed dates and from the dimension as it stands.

    `keep` caches what is read several times.

    >>> from datetime import date
    >>> from company_activity.planning.staging_change import StagingChange
    >>> from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, CRM_COMPANIES
    >>> declared = (CRM_COMPANIES, COMPANIES, COMPANIES_HISTORY)
    >>> snapshots, companies, history = (spark.createDataFrame([], t.struct) for t in declared)
    >>> usage = spark.sql("SELECT 'a' AS company_id, DATE'2025-03-05' AS date, 1 AS active_users")
    >>> tables = Tables(snapshots, usage, companies, history)
    >>> new_date = StagingChange(added=frozenset([date(2025, 3, 5)]), removed=frozenset())
    >>> nothing = StagingChange(added=frozenset(), removed=frozenset())
    >>> revision = revised(tables, usage=new_date, crm=nothing, keep=lambda rows: rows)
    >>> [(r.company_id, r.is_inferred, r.before) for r in revision.companies.collect()]
    [('a', True, None)]
    """
    history = revised_history(tables, crm, keep)
    latest = latest_of_crm(history.touched, history.fresh)
    is_added = F.col("date").isin(list(usage.added))
    companies = revise_companies(
        tables.companies,
        latest,
        first_days_of_use(tables.usage.where(is_added)),
        removed_usage_dates=usage.removed,
        removed_snapshot_dates=crm.removed,
    )
    may_be_unsure = bool(usage.removed or crm.removed)
    if may_be_unsure:
        companies = keep(companies)
    may_move_periods = crm.since is not None
    return Revision(companies, history, may_be_unsure, may_move_periods)


def revised_history(tables: Tables, crm: StagingChange, keep: Keep) -> Replacement:
    """The periods in reach of the changed snapshots, of the companies whose periods change."""
    if crm.since is None:
        none = tables.history.where("false")
        return Replacement(tables.history, none, none.select("company_id"))
    reach = in_reach(crm.since)
    current = tables.history.where(reach)
    touched = keep(companies_with_changed_periods(tables.snapshots, current, crm))
    periods = keep(rebuilt_periods(touched, tables.snapshots, current, crm.since))
    return Replacement(tables.history, periods, touched, reach)


def with_rebuilt_rows(tables: Tables, revision: Revision, unsure: DataFrame) -> DataFrame:
    """The revised companies, with the `unsure` ones built from all that is staged of them.

    Shape: as `beside_current` hands out, key company_id.

    >>> from dataclasses import replace
    >>> from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, CRM_COMPANIES
    >>> declared = (CRM_COMPANIES, COMPANIES, COMPANIES_HISTORY)
    >>> snapshots, companies, history = (spark.createDataFrame([], t.struct) for t in declared)
    >>> usage = spark.sql("SELECT 'a' AS company_id, DATE'2025-03-05' AS date, 1 AS active_users")
    >>> tables = Tables(snapshots, usage, companies, history)
    >>> revision = rebuilt(tables, keep=lambda rows: rows)
    >>> unsure = revision.companies.withColumn("is_unsure", F.lit(True))
    >>> unsure_revision = replace(revision, companies=unsure, may_be_unsure=True)
    >>> rows = with_rebuilt_rows(tables, unsure_revision, unsure.select("company_id"))
    >>> [(r.company_id, r.is_inferred, r.before) for r in rows.collect()]
    [('a', True, None)]
    """
    snapshots, usage = tables.of(unsure)
    rebuilt_companies = build_companies(snapshots, usage)
    return revision.companies.transform(replace_unsure_rows, rebuilt_companies)
