"""Random histories for property tests: a seed gives the same landed dates and snapshots on every machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from .case_crm import random_snapshots
from .case_plans import Plan, random_plans
from .case_usage import random_items
from .model import Item, LandedDate, Snapshot

History = tuple[tuple[LandedDate, ...], tuple[Snapshot, ...]]

STARTS = (
    date(2023, 12, 20),  # a year's end and, for long ones, a leap day
    date(2024, 2, 10),  # a leap day soon
    date(2024, 11, 15),
    date(2025, 1, 25),  # 28 February without one
    date(2025, 12, 5),
)
LENGTHS = ((5, 12), (10, 35), (30, 65), (60, 100), (60, 100))
# (dates that never landed, dates whose newest generation is missing): half of the calendars have no hole
HOLES = ((0, 0), (0, 0), (0, 0), (0, 0.02), (0.02, 0), (0.1, 0.05))
PAGES_PER_HISTORY = 1000


@dataclass(frozen=True)
class CalendarDay:
    """A landed date and what its newest generation says."""

    date: date
    generation: int
    is_complete: bool


def random_world(seed: int, prefix: str = "c-") -> History:
    """One history of 2–6 companies over 5–100 days, with everything that the design gives a rule for.

    >>> random_world(7) == random_world(7), random_world(7) == random_world(8)
    (True, False)
    """
    rng = Random(seed)
    return random_history(rng, random_calendar(rng), prefix, first_page=1)


def random_worlds(seed: int, n: int, prefix: str = "h") -> list[History]:
    """`n` histories that share landed dates, generations and completeness, but no company, page or CRM path.

    So their union is one history, whose tables are the union of theirs: see `merge`.
    """
    calendar = random_calendar(Random(seed))
    return [
        random_history(
            Random(f"{seed}/{number}"),
            calendar,
            f"{prefix}{number}-",
            first_page=1 + number * PAGES_PER_HISTORY,
        )
        for number in range(n)
    ]


def merge(histories: Iterable[History]) -> History:
    """The histories of one `random_worlds` as one."""
    histories = list(histories)
    snapshots = tuple(snapshot for _, several in histories for snapshot in several)
    dates = zip(*(landed for landed, _ in histories), strict=True)
    return tuple(merge_date(same) for same in dates), snapshots


def merge_date(same: tuple[LandedDate, ...]) -> LandedDate:
    """One date of several histories, with all their items."""
    first = same[0]
    if first.items is None:
        return first
    return LandedDate(first.date, first.generation, tuple(item for landed in same for item in landed.items or ()))


def random_calendar(rng: Random) -> tuple[CalendarDay, ...]:
    """Consecutive dates but for some that never landed; a superseded generation may stand beside one."""
    start = rng.choice(STARTS) + timedelta(days=rng.randrange(10))
    length = rng.randint(*rng.choice(LENGTHS))
    gap_share, missing_share = rng.choice(HOLES)
    days: list[CalendarDay] = []
    for number in range(length):
        if rng.random() < gap_share:
            continue
        newest = CalendarDay(start + timedelta(days=number), rng.choice((1, 1, 1, 2, 3)), rng.random() >= missing_share)
        if newest.generation > 1 and rng.random() < 0.5:
            days.append(CalendarDay(newest.date, newest.generation - 1, rng.random() < 0.7))
        days.append(newest)
    return tuple(days) or (CalendarDay(start, 1, True),)


def random_history(rng: Random, calendar: tuple[CalendarDay, ...], prefix: str, first_page: int) -> History:
    """Companies with plans, living through `calendar`."""
    first, last = calendar[0].date, calendar[-1].date
    plans = random_plans(rng, prefix, first, last)
    landed = tuple(LandedDate(day.date, day.generation, land(rng, plans, day, first_page)) for day in calendar)
    return landed, random_snapshots(rng, plans, prefix, first, last)


def land(rng: Random, plans: tuple[Plan, ...], day: CalendarDay, first_page: int) -> tuple[Item, ...] | None:
    """The items of a complete date in API order, over small pages; None for a missing one."""
    if not day.is_complete:
        return None
    texts, page_size = random_items(rng, plans, day.date), rng.randint(1, 4)
    return tuple(Item(first_page + place // page_size, place % page_size, text) for place, text in enumerate(texts))
