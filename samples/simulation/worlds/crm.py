"""What the CRM's snapshots say of a company, as of each day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from simulation.cast import Company
from simulation.crm import UNQUOTED, Snapshot, is_listed, row_of

BACKDATED_DAYS = 60


@dataclass(frozen=True)
class Known:
    """A company on one day: day numbers, counted from the first date of the world."""

    country: str | None = None
    contact: int | None = None
    is_in_crm: bool = False
    is_backdated: bool = False


def known_on(company: Company, dates: Sequence[date], files: Sequence[Snapshot]) -> list[Known]:
    """What is known on each date: by the newest snapshot until then, or by one that follows within 60 days."""
    first = dates[0].toordinal()
    states = [(file.day.toordinal() - first, state) for file in files if (state := state_of(company, file, first))]
    return [known_as_of(day, states) for day in range(len(dates))]


def known_as_of(day: int, states: Sequence[tuple[int, Known]]) -> Known:
    """The state of one day; `states` in the order of their days.

    >>> states = [(70, Known("DE", 5, True))]
    >>> known_as_of(9, states).is_in_crm, known_as_of(10, states), known_as_of(70, states).contact
    (False, Known(country='DE', contact=None, is_in_crm=True, is_backdated=True), 5)
    """
    past = [state for at, state in states if at <= day]
    if past:
        return past[-1]
    if states and states[0][0] - day <= BACKDATED_DAYS:
        return Known(states[0][1].country, None, is_in_crm=True, is_backdated=True)
    return Known()


def state_of(company: Company, file: Snapshot, first: int) -> Known | None:
    """What a file says of a company; None where it has no sound row of it."""
    if not is_listed(company, file.number) or company.company_id in UNQUOTED.get(file.number, ()):
        return None
    row = row_of(company, file)
    country = row["country"].strip() or None
    try:
        contacted_on = date.fromisoformat(row["last_contact_at"][:10]) if row["last_contact_at"] else None
    except ValueError:
        return None  # a text that is no time: the row is refused
    contact = contacted_on.toordinal() - first if contacted_on else None
    return Known(country, contact, is_in_crm=True)
