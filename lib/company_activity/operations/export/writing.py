"""The tables of an export, one after the other."""

from __future__ import annotations

from company_activity.errors import PublishError
from company_activity.io.lake.delta_log import open_log
from company_activity.io.storage.folder import Folder
from company_activity.io.warehouse.ledger import Ledger
from company_activity.operations.export.by_date import write_dates
from company_activity.operations.export.by_key import write_keys
from company_activity.operations.export.changes import TableChange
from company_activity.operations.export.folder import ExportFolder
from company_activity.operations.export.manifest import TableFiles
from company_activity.operations.export.request import Plan
from company_activity.operations.export.source import Source
from company_activity.operations.export.table_writer import TableWriter, exported_columns


def write_table(
    source: Source, folder: ExportFolder, plan: Plan, change: TableChange, ledger: Ledger
) -> TableFiles:
    """Write what changed of a table.

    Raises:
        PublishError: if the lake does not have what the ledger says was published, or an older version has gone since
            a killed export began.
    """
    check_lake(source.lake, change)
    parts = TableWriter(folder, plan, change.table, "part", exported_columns(change.table))
    if change.table.dated:
        return write_dates(source, parts, change, ledger)
    return write_keys(source, parts, change)


def check_lake(lake: Folder, change: TableChange) -> None:
    """See that the rows were published from the table that the lake has.

    Raises:
        PublishError: if it is another.
    """
    table_id = open_log(lake, change.table.lake.path).table_id
    others = {row.fence.lake_id for row in change.rows} - {table_id}
    if others:
        raise PublishError(
            f"{change.table.name} was published from another lake table, {', '.join(sorted(others))}",
            remedy="company-activity publish --date D --adopt-lake, if this lake is to replace that one",
        )
