"""`etl.publish_ledger`: what was published, row by row; the newest row of a scope says what is served."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from company_activity.io.warehouse.engines.base import Dialect
from company_activity.io.warehouse.jdbc import Connection
from company_activity.io.warehouse.statements import text_list

LEDGER = "etl.publish_ledger"
DATABASE_ID = "etl.database_id"
WHOLE = "all"  # the scope of a table that is not published by date
MISSING = "missing"  # stands for the content hash of a date that has no rows in the lake
COLUMNS = ("table_name", "seq", "scope", "publish_id", "content_hash", "row_count", "lake_id", "lake_version",
           "published_at", "run_id")  # fmt: skip


@dataclass(frozen=True, order=True)
class Fence:
    """Which lake table, and how far along it: what was published from a later version is not overwritten."""

    lake_id: str
    version: int


@dataclass(frozen=True)
class LedgerRow:
    """One scope (an ISO date, or `all`) of one table, as published.

    `seq` counts the table's ledger rows from 1: the greatest of a scope is the newest. `published_at` is UTC.
    """

    table: str
    scope: str
    content_hash: str
    rows: int
    run_id: str
    fence: Fence
    published_at: str
    seq: int = 0

    @property
    def publish_id(self) -> str:
        """The same content of the same lake version has the same id, whoever publishes it."""
        parts = (
            self.table,
            self.scope,
            self.content_hash,
            self.fence.lake_id,
            str(self.fence.version),
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Ledger:
    """All that a warehouse says it serves: the newest row per table and scope, and the database's own id."""

    database: str
    tables: Mapping[str, Mapping[str, LedgerRow]]

    def last(self, table: str) -> LedgerRow | None:
        """The table's newest row: where the warehouse stands."""
        return max(self.tables.get(table, {}).values(), key=lambda row: row.seq, default=None)


def sql_time(now: datetime) -> str:
    """A moment as our SQL writes it: UTC, microseconds, no offset."""
    return now.strftime("%Y-%m-%d %H:%M:%S.%f")


def newest_rows(
    connection: Connection, table: str, scopes: Collection[str] | None = None
) -> dict[str, LedgerRow]:
    """The newest ledger row of each scope of `table`."""
    if scopes is not None and not scopes:
        return {}
    within = "" if scopes is None else f" AND scope IN ({text_list(scopes)})"
    # One text per row: each cell fetched on its own costs a round trip to the JVM.
    fields = ", '|', ".join(f"l.{name}" for name in COLUMNS[1:])
    newest = f"SELECT MAX(seq) FROM {LEDGER} WHERE table_name = ?{within} GROUP BY scope"
    found = connection.query(f"SELECT CONCAT({fields}) FROM {LEDGER} l WHERE l.table_name = ? AND l.seq IN ({newest})",
                             table, table)  # fmt: skip
    return {row.scope: row for row in (_row(table, str(text)) for (text,) in found)}


def read_ledger(connection: Connection, tables: Iterable[str]) -> Ledger:
    """The whole ledger of these tables."""
    # The least: where no key is enforced, two migrations at once may have made one each.
    ((database,),) = connection.query(f"SELECT MIN(id) FROM {DATABASE_ID}")
    return Ledger(str(database), {table: newest_rows(connection, table) for table in tables})


def last_fence(connection: Connection, table: str) -> Fence | None:
    """The fence of the table's newest ledger row: where the warehouse stands."""
    newest = f"SELECT MAX(seq) FROM {LEDGER} WHERE table_name = ?"
    found = connection.query(f"SELECT lake_id, lake_version FROM {LEDGER} WHERE table_name = ? AND seq = ({newest})",
                             table, table)  # fmt: skip
    return Fence(str(found[0][0]), int(found[0][1] or 0)) if found else None


def has_row(connection: Connection, row: LedgerRow) -> bool:
    """Whether exactly this row, of this run, is in the ledger."""
    found = connection.query(f"SELECT COUNT(*) FROM {LEDGER} WHERE table_name = ? AND seq = ? AND publish_id = ? "
                             "AND run_id = ?", row.table, row.seq, row.publish_id, row.run_id)  # fmt: skip
    return found[0][0] != "0"


def append_rows(
    connection: Connection, dialect: Dialect, rows: Iterable[LedgerRow]
) -> list[LedgerRow]:
    """Write rows behind the table's newest, and return them with the `seq` they got. Needs the table's lock."""
    written: list[LedgerRow] = []
    marks = [dialect.time_mark if name == "published_at" else "?" for name in COLUMNS]
    for row in rows:
        last = written[-1].seq if written else _last_seq(connection, row.table)
        placed = replace(row, seq=last + 1)
        connection.execute(dialect.insert_row(LEDGER, COLUMNS, marks), *_values(placed))
        written.append(placed)
    return written


def _values(row: LedgerRow) -> tuple[object, ...]:
    return (row.table, row.seq, row.scope, row.publish_id, row.content_hash, row.rows,
            row.fence.lake_id, row.fence.version, row.published_at, row.run_id)  # fmt: skip


def _last_seq(connection: Connection, table: str) -> int:
    (found,) = connection.query(
        f"SELECT COALESCE(MAX(seq), 0) FROM {LEDGER} WHERE table_name = ?", table
    )
    return int(found[0] or 0)


def _row(table: str, text: str) -> LedgerRow:
    seq, scope, _, content_hash, rows, lake_id, version, published_at, run_id = text.split("|", 8)
    return LedgerRow(
        table,
        scope,
        content_hash,
        int(rows),
        run_id,
        Fence(lake_id, int(version)),
        published_at,
        int(seq),
    )
