"""A date or a table in numbers, by which the lake, staging and what is served are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from company_activity.errors import PublishError
from company_activity.io.warehouse.jdbc import Row
from company_activity.io.warehouse.ledger import WHOLE
from company_activity.io.warehouse.served import (
    ACTIVITY,
    DIMENSION,
    EPISODES,
    RETENTION,
    SEGMENTS,
    ServedTable,
)
from company_activity.planning.rollups import RetentionState, SegmentsState
from company_activity.planning.state import ActivityState, CompanyCounts


@dataclass(frozen=True)
class Figures:
    """Rows, and the sum of each measure."""

    rows: int
    sums: tuple[int, ...] = ()

    def __str__(self) -> str:
        sums = [f"sum {total}" for total in self.sums]
        return ", ".join([f"{self.rows} rows", *sums])


NotedFigures = Mapping[str, Mapping[str, Figures]]  # by served table and scope


def nothing(table: ServedTable) -> Figures:
    """The figures of no rows at all."""
    return Figures(0, (0,) * len(table.measures))


def by_group(rows: Iterable[Row]) -> Mapping[str, Figures]:
    """What a query of `statements` counted per group.

    >>> by_group([("2025-03-31", "2", "7", None)])
    {'2025-03-31': Figures(rows=2, sums=(7, 0))}
    """
    found = {}
    for group, count, *sums in rows:
        totals = tuple(int(total or 0) for total in sums)
        found[str(group)] = Figures(int(count or 0), totals)
    return found


def figures_by(rows: DataFrame, served: ServedTable, group: str) -> dict[str, Figures]:
    """Rows and sums per value of `group` (as text), as `statements.staged_figures` counts them."""
    sums = [F.sum(F.col(measure).cast("decimal(38,0)")) for measure in served.measures]
    counted = rows.groupBy(F.col(group).cast("string")).agg(F.count(F.lit(1)), *sums)
    found = {}
    for value, count, *totals in counted.collect():
        found[str(value)] = Figures(count, tuple(int(total) for total in totals))
    return found


def noted_figures(
    activity: ActivityState,
    companies: CompanyCounts | None,
    episodes: int | None,
    segments: SegmentsState | None = None,
    retention: RetentionState | None = None,
) -> dict[str, dict[str, Figures]]:
    """By served table and scope, the figures that the states of the tables note of their rows.

    Of each date they stand beside its content hash, of `companies` and `episodes` in the commit that wrote them. The
    sums of `segments` are those of the activity table, by their gate. What is not noted is left out.
    """
    dates = {}
    by_segment = {}
    rolled_up = segments.dates if segments else {}
    for day, built in activity.dates.items():
        total = built.total
        if total:
            sums = tuple(total[measure] for measure in ACTIVITY.measures)
            dates[day.isoformat()] = Figures(total["rows"], sums)
        if total and day in rolled_up:
            by_segment[day.isoformat()] = Figures(rolled_up[day].rows, (total["rows"], *sums))
    noted = {ACTIVITY.name: dates}
    if companies is not None:
        noted[DIMENSION.name] = {WHOLE: Figures(companies.rows)}
    if episodes is not None:
        noted[EPISODES.name] = {WHOLE: Figures(episodes)}
    if segments is not None:
        noted[SEGMENTS.name] = by_segment
    if retention is not None and retention.rows is not None:
        noted[RETENTION.name] = {WHOLE: Figures(retention.rows)}
    return noted


def drift(
    table: ServedTable,
    found: Mapping[str, Figures],
    wanted: Mapping[str, Figures],
    scopes: Iterable[str],
) -> dict[str, str]:
    """Of `scopes`, those whose figures in SQL are not the lake's, each with both sides in words.

    A scope that is in neither mapping has no rows there.
    """
    none = nothing(table)
    differing = {}
    for scope in scopes:
        in_sql = found.get(scope, none)
        in_lake = wanted.get(scope, none)
        if in_sql != in_lake:
            differing[scope] = f"{in_sql} in SQL, {in_lake} in the lake"
    return differing


def refusal(what: str, both_sides: str) -> PublishError:
    """The error where SQL does not show what the lake has, inside a transaction."""
    return PublishError(
        f"{what}: {both_sides}; nothing was changed",
        remedy="run publish again; if it persists, look for another writer of this table",
    )
