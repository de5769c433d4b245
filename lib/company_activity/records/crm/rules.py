"""The rules on one CRM row: typed where it breaks none, refused with every rule it breaks where it does."""

from __future__ import annotations

import re
import sys
from collections.abc import MutableMapping, Sequence
from datetime import date, datetime

from company_activity.dates import MICROS_PER_DAY, day_number, micros_of
from company_activity.records import fields
from company_activity.records.crm.attributes import read_attributes
from company_activity.records.crm.csv_reader import CsvRecord
from company_activity.records.crm.csv_text import as_shown, is_readable
from company_activity.records.crm.header import Columns
from company_activity.records.crm.records import BLANKS_AND_TABS, CrmRecord, RefusedRow, Unread

USUAL_TIME = re.compile(
    r"(?:19|2\d)\d\d-\d\d-\d\d[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d)",
    re.ASCII,
)


def future_from(snapshot: date) -> int:
    """The first microsecond after the end of the day that follows the snapshot.

    >>> future_from(date(1970, 1, 1)) == 2 * MICROS_PER_DAY
    True
    """
    return (day_number(snapshot) + 2) * MICROS_PER_DAY


def read_row(
    row: CsvRecord, columns: Columns, future: int, unread: MutableMapping[str, Unread]
) -> CrmRecord | RefusedRow:
    """The record that a row holds, or every reason why it is none.

    `BAD_ROW`: not grammatical, or not as many cells as the header (empty ones at the end may be more).
    `BAD_ENCODING`: a byte of it is no UTF-8, or NUL; a cell with such a byte is judged by no further rule. The
    others: see `read_cells`. A value of an optional column never costs the row: what cannot be read of an accepted one
    is counted in `unread`.
    """
    is_whole = is_readable(row.raw)
    if not columns.fit(row.cells):
        reasons = ["BAD_ROW"] if is_whole else ["BAD_ENCODING", "BAD_ROW"]
        return RefusedRow(row.line, None, as_shown(row.raw), reasons)
    cells: Sequence[str | None] = columns.pick(row.cells)
    broken = None
    if not is_whole:
        cells = [cell if cell is not None and is_readable(cell) else None for cell in cells]
        odd = [place for place, cell in enumerate(row.cells) if not is_readable(cell)]
        broken = None if columns.are_attributes(odd) else "BAD_ENCODING"
    read = read_cells(row, cells, future, broken)
    if columns.attributes and isinstance(read, CrmRecord):
        return read.with_attributes(read_attributes(columns.pick_attributes(row.cells), unread))
    return read


def read_cells(
    row: CsvRecord,
    cells: Sequence[str | None],
    future: int,
    broken: str | None = None,
) -> CrmRecord | RefusedRow:
    """The five cells typed. None stands for a cell that nobody can read, `broken` for what is known already.

    Reasons: `BAD_COMPANY_ID` (blank, too long, invisible characters), `OUT_OF_RANGE` (a text above 1,024 code
    points), `BAD_TIMESTAMP`, and `FUTURE` (a last contact from the instant `future` on).
    """
    company_id, bad_id = read_company_id(cells[0])
    name = none_if_blank(cells[1])
    country = none_if_blank(cells[2])
    industry_tag = none_if_blank(cells[3])
    has_long_text = is_too_long(name) or is_too_long(country) or is_too_long(industry_tag)
    too_long = "OUT_OF_RANGE" if has_long_text else None
    contact, bad_contact = read_contact(cells[4], future)
    if company_id is not None and not (broken or bad_id or too_long or bad_contact):
        return CrmRecord(
            row.line,
            company_id,
            name,
            interned(country),
            interned(industry_tag),
            contact,
        )
    reasons = sorted(reason for reason in (broken, bad_id, too_long, bad_contact) if reason)
    return RefusedRow(row.line, fields.trim(cells[0] or "") or None, as_shown(row.raw), reasons)


def read_company_id(text: str | None) -> tuple[str | None, str | None]:
    """`fields.company_id`; a cell that nobody can read breaks no rule of its own.

    >>> read_company_id(" c_001 "), read_company_id(""), read_company_id(None)
    (('c_001', None), (None, 'BAD_COMPANY_ID'), (None, None))
    """
    return (None, None) if text is None else fields.company_id(text)


def none_if_blank(text: str | None) -> str | None:
    """The text exactly as it is, None where it has nothing but blanks (U+0020)."""
    return text if text and text.strip(" ") else None


def interned(text: str | None) -> str | None:
    """The same text, held once in memory: a million rows name a few hundred countries."""
    return None if text is None else sys.intern(text)


def is_too_long(text: str | None) -> bool:
    return text is not None and len(text) > fields.MAX_TEXT


def read_contact(text: str | None, future: int) -> tuple[int | None, str | None]:
    """The last contact in microseconds since 1970, UTC; None where there are only blanks and tabs.

    >>> read_contact(" \t", 0), read_contact(" 1969-12-31", 0), read_contact("1970-01-01", 0), read_contact("soon", 0)
    ((None, None), (-86400000000, None), (None, 'FUTURE'), (None, 'BAD_TIMESTAMP'))
    """
    trimmed = text.strip(BLANKS_AND_TABS) if text else None
    if not trimmed:
        return None, None
    micros, reason = timestamp(trimmed)
    if micros is not None and micros >= future:
        return None, "FUTURE"
    return micros, reason


def timestamp(text: str) -> tuple[int | None, str | None]:
    """`fields.timestamp`; the notation of most exports, to the second with `Z` or an offset, in a third of the time.

    >>> timestamp("2025-10-10T12:00:00Z") == fields.timestamp("2025-10-10T12:00:00Z")
    True
    """
    if not USUAL_TIME.fullmatch(text):
        return fields.timestamp(text)
    try:
        return micros_of(datetime.fromisoformat(text)), None
    except ValueError:
        return None, "BAD_TIMESTAMP"
