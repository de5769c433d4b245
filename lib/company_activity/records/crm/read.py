"""A CRM file from its bytes: header, date, rows, repeats, and the count that must come out even."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from company_activity.errors import ImbalanceError
from company_activity.records.crm.csv_reader import CsvRecord, grammar, read_records
from company_activity.records.crm.csv_text import is_readable
from company_activity.records.crm.erased_rows import without_erased
from company_activity.records.crm.header import Columns, read_header
from company_activity.records.crm.records import CrmFile, CrmRecord, RefusedRow, Unread
from company_activity.records.crm.repeats import keep_last_lines
from company_activity.records.crm.rules import future_from, read_row
from company_activity.records.crm.snapshot_date import Snapshot, check_file_date, snapshot_of
from company_activity.records.tombstone import NO_TOMBSTONES, Tombstones


def read_crm_file(
    path: str, data: bytes, today: date, erased: Tombstones = NO_TOMBSTONES
) -> CrmFile:
    """Take a CRM file apart. `today` bounds the date of the snapshot and is the only clock.

    Rows of `erased` companies are in nothing that is returned or counted; a date that they name still counts.

    Raises:
        CrmFileRefused: if the file as a whole cannot be read: no header, a column missing or repeated, no date, two
            dates, a date after `today`.
        ImbalanceError: if a row got lost or doubled on the way.

    >>> text = b"company_id,name,country,industry_tag,last_contact_at\\n a ,Acme,DE,,2025-01-01\\na,A,DE,\\n"
    >>> file = read_crm_file("raw/crm/crm_2025-01-02.csv", text, date(2025, 1, 3))
    >>> [(record.company_id, record.name, record.last_contact_at) for record in file.accepted]
    [('a', 'Acme', 1735689600000000)]
    >>> file.quarantined
    [RefusedRow(line=3, company_id=None, raw='a,A,DE,', reasons=['BAD_ROW'])]
    """
    columns = read_header(path, data)
    snapshot = snapshot_of(path, file_dates(data, columns), today)
    rows = read_rows(path, data, columns, snapshot, erased)
    accepted, duplicates, beaten = keep_last_lines(rows.records, lambda: body(data, columns))
    quarantined = sorted([*rows.refused, *beaten], key=lambda row: row.line)
    if rows.rows_in != len(accepted) + duplicates + len(quarantined):
        counts = (
            f"{len(accepted)} accepted + {duplicates} duplicates + {len(quarantined)} quarantined"
        )
        raise ImbalanceError(
            f"{path}: {rows.rows_in} rows in, {counts}",
            remedy="report it with the file: it is a defect",
        )
    return CrmFile(
        path,
        hashlib.sha256(data).hexdigest(),
        snapshot.day,
        rows.rows_in,
        accepted,
        duplicates,
        quarantined,
        columns.extra,
        rows.blank,
        rows.surplus,
        rows.surplus_from,
        columns.attribute_names,
        rows.unread,
    )


@dataclass
class Rows:
    """The rows of a file as they are read: those that break no rule of their own, and those that do."""

    records: list[CrmRecord] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    rows_in: int = 0
    blank: int = 0
    surplus: int = 0
    surplus_from: int = 0
    unread: dict[str, Unread] = field(default_factory=dict)

    def note_surplus(self, line: int) -> None:
        """Count a row with empty fields beyond the header's."""
        self.surplus += 1
        self.surplus_from = self.surplus_from or line


def read_rows(
    path: str,
    data: bytes,
    columns: Columns,
    snapshot: Snapshot,
    erased: Tombstones = NO_TOMBSTONES,
) -> Rows:
    """Every row after the header, judged by itself; blank rows are only counted, those of erased companies left out."""
    rows = Rows()
    future = future_from(snapshot.day)
    seen = 0
    for row in without_erased(body(data, columns), columns, erased):
        seen += 1
        check_file_date(path, snapshot, row.line, file_date_of(row, columns))
        read = read_row(row, columns, future, rows.unread)
        if isinstance(read, CrmRecord):
            rows.records.append(read)
        elif is_blank(row):
            rows.blank += 1
            continue
        else:
            rows.refused.append(read)
        if (
            row.cells is not None
            and len(row.cells) > columns.width
            and columns.has_surplus(row.cells)
        ):
            rows.note_surplus(row.line)
    rows.rows_in = seen - rows.blank
    return rows


def is_blank(row: CsvRecord) -> bool:
    """Whether every field of the row is empty or blank; a line of broken quotes has no fields to tell."""
    return row.cells is not None and not any(cell.strip(" ") for cell in row.cells)


def body(data: bytes, columns: Columns) -> Iterator[CsvRecord]:
    """The records after the header."""
    return islice(read_records(data, grammar(columns.delimiter), columns.passed_by), 1, None)


def file_dates(data: bytes, columns: Columns) -> Iterator[tuple[int, str]]:
    """The line and `file_date` of each row; nothing at all without such a column."""
    if columns.file_date is not None:
        for row in body(data, columns):
            yield row.line, file_date_of(row, columns)


def file_date_of(row: CsvRecord, columns: Columns) -> str:
    """The `file_date` of a row, empty where it has none that can be read."""
    if columns.file_date is None or not columns.fit(row.cells):
        return ""
    text = row.cells[columns.file_date]
    return text if is_readable(text) else ""


def snapshot_date(path: str, data: bytes, today: date) -> date:
    """The snapshot that a file is of, found without reading its rows to the end.

    Raises:
        CrmFileRefused: as `read_crm_file`, as far as header and date can tell.
    """
    return snapshot_of(path, file_dates(data, read_header(path, data)), today).day
