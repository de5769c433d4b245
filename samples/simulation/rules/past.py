"""Sums over the past of one company."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from simulation.rules.fleet import CompanyDays, Fleet

MEMORY_DAYS = 60


@dataclass(frozen=True)
class Past:
    """Prefix sums and last active days of a company; a missing day counts as no use."""

    users: list[int]
    until: list[int]  # users of the first n days
    last_active: list[int | None]  # as of each day, however long ago

    def week(self, day: int) -> int:
        """User-days of the seven days that end on `day`."""
        return self.until[day + 1] - self.until[max(0, day - 6)]

    def remembered(self, day: int) -> int:
        """User-days of the 60 days that end on `day`."""
        return self.until[day + 1] - self.until[max(0, day - MEMORY_DAYS + 1)]

    def idle_days(self, day: int) -> int | None:
        """Days since the last active one; None where that lies outside the last 60 days."""
        last = self.last_active[day]
        if last is None or day - last >= MEMORY_DAYS:
            return None
        return day - last


def past_of(company: CompanyDays, fleet: Fleet) -> Past:
    """The sums of one company.

    >>> past = past_of(CompanyDays("a", [2, 0, 3]), Fleet(3, []))
    >>> past.week(2), past.idle_days(1), past.idle_days(2)
    (5, 1, 0)
    """
    users = [count if day in fleet.complete else 0 for day, count in enumerate(company.users)]
    last: int | None = None
    last_active: list[int | None] = []
    for day, count in enumerate(users):
        last = day if count else last
        last_active.append(last)
    return Past(users, [0, *accumulate(users)], last_active)


def is_judged(company: CompanyDays, fleet: Fleet, day: int) -> bool:
    """Whether the week that ends on `day` is known: all dates complete, no record of the company refused."""
    week = range(day - 6, day + 1)
    return fleet.is_whole(day - 6, day) and company.refused.isdisjoint(week)
