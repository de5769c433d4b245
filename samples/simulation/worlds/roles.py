"""Features that change who takes part: tiny customers, and fades of one to eight weeks."""

from __future__ import annotations

from dataclasses import replace

from simulation.cast import Company, Role
from simulation.users import whole
from simulation.worlds.hardness import Hardness, draws

TINY_SHARE = 0.15
TINY_USERS = 3
FADE_WEEKS = 8
WEEK = 7


def recast(company: Company, hardness: Hardness, seed: int) -> Company:
    """The company in its role of this world.

    >>> from simulation.cast import company
    >>> from simulation.worlds.hardness import HARD, PLAIN
    >>> recast(company(27), PLAIN, 1) == company(27)
    True
    >>> recast(company(27), HARD, 1).role.length % 7
    0
    """
    role = company.role
    if hardness.tiny_customers:
        role = perhaps_tiny(role, seed, company.number)
    if hardness.fade_lengths and role.pattern == "faded":
        weeks = whole(draws(seed, "fade_lengths", company.number), 1, FADE_WEEKS)
        role = replace(role, length=weeks * WEEK)
    return replace(company, role=role)


def perhaps_tiny(role: Role, seed: int, number: int) -> Role:
    """The role with one to three users, for some companies that have more."""
    rng = draws(seed, "tiny_customers", number)
    users = whole(rng, 1, TINY_USERS)
    is_tiny = rng.random() < TINY_SHARE and role.users > TINY_USERS
    return replace(role, users=users) if is_tiny else role
