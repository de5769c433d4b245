"""A table that is published by date: the dates that go, then all rows of those that there are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from company_activity.io.lake.delta_log import open_log
from company_activity.io.warehouse.ledger import Ledger
from company_activity.operations.export.changes import TableChange
from company_activity.operations.export.formats import FORMATS, Encoded, tables_of
from company_activity.operations.export.manifest import TableFiles
from company_activity.operations.export.source import Source
from company_activity.operations.export.table_writer import TableWriter, check_count
from company_activity.operations.export.units import DatesUnit, dates_units, versions_to_read

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def write_dates(
    source: Source, parts: TableWriter, change: TableChange, ledger: Ledger
) -> TableFiles:
    """Write the dates of a table.

    Raises:
        PublishError: if the lake does not have what the ledger says was published.
    """
    table = change.table
    deletes = parts.of_deletes((table.day_column,))
    if change.deleted:
        deletes.write("dates", partial(_as_files, deletes, change.deleted))
    log = open_log(source.lake, table.lake.path)
    versions = versions_to_read(change.rows, ledger.tables[table.name].values(), log)
    for unit in dates_units(change.rows, versions, parts.plan.rows_per_file):
        rows = partial(_rows, source, parts, unit)
        done = parts.write(unit.name, partial(parts.encoded, rows))
        check_count(table, f"{unit.days[0]} to {unit.days[-1]}", done, unit.rows)
    return TableFiles(change, tuple(parts.files), tuple(deletes.files))


def _rows(source: Source, parts: TableWriter, unit: DatesUnit) -> DataFrame:
    from company_activity.operations.export.rows import rows_of_dates

    return rows_of_dates(source.spark, source.lake, parts.table, unit.version, unit.days)


def _as_files(deletes: TableWriter, days: tuple[date, ...]) -> Iterator[Encoded]:
    """The dates to delete, as files: there is no need of Spark for them."""
    import pyarrow as pa

    (column,) = deletes.columns
    batch = pa.RecordBatch.from_pydict({column.name: pa.array(days, pa.date32())})
    for rows in tables_of([batch], deletes.plan.rows_per_file):
        yield FORMATS[deletes.plan.format](rows, deletes.columns)
