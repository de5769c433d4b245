"""A second reader of CRM files: the reference parser, a header by name, and the oracle's rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from .reference import Parsed, parse
from oracle.crm import read_file
from oracle.model import CrmRow, Snapshot

FIVE = [b"company_id", b"name", b"country", b"industry_tag", b"last_contact_at"]
KNOWN = [*FIVE, b"file_date", b"src_file_name"]


@dataclass(frozen=True)
class Read:
    """What a reader says of a file, in plain values; of rows the oracle has no word on, the line only."""

    rows_in: int
    accepted: list[tuple[Any, ...]]
    duplicates: int
    quarantined: list[tuple[Any, ...]]


def reference_read(data: bytes, day: date, today: date, path: str) -> Read | None:
    """The file as the oracle stages it, of `day` if no row has a date; None if it is refused."""
    header, *body = parse(data) or [Parsed(1, 0, None)]
    names = [name.strip(b" ") for name in header.cells or []]
    if b"\0" in b"".join(names) or any(names.count(name) != 1 for name in FIVE):
        return None
    if any(names.count(name) > 1 for name in KNOWN):
        return None
    whole = {
        row.line: dict(zip(names, row.cells, strict=True)) for row in body if row.cells and len(row.cells) == len(names)
    }
    file_date = the_date({cells.get(b"file_date", b"") for cells in whole.values()}, day)
    if file_date is None or file_date > today:
        return None
    good = {line: cells for line, cells in whole.items() if all(is_text(text) for text in cells.values())}
    rows = [CrmRow(line, *(cells[name].decode() for name in FIVE)) for line, cells in good.items()]
    staged = read_file(Snapshot(file_date, path, tuple(rows)))
    refused: list[tuple[Any, ...]] = [(r.line, list(r.reasons), r.company_id or None) for r in staged.quarantined]
    refused += [(row.line,) for row in body if row.line not in good]
    accepted = [(r.line, r.company_id, *r.attributes) for r in staged.accepted]
    return Read(len(body), accepted, staged.duplicates, sorted(refused))


def the_date(cells: set[bytes], otherwise: date) -> date | None:
    """The one date that readable cells state, `otherwise` if all are blank, None if they state no or two dates."""
    texts = {cell.decode() for cell in cells if is_text(cell) and cell.strip(b" ")} or {str(otherwise)}
    try:
        days = {datetime.strptime(text, "%Y-%m-%d").date() for text in texts}  # noqa: DTZ007
    except ValueError:
        return None
    return days.pop() if {str(day) for day in days} == texts and len(texts) == 1 and min(days).year >= 1900 else None


def is_text(cell: bytes) -> bool:
    """UTF-8 without NUL."""
    try:
        return "\0" not in cell.decode()
    except UnicodeDecodeError:
        return False
