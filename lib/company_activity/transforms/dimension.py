"""The dimension from all that is staged, and the same dimension from what moved in staging since it was built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.transforms.companies import beside_current, build_companies, first_days_of_use
from company_activity.transforms.company_changes import latest_of_crm, replace_unsure_rows, revise_companies
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

    from company_activity.transforms.staging_change import StagingChange

    Keep = Callable[[DataFrame], DataFrame]


@dataclass(frozen=True)
class Tables:
    """What the dimension is built from (`snapshots`: each date the union of its paths), and how it stands."""

    snapshots: DataFrame
    usage: DataFrame
    companies: DataFrame
    history: DataFrame

    def of(self, companies: DataFrame) -> tuple[DataFrame, DataFrame]:
        """All snapshots and usage of these companies."""
        theirs = [rows.join(companies, "company_id", "left_semi") for rows in (self.snapshots, self.usage)]
        return theirs[0], theirs[1]


@dataclass(frozen=True)
class Revision:
    """Companies beside the row that stands (see `beside_current`), and the periods to replace.

    Where `may_be_unsure`, some companies can only be told from all that is staged of them: see `with_rebuilt_rows`.
    """

    companies: DataFrame
    history: Replacement
    may_be_unsure: bool = False


def rebuilt(tables: Tables, keep: Keep) -> Revision:
    """The dimension from everything staged: its definition. `keep` caches what is read several times."""
    periods = keep(build_history(tables.snapshots))
    differ = keep(companies_that_differ(tables.history, periods))
    fresh = periods.join(differ, "company_id", "left_semi")
    companies = build_companies(tables.snapshots, tables.usage).transform(beside_current, tables.companies)
    return Revision(companies, Replacement(tables.history, fresh, differ))


def revised(tables: Tables, usage: StagingChange, crm: StagingChange, keep: Keep) -> Revision:
    """The dimension from the rows of the dates that moved and from the dimension as it stands."""
    history = revised_history(tables, crm, keep)
    told = latest_of_crm(history.touched, history.fresh)
    new_days = first_days_of_use(tables.usage.where(F.col("date").isin(list(usage.added))))
    companies = revise_companies(
        tables.companies, told, new_days, removed_usage_dates=usage.removed, removed_snapshot_dates=crm.removed
    )
    may_be_unsure = bool(usage.removed or crm.removed)
    return Revision(keep(companies) if may_be_unsure else companies, history, may_be_unsure)


def revised_history(tables: Tables, crm: StagingChange, keep: Keep) -> Replacement:
    """The periods, in the reach of the snapshots that moved, of the companies of which these tell another story."""
    if crm.since is None:
        none = tables.history.where("false")
        return Replacement(tables.history, none, none.select("company_id"))
    reach = in_reach(crm.since)
    standing = tables.history.where(reach)
    touched = keep(companies_with_changed_periods(tables.snapshots, standing, crm))
    periods = keep(rebuilt_periods(touched, tables.snapshots, standing, crm.since))
    return Replacement(tables.history, periods, touched, reach)


def with_rebuilt_rows(tables: Tables, revision: Revision, unsure: DataFrame) -> DataFrame:
    """The revised companies with the `unsure` ones built again from all that is staged of them."""
    return revision.companies.transform(replace_unsure_rows, build_companies(*tables.of(unsure)))
