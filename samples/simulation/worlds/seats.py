"""Seat caps: some companies have bought fewer seats than they have users."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from simulation.cast import Company
from simulation.users import Active
from simulation.worlds.hardness import draws

CAPPED_SHARE = 0.25
LEAST_SEATS = 0.3  # of the users
MOST_SEATS = 0.6


def seats(company: Company, seed: int) -> int | None:
    """The seats of a company; None without a cap."""
    rng = draws(seed, "seat_caps", company.number)
    share = LEAST_SEATS + (MOST_SEATS - LEAST_SEATS) * rng.random()
    return ceil(share * company.role.users) if rng.random() < CAPPED_SHARE else None


def capped(company: Company, activity: list[Active], seed: int) -> list[Active]:
    """On each day at most as many users as there are seats, whoever comes first."""
    limit = seats(company, seed)
    if limit is None:
        return activity
    rng = draws(seed, "seat_caps users", company.number)
    return [first_to_come(active, limit, rng.random) for active in activity]


def first_to_come(active: Active, limit: int, draw: Callable[[], float]) -> Active:
    """The users who got a seat.

    >>> first_to_come({1: 5, 2: 7, 3: 9}, 2, iter([0.9, 0.1, 0.5]).__next__)
    {2: 7, 3: 9}
    """
    if len(active) <= limit:
        return active
    arrivals = sorted((draw(), user) for user in active)
    seated = {user for _, user in arrivals[:limit]}
    return {user: events for user, events in active.items() if user in seated}
