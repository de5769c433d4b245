"""What became of a company, and whom a flag would have served. Days are numbers; any calendar's will do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HORIZON_DAYS = 14
Kind = Literal["churn", "shrinking", "pause", "noise"]
NO_DAYS: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Fate:
    """One company, from its first active day on.

    `churned_on` is the first day without anybody, for good or until `returned_on`; `wave_from` the first day on which
    a user quits. `shrinking` and `paused` are the days on which an alert names a real change that is no churn.
    """

    company_id: str
    first_active: int
    churned_on: int | None = None
    wave_from: int | None = None
    returned_on: int | None = None
    is_fade: bool = False
    shrinking: frozenset[int] = NO_DAYS
    paused: frozenset[int] = NO_DAYS

    def is_customer(self, day: int) -> bool:
        """Whether a flag of that day could serve: used by then, and not gone for as long as the horizon.

        >>> fate = Fate("a", first_active=5, churned_on=40, returned_on=80)
        >>> [day for day in (4, 5, 53, 54, 79, 80) if fate.is_customer(day)]
        [5, 53, 80]
        """
        if day < self.first_active:
            return False
        if self.churned_on is None or day < self.churned_on + HORIZON_DAYS:
            return True
        return self.returned_on is not None and day >= self.returned_on

    def is_right(self, day: int) -> bool:
        """Whether a flag of that day is right: the churn lies less than the horizon back, or within it ahead.

        >>> [day for day in (25, 26, 53, 54) if Fate("a", 0, churned_on=40).is_right(day)]
        [26, 53]
        """
        if self.churned_on is None:
            return False
        return self.churned_on - HORIZON_DAYS <= day < self.churned_on + HORIZON_DAYS

    def kind(self, day: int) -> Kind:
        """What an alert of that day met.

        >>> fate = Fate("a", 0, churned_on=80, wave_from=40)
        >>> fate.kind(39), fate.kind(40), fate.kind(94), Fate("b", 0, paused=frozenset({5})).kind(5)
        ('noise', 'churn', 'noise', 'pause')
        """
        if self.is_right(day) or self.is_in_wave(day):
            return "churn"
        if day in self.shrinking:
            return "shrinking"
        return "pause" if day in self.paused else "noise"

    def is_in_wave(self, day: int) -> bool:
        """Whether users are quitting, and somebody is still there."""
        if self.churned_on is None or self.wave_from is None:
            return False
        return self.wave_from <= day < self.churned_on
