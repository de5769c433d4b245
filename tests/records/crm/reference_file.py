"""A second reader of CRM files: the reference parser, a header by name, and the oracle's rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from .reference import Parsed, parse
from oracle.crm import read_file
from oracle.fields import category
from oracle.model import CrmRow, Snapshot
from oracle.optional import Optional

FIVE = ["company_id", "name", "country", "industry_tag", "last_contact_at"]
OPTIONAL = list(Optional._fields)
KNOWN = [*FIVE, *OPTIONAL, "file_date", "src_file_name"]


@dataclass(frozen=True)
class Read:
    """What a reader says of a file, in plain values; of rows the oracle has no word on, the line only."""

    rows_in: int
    accepted: list[tuple[Any, ...]]
    duplicates: int
    quarantined: list[tuple[Any, ...]]
    blank: int
    surplus: int


def reference_read(data: bytes, day: date, today: date, path: str) -> Read | None:
    """The file as the oracle stages it, of `day` if no row has a date; None if it is refused."""
    found = reference_table(data)
    if found is None:
        return None
    names, records = found
    body = [row for row in records if not is_blank(row)]
    whole = {row.line: row.cells for row in body if row.cells is not None and fits(row.cells, len(names))}
    by_name = {line: dict(zip(names, cells, strict=False)) for line, cells in whole.items()}
    file_date = the_date({cells.get("file_date", b"") for cells in by_name.values()}, day)
    if file_date is None or file_date > today:
        return None
    costly = [place for place, name in enumerate(names) if name not in OPTIONAL]
    good = {line: by_name[line] for line, cells in whole.items() if all(is_text(cells[place]) for place in costly)}
    rows = [
        CrmRow(line, *(text_of(cells.get(name, b"")) for name in (*FIVE, *OPTIONAL))) for line, cells in good.items()
    ]
    staged = read_file(Snapshot(file_date, path, tuple(rows)))
    refused: list[tuple[Any, ...]] = [(r.line, list(r.reasons), r.company_id or None) for r in staged.quarantined]
    refused += [(row.line,) for row in body if row.line not in good]
    accepted = [(r.line, r.company_id, *r.attributes) for r in staged.accepted]
    surplus = sum(len(cells) > len(names) for cells in whole.values())
    return Read(len(body), accepted, staged.duplicates, sorted(refused), len(records) - len(body), surplus)


def reference_table(data: bytes) -> tuple[list[str], list[Parsed]] | None:
    """Names and rows: "fields parted by a comma, else by the one of `;`, tab, `|` that gives the header its columns".

    None where none does, or "two columns […] match one name".
    """
    first = data.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].lower()
    passed_by = 1 if first.lstrip(b'" \t').startswith(b"sep=") else 0
    for delimiter in (b",", b";", b"\t", b"|"):
        header, *rows = parse(data, delimiter, passed_by) or [Parsed(1, 0, None)]
        names = [matched(name) for name in header.cells or []]
        if all(name in names for name in FIVE):
            twice = any(names.count(name) > 1 for name in KNOWN)
            return None if twice or b"\0" in b"".join(header.cells or []) else (names, rows)
    return None


def matched(cell: bytes) -> str:
    """Design: "without regard to case, to blanks for underscores and to invisible characters around a name"."""
    text = cell.decode("utf-8", "replace")
    while text and is_invisible(text[0]):
        text = text[1:]
    while text and is_invisible(text[-1]):
        text = text[:-1]
    return "_".join(text.lower().split(" "))


def is_invisible(character: str) -> bool:
    return character == "\t" or category(character) in ("Zs", "Cf")


def is_blank(row: Parsed) -> bool:
    """Design: "Empty lines, and rows whose every field is blank […] are no rows"."""
    return row.cells is not None and b"".join(row.cells).strip(b" ") == b""


def fits(cells: list[bytes], width: int) -> bool:
    """Design: "empty fields beyond the header's are dropped"."""
    return len(cells) >= width and all(cell == b"" for cell in cells[width:])


def the_date(cells: set[bytes], otherwise: date) -> date | None:
    """The one date that readable cells state, `otherwise` if all are blank, None if they state no or two dates."""
    texts = {cell.decode().strip(" \t") for cell in cells if is_text(cell)} - {""} or {str(otherwise)}
    try:
        days = {datetime.strptime(text, "%Y-%m-%d").date() for text in texts}  # noqa: DTZ007
    except ValueError:
        return None
    return days.pop() if {str(day) for day in days} == texts and len(texts) == 1 and min(days).year >= 1900 else None


def text_of(cell: bytes) -> str | None:
    """What the cell says; None where nobody can read it."""
    return cell.decode() if is_text(cell) else None


def is_text(cell: bytes) -> bool:
    """UTF-8 without NUL."""
    try:
        return "\0" not in cell.decode()
    except UnicodeDecodeError:
        return False
