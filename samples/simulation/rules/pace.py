"""How the week of the other companies went, per mille of their usual one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulation.rules.baseline import Baseline

USUAL = 1000
FASTEST = 5000
FLEET_COMPANIES = 20  # fewer of a country are compared with all
MIN_WEEKLY_USER_DAYS = 10


def fleet_paces(
    baselines: Sequence[tuple[str | None, Baseline]], fleet_companies: int = FLEET_COMPANIES
) -> Mapping[str | None, int]:
    """The pace of each country on a date whose week is complete; None stands for a company without a country.

    >>> slow = [("DE", Baseline(50, 6, 600))] * 20
    >>> fast = [("FR", Baseline(120, 6, 600))] * 30
    >>> fleet_paces(slow + fast)
    {'DE': 500, 'FR': 1000, None: 1000}
    """
    paces: dict[str | None, list[int]] = {country: [] for country, _ in baselines}
    everywhere = []
    for country, known in baselines:
        if known.is_known and known.total >= MIN_WEEKLY_USER_DAYS * known.weeks:
            paces[country].append(pace(known))
            everywhere.append(pace(known))
    over_all = median_pace(everywhere) if len(everywhere) >= fleet_companies else USUAL
    by_country: dict[str | None, int] = {}
    for country, of_country in paces.items():
        is_enough = country is not None and len(of_country) >= fleet_companies
        by_country[country] = median_pace(of_country) if is_enough else over_all
    return by_country | {None: over_all}


def pace(known: Baseline) -> int:
    """This week against the usual one, per mille, at most five times it."""
    this_week = known.weeks * known.this_week
    if this_week >= 5 * known.total:
        return FASTEST
    return USUAL * this_week // known.total


def median_pace(paces: Sequence[int]) -> int:
    """The lower median, at most the usual pace: the others' good week excuses nobody and accuses nobody."""
    return min(USUAL, lower_median(paces))


def lower_median(numbers: Sequence[int]) -> int:
    """The ⌈n/2⌉-th smallest.

    >>> lower_median([4, 1, 3, 2]), lower_median([5, 1, 3])
    (2, 3)
    """
    return sorted(numbers)[(len(numbers) - 1) // 2]
