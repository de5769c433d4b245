"""Features that keep users away on some days; each keeps every user of a day by the same odds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from simulation.cast import Company
from simulation.users import SATURDAY, Active, whole
from simulation.worlds.hardness import Hardness, draws

Odds = list[float]  # of each day, that a user who would be active is

WEEKDAYS_PER_HOLIDAY = 25
HOLIDAY_ODDS = 0.08
SEASON_DAYS = 14
SEASON_ODDS = (0.3, 0.9)  # a company keeps a share of its use between these
CLOSING_SHARE = 0.15
CLOSED_DAYS = (7, 9)
MOST_DECLINE = 0.3
MOST_GROWTH = 0.5
WARM_UP_DAYS = 40


def thinned(
    company: Company, activity: list[Active], dates: Sequence[date], hardness: Hardness, seed: int
) -> list[Active]:
    """Who of the active is left by holidays, season, closed weeks and drift."""
    for feature, odds in presence_odds(company, dates, hardness, seed).items():
        rng = draws(seed, f"{feature} users", company.number)
        activity = [kept(active, odds[day], rng.random) for day, active in enumerate(activity)]
    return activity


def kept(active: Active, odds: float, draw: Callable[[], float]) -> Active:
    """The users that a day keeps; on a day that keeps all nothing is drawn."""
    if odds >= 1:
        return active
    return {user: events for user, events in active.items() if draw() < odds}


def presence_odds(company: Company, dates: Sequence[date], hardness: Hardness, seed: int) -> dict[str, Odds]:
    """For each feature of the hardness, its odds of each day."""
    odds = {}
    if hardness.public_holidays:
        odds["public_holidays"] = holiday_odds(company.role.country, dates, seed)
    if hardness.holiday_season:
        odds["holiday_season"] = season_odds(company, dates, seed)
    if hardness.closed_weeks:
        closed = closed_days(company, dates, seed)
        odds["closed_weeks"] = [0.0 if day in closed else 1.0 for day in range(len(dates))]
    if hardness.drift:
        odds["drift"] = drift_odds(company, dates, seed)
    return odds


def holiday_odds(country: str, dates: Sequence[date], seed: int) -> Odds:
    """Nearly nobody works on a public holiday of the country; a company without a country has none."""
    holidays = public_holidays(country, dates, seed) if country else frozenset()
    return [HOLIDAY_ODDS if day in holidays else 1.0 for day in dates]


def public_holidays(country: str, dates: Sequence[date], seed: int) -> frozenset[date]:
    """Some weekdays, the same for all companies of a country."""
    rng = draws(seed, "public_holidays", country)
    weekdays = [day for day in dates if day.weekday() < SATURDAY]
    return frozenset(day for day in weekdays if rng.random() < 1 / WEEKDAYS_PER_HOLIDAY)


def season_odds(company: Company, dates: Sequence[date], seed: int) -> Odds:
    """In the common season each company keeps its own share of its use."""
    low, high = SEASON_ODDS
    share = low + (high - low) * draws(seed, "holiday_season", company.number).random()
    season = holiday_season(dates, seed)
    return [share if day in season else 1.0 for day in dates]


def holiday_season(dates: Sequence[date], seed: int) -> frozenset[date]:
    """Two weeks that all companies share, somewhere in the middle."""
    begins = whole(draws(seed, "holiday_season"), len(dates) // 3, 2 * len(dates) // 3)
    first = dates[begins]
    return frozenset(first + timedelta(days=day) for day in range(SEASON_DAYS))


def closed_days(company: Company, dates: Sequence[date], seed: int) -> range:
    """The days, counted from 0, on which some companies close; none for the others."""
    rng = draws(seed, "closed_weeks", company.number)
    length = whole(rng, *CLOSED_DAYS)
    begins = whole(rng, WARM_UP_DAYS, len(dates) - length)
    closes = rng.random() < CLOSING_SHARE
    return range(begins, begins + length) if closes else range(0)


def drift_odds(company: Company, dates: Sequence[date], seed: int) -> Odds:
    """Use that slowly falls, or that grew from less."""
    rng = draws(seed, "drift", company.number)
    falls = rng.random() < 0.5
    change = rng.random() * (MOST_DECLINE if falls else MOST_GROWTH)
    last = max(1, len(dates) - 1)
    if falls:
        return [1 - change * day / last for day in range(len(dates))]
    return [1 - change * (last - day) / last for day in range(len(dates))]
