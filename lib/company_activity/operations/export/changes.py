"""What to export: which dates and tables the ledger shows otherwise than it did. Plain Python, no Spark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from company_activity.io.warehouse.ledger import MISSING, WHOLE, Ledger, LedgerRow
from company_activity.io.warehouse.served import ServedTable

Replaces = Literal["table", "dates", "keys"]
Rows = Mapping[str, LedgerRow]


@dataclass(frozen=True)
class Since:
    """From where on: a position's number and what was served there, a date, or (number 0) everything."""

    number: int = 0
    ledger: Ledger | None = None
    day: date | None = None

    @property
    def text(self) -> str:
        """As it was asked for."""
        return str(self.day or self.number)


@dataclass(frozen=True)
class TableChange:
    """What is exported of a table, as its ledger rows say.

    `replaces` is what the files take the place of in whoever reads them: the whole table; the dates in `deleted`, or
    all from `from_day` on; or the keys that the files name. `rows` are the ledger rows to export, by scope; `before`
    is the one that a table without dates is compared with.
    """

    table: ServedTable
    replaces: Replaces
    rows: tuple[LedgerRow, ...]
    deleted: tuple[date, ...] = ()
    before: LedgerRow | None = None
    from_day: date | None = None

    @property
    def expected(self) -> int:
        """How many rows its ledger rows count: as many are exported, unless only what differs is."""
        return sum(row.rows for row in self.rows)


def changes(tables: Sequence[ServedTable], since: Since, now: Ledger) -> Iterator[TableChange]:
    """What is exported of each of these tables; one without news is left out."""
    for table in tables:
        scopes = now.tables.get(table.name, {})
        then = since.ledger.tables.get(table.name, {}) if since.ledger else {}
        if not scopes and not then:
            continue  # it was never published
        found = (
            _change_by_date(table, since, scopes, then)
            if table.dated
            else _change_by_key(table, scopes.get(WHOLE), then.get(WHOLE))
        )
        if found:
            yield found


def _change_by_key(
    table: ServedTable, row: LedgerRow | None, before: LedgerRow | None
) -> TableChange | None:
    """What differs from the version that was served; all of it where nothing was, another lake's, or a newer one."""
    if row is None:
        return TableChange(table, "table", ())  # another database answers, and has no row of it
    if before is None:
        return TableChange(table, "table", (row,))
    if before.content_hash == row.content_hash:
        return None
    is_older = before.fence.lake_id == row.fence.lake_id and before.fence < row.fence
    if not is_older:
        return TableChange(table, "table", (row,))
    return TableChange(table, "keys", (row,), before=before)


def _change_by_date(table: ServedTable, since: Since, now: Rows, then: Rows) -> TableChange | None:
    """The dates that were published, or deleted, since; each with all its rows, for some of a date may have gone."""
    if since.ledger is None:
        first = since.day or date.min
        rows = [row for row in _with_rows(now) if date.fromisoformat(row.scope) >= first]
        if since.day is None:
            return TableChange(table, "table", tuple(rows))
        # Who asks for dates from one on gets them whole: what it has of later ones may have been deleted.
        return TableChange(table, "dates", tuple(rows), from_day=since.day)
    moved = [
        scope for scope in now.keys() | then.keys() if _differs(then.get(scope), now.get(scope))
    ]
    if not moved:
        return None
    rows = _with_rows({scope: now[scope] for scope in moved if scope in now})
    deleted = tuple(sorted(map(date.fromisoformat, moved)))
    return TableChange(table, "dates", tuple(rows), deleted)


def _with_rows(found: Rows) -> list[LedgerRow]:
    """The ledger rows of dates that there are, by date."""
    there = (row for row in found.values() if row.content_hash != MISSING)
    return sorted(there, key=lambda row: row.scope)


def _differs(before: LedgerRow | None, now: LedgerRow | None) -> bool:
    """Whether a date was published again, under whatever number; one that is missing in both has not moved."""
    is_there = [row is not None and row.content_hash != MISSING for row in (before, now)]
    return any(is_there) and _content(before) != _content(now)


def _content(row: LedgerRow | None) -> tuple[object, ...]:
    return (row.seq, row.content_hash, row.fence) if row else ()
