"""What `analytics.risk_episodes` was built from, and from which date on it has to be built again. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

# Which rules make episodes of rows. Whoever changes what they give for the same rows raises it.
EPISODES_VERSION = "3"  # 2: with their owner; 3: the state says of each date how many began on it
HASHES = 2**64


class Began(NamedTuple):
    """The episodes that began on a date: how many, and the sum of the hashes of their companies, modulo 2⁶⁴.

    A sum, so that a run that looks at some episodes of a date can bring it up to date.

    >>> Began(2, 5).changed_to(gone=Began(1, 7), new=Began(2, 3))
    Began(companies=3, hashes=1)
    """

    companies: int = 0
    hashes: int = 0

    def changed_to(self, gone: Began, new: Began) -> Began:
        """Without the episodes `gone`, and with the `new` ones."""
        return Began(
            self.companies - gone.companies + new.companies,
            (self.hashes - gone.hashes + new.hashes) % HASHES,
        )


@dataclass(frozen=True)
class EpisodesState:
    """The content hash of each date of the activity table that the episodes were built from, and by which rules.

    Without a version nothing is known, nor how many episodes there are (`rows`): they are built from scratch. `began`
    says of each date whose episodes began on it; a date on which none did is not in it.
    """

    dates: Mapping[date, str] = field(default_factory=dict)
    version: str = ""
    rows: int | None = None
    began: Mapping[date, Began] = field(default_factory=dict)

    @classmethod
    def from_json(cls, noted: Mapping[str, Any]) -> EpisodesState:
        dates = {
            date.fromisoformat(day): content for day, content in noted.get("dates", {}).items()
        }
        began = {
            date.fromisoformat(day): Began(*mark) for day, mark in noted.get("began", {}).items()
        }
        return cls(dates, str(noted.get("episodes_version", "")), noted.get("episodes"), began)

    @classmethod
    def of(
        cls, hashes: Mapping[date, str], rows: int, began: Mapping[date, Began] | None = None
    ) -> EpisodesState:
        """The state of so many episodes that are built from dates with these hashes by today's rules."""
        return cls(dict(hashes), EPISODES_VERSION, rows, dict(began or {}))

    def as_json(self) -> dict[str, Any]:
        dates = {str(day): self.dates[day] for day in sorted(self.dates)}
        began = {str(day): [*self.began[day]] for day in sorted(self.began)}
        return {
            "dates": dates,
            "episodes": self.rows,
            "episodes_version": self.version,
            "began": began,
        }


@dataclass(frozen=True)
class Moved:
    """The dates whose rows are other ones than the episodes were built from, rewritten, new or dropped.

    `goes_on`: all of them are new, and later than any that was built, so that open episodes can be gone on with.
    `is_known` is false where everything is to be built.
    """

    dates: tuple[date, ...]
    goes_on: bool = False
    is_known: bool = True

    @classmethod
    def between(cls, built: EpisodesState, now: Mapping[date, str]) -> Moved:
        """What moved since the episodes were built.

        >>> one, two, three = (date(2025, 3, day) for day in (1, 2, 3))
        >>> built = EpisodesState.of({one: "1:a", two: "1:b"}, rows=0)
        >>> Moved.between(built, {one: "1:a", two: "1:b", three: "1:c"}).goes_on
        True
        >>> found = Moved.between(built, {one: "1:x", three: "1:c"})
        >>> [day.day for day in found.dates], found.goes_on
        ([1, 2, 3], False)
        """
        if built.version != EPISODES_VERSION:
            return cls(tuple(sorted(now)), is_known=False)
        days = built.dates.keys() | now.keys()
        moved = sorted(day for day in days if built.dates.get(day) != now.get(day))
        newest = max(built.dates, default=date.min)
        return cls(tuple(moved), goes_on=bool(moved) and moved[0] > newest)
