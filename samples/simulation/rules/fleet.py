"""What a churn rule may read: the days of every company. Dates are day numbers, counted from 0."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

NO_DAYS: frozenset[int] = frozenset()
Key = tuple[str, int]  # company_id and day


@dataclass(frozen=True)
class CompanyDays:
    """One company as the tables know it.

    `users` holds the active users of each day, 0 where nothing was reported; `recorded` the days that have a record.
    `first_seen` is the first day of its rows, which may lie before day 0. `countries` and `contacts` hold, for each
    day, the country and the day of the last contact as of then; `in_crm` the days on which the CRM knows the company,
    `backdated` those on which it knows it only from a later snapshot; `refused` the days with a refused record.
    """

    company_id: str
    users: Sequence[int]
    first_seen: int = 0
    countries: Sequence[str | None] = ()
    contacts: Sequence[int | None] = ()
    recorded: frozenset[int] = NO_DAYS
    in_crm: frozenset[int] = NO_DAYS
    backdated: frozenset[int] = NO_DAYS
    refused: frozenset[int] = NO_DAYS

    def country(self, day: int) -> str | None:
        """The country as of a day."""
        return self.countries[day] if self.countries else None

    def contact(self, day: int) -> int | None:
        """The day of the last contact as of a day."""
        return self.contacts[day] if self.contacts else None


@dataclass(frozen=True)
class Fleet:
    """All companies over the same days; `missing` are the days that never became complete."""

    days: int
    companies: Sequence[CompanyDays]
    missing: frozenset[int] = NO_DAYS
    complete: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        """Name the complete days once."""
        object.__setattr__(self, "complete", frozenset(range(self.days)) - self.missing)

    def rows(self, day: int) -> Iterator[CompanyDays]:
        """The companies that have a row on a day: those seen by then, if the day is complete."""
        if day in self.complete:
            yield from (one for one in self.companies if one.first_seen <= day)

    def is_whole(self, first: int, last: int) -> bool:
        """Whether every day from `first` to `last` is complete."""
        return all(day in self.complete for day in range(first, last + 1))
