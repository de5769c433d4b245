"""An explanation: a row of the activity table with all that its cells were computed from. Plain Python, no Spark."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from company_activity.errors import UsageError
from company_activity.formulas import FORMULAS, Formula
from company_activity.settings.model import ChurnSettings, MetricSettings

if TYPE_CHECKING:
    from company_activity.operations.fleet_inputs import Basis
    from company_activity.planning.state import Marks


Row = Mapping[str, Any]
COMPANY = ("company_id", "first_seen_date", "first_active_date", "is_inferred")
WRITTEN = ("run_id", "created_at", "updated_at", "metric_version")


@dataclass(frozen=True)
class Cell:
    """What is asked about: a company's row of a date, one of its columns or (without `metric`) all of them.

    `weeks` is how many weeks before this one its formulas look at.
    """

    company_id: str
    day: date
    metric: str = ""
    weeks: int = ChurnSettings.weeks

    @property
    def metrics(self) -> tuple[str, ...]:
        """The columns that are asked about."""
        return (self.metric,) if self.metric else tuple(FORMULAS)

    @property
    def formulas(self) -> list[Formula]:
        return [FORMULAS[name].with_weeks(self.weeks) for name in self.metrics]

    @property
    def window(self) -> list[date]:
        """The days of usage that its formulas read, oldest first; they end on the date."""
        days = max(formula.days for formula in self.formulas)
        return [self.day - timedelta(days=back) for back in reversed(range(days))]

    @property
    def reads_crm(self) -> bool:
        return any(formula.reads_crm for formula in self.formulas)

    @property
    def reads_others(self) -> bool:
        return any(formula.reads_others for formula in self.formulas)


@dataclass(frozen=True)
class Runs:
    """The run that fetched what a generation holds, and the one whose rollback made it; empty where there is none.

    Both are empty where the landing no longer tells.
    """

    landed_by: str = ""
    rolled_back_by: str = ""


@dataclass(frozen=True)
class Day:
    """A day of the window: what is staged of the company, and where each record landed.

    `generation` is None where the date never landed. `records` are the accepted ones, `refused` those in quarantine.
    """

    day: date
    is_complete: bool
    generation: int | None = None
    runs: Runs = Runs()
    records: tuple[Row, ...] = ()
    refused: tuple[Row, ...] = ()

    @property
    def active_users(self) -> int | None:
        """The day's users; None where the date is missing, which is not zero."""
        return self._sum("active_users")

    @property
    def events(self) -> int | None:
        """The day's events; None where the date is missing."""
        return self._sum("events")

    def _sum(self, name: str) -> int | None:
        return sum(record[name] for record in self.records) if self.is_complete else None

    def as_json(self) -> dict[str, Any]:
        return {
            "date": self.day,
            "state": "complete" if self.is_complete else "missing",
            "generation": self.generation,
            "landed_by": self.runs.landed_by or None,
            "rolled_back_by": self.runs.rolled_back_by or None,
            "active_users": self.active_users,
            "events": self.events,
            "records": self.records,
            "refused": self.refused,
        }


@dataclass(frozen=True)
class Explanation:
    """A row, and what the asked cells of it were computed from.

    `row` and `company` are those of the tables. `window` are the days that the formulas read, oldest first. `crm` is
    the period of the CRM's attributes that the date takes, with its file; None where there is none, or no formula
    reads it. `refused_crm` are the company's rows that were refused of snapshots around the date. `newer` says why the
    row may have been computed from other inputs than these: a run will build it again. `basis` has the steps to a
    reason where a formula reads other companies.
    """

    cell: Cell
    row: Row
    company: Row
    window: tuple[Day, ...]
    crm: Row | None
    refused_crm: tuple[Row, ...]
    newer: tuple[str, ...]
    metrics: MetricSettings
    basis: Basis | None = None

    @property
    def formulas(self) -> dict[str, Formula]:
        """By column its formula, with the constants that stand in the settings now."""
        names = self.cell.metrics
        return {name: FORMULAS[name].with_constants(self.metrics) for name in names}

    @property
    def is_backdated(self) -> bool:
        """Whether the date takes the attributes of a later snapshot."""
        return self.crm is not None and self.crm["valid_from"] > self.cell.day

    def as_json(self) -> dict[str, Any]:
        """Everything, in types that JSON has: enough to compute the cells again."""
        cells = [
            {"metric": name, "value": self.row[name], **asdict(formula)}
            for name, formula in self.formulas.items()
        ]
        crm = None if self.crm is None else {**self.crm, "is_backdated": self.is_backdated}
        found = {
            "date": self.cell.day,
            "company": {name: self.company[name] for name in COMPANY},
            "cells": cells,
            "window": [day.as_json() for day in self.window],
            "crm": crm,
            "refused_crm": self.refused_crm,
            "basis": self.basis.as_json() if self.basis else None,
            "constants": asdict(self.metrics),
            "written": {name: self.row[name] for name in WRITTEN},
            "newer": self.newer,
        }
        return {name: plain(value) for name, value in found.items()}


def plain(value: Any) -> Any:
    """A value in types that JSON has: dates and moments as ISO texts, decimals as texts with all digits."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value


def check_metric(name: str) -> None:
    """Check that the activity table has such a column; an empty name asks for all of them.

    Raises:
        UsageError: if it has not; naming those that are near, and all.
    """
    if not name or name in FORMULAS:
        return
    near = get_close_matches(name, FORMULAS, n=3)
    meant = f"; did you mean {', '.join(near)}?" if near else ""
    raise UsageError(
        f"no metric {name!r}{meant}", remedy=f"leave it out, or give one of {', '.join(FORMULAS)}"
    )


def check_date(day: date, built: Collection[date], staged: Marks, *, has_landed: bool) -> None:
    """Check that the activity table has rows of a date.

    `built` are the dates that it has, `staged` the marks of all dates that were ever staged; `has_landed` says whether
    the landing has a complete generation of the date.

    Raises:
        UsageError: if it has none, with the reason: nothing is built yet, the date is missing, or lies outside of the
            history.
    """
    if day in built:
        return
    mark = staged.get(day)
    run_it = f"company-activity run --date {day}"
    if has_landed and (mark is None or mark.is_missing):
        raise UsageError(f"{day} has landed, and is not staged yet", remedy=f"build it: {run_it}")
    if mark is not None and not mark.is_missing:
        raise UsageError(f"{day} is staged, and not built yet", remedy=f"build it: {run_it}")
    if mark is not None:
        raise UsageError(
            f"{day} is missing: its newest generation, {mark.generation}, was set aside",
            remedy=f"it has no rows; what it can be set back to: company-activity rollback --date {day}",
        )
    if not built:
        raise UsageError("the lake has no activity yet", remedy=f"fill it first: {run_it}")
    if min(built) < day < max(built):
        raise UsageError(
            f"{day} is missing: it never landed",
            remedy=f"it has no rows; to fetch it: {run_it}",
        )
    raise UsageError(
        f"{day} is outside of the history, which goes from {min(built)} to {max(built)}",
        remedy=f"give a date of it, or fetch this one: {run_it}",
    )
