"""What has moved in staging since a table was built: plain Python over two maps, no DataFrame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class StagingChange:
    """The dates with staged rows that were not there before, and those whose rows of then are gone.

    A date whose content was replaced is in both.
    """

    added: frozenset[date]
    removed: frozenset[date]

    @property
    def dates(self) -> frozenset[date]:
        return self.added | self.removed

    @property
    def since(self) -> date | None:
        """The earliest date that moved; nothing before it reads otherwise than it did."""
        return min(self.dates, default=None)


def staging_change_between(before: Mapping[str, str], after: Mapping[str, str]) -> StagingChange:
    """Compare two maps from a date to its content.

    >>> moves = staging_change_between({"2025-01-01": "x", "2025-01-02": "y"}, {"2025-01-01": "x", "2025-01-03": "y"})
    >>> [str(*dates) for dates in (moves.added, moves.removed)]
    ['2025-01-03', '2025-01-02']
    """
    moved = [day for day in before.keys() | after.keys() if before.get(day) != after.get(day)]
    return StagingChange(added=_dates(after, moved), removed=_dates(before, moved))


def _dates(content: Mapping[str, str], moved: list[str]) -> frozenset[date]:
    return frozenset(date.fromisoformat(day) for day in moved if day in content)
