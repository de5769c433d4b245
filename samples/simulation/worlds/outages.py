"""Partial outages: on some dates the records of some companies never arrive, and the date is complete all the same."""

from __future__ import annotations

from collections.abc import Sequence

from simulation.cast import Company
from simulation.worlds.hardness import draws

DAYS_PER_OUTAGE = 30
LEAST_SHARE = 0.1
MOST_SHARE = 0.4


def shares_lost(days: int, seed: int) -> dict[int, float]:
    """The days of an outage, each with the share of the companies that it meets."""
    rng = draws(seed, "outages")
    lost = {}
    for day in range(days):
        share = LEAST_SHARE + (MOST_SHARE - LEAST_SHARE) * rng.random()
        if rng.random() < 1 / DAYS_PER_OUTAGE:
            lost[day] = share
    return lost


def days_lost(company: Company, days: int, seed: int) -> frozenset[int]:
    """The days of which no record of the company arrives."""
    rng = draws(seed, "outages", company.number)
    return frozenset(day for day, share in shares_lost(days, seed).items() if rng.random() < share)


def without(counts: Sequence[int], lost: frozenset[int]) -> list[int]:
    """The counts that arrive.

    >>> without([3, 4, 5], frozenset({1}))
    [3, 0, 5]
    """
    return [0 if day in lost else count for day, count in enumerate(counts)]
