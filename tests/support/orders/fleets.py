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
NEVER = 10**6
# Of 60 companies 24 and 22, which are soon fewer than 20; 6; and 4 each without a country and unknown to the CRM.
SHARES = {"large": 0.4, "second": 0.37, "small": 0.1, "none": 0.07}
MOSTLY_STEADY = 21  # of the country with the holiday, so that about 20 of it have a pace
LARGE = ("steady", "steady", "steady", "steady", "steady", "steady", "fading", "stopped", "paused")
ANY = (*LARGE, "weekly", "halved", "halved", "tiny", "new", "new", "tried", "tried", "absent")
EVERY_DAY, WORKDAYS = frozenset(range(7)), frozenset(range(5))
# A usual week and a later one, on either side of a half or of three times the root.
JUST_DECLINING = ((36, 18), (36, 17), (25, 10), (25, 11), (9, 0))
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
    fades: int = NEVER
    faded: int | None = None  # users from then on; None: a fifth of the usual ones
    weekdays: frozenset[int] = EVERY_DAY
    share: float = 0.97  # of its weekdays on which it is active
    is_even: bool = False  # always of its level


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
    """The companies of each country, and those that no CRM file names; the second may have none: 20 of no country are none."""
    lives: list[Life] = []
    countries = {"large": HOLIDAY, "second": rng.choice(("FR", "FR", None)), "small": "PT", "none": None}
    for group, share in SHARES.items():
        country = countries[group]
        for number in range(round(share * companies)):
            is_steady = country == HOLIDAY and number < MOSTLY_STEADY
            known = KNOWN_LATE if number in (1, 4) else KNOWN_FIRST
            life = Life(f"{group}-{number}", country, known, rng.randint(3, 30) if is_steady else random_level(rng))
            lives.append(random_life(rng, life, rng.choice(LARGE if is_steady else ANY), days))
    while len(lives) < companies:
        life = Life(f"only-in-usage-{len(lives)}", None, UNKNOWN, random_level(rng))
        lives.append(random_life(rng, life, rng.choice(ANY), days))
    return lives


def random_level(rng: Random) -> int:
    """Two users a day are about the ten a week from which a company has a pace."""
    return rng.choice((2, rng.randint(3, 30), rng.randint(3, 30)))


def random_life(rng: Random, life: Life, kind: str, days: int) -> Life:
    """What happens to a company of this kind."""
    usual_days = rng.choice((EVERY_DAY, WORKDAYS, WORKDAYS))
    life = replace(life, weekdays=usual_days, share=rng.choice((0.8, 0.97, 1.0)))
    late = rng.randint(days // 2, days - 3)
    match kind:
        case "fading":
            return replace(life, fades=late)
        case "stopped":
            return replace(life, away=range(rng.choice((days // 2, late)), NEVER))
        case "paused":
            return replace(life, away=range(late, late + rng.choice((4, 9, 15, 27, 28, 33))))
        case "weekly":
            return replace(life, weekdays=frozenset({rng.randrange(5)}), share=1.0)
        case "halved":
            level, faded = rng.choice(JUST_DECLINING)
            one_day = frozenset({rng.randrange(5)})
            return replace(life, level=level, faded=faded, fades=late, weekdays=one_day, share=1.0, is_even=True)
        case "tiny":
            return replace(life, level=1, share=0.3)
        case "new":
            return replace(life, joins=rng.choice((days - 36, days - 35, days - 34, late)))
        case "tried":
            return replace(life, joins=late - 6, away=range(late - rng.choice((0, 3)), NEVER))
        case "absent":
            return replace(life, joins=NEVER)
    return life


def random_dates(rng: Random, lives: list[Life], first: date, days: int) -> Iterator[LandedDate]:
    """Each date but a few; of some an older generation, in which other records are refused."""
    holiday_begins = rng.randint(days * 4 // 10, days * 8 // 10)
    holiday = range(holiday_begins, holiday_begins + rng.randint(4, 8))
    at_home = {number: rng.choice((0.5, 0.93)) for number in holiday}
    holes = rng.sample(range(days), rng.choice((0, 1, 2, 3)))
    for number in range(days):
        day, generation = first + timedelta(days=number), 1
        if number in holes[:1]:
            continue
        if rng.random() < 0.06:
            items = random_items(rng, lives, day, number, at_home=at_home.get(number, 0), refused=0.3)
            yield LandedDate(day, generation, items)
            generation += 1
        items = random_items(rng, lives, day, number, at_home=at_home.get(number, 0), refused=0.004)
        yield LandedDate(day, generation, None if number in holes else items)


def random_items(
    rng: Random, lives: list[Life], day: date, number: int, *, at_home: float, refused: float
) -> tuple[Item, ...]:
    """One item per company that is active, and a refused one here and there, which names it among blanks."""
    texts: list[str] = []
    for life in lives:
        is_at_home = life.country == HOLIDAY and rng.random() < at_home
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
    noise = 0 if life.is_even else rng.randint(-life.level // 4, life.level // 4)
    usual = max(1, life.level + noise)
    if number < life.fades:
        return usual
    return usual // 5 if life.faded is None else life.faded


def random_files(rng: Random, lives: list[Life], first: date, days: int) -> list[Snapshot]:
    """A file before the dates; one with those who have joined, in which two have moved; a late one, which backdates."""
    early = first - timedelta(days=rng.randint(1, 9))
    middle = first + timedelta(days=days * 2 // 3)
    late = first + timedelta(days=days + rng.randint(10, 40))
    known = {life.company_id: life.country for life in lives if life.known == KNOWN_FIRST}
    known_early = {life.company_id: life.country for life in lives if life.known == KNOWN_FIRST and not is_new(life)}
    moved = dict.fromkeys(rng.sample(sorted(known), 2), "PT")
    known_late = {life.company_id: life.country for life in lives if life.known == KNOWN_LATE}
    return [
        random_file(rng, early, known_early),
        random_file(rng, middle, known | moved),
        random_file(rng, late, known_late),
    ]


def is_new(life: Life) -> bool:
    """Whether it joins while the dates run; who never does is in the CRM from the start."""
    return 0 < life.joins < NEVER


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
