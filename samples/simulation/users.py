"""Users who join, come back by their own odds, and quit."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from simulation.cast import CHURNS, Company, Role

Active = dict[int, int]  # the users who were active on a day, each with the events it caused

SATURDAY = 5
PRESENT_AT_START, STAYS = 0.75, 0.9
DAY_FACTORS = (0.95, 1.0, 1.0, 0.95, 0.85)  # Monday to Friday


@dataclass(frozen=True)
class User:
    """One person: present from day `joins` (counted from 0) to the day before `quits`, active by own odds."""

    weekday_odds: float
    weekend_odds: float
    max_events: int
    joins: int
    quits: int


def whole(rng: Random, low: int, high: int) -> int:
    """A whole number from `low` to `high`, both included, by the one draw that every Python makes alike."""
    return low + int(rng.random() * (high - low + 1))


def draw_user(role: Role, index: int, days: int, rng: Random) -> User:
    """The `index`-th user of a company in that role."""
    low, high = 0.2 + 0.7 * rng.random(), 0.02 + 0.16 * rng.random()
    weekday, weekend = (high, low) if role.pattern == "weekend" else (low, high)
    if role.pattern == "weekly" or (role.pattern == "shrinking" and index == 0):
        weekday, weekend = 0.35, 0.0
    joins, quits = presence(role, index, days, rng)
    return User(weekday, weekend, whole(rng, 4, 40), joins, quits)


def presence(role: Role, index: int, days: int, rng: Random) -> tuple[int, int]:
    """First day of a user and the first day without it; user 0 lasts as long as the pattern lets it."""
    turn = days - 1 - role.day
    joins = 0 if index == 0 or rng.random() < PRESENT_AT_START else whole(rng, 0, days - 1)
    quits = days if index == 0 or rng.random() < STAYS else whole(rng, 0, days)
    if role.pattern == "growing":
        return (0 if index == 0 else whole(rng, 0, days - 1)), days
    if role.pattern == "late":
        return max(turn, joins), days
    if role.pattern == "stopped":
        return min(joins, turn - 7), turn
    if role.pattern == "faded" or (role.pattern == "shrinking" and index > 0):
        return 0, turn - whole(rng, 0, role.length - 1)
    return joins, quits


def simulate(company: Company, dates: list[date], seed: int) -> list[Active]:
    """For each date, who was active at that company; its users depend on its number, not on others."""
    role, rng = company.role, Random(seed * 1_000_003 + company.number)
    users = [draw_user(role, index, len(dates), rng) for index in range(role.users)]
    return [active_on(role, users, day, dates, rng) for day in range(len(dates))]


def active_on(role: Role, users: list[User], day: int, dates: list[date], rng: Random) -> Active:
    """The users active on the `day`-th date, each with its events (at least one)."""
    if is_paused(role, len(dates) - 1 - day):
        return {}
    weekday = dates[day].weekday()
    active = {}
    for index, user in enumerate(users):
        odds = user.weekend_odds if weekday >= SATURDAY else user.weekday_odds * DAY_FACTORS[weekday]
        if user.joins <= day < user.quits and rng.random() < odds:
            active[index] = whole(rng, 1, user.max_events)
    return active


def is_paused(role: Role, days_before_end: int) -> bool:
    """Whether nobody of a company that pauses is there."""
    return role.pattern == "paused" and role.day - role.length < days_before_end <= role.day


def churned_on(company: Company, activity: list[Active], dates: list[date]) -> tuple[date, date] | None:
    """First date from which on nobody is active, and the first date of the wave in which users quit.

    None for a company that does not churn, which the simulation knows and a look at the last dates does not.
    """
    last_active = max((day for day, active in enumerate(activity) if active), default=None)
    if company.role.pattern not in CHURNS or last_active is None:
        return None
    first_quit = len(dates) - company.role.day - max(company.role.length, 1)
    return dates[last_active] + timedelta(days=1), dates[max(first_quit, 0)]
