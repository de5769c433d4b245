"""Features of churn: events that fall before users do, and companies that come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from simulation.cast import CHURNS, Company
from simulation.users import Active, simulate, whole
from simulation.worlds.hardness import draws

FALLING_DAYS = 28
LEAST_EVENTS = 0.3  # of the usual ones, from the first day of the wave on
RETURN_SHARE = 0.3
AWAY_DAYS = (35, 45)
LEFT_DAYS = 14  # a company that returns stays at least as long


def with_falling_events(activity: list[Active], wave_from: int) -> list[Active]:
    """Each user causes fewer and fewer events in the four weeks before the first one quits.

    >>> with_falling_events([{0: 10}] * 29, 28)[14], with_falling_events([{0: 10}] * 29, 28)[28]
    ({0: 6}, {0: 3})
    """
    return [
        {user: max(1, int(events * events_share(day, wave_from))) for user, events in active.items()}
        for day, active in enumerate(activity)
    ]


def events_share(day: int, wave_from: int) -> float:
    """The share of a user's usual events: all of them until four weeks before the wave."""
    days_into = day - (wave_from - FALLING_DAYS)
    fallen = min(1.0, max(0.0, days_into / FALLING_DAYS))
    return 1 - (1 - LEAST_EVENTS) * fallen


def returns_on(company: Company, churned_on: int, days: int, seed: int) -> int | None:
    """The day on which some churned companies come back, if there is time."""
    rng = draws(seed, "returns", company.number)
    back = churned_on + whole(rng, *AWAY_DAYS)
    comes_back = rng.random() < RETURN_SHARE and company.role.pattern in CHURNS
    return back if comes_back and back + LEFT_DAYS <= days else None


def with_return(company: Company, activity: list[Active], dates: list[date], back: int, seed: int) -> list[Active]:
    """The same company with steady users from the day it is back."""
    steady = replace(company, role=replace(company.role, pattern="steady"))
    again = simulate(steady, dates, seed)
    return [*activity[:back], *again[back:]]
