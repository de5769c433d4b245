"""What a company usually does in a week: its six whole weeks before this one."""

from __future__ import annotations

from typing import NamedTuple

from simulation.rules.fleet import CompanyDays, Fleet
from simulation.rules.past import Past

WEEKS = 6
MIN_WEEKS = 4


class Baseline(NamedTuple):
    """This week's user-days `w`, and those of the `m` whole weeks before it, `B` together."""

    this_week: int
    weeks: int
    total: int

    @property
    def is_known(self) -> bool:
        """Whether there are weeks enough to call it usual."""
        return self.weeks >= MIN_WEEKS


def baseline(company: CompanyDays, past: Past, whole_weeks: frozenset[int], day: int) -> Baseline:
    """The baseline of a row; `whole_weeks` are the days that end seven complete dates.

    >>> from simulation.rules.past import past_of
    >>> company = CompanyDays("a", [1] * 49, first_seen=3)
    >>> fleet = Fleet(49, [company])
    >>> baseline(company, past_of(company, fleet), whole_weeks(fleet), 48)
    Baseline(this_week=7, weeks=5, total=35)
    """
    ends = (day - 7 * week for week in range(1, WEEKS + 1))
    sums = [past.week(end) for end in ends if end in whole_weeks and end - 6 >= company.first_seen]
    return Baseline(past.week(day), len(sums), sum(sums))


def whole_weeks(fleet: Fleet) -> frozenset[int]:
    """The days that end seven complete dates."""
    return frozenset(day for day in range(fleet.days) if fleet.is_whole(day - 6, day))
