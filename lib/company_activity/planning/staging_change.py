"""Which staged dates changed since a table was built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class StagingChange:
    """The dates whose staged rows are new, and those whose earlier rows were removed.

    A date whose content was replaced is in both.
    """

    added: frozenset[date]
    removed: frozenset[date]

    @property
    def dates(self) -> frozenset[date]:
        """All changed dates."""
        return self.added | self.removed

    @property
    def since(self) -> date | None:
        """The earliest changed date; None where nothing changed."""
        return min(self.dates, default=None)


def staging_change_between(before: Mapping[str, str], after: Mapping[str, str]) -> StagingChange:
    """Compare two maps from a date to its content.

    >>> before = {"2025-01-01": "x", "2025-01-02": "y"}
    >>> after = {"2025-01-01": "x", "2025-01-03": "y"}
    >>> change = staging_change_between(before, after)
    >>> [str(*dates) for dates in (change.added, change.removed)]
    ['2025-01-03', '2025-01-02']
    """
    all_days = before.keys() | after.keys()
    changed = [day for day in all_days if before.get(day) != after.get(day)]
    return StagingChange(added=_dates(after, changed), removed=_dates(before, changed))


def _dates(content: Mapping[str, str], changed: list[str]) -> frozenset[date]:
    return frozenset(date.fromisoformat(day) for day in changed if day in content)
