"""A date or a table in numbers, by which the lake, staging and what is served are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from company_activity.errors import PublishError
from company_activity.io.warehouse.jdbc import Row
from company_activity.io.warehouse.served import Served


@dataclass(frozen=True)
class Figures:
    """Rows, and the sum of each measure."""

    rows: int
    sums: tuple[int, ...] = ()

    def __str__(self) -> str:
        return ", ".join([f"{self.rows} rows", *(f"sum {total}" for total in self.sums)])


def nothing(table: Served) -> Figures:
    """The figures of no rows at all."""
    return Figures(0, (0,) * len(table.measures))


def by_group(rows: Iterable[Row]) -> Mapping[str, Figures]:
    """What a query of `statements` counted per group."""
    return {
        str(group): Figures(int(count or 0), tuple(int(total or 0) for total in sums)) for group, count, *sums in rows
    }


def check_equal(what: str, got: Figures, wanted: Figures) -> None:
    """Raises: PublishError: with both, if SQL does not show what the lake has."""
    if got != wanted:
        raise PublishError(
            f"{what}: {got} in SQL, {wanted} in the lake; nothing was changed",
            remedy="run publish again; if it persists, look for another writer of this table",
        )
