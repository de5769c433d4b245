"""Short ways to write down a history by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from .model import CrmRow, Item, LandedDate, Row, Snapshot
from .world import World, build

MISSING = -1
JAN_1 = date(2024, 1, 1)  # a Monday; 2024 has a 29 February
COUNTRY = "DE"


def item(day: date, users: int, events: int = 0, company_id: str = "a", time: str = "00:00") -> str:
    """An API item."""
    fields = {"company_id": company_id, "active_users": users, "events": events, "ts": f"{day}T{time}"}
    return json.dumps(fields)


def landed(day: date, *texts: str) -> LandedDate:
    """A complete date of one page."""
    return LandedDate(day, 1, tuple(Item(1, place, text) for place, text in enumerate(texts)))


def usage(users: Sequence[int | None], events: int = 0, start: date = JAN_1) -> list[LandedDate]:
    """Company `a`, a record a day from `start` on; None: no record that day, MISSING: no such date."""
    return [one_day(start + timedelta(days=number), count, events) for number, count in enumerate(users)]


def one_day(day: date, users: int | None, events: int) -> LandedDate:
    """One date of `usage`."""
    if users is None:
        return landed(day)
    return LandedDate(day, 1, None) if users == MISSING else landed(day, item(day, users, events))


def fleet(series: Mapping[str, Sequence[int | None]], start: date = JAN_1) -> list[LandedDate]:
    """The same of several companies; a date is missing where the first of them says so."""
    return [
        one_day_of_many(start + timedelta(days=number), dict(zip(series, counts, strict=True)))
        for number, counts in enumerate(zip(*series.values(), strict=True))
    ]


def one_day_of_many(day: date, users: Mapping[str, int | None]) -> LandedDate:
    """One date of `fleet`."""
    if next(iter(users.values())) == MISSING:
        return LandedDate(day, 1, None)
    counts = {company_id: count for company_id, count in users.items() if count is not None}
    return landed(day, *(item(day, count, company_id=company_id) for company_id, count in counts.items()))


def snapshot(day: date, name: str | None = "Acme", contact: str | None = None, path: str = "") -> Snapshot:
    """A CRM file with company `a` alone."""
    return Snapshot(day, path or f"raw/crm/{day}.csv", (CrmRow(2, "a", name, COUNTRY, "retail", contact),))


def row_on(world: World, day: date, company_id: str = "a") -> Row:
    """The activity row of a company and day."""
    [row] = [row for row in world.activity if (row["company_id"], row["activity_date"]) == (company_id, day)]
    return row


def last_row(users: Sequence[int | None], *snapshots: Snapshot, events: int = 0) -> Row:
    """Company `a` on the last day of `usage(users)`."""
    return row_on(build(usage(users, events), snapshots), JAN_1 + timedelta(days=len(users) - 1))


def only(row: Row, *columns: str) -> Row:
    """Some columns of a row."""
    return {column: row[column] for column in columns}


def countries(day: date, by_company: Mapping[str, str | None]) -> Snapshot:
    """A CRM file that says of each company its country."""
    rows = [
        CrmRow(line, company_id, "Acme", country)
        for line, (company_id, country) in enumerate(by_company.items(), start=2)
    ]
    return Snapshot(day, f"raw/crm/{day}.csv", tuple(rows))
