"""What a usage API reports of the users of a day."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from simulation.cast import Company, Notation
from simulation.users import Active

Item = dict[str, Any]

SHIFT_HOURS = (0, 9, 23)  # UTC; every user belongs to one shift, so that a day's records count nobody twice
ZERO_ODDS = 0.15  # most days without use have no record; a few have one that says 0
MONDAY = 0

NOTATIONS: dict[Notation, Callable[[datetime], str]] = {
    "zulu": lambda at: f"{at.isoformat()}Z",
    "plus2": lambda at: f"{(at + timedelta(hours=2)).isoformat()}+02:00",
    "minus5": lambda at: f"{(at - timedelta(hours=5)).isoformat()}-05:00",
    "date": lambda at: at.date().isoformat(),
    "fraction": lambda at: f"{at.isoformat()}.250Z",
    "nanos": lambda at: f"{at.isoformat()}.123456789Z",
    "minutes": lambda at: f"{at.isoformat()[:16]}Z",
    "blank": lambda at: at.isoformat(" ")[:16],
}


def records(company: Company, activity: list[Active], dates: list[date], seed: int) -> list[list[Item]]:
    """For each date the company's API items: one per shift with anybody in it, sometimes an explicit zero."""
    rng, known, listed = Random(seed * 1_000_003 + company.number + 500_000), False, []
    for day, active in zip(dates, activity, strict=True):
        known = known or bool(active)
        is_due = company.role.pattern == "zeros" and day.weekday() == MONDAY
        is_zero = (rng.random() < ZERO_ODDS and known) or is_due
        listed.append(day_records(company, day, active, is_zero))
    return listed


def day_records(company: Company, day: date, active: Active, is_zero: bool) -> list[Item]:
    """The items of one company and date."""
    role = company.role
    shifts: dict[int, list[int]] = {}
    for user, events in active.items():
        shifts.setdefault(user % role.shifts, []).append(events)
    if not active and is_zero:
        shifts[0] = []
    return [
        {
            "company_id": company.company_id,
            "active_users": len(events),
            "events": sum(events),
            "ts": spell(day, SHIFT_HOURS[shift], role.ts),
        }
        for shift, events in sorted(shifts.items())
    ]


def spell(day: date, hour: int, notation: Notation) -> str:
    """An instant of the UTC day in one of the legal notations; an offset may move its text into another day.

    >>> spell(date(2025, 11, 23), 23, "plus2"), spell(date(2025, 11, 23), 0, "minus5")
    ('2025-11-24T01:00:00+02:00', '2025-11-22T19:00:00-05:00')
    """
    return NOTATIONS[notation](datetime.combine(day, time(hour)))
