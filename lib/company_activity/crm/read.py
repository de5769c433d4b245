"""A CRM file from its bytes: header, date, rows, repeats, and the count that must come out even."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from itertools import islice

from company_activity.crm.csv_reader import CsvRecord, read_records
from company_activity.crm.csv_text import is_readable
from company_activity.crm.header import Columns, read_header
from company_activity.crm.records import CrmFile, CrmRecord, RefusedRow
from company_activity.crm.repeats import later_line_wins
from company_activity.crm.rules import future_from, read_row
from company_activity.crm.snapshot_date import Snapshot, check_file_date, snapshot_of
from company_activity.errors import ImbalanceError


def read_crm_file(path: str, data: bytes, today: date) -> CrmFile:
    """Take a CRM file apart. `today` bounds the date of the snapshot and is the only clock.

    Raises:
        CrmFileRefused: if the file as a whole cannot be read: no header, a column missing or repeated, no date, two
            dates, a date after `today`.
        ImbalanceError: if a row got lost or doubled on the way.

    >>> text = b"company_id,name,country,industry_tag,last_contact_at\\n a ,Acme,DE,,2025-01-01\\na,A,DE,\\n"
    >>> file = read_crm_file("raw/crm/crm_2025-01-02.csv", text, date(2025, 1, 3))
    >>> file.accepted
    [CrmRecord(line=2, company_id='a', name='Acme', country='DE', industry_tag=None, last_contact_at=1735689600000000)]
    >>> file.quarantined
    [RefusedRow(line=3, company_id=None, raw='a,A,DE,', reasons=['BAD_ROW'])]
    """
    columns = read_header(path, data)
    snapshot = snapshot_of(path, file_dates(data, columns), today)
    rows_in, records, refused = read_rows(path, data, columns, snapshot)
    accepted, duplicates, beaten = later_line_wins(records, data)
    quarantined = sorted([*refused, *beaten], key=lambda row: row.line)
    if rows_in != len(accepted) + duplicates + len(quarantined):
        counts = f"{len(accepted)} accepted + {duplicates} duplicates + {len(quarantined)} quarantined"
        raise ImbalanceError(f"{path}: {rows_in} rows in, {counts}", remedy="report it with the file: it is a defect")
    digest = hashlib.sha256(data).hexdigest()
    return CrmFile(path, digest, snapshot.day, rows_in, accepted, duplicates, quarantined, columns.extra)


def read_rows(
    path: str, data: bytes, columns: Columns, snapshot: Snapshot
) -> tuple[int, list[CrmRecord], list[RefusedRow]]:
    """How many rows there are, those that break no rule of their own, and those that do."""
    rows_in, future = 0, future_from(snapshot.day)
    records: list[CrmRecord] = []
    refused: list[RefusedRow] = []
    for row in body(data):
        rows_in += 1
        check_file_date(path, snapshot, row.line, file_date_of(row, columns))
        read = read_row(row, columns, future)
        if isinstance(read, CrmRecord):
            records.append(read)
        else:
            refused.append(read)
    return rows_in, records, refused


def body(data: bytes) -> Iterator[CsvRecord]:
    """The records after the header."""
    return islice(read_records(data), 1, None)


def file_dates(data: bytes, columns: Columns) -> Iterator[tuple[int, str]]:
    """The line and `file_date` of each row; nothing at all without such a column."""
    if columns.file_date is not None:
        yield from ((row.line, file_date_of(row, columns)) for row in body(data))


def file_date_of(row: CsvRecord, columns: Columns) -> str:
    """The `file_date` of a row, empty where it has none that can be read."""
    if columns.file_date is None or not columns.fit(row.cells):
        return ""
    text = row.cells[columns.file_date]
    return text if is_readable(text) else ""
