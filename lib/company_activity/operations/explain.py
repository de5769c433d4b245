"""Why a cell holds what it holds. It takes no lock and writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from company_activity.errors import UsageError
from company_activity.io.lake.delta import Lake
from company_activity.io.landing.landing import Landing
from company_activity.io.storage.folder import lake_folder
from company_activity.io.storage.opening import open_storage
from company_activity.operations.cell_inputs import READ, Inputs, near_ids, read_inputs
from company_activity.operations.explanation import Cell, Explanation, check_date, check_metric
from company_activity.operations.fleet_inputs import read_bases
from company_activity.planning.dirty import Dirty, check_metrics, dirty_dates
from company_activity.planning.state import MetricsMark
from company_activity.runtime.session import spark_session
from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, TABLES

if TYPE_CHECKING:
    from company_activity.settings.model import Settings


def explain(settings: Settings, cells: Sequence[Cell]) -> list[Explanation]:
    """Each cell with its formula and its inputs, in the order asked for.

    What the logs can tell is checked before Spark starts.

    Raises:
        UsageError: if there is no such metric, no row of the date, or no such company on it.
        SettingsError: if `metrics.yaml` was changed under the same `metric_version`.
        LakeUnfit: if somebody gave a table a feature that ours are made without.
    """
    for cell in cells:
        check_metric(cell.metric)
    cells = [replace(cell, weeks=settings.metrics.churn.weeks) for cell in cells]
    lake = Lake(settings.lake.root, lambda: spark_session(settings.spark), lake_folder(settings))
    landing = Landing(open_storage(settings.landing, settings.secrets), settings.landing)
    lake.check_features(TABLES)
    metrics = MetricsMark(**settings.metrics.mark)
    check_metrics(lake.activity.metrics, metrics)
    built = lake.activity.dates
    for day in {cell.day for cell in cells}:
        check_built(lake, landing, built, day)
    newer = NewerInputs.of(lake, metrics.version)
    inputs = read_inputs(lake, landing, cells)
    for cell in cells:
        check_has_row(lake, inputs, cell)
    keys = {(cell.company_id, cell.day) for cell in cells if cell.reads_others}
    bases = read_bases(lake, settings.metrics, keys)
    return [
        Explanation(
            cell,
            row=inputs.rows[cell.company_id, cell.day],
            company=inputs.companies[cell.company_id],
            window=inputs.window(cell),
            crm=inputs.crm(cell),
            refused_crm=inputs.crm_refused(cell),
            newer=newer.of_date(cell.day),
            metrics=settings.metrics,
            basis=bases.get((cell.company_id, cell.day)) if cell.reads_others else None,
        )
        for cell in cells
    ]


def check_built(lake: Lake, landing: Landing, built: Collection[date], day: date) -> None:
    """Check that the activity table has rows of the date; logs and landing tell, without Spark.

    Raises:
        UsageError: if it has none, with the reason.
    """
    if day not in built:
        newest = landing.newest(day)
        has_landed = newest is not None and newest.is_complete
        check_date(day, built, lake.staging.marks, has_landed=has_landed)


def check_has_row(lake: Lake, inputs: Inputs, cell: Cell) -> None:
    """Check that the company has a row on the date.

    Raises:
        UsageError: if the lake has no such company, with ids that are near; or none on this date.
    """
    company = inputs.companies.get(cell.company_id)
    if company is None:
        near = near_ids(lake.read(COMPANIES), cell.company_id)
        meant = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
        raise UsageError(
            f"no company {cell.company_id!r} in {COMPANIES.name}{meant}",
            remedy="give an id as it stands there; c_101 is not C_101",
        )
    first_seen = company["first_seen_date"]
    if cell.day < first_seen:
        raise UsageError(
            f"{cell.company_id!r} has no row on {cell.day}: it is first seen on {first_seen}",
            remedy=f"give a date from {first_seen} on",
        )
    if (cell.company_id, cell.day) not in inputs.rows:
        raise UsageError(
            f"{cell.company_id!r} has no row on {cell.day} yet: it came after the date was built",
            remedy=f"build it: company-activity run --date {cell.day}",
        )


@dataclass(frozen=True)
class NewerInputs:
    """Why rows may have been computed from other inputs than those that stand: of each date, and of all."""

    dirty: Dirty
    of_all: tuple[str, ...]

    @classmethod
    def of(cls, lake: Lake, metric_version: str) -> NewerInputs:
        """What the states of the tables tell."""
        activity = lake.activity
        found = [
            f"somebody else changed rows of {table.name}"
            for table in READ
            if not lake.is_as_counted(table)
        ]
        dimension = (lake.identity(COMPANIES), lake.identity(COMPANIES_HISTORY))
        if dimension != (activity.sources.companies, activity.sources.history):
            found.append(f"{COMPANIES.name} or its history is newer than the row")
        return cls(dirty_dates(lake.staging.marks, activity, metric_version, []), tuple(found))

    def of_date(self, day: date) -> tuple[str, ...]:
        """The reasons of a date; none where it is up to date."""
        dropped = ("the date is no longer complete",) if day in self.dirty.dropped else ()
        return (*sorted(self.dirty.reasons.get(day, ())), *dropped, *self.of_all)
