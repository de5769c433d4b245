"""What the manifest says of an export, for whoever loads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from company_activity.io.warehouse.ledger import Ledger
from company_activity.operations.export.changes import TableChange
from company_activity.operations.export.folder import ExportedFile
from company_activity.operations.export.request import Plan


@dataclass(frozen=True)
class TableFiles:
    """What was exported of a table: the files with rows, and those that name what to delete first."""

    change: TableChange
    files: tuple[ExportedFile, ...] = ()
    delete_files: tuple[ExportedFile, ...] = ()

    @property
    def name(self) -> str:
        return self.change.table.name

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def deletes(self) -> int:
        return sum(file.rows for file in self.delete_files)

    @property
    def guarded(self) -> int:
        """How many texts were marked, so that no spreadsheet takes them for formulas."""
        return sum(file.guarded for file in (*self.files, *self.delete_files))


def manifest_of(plan: Plan, ledger: Ledger, written: Iterable[TableFiles]) -> dict[str, Any]:
    """The manifest; it has no time in it, so that the same export has the same bytes."""
    return {
        "layout": plan.layout,
        "since": plan.since,
        "next": plan.to,
        "format": plan.format,
        "database": ledger.database,
        "asked_for": list(plan.tables),
        "tables": [_table(table) for table in written],
    }


def _table(written: TableFiles) -> dict[str, Any]:
    change = written.change
    table = change.table
    last = max(change.rows, key=lambda row: row.seq, default=None)
    return {
        "table": table.name,
        "replaces": change.replaces,
        "from": str(change.from_day) if change.from_day else None,
        "key": list(table.key),
        "columns": [
            {"name": column.name, "type": column.type, "personal": column.personal}
            for column in map(table.lake.column, table.column_names)
        ],
        "lake_id": last.fence.lake_id if last else None,
        "version": last.fence.version if last else None,
        "seq": last.seq if last else None,
        "rows": written.rows,
        "deletes": written.deletes,
        "delete_files": [asdict(file) for file in written.delete_files],
        "files": [asdict(file) for file in written.files],
    }
