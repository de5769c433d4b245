"""The fates of the companies of a simulated world, and a rule's flags on it."""

from __future__ import annotations

from evaluation.fate import Fate
from evaluation.flags import Flag
from simulation.cast import Role
from simulation.rules.verdict import Verdicts
from simulation.worlds.world import Life, World

SETTLING_DAYS = 42  # until six weeks are filled with what a company has become
WEEK_DAYS = 7  # until the silent days have left the week


def fates_of(world: World) -> dict[str, Fate]:
    """What became of each company that was ever active."""
    return {life.company.company_id: fate_of(life) for life in world.lives if any(life.active)}


def fate_of(life: Life) -> Fate:
    """What became of one company."""
    role = life.company.role
    days = len(life.active)
    closed = range(life.closed.start, life.closed.stop + WEEK_DAYS) if life.closed else range(0)
    return Fate(
        company_id=life.company.company_id,
        first_active=next(day for day, active in enumerate(life.active) if active),
        churned_on=life.churned_on,
        wave_from=life.wave_from,
        returned_on=life.returned_on,
        is_fade=role.pattern == "faded",
        shrinking=shrinking_days(role, days),
        paused=paused_days(role, days).union(closed),
    )


def shrinking_days(role: Role, days: int) -> frozenset[int]:
    """From the first day on which a shrinking company may lose a user until it has a new usual."""
    if role.pattern != "shrinking":
        return frozenset()
    turn = days - 1 - role.day
    return frozenset(range(turn - role.length + 1, turn + SETTLING_DAYS))


def paused_days(role: Role, days: int) -> frozenset[int]:
    """The days of a pause, and the week after it.

    >>> from simulation.cast import ROLES
    >>> sorted(paused_days(ROLES[30], 90))[::24]
    [29, 53]
    """
    if role.pattern != "paused":
        return frozenset()
    first = days - 1 - role.day
    return frozenset(range(first, first + role.length + WEEK_DAYS))


def flags_of(verdicts: Verdicts) -> list[Flag]:
    """A rule's verdicts as rows to score."""
    return [
        Flag(company_id, day, verdict.is_churn_risk, verdict.order) for (company_id, day), verdict in verdicts.items()
    ]
