"""Days on which few companies were active: holidays, closed offices, outages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from simulation.rules.fleet import Fleet
from simulation.rules.pace import FLEET_COMPANIES, lower_median
from simulation.rules.past import MEMORY_DAYS, Past

WEEKS = 6
MIN_WEEKS = 4
RECENT_DAYS = 28
Days = frozenset[int]
Countries = tuple[str | None, ...]  # as of one day, in the order of the companies


class QuietDays:
    """The quiet days of a row, by its date and country."""

    def __init__(self, fleet: Fleet, pasts: Mapping[str, Past], fleet_companies: int = FLEET_COMPANIES) -> None:
        """Count the active companies of each day once for each set of countries that ever stood."""
        self.fleet = fleet
        self.fleet_companies = fleet_companies
        self.users = [pasts[one.company_id].users for one in fleet.companies]
        self._active_by_country = lru_cache(maxsize=4)(self._count_by_country)
        self._active = [sum(map(bool, of_day)) for of_day in zip(*self.users, strict=True)]

    def on(self, day: int) -> dict[str | None, Days]:
        """For each country, and None for all, the quiet ones of the last 28 days as seen from `day`."""
        by_country = self._active_by_country(tuple(one.country(day) for one in self.fleet.companies))
        over_all = self._quiet(self._active, day)
        known: dict[str | None, Days] = {None: over_all}
        for country, active in by_country.items():
            is_enough = any(active[at] >= self.fleet_companies for at in self._remembered(day))
            known[country] = self._quiet(active, day) if is_enough else over_all
        return known

    def _remembered(self, day: int) -> list[int]:
        """The complete dates of the last 60 days."""
        return [at for at in range(max(0, day - MEMORY_DAYS + 1), day + 1) if at in self.fleet.complete]

    def _count_by_country(self, countries: Countries) -> dict[str, list[int]]:
        """How many companies of each country were active on each day."""
        counts = {country: Counter[int]() for country in countries if country is not None}
        for country, users in zip(countries, self.users, strict=True):
            if country is not None:
                counts[country].update(day for day, count in enumerate(users) if count)
        return {country: [of_one[day] for day in range(self.fleet.days)] for country, of_one in counts.items()}

    def _quiet(self, active: list[int], day: int) -> Days:
        """The complete dates of the last 28 days that were quiet."""
        remembered = set(self._remembered(day))
        recent = range(day - RECENT_DAYS + 1, day + 1)
        return frozenset(at for at in recent if at in remembered and is_quiet(active, at, remembered))


def is_quiet(active: list[int], at: int, remembered: set[int]) -> bool:
    """Whether fewer than three quarters of the usual number for this weekday were active.

    >>> is_quiet([8] * 35 + [5], 35, set(range(36))), is_quiet([8] * 35 + [6], 35, set(range(36)))
    (True, False)
    """
    before = (at - 7 * week for week in range(1, WEEKS + 1))
    usual = [active[past] for past in before if past in remembered]
    return len(usual) >= MIN_WEEKS and 4 * active[at] < 3 * lower_median(usual)
