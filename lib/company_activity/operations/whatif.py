"""How the list of a date would change under other constants. It writes nothing and takes no lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import open_storage
from company_activity.operations.constants import Constants, Table
from company_activity.operations.explain import check_built

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

    from company_activity.settings.model import Settings

SHOWN = ("company_name", "is_churn_risk", "is_contact_due", "missing_user_days_7d", "churn_reasons")


@dataclass(frozen=True)
class Standing:
    """How a company stands under one set of constants; `place` is that in the list, None where it is not in it."""

    place: int | None
    missing: int | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """A company that is in the list under one of two sets of constants, or under both."""

    company_id: str
    name: str
    before: Standing
    after: Standing

    @property
    def kind(self) -> str:
        if self.before.place is None:
            return "enters"
        return "leaves" if self.after.place is None else "stays"


@dataclass(frozen=True)
class WhatIf:
    """The changes in the list's order under the other constants; and whose contact is due, before and after."""

    changes: tuple[Change, ...]
    due_before: int
    due_after: int

    def count(self, kind: str) -> int:
        """How many enter, leave or stay."""
        return sum(change.kind == kind for change in self.changes)


def whatif(settings: Settings, day: date, other: Constants) -> WhatIf:
    """The list of a date under the constants in force, and under others.

    That the date is built is checked before Spark starts.

    Raises:
        UsageError: if the date has no rows.
        LakeUnfit: if somebody gave a table a feature that ours are made without.
    """
    table = Table.of(settings)
    landing = Landing(open_storage(settings.landing, settings.secrets), settings.landing)
    check_built(table.lake, landing, table.dates, day)
    after = table.rows_under(other.metrics, [day])
    return compared(table.rows([day]), after)


def compared(before: DataFrame, after: DataFrame) -> WhatIf:
    """The list of one date in two versions of its rows.

    Shape: `analytics.company_activity_daily` in, the rows of one date.
    """
    both = side_of(before, "before").join(side_of(after, "after"), "company_id")
    is_of_interest = [
        F.coalesce(f"{side}.{flag}", F.lit(False))
        for side in ("before", "after")
        for flag in ("is_churn_risk", "is_contact_due")
    ]
    rows = both.where(reduce(or_, is_of_interest)).collect()
    due_before = sum(row.before.is_contact_due or False for row in rows)
    due_after = sum(row.after.is_contact_due or False for row in rows)
    old_list = standings(rows, "before")
    new_list = standings(rows, "after")
    changes = [
        Change(
            row.company_id,
            row.after.company_name,
            old_list[row.company_id],
            new_list[row.company_id],
        )
        for row in sorted(rows, key=lambda row: place_in_order(row, "after"))
    ]
    listed = tuple(change for change in changes if change.before.place or change.after.place)
    return WhatIf(listed, due_before, due_after)


def side_of(rows: DataFrame, name: str) -> DataFrame:
    """The company and, as one column, how it stands."""
    return rows.select("company_id", F.struct(*SHOWN).alias(name))


def standings(rows: Sequence[Row], side: str) -> dict[str, Standing]:
    """How each company stands on one side, with its place in that side's list."""
    ordered = sorted(rows, key=lambda row: place_in_order(row, side))
    listed = [row.company_id for row in ordered if row[side].is_churn_risk]
    places = {company_id: place for place, company_id in enumerate(listed, start=1)}
    return {
        row.company_id: Standing(
            places.get(row.company_id),
            row[side].missing_user_days_7d,
            tuple(row[side].churn_reasons),
        )
        for row in rows
    }


def place_in_order(row: Row, side: str) -> tuple[bool, int, str]:
    """The one order: most missing user-days first, unknown ones last, then by id."""
    missing = row[side].missing_user_days_7d
    return missing is None, -(missing or 0), row.company_id
