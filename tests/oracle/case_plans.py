"""How a random company behaves: when it appears, where it is known, and how many users a day has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

PATTERNS = ("steady", "same", "workdays", "rare", "drop", "silence", "zeros", "bursts")
# ids that a careless trim, fold, compare or normalisation would take for one another
SUFFIXES = (
    "a",
    "A",
    "b",
    "é",
    "e\u0301",
    "a b",
    "a\u00a0",
    "ß",
    "字",
    "🦊",
    "0",
    "00",
    "x" * 20,
    "it's",
    'q"c,d',
)


@dataclass(frozen=True)
class Plan:
    """One company's life; `joins` and `turns` are dates, `level` its usual number of users."""

    company_id: str
    is_in_usage: bool
    is_in_crm: bool
    joins: date
    turns: date
    returns: date
    pattern: str
    level: int


def random_plans(rng: Random, prefix: str, first: date, last: date) -> tuple[Plan, ...]:
    """2–6 companies: known to both sources, only to usage, only to the CRM."""
    suffixes = rng.sample(SUFFIXES, rng.randint(2, 6))
    return tuple(random_plan(rng, prefix + suffix, first, last) for suffix in suffixes)


def random_plan(rng: Random, company_id: str, first: date, last: date) -> Plan:
    """Half of the companies are there from the start, the others join late; some turn silent and return."""
    length = (last - first).days
    joins = first + timedelta(days=rng.choice((0, 0, rng.randint(0, length))))
    turns = joins + timedelta(days=rng.randint(1, max(1, length // 2)))
    sources = rng.choice(((True, True), (True, True), (True, True), (True, False), (False, True)))
    return Plan(
        company_id=company_id,
        is_in_usage=sources[0],
        is_in_crm=sources[1],
        joins=joins,
        turns=turns,
        returns=turns + timedelta(days=rng.choice((8, 15, 29, 59, 60, 61, 75))),
        pattern=rng.choice(PATTERNS),
        level=rng.choice((1, 2, 3, 5, 12, 40, 250, 10**6)),
    )


def users_on(rng: Random, plan: Plan, day: date) -> int | None:
    """The day's users by plan; None where the company has no record at all."""
    if not plan.is_in_usage or day < plan.joins or rng.random() < 0.05:
        return None
    usual = max(0, plan.level + rng.randint(-1, 1) * rng.choice((0, 1, plan.level // 3)))
    nothing = rng.choice((0, None, None))
    match plan.pattern:
        case "same":
            return plan.level
        case "workdays":
            return usual if day.weekday() < 5 else nothing
        case "rare":
            return usual if rng.random() < 0.1 else nothing
        case "drop":
            return usual if day < plan.turns else plan.level // rng.choice((3, 4, 10))
        case "silence":
            return nothing if plan.turns <= day < plan.returns else usual
        case "zeros":
            return nothing if rng.random() < 0.9 else 0
        case "bursts":
            return usual * rng.choice((0, 1, 1, 1, 9))
    return usual
