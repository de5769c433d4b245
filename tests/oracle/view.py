"""One company seen from one date: the days, sums and attributes that the definitions of design §7 read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from .model import Row
from .optional import Optional

BACKDATED_DAYS = 60
UNKNOWN = "UNKNOWN"


@cache
def calendar(day: date, first: int, last: int) -> tuple[date, ...]:
    """The days from `first` to `last` days before `day`; every company of a day asks for the same ones."""
    return tuple(day - timedelta(days=back) for back in range(first, last - 1, -1))


@cache
def complete_days(complete: frozenset[date], day: date, first: int, last: int) -> tuple[date, ...]:
    """Those of `calendar` that are complete."""
    return tuple(day for day in calendar(day, first, last) if day in complete)


@dataclass(frozen=True)
class Subject:
    """A company with all that landed about it; a date in `users` is one with an accepted record."""

    company_id: str
    first_seen: date
    first_active: date | None
    users: Mapping[date, int]
    events: Mapping[date, int]
    largest: Mapping[date, int]
    versions: tuple[Row, ...]
    quarantined: frozenset[date]
    conflicting: frozenset[date]

    @property
    def first_snapshot(self) -> date | None:
        """The earliest snapshot in which the company stands."""
        return self.versions[0]["valid_from"] if self.versions else None


@dataclass(frozen=True)
class Attributes:
    """What the CRM says of a company as of a date."""

    name: str
    country: str | None = None
    industry_tag: str | None = None
    last_contact_at: datetime | None = None
    optional: Optional = Optional()


@dataclass(frozen=True)
class View:
    """`subject` on `day`. Spans are given as days back: (6, 0) is [D-6, D], (13, 7) is [D-13, D-7]."""

    subject: Subject
    day: date
    complete: frozenset[date]

    def calendar(self, first: int, last: int) -> tuple[date, ...]:
        """The calendar days [D-first, D-last], oldest first."""
        return calendar(self.day, first, last)

    def defined(self, first: int, last: int = 0) -> tuple[date, ...]:
        """The complete dates of the span: "sums run over defined days"."""
        return complete_days(self.complete, self.day, first, last)

    def observed(self, length: int) -> list[date]:
        """The days of n_k: "complete dates in [D-k+1, D] from first_seen_date on"."""
        return [day for day in self.defined(length - 1) if day >= self.subject.first_seen]

    def all_complete(self, first: int, last: int = 0) -> bool:
        """No date of the span is missing, before first_seen_date neither."""
        return self.complete.issuperset(self.calendar(first, last))

    def misses(self, first: int, last: int = 0) -> bool:
        """Design: "a date in [the span] from first_seen_date on is missing"."""
        days = (day for day in self.calendar(first, last) if day >= self.subject.first_seen)
        return not self.complete.issuperset(days)

    def u(self, day: date) -> int:
        """Design: "the day's sums on complete dates (0 if the company is absent that day)"."""
        return self.subject.users.get(day, 0)

    def users(self, first: int, last: int = 0) -> int:
        """Σ u over the defined days of the span."""
        return sum(self.u(day) for day in self.defined(first, last))

    def events(self, first: int, last: int = 0) -> int:
        """Σ e over the defined days of the span."""
        return sum(self.subject.events.get(day, 0) for day in self.defined(first, last))

    def active_days(self, length: int) -> int:
        """Design: "days with u > 0"."""
        return sum(self.u(day) > 0 for day in self.defined(length - 1))

    @property
    def days_since_last_active(self) -> int | None:
        """Design: "D − last day with u > 0 within the last 60 days; NULL if none"."""
        active = [day for day in self.defined(59) if self.u(day) > 0]
        return (self.day - active[-1]).days if active else None

    @property
    def version(self) -> Row | None:
        """Design: "history as of D (valid_from ≤ D < valid_to)"."""
        for version in self.subject.versions:
            ends = version["valid_to"]
            if version["valid_from"] <= self.day and (ends is None or self.day < ends):
                return version
        return None

    @property
    def is_known(self) -> bool:
        """The source rule's opposite: a "CRM snapshot up to D + 60 days knows the company"."""
        first = self.subject.first_snapshot
        return first is not None and first <= self.day + timedelta(days=BACKDATED_DAYS)

    @property
    def is_backdated(self) -> bool:
        """Design: "A company whose first snapshot lies 1 to 60 days after D"."""
        return self.version is None and self.is_known

    @property
    def attributes(self) -> Attributes:
        """As of D; "backdated" ones have `last_contact_at` NULL, "earlier D stay `UNKNOWN`".

        Design: "owner and segment backdated as the name is, the other three never".
        """
        version = self.version or (self.subject.versions[0] if self.is_backdated else None)
        if version is None:
            return Attributes(UNKNOWN)
        contact = None if self.is_backdated else version["last_contact_at"]
        name = UNKNOWN if version["name"] is None else version["name"]
        optional = Optional(*(version[column] for column in Optional._fields))
        if self.is_backdated:
            optional = Optional(optional.owner, optional.segment)
        return Attributes(name, version["country"], version["industry_tag"], contact, optional)
