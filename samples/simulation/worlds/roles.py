"""Features that change who takes part: countries dealt to companies, tiny customers, fades of one to eight weeks.

In the cast a role has one country. In a world of 400 companies half of a small country is then one role, and all of
it fades in the same fortnight; dealt countries know nothing of the role.
"""

from __future__ import annotations

from dataclasses import replace

from simulation.cast import ROLES, Company, Role
from simulation.users import whole
from simulation.worlds.hardness import Hardness, draws

TINY_SHARE = 0.1
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
    if hardness.dealt_countries:
        place = whole(draws(seed, "dealt_countries", company.number), 0, len(ROLES) - 1)
        role = replace(role, country=ROLES[place].country)
    if hardness.tiny_customers:
        role = perhaps_tiny(role, seed, company.number)
    if hardness.fade_lengths and role.pattern == "faded":
        role = replace(role, length=WEEK * fade_weeks(seed, company.number))
    return replace(company, role=role)


def fade_weeks(seed: int, number: int) -> int:
    """One to eight weeks; short fades are more frequent."""
    rng = draws(seed, "fade_lengths", number)
    return min(whole(rng, 1, FADE_WEEKS), whole(rng, 1, FADE_WEEKS))


def perhaps_tiny(role: Role, seed: int, number: int) -> Role:
    """The role with one to three users, for some companies that have more."""
    rng = draws(seed, "tiny_customers", number)
    users = whole(rng, 1, TINY_USERS)
    is_tiny = rng.random() < TINY_SHARE and role.users > TINY_USERS
    return replace(role, users=users) if is_tiny else role
