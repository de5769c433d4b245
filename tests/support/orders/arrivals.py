"""Random orders of arrival: 40 landed dates and 5 snapshots that come in six rounds, in pieces and again.

Several orders share one calendar (`Schedule`): which dates land, in which rounds, and when one is set aside. What lands
then, and when which snapshot comes, is each order's own; so is the prefix of its company ids, `o3-`. Many orders are
so one DataFrame, and still as many histories.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from random import Random

from company_activity.planning.state import GenerationMark

from oracle.case_crm import random_file
from oracle.case_plans import Plan, random_plans
from oracle.case_usage import random_items
from oracle.cases import PAGES_PER_HISTORY, STARTS
from oracle.crm import CrmFile, read_file
from oracle.model import Item, LandedDate, Snapshot
from oracle.usage import UsageDay, read_date

ROUNDS, DATES, SNAPSHOTS = 6, 40, 5
LAST = ROUNDS - 1
# Of which date on something lands in a round: the later, the more dates only a snapshot can touch; the last round's
# are few enough to be built by slices.
FROM_DATE = (0, 0, 0, 8, 20, 30)
SPANS = (40, 62, 85)  # calendar days that the dates lie in: all within a window's reach, and beyond it
Texts = tuple[str, ...]
KINDS = frozenset({"repeat", "supersede", "return", "removal", "set aside", "late date", "older snapshot"})


@dataclass(frozen=True)
class Arrival:
    """What lands at a place, a date or a CRM path: its mark as a state keeps it, and what is read of it.

    Of a date also the items' texts, in the order of the API.
    """

    round: int
    place: str
    mark: str
    kind: str
    usage: UsageDay | None = None
    texts: Texts = ()
    crm: CrmFile | None = None


@dataclass(frozen=True)
class Schedule:
    """Per date the rounds in which something of it lands, and those in which it is set aside instead."""

    lands: dict[date, tuple[int, ...]]
    set_aside: frozenset[tuple[date, int]]

    @property
    def first(self) -> date:
        return min(self.lands)

    @property
    def last(self) -> date:
        return max(self.lands)


@dataclass(frozen=True)
class Order:
    """One order of arrival; the arrivals of a place stand in their order, at most one in a round."""

    number: int
    arrivals: tuple[Arrival, ...]

    @cached_property
    def name(self) -> str:
        return f"o{self.number}"

    def staged(self, last_round: int) -> dict[str, Arrival]:
        """By place what has arrived last up to a round."""
        return {one.place: one for one in self.arrivals if one.round <= last_round}

    @property
    def kinds(self) -> Counter[str]:
        """How often each kind of arrival occurs in it."""
        found = Counter(one.kind for one in self.arrivals)
        found["late date"] = self._older_than_before(
            [one for one in self.arrivals if one.usage and one.kind == "first"]
        )
        found["older snapshot"] = self._older_than_before([one for one in self.arrivals if one.crm])
        return found

    def _older_than_before(self, arrivals: Sequence[Arrival]) -> int:
        """How many of the arrivals are of a date before one that arrived in an earlier round."""
        dates = [(one.round, one.usage.date if one.usage else one.crm.snapshot.file_date) for one in arrivals]  # type: ignore[union-attr]
        return sum(any(then < at and later > day for then, later in dates) for at, day in dates)


def random_orders(seed: int, orders: int) -> tuple[Schedule, list[Order]]:
    """A schedule and so many orders of arrival.

    >>> random_orders(1, 2) == random_orders(1, 2)
    True
    >>> schedule, (order,) = random_orders(1, 1)
    >>> len(schedule.lands), len({one.place for one in order.arrivals}), max(one.round for one in order.arrivals)
    (40, 45, 5)
    """
    schedule = random_schedule(Random(seed))
    return schedule, [random_order(Random(f"{seed}/{number}"), schedule, number) for number in range(orders)]


def random_schedule(rng: Random) -> Schedule:
    """40 dates, each in one to three rounds."""
    start = rng.choice(STARTS) + timedelta(days=rng.randrange(10))
    days = [start + timedelta(days=back) for back in sorted(rng.sample(range(rng.choice(SPANS)), DATES))]
    lands = {day: tuple(sorted(random_rounds(rng, place))) for place, day in enumerate(days)}
    again = [(day, at) for day, rounds in lands.items() for at in rounds[1:]]
    return Schedule(lands, frozenset(rng.sample(again, len(again) // 10)))


def random_rounds(rng: Random, place: int) -> list[int]:
    """The rounds in which something lands of a date, by its place among the dates."""
    possible = [number for number in range(ROUNDS) if place >= FROM_DATE[number]]
    return rng.sample(possible, rng.choice((1, 1, 2, 2, 3)))


def random_order(rng: Random, schedule: Schedule, number: int) -> Order:
    """Companies with plans, of which each arrival tells something else."""
    plans = random_plans(rng, f"o{number}-", schedule.first, schedule.last)
    usage = [one for day in schedule.lands for one in usage_arrivals(rng, plans, schedule, day, number)]
    return Order(number, (*usage, *crm_arrivals(rng, plans, schedule, number)))


def usage_arrivals(
    rng: Random, plans: tuple[Plan, ...], schedule: Schedule, day: date, number: int
) -> Iterator[Arrival]:
    """What lands of a date. As in the landing, content equal to the newest makes no generation."""
    contents: list[Texts] = []
    generation, newest = 0, None
    for at in schedule.lands[day]:
        if (day, at) in schedule.set_aside:
            generation, newest = generation + 1, None
            yield Arrival(at, str(day), str(GenerationMark.of(generation, None)), "set aside")
            continue
        texts = next_content(rng, plans, day, contents)
        kind = kind_of(texts, newest, contents)
        generation += kind != "repeat"
        newest = texts
        contents.append(texts)
        items = tuple(Item(1 + number * PAGES_PER_HISTORY, place, text) for place, text in enumerate(texts))
        read = read_date(LandedDate(day, generation, items))
        yield Arrival(at, str(day), str(GenerationMark.of(generation, digest(texts))), kind, read, texts)


def next_content(rng: Random, plans: tuple[Plan, ...], day: date, before: Sequence[Texts]) -> Texts:
    """What the API says next of a date: the same, less, what it said before, or something else.

    What it says first is often of companies that it takes back later, for it knows half of its records by other ids.
    """
    if not before:
        texts = random_items(rng, plans, day)
        is_odd = rng.random() < 0.3
        return tuple(other_ids(text) if is_odd and place % 2 else text for place, text in enumerate(texts))
    choice = rng.choice(("same", "less", "before", "else", "else"))
    if choice == "same":
        return before[-1]
    if choice == "less":
        return tuple(text for text in before[-1] if rng.random() < 0.5)
    return before[-2] if choice == "before" and len(before) > 1 else tuple(random_items(rng, plans, day))


def kind_of(texts: Texts, newest: Texts | None, before: Sequence[Texts]) -> str:
    """A content's kind, by the newest and by all that were there before."""
    if not before:
        return "first"
    if texts == newest:
        return "repeat"
    if texts in before:
        return "return"
    return "removal" if newest is not None and set(texts) < set(newest) else "supersede"


def crm_arrivals(rng: Random, plans: tuple[Plan, ...], schedule: Schedule, number: int) -> Iterator[Arrival]:
    """Five snapshots before, within and after the dates, in any order; before some, another content of their path.

    That has half of its rows, and others, or is of another date.
    """
    length = (schedule.last - schedule.first).days
    ranges = ((-20, -1), (0, length), (0, length), (0, length), (1, 130))
    offsets = sorted(rng.randint(*rng.choice(ranges)) for _ in range(SNAPSHOTS))
    known: dict[str, object] = {}
    for place, offset in enumerate(offsets):
        path, day = f"raw/crm/o{number}-{place}.csv", schedule.first + timedelta(days=offset)
        final = random_file(rng, plans, day, path, known)  # type: ignore[arg-type]
        contents = [another_content(rng, final), final] if rng.random() < 0.4 else [final]
        for at, content in zip(sorted(rng.sample(range(LAST), len(contents))), contents, strict=True):
            noted = f"{content.file_date}:{digest(map(repr, content.rows))}"
            yield Arrival(at, path, noted, "snapshot", crm=read_file(content))


def another_content(rng: Random, final: Snapshot) -> Snapshot:
    day = final.file_date - timedelta(days=rng.choice((0, 0, 1, 9)))
    others = tuple(replace(row, company_id=other_ids(row.company_id or "")) for row in final.rows[::3])
    return replace(final, rows=(*final.rows[1::2], *others), file_date=day)


def other_ids(text: str) -> str:
    """The text with company ids that occur nowhere else: what a later arrival takes back."""
    return re.sub(r"o(\d+)-", r"o\1-gone-", text)


def digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
