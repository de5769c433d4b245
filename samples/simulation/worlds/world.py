"""A world: what its companies really did, and what the rules may read of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from simulation.cast import Company, company
from simulation.crm import Snapshot, snapshots
from simulation.feed import records
from simulation.rules.fleet import CompanyDays, Fleet
from simulation.users import Active, churned_on, simulate
from simulation.worlds.churns import returns_on, with_falling_events, with_return
from simulation.worlds.crm import known_on
from simulation.worlds.hardness import PLAIN, Hardness
from simulation.worlds.outages import days_lost, without
from simulation.worlds.roles import recast
from simulation.worlds.seats import capped
from simulation.worlds.thinning import closed_days, thinned

LAST_DATE = date(2025, 11, 23)


@dataclass(frozen=True)
class Life:
    """What one company did. Days count from the first date of the world.

    `churned_on` is the first day from which nobody is active, for good or until `returned_on`; `wave_from` the first
    day on which a user quits; `closed` the days of its closed week.
    """

    company: Company
    active: list[Active]
    churned_on: int | None = None
    wave_from: int | None = None
    returned_on: int | None = None
    closed: range = range(0)


@dataclass(frozen=True)
class World:
    """All lives, and the fleet as the tables would know it."""

    dates: list[date]
    hardness: Hardness
    lives: list[Life]
    fleet: Fleet


def world(seed: int, hardness: Hardness = PLAIN, companies: int = 400, days: int = 180) -> World:
    """The world of a seed; without any hardness it is the simulation of the samples."""
    dates = [LAST_DATE - timedelta(days=before) for before in reversed(range(days))]
    lives = [live(company(number), dates, hardness, seed) for number in range(companies)]
    files = snapshots(LAST_DATE, days)
    return World(dates, hardness, lives, Fleet(days, [seen(life, dates, files, hardness, seed) for life in lives]))


def live(member: Company, dates: list[date], hardness: Hardness, seed: int) -> Life:
    """What one company does."""
    member = recast(member, hardness, seed)
    activity = thinned(member, simulate(member, dates, seed), dates, hardness, seed)
    if hardness.seat_caps:
        activity = capped(member, activity, seed)
    when = churned_on(member, activity, dates)
    closed = closed_days(member, dates, seed) if hardness.closed_weeks else range(0)
    if when is None:
        return Life(member, activity, closed=closed)
    churn, wave = ((day - dates[0]).days for day in when)
    wave = first_quit(activity, wave)
    if hardness.falling_events:
        activity = with_falling_events(activity, wave)
    back = returns_on(member, churn, len(dates), seed) if hardness.returns else None
    if back is not None:
        activity = with_return(member, activity, dates, back, seed)
    return Life(member, activity, churn, wave, back, closed)


def first_quit(activity: list[Active], wave_from: int) -> int:
    """The first day, of the wave, without a user who is never active again; at the latest that of the churn.

    >>> first_quit([{1: 3, 2: 3}, {2: 3}, {2: 3}, {}], 0), first_quit([{1: 3, 2: 3}, {2: 3}, {2: 3}, {}], 2)
    (1, 3)
    """
    last_days = {user: day for day, active in enumerate(activity) for user in active}
    quits = [day + 1 for day in last_days.values()]
    return min((day for day in quits if day >= wave_from), default=max(quits))


def seen(life: Life, dates: list[date], files: list[Snapshot], hardness: Hardness, seed: int) -> CompanyDays:
    """What the tables know of a company."""
    member = life.company
    lost = days_lost(member, len(dates), seed) if hardness.outages else frozenset()
    items = records(member, life.active, dates, seed)
    recorded = frozenset(day for day, of_day in enumerate(items) if of_day and day not in lost)
    known = known_on(member, dates, files)
    listed = [(file.day - dates[0]).days for file in files if file.number == member.role.snapshot]
    return CompanyDays(
        company_id=member.company_id,
        users=without([len(active) for active in life.active], lost),
        first_seen=min((*listed, *recorded), default=len(dates)),
        countries=[state.country for state in known],
        contacts=[state.contact for state in known],
        recorded=recorded,
        in_crm=frozenset(day for day, state in enumerate(known) if state.is_in_crm),
        backdated=frozenset(day for day, state in enumerate(known) if state.is_backdated),
    )
