"""What makes a world hard; each feature can be switched off."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from random import Random


@dataclass(frozen=True)
class Hardness:
    """The features of a world."""

    dealt_countries: bool = False
    public_holidays: bool = False
    holiday_season: bool = False
    closed_weeks: bool = False
    drift: bool = False
    seat_caps: bool = False
    tiny_customers: bool = False
    outages: bool = False
    returns: bool = False
    fade_lengths: bool = False
    falling_events: bool = False


PLAIN = Hardness()
FEATURES = tuple(feature.name for feature in fields(Hardness))
DEALT = replace(PLAIN, dealt_countries=True)
HARD = replace(PLAIN, **dict.fromkeys(FEATURES, True))


def draws(seed: int, feature: str, of: object = "") -> Random:
    """The draws of one feature of a world, for one company or country; no other feature moves them.

    >>> draws(1, "drift", 7).random() == draws(1, "drift", 7).random()
    True
    >>> draws(1, "drift", 7).random() == draws(1, "outages", 7).random()
    False
    """
    return Random(f"{seed} {feature} {of}")
