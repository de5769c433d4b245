"""Which rows of a CRM file are those of an erased company."""

from __future__ import annotations

from collections.abc import Iterator

from company_activity.records.crm.csv_reader import CsvRecord
from company_activity.records.crm.header import Columns
from company_activity.records.tombstone import Tombstones


def without_erased(
    rows: Iterator[CsvRecord], columns: Columns, erased: Tombstones
) -> Iterator[CsvRecord]:
    """The rows without those of erased companies."""
    if erased.are_none:
        return rows
    return (row for row in rows if not is_of_erased(row, columns, erased))


def is_of_erased(row: CsvRecord, columns: Columns, erased: Tombstones) -> bool:
    """Whether a row is that of an erased company, by its `company_id`.

    In a row that does not fit the header nobody knows which cell that is: then any cell counts, and of broken quotes
    any text between two delimiters. Such a row is refused anyway, and would be kept with its text.
    """
    if columns.fit(row.cells):
        return erased.covers(row.cells[columns.required[0]])
    if row.cells is not None:
        return any(map(erased.covers, row.cells))
    return any(erased.covers(cell.strip(' \t"')) for cell in row.raw.split(columns.delimiter))
