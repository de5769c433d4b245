"""Random fleets: some 60 companies over some 70 dates, in which a country has a holiday and companies go quiet.

One item per company and day, so that the oracle takes a world in seconds; how records are spelled and repeated is of
`oracle.cases`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from oracle.cases import STARTS
from oracle.hand import item
from oracle.model import CrmRow, Item, LandedDate, Snapshot

World = tuple[list[LandedDate], list[Snapshot]]

HOLIDAY = "DE"
# Of 60 companies 24 and 22, of which 20 are soon too many; 6; and 4 each without a country and unknown to the CRM.
SHARES = {HOLIDAY: 0.4, "FR": 0.37, "PT": 0.1, None: 0.07}
SURELY_LARGE = 21  # of the country with the holiday, so that 20 of it have a pace
LARGE = ("steady", "steady", "steady", "steady", "steady", "steady", "fading", "stopped", "paused")
ANY = (*LARGE, "weekly", "weekly", "tiny", "new", "new", "tried", "tried", "absent")
EVERY_DAY, WORKDAYS = frozenset(range(7)), frozenset(range(5))
KNOWN_FIRST, KNOWN_LATE, UNKNOWN = "first file", "late file", "no file"


@dataclass(frozen=True)
class Life:
    """A company's plan; days are numbered from the first date on, `away` are those on which it is silent."""

    company_id: str
    country: str | None
    known: str
    level: int
    joins: int = 0
    away: range = range(0)
    fades: int = 10**6
    weekdays: frozenset[int] = EVERY_DAY
    share: float = 0.97  # of its weekdays on which it is active


def fleet_world(seed: int, companies: int = 60, days: int = 70) -> World:
    """The landed dates and CRM files of a fleet.

    >>> fleet_world(7) == fleet_world(7), fleet_world(7) == fleet_world(8)
    (True, False)
    >>> landed, snapshots = fleet_world(7, companies=30, days=20)
    >>> max(one.date for one in landed) - min(one.date for one in landed) <= timedelta(days=19), len(snapshots)
    (True, 3)
    """
    rng = Random(f"fleet {seed}")
    first = rng.choice(STARTS) + timedelta(days=rng.randrange(10))
    lives = random_lives(rng, companies, days)
    return list(random_dates(rng, lives, first, days)), random_files(rng, lives, first, days)


def random_lives(rng: Random, companies: int, days: int) -> list[Life]:
    """The companies of each country, and those that no CRM file names."""
    lives: list[Life] = []
    for country, share in SHARES.items():
        for number in range(round(share * companies)):
            kinds = LARGE if country == HOLIDAY and number < SURELY_LARGE else ANY
            known = KNOWN_LATE if number in (1, 4) else KNOWN_FIRST
            life = Life(f"{country}-{number}", country, known, rng.randint(3, 30))
            lives.append(random_life(rng, life, rng.choice(kinds), days))
    while len(lives) < companies:
        life = Life(f"only-in-usage-{len(lives)}", None, UNKNOWN, rng.randint(3, 30))
        lives.append(random_life(rng, life, rng.choice(ANY), days))
    return lives


def random_life(rng: Random, life: Life, kind: str, days: int) -> Life:
    """What happens to a company of this kind."""
    usual_days = rng.choice((EVERY_DAY, WORKDAYS, WORKDAYS))
    life = replace(life, weekdays=usual_days, share=rng.choice((0.8, 0.97, 1.0)))
    late = rng.randint(days // 2, days - 3)
    match kind:
        case "fading":
            return replace(life, fades=late)
        case "stopped":
            return replace(life, away=range(rng.choice((days // 2, late)), 10**6))
        case "paused":
            return replace(life, away=range(late, late + rng.choice((4, 9, 15, 27, 28, 33))))
        case "weekly":
            return replace(life, weekdays=frozenset({rng.randrange(5)}), share=1.0)
        case "tiny":
            return replace(life, level=1, share=0.3)
        case "new":
            return replace(life, joins=rng.choice((days - 36, days - 35, days - 34, late)))
        case "tried":
            return replace(life, joins=late - 6, away=range(late - rng.choice((0, 3)), 10**6))
        case "absent":
            return replace(life, joins=10**6)
    return life


def random_dates(rng: Random, lives: list[Life], first: date, days: int) -> Iterator[LandedDate]:
    """Each date but a few; of some an older generation, in which other records are refused."""
    holiday_begins = rng.randint(days * 7 // 10, days * 8 // 10)
    holiday = range(holiday_begins, holiday_begins + rng.randint(4, 8))
    holes = rng.sample(range(days), rng.choice((0, 1, 2, 3)))
    for number in range(days):
        day, generation = first + timedelta(days=number), 1
        if number in holes[:1]:
            continue
        if rng.random() < 0.06:
            items = random_items(rng, lives, day, number, is_holiday=number in holiday, refused=0.3)
            yield LandedDate(day, generation, items)
            generation += 1
        items = random_items(rng, lives, day, number, is_holiday=number in holiday, refused=0.004)
        yield LandedDate(day, generation, None if number in holes else items)


def random_items(
    rng: Random, lives: list[Life], day: date, number: int, *, is_holiday: bool, refused: float
) -> tuple[Item, ...]:
    """One item per company that is active, and a refused one here and there, which names it among blanks."""
    texts: list[str] = []
    for life in lives:
        is_at_home = is_holiday and life.country == HOLIDAY and rng.random() < 0.93
        users = None if is_at_home else users_on(rng, life, day, number)
        if users is not None:
            texts.append(item(day, users, users * 3, life.company_id))
        if number >= life.joins and rng.random() < refused:
            texts.append(item(day, -1, 0, rng.choice(("{}", " {}", "  {} ")).format(life.company_id)))
    return tuple(Item(1 + place // 50, place % 50, text) for place, text in enumerate(texts))


def users_on(rng: Random, life: Life, day: date, number: int) -> int | None:
    """The day's users; None where the company has no record."""
    if number < life.joins or number in life.away or day.weekday() not in life.weekdays:
        return None
    if rng.random() > life.share:
        return rng.choice((0, None))
    usual = max(1, life.level + rng.randint(-life.level // 4, life.level // 4))
    return usual if number < life.fades else usual // 5


def random_files(rng: Random, lives: list[Life], first: date, days: int) -> list[Snapshot]:
    """A file before the dates; one in which two companies move; and a late one, which backdates some rows."""
    early, late = first - timedelta(days=rng.randint(1, 9)), first + timedelta(days=days + rng.randint(10, 40))
    moves = first + timedelta(days=days * 2 // 3)
    known = {life.company_id: life.country for life in lives if life.known == KNOWN_FIRST}
    movers = dict.fromkeys(rng.sample(sorted(known), 2), "PT")
    found_late = {life.company_id: life.country for life in lives if life.known == KNOWN_LATE}
    return [random_file(rng, early, known), random_file(rng, moves, movers), random_file(rng, late, found_late)]


def random_file(rng: Random, day: date, countries: Mapping[str, str | None]) -> Snapshot:
    """Of each company its country and when somebody last spoke with it."""
    rows = [
        CrmRow(line, company_id, company_id.upper(), country, "retail", random_contact(rng, day))
        for line, (company_id, country) in enumerate(countries.items(), start=2)
    ]
    return Snapshot(day, f"raw/crm/{day}.csv", tuple(rows))


def random_contact(rng: Random, day: date) -> str | None:
    """A day or nothing."""
    return rng.choice((None, str(day), str(day - timedelta(days=rng.randint(1, 60)))))
