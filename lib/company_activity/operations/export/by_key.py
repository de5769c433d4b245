"""A table that is published by key: what differs from the version that was served, or all of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from company_activity.errors import PublishError
from company_activity.io.warehouse.ledger import LedgerRow
from company_activity.operations.export.changes import TableChange
from company_activity.operations.export.manifest import TableFiles
from company_activity.operations.export.source import Source
from company_activity.operations.export.table_writer import TableWriter, check_count
from company_activity.operations.export.units import KeysUnit, keys_units

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.operations.export.rows import KeyChanges


def write_keys(source: Source, parts: TableWriter, change: TableChange) -> TableFiles:
    """Write what has changed of a table; all of it, where the older version can no longer be read.

    Raises:
        PublishError: if the lake does not have what the ledger says was published, or the older version has gone
            since a killed export began.
    """
    found = _changes_since(source, change)
    choice = parts.folder.decided(f"{parts.table.name}.replaces", "keys" if found else "table")
    try:
        if choice == "table":
            return _write_whole(source, parts, change)
        if found is None:
            raise PublishError(
                f"the version that {parts.table.name} is compared with has gone since this export began",
                remedy="export again: it is begun anew",
            )
        return _write_changes(parts, change, found)
    finally:
        if found:
            found.release()


def _changes_since(source: Source, change: TableChange) -> KeyChanges | None:
    """What differs from the version that was served then; None where that is not asked for, or cannot be read."""
    if change.before is None:
        return None
    from company_activity.operations.export.rows import VersionUnreadable, rows_changed

    (row,) = change.rows
    before, now = change.before.fence.version, row.fence.version
    try:
        return rows_changed(source.spark, source.lake, change.table, before, now)
    except VersionUnreadable:
        return None


def _write_changes(parts: TableWriter, change: TableChange, found: KeyChanges) -> TableFiles:
    """The keys that have left, then the rows that are new or differ."""
    deletes = parts.of_deletes(parts.table.key)
    for writer, rows in ((deletes, found.gone), (parts, found.there)):
        for unit in keys_units(rows.count(), parts.plan.rows_per_file):
            share = partial(_share, writer, rows, unit)
            writer.write(unit.name, partial(writer.encoded, share))
    return TableFiles(change, tuple(parts.files), tuple(deletes.files))


def _write_whole(source: Source, parts: TableWriter, change: TableChange) -> TableFiles:
    """All rows, in the place of whatever there was."""
    for row in change.rows:
        for unit in keys_units(row.rows, parts.plan.rows_per_file):
            share = partial(_share_of_all, source, parts, row, unit)
            parts.write(unit.name, partial(parts.encoded, share))
        check_count(parts.table, "in all", parts.files, row.rows)
    return TableFiles(replace(change, replaces="table", before=None), tuple(parts.files))


def _share_of_all(source: Source, parts: TableWriter, row: LedgerRow, unit: KeysUnit) -> DataFrame:
    from company_activity.operations.export.rows import all_rows

    rows = all_rows(source.spark, source.lake, parts.table, row.fence.version)
    return _share(parts, rows, unit)


def _share(parts: TableWriter, rows: DataFrame, unit: KeysUnit) -> DataFrame:
    from company_activity.operations.export.rows import share_of

    return share_of(rows, parts.table, unit)
