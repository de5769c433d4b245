"""What the simulation knows and no feed tells, as far as the metrics are judged by it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from simulation.truth import monthly_users
from simulation.users import churned_on

if TYPE_CHECKING:
    from generate import Sample

HORIZON = timedelta(days=14)
WARM_UP_DAYS = 30
CompanyDay = tuple[str, date]


@dataclass(frozen=True)
class Truth:
    """Per company: the first day that anybody used the product, and the first day from which nobody ever does."""

    first_active: dict[str, date]
    churned_on: dict[str, date]

    def customers(self, day: date) -> Iterator[tuple[str, bool]]:
        """The companies that a flag of that day could serve, and whether it would be right.

        Those that have used the product by then and have not been gone for longer than the horizon. Right is a flag
        from `HORIZON` before `churned_on` until the day before `HORIZON` after it.
        """
        for company_id, first in self.first_active.items():
            gone_since = self.churned_on.get(company_id, date.max)
            if first <= day and day - gone_since < HORIZON:
                yield company_id, gone_since - day <= HORIZON

    def long_gone(self, day: date) -> Iterator[str]:
        """The companies that churned `HORIZON` ago or earlier: no decision hangs on a flag any more."""
        return (company_id for company_id, gone in self.churned_on.items() if day - gone >= HORIZON)

    def churns_within(self, days: Collection[date]) -> dict[str, date]:
        """The churns from `days` on of which the whole horizon afterwards lies in them."""
        first, last = min(days), max(days)
        return {c: gone for c, gone in self.churned_on.items() if first <= gone <= last - HORIZON + timedelta(1)}


def truth_of(sample: Sample) -> Truth:
    """The truth about churn of a sample."""
    first_active, churns = {}, {}
    for company in sample.companies:
        activity = sample.active[company.company_id]
        if any(activity):
            first_active[company.company_id] = sample.dates[next(at for at, users in enumerate(activity) if users)]
        if when := churned_on(company, activity, sample.dates):
            churns[company.company_id] = when[0]
    return Truth(first_active, churns)


def true_monthly_users(sample: Sample) -> dict[CompanyDay, int]:
    """The distinct users of the 30 days that end on each date after the warm-up, where there was one."""
    last = len(sample.dates) - WARM_UP_DAYS + 1
    return {
        (company_id, day): users
        for company_id, activity in sample.active.items()
        for day, users in monthly_users(activity, sample.dates, last)
        if users
    }
