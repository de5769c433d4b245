"""How odd a gap is for a company with such weekdays."""

from __future__ import annotations

from collections.abc import Iterable

from simulation.rules.fleet import CompanyDays, Fleet
from simulation.rules.past import Past

PER_MILLE = 1000
MIN_GAP_DAYS = 2


def is_unusual_silence(company: CompanyDays, past: Past, fleet: Fleet, day: int, quiet: frozenset[int]) -> bool:
    """Whether a gap as long as this one happens at most once in a thousand times.

    Each day of the gap that is complete and not quiet counts by its weekday: of `n` such weekdays in the six weeks
    before this one `a` were active, so the odds that it is silent are (n − a + 1) / (n + 2).
    """
    gap = past.idle_days(day)
    if gap is None or gap < MIN_GAP_DAYS:
        return False
    counts = [
        weekday_counts(company, past, fleet, day, at)
        for at in range(day - gap + 1, day + 1)
        if at in fleet.complete and at not in quiet
    ]
    return is_rare(counts)


def weekday_counts(company: CompanyDays, past: Past, fleet: Fleet, day: int, at: int) -> tuple[int, int]:
    """Of the dates from 48 to 7 days ago with the weekday of `at`: how many are complete, how many active."""
    first = day - 48 + (at - (day - 48)) % 7
    dates = [one for one in range(first, day - 6, 7) if one in fleet.complete and one >= company.first_seen]
    return len(dates), sum(past.users[one] > 0 for one in dates)


def is_rare(counts: Iterable[tuple[int, int]]) -> bool:
    """Whether the odds of silence on all these days are at most one per mille.

    >>> is_rare([(6, 6)] * 3), is_rare([(6, 6)] * 4), is_rare([(6, 0)] * 27)
    (False, True, False)
    """
    silent = 1
    seen = 1
    for complete, active in counts:
        silent *= complete - active + 1
        seen *= complete + 2
    return PER_MILLE * silent <= seen
