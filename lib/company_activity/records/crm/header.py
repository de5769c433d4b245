"""The header of a CRM file: how its fields are parted, and where the columns of the contract stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeGuard

from company_activity.errors import CrmFileRefused
from company_activity.records.crm.csv_reader import CsvRecord, grammar, read_records
from company_activity.records.crm.csv_text import BOM, excerpt, physical_lines
from company_activity.records.crm.likely_cause import likely_cause, why_not_utf8
from company_activity.records.crm.records import OF_THE_FILE, OPTIONAL, REQUIRED
from company_activity.records.fields import INVISIBLE

DELIMITERS = (",", ";", "\t", "|")
SAVE_AS = "export it as a CSV text in UTF-8"
NAMES = ",".join(REQUIRED)
LONGEST_LINE = 1 << 20  # bytes
KNOWN = frozenset((*REQUIRED, *OPTIONAL, *OF_THE_FILE))


@dataclass(frozen=True)
class Columns:
    """How many cells a record has, which are ours, what else the header names, and how it is to be read.

    `attributes` says where each of the optional columns stands; None for one that the file does not have, and nothing
    at all where it has none of them.
    """

    width: int
    required: tuple[int, ...]
    file_date: int | None
    extra: list[str]
    delimiter: str = ","
    passed_by: int = 0
    attributes: tuple[int | None, ...] = ()

    @property
    def attribute_names(self) -> tuple[str, ...]:
        """Which of the optional columns the file has."""
        places = zip(OPTIONAL, self.attributes, strict=False)
        return tuple(name for name, place in places if place is not None)

    def fit(self, cells: list[str] | None) -> TypeGuard[list[str]]:
        """Whether a record is grammatical and as wide as the header, but for empty cells at its end."""
        return cells is not None and (len(cells) == self.width or self.has_surplus(cells))

    def has_surplus(self, cells: list[str]) -> bool:
        """Whether a record is wider than the header, and by empty cells only."""
        return len(cells) > self.width and not any(cells[self.width :])

    def pick(self, cells: list[str]) -> tuple[str, ...]:
        """The cells of the five required columns, in the contract's order."""
        picked: tuple[str, ...] = itemgetter(*self.required)(cells)
        return picked

    def pick_attributes(self, cells: list[str]) -> list[str]:
        """The cells of the optional columns, in their order; empty where the file has no such column."""
        return ["" if place is None else cells[place] for place in self.attributes]

    def are_attributes(self, places: Iterable[int]) -> bool:
        """Whether these cells are all of optional columns."""
        return all(place in self.attributes for place in places)


def read_header(path: str, data: bytes) -> Columns:
    r"""The columns by the names in the first record, read with the first delimiter that gives all that are required.

    A first line `sep=…`, which spreadsheets write for each other, is passed by.

    Raises:
        CrmFileRefused: if there is no readable header, a column of ours is missing or stands twice, or a line is
            too long to be one of a CRM's.

    >>> columns = read_header("a.csv", b"tier;Name;\xe2\x80\x8bCompany ID;country;last_contact_at;industry_tag;Owner")
    >>> columns.required, columns.extra, columns.delimiter, columns.attribute_names
    ((2, 1, 3, 5, 4), ['tier'], ';', ('owner',))
    """
    refuse_long_lines(path, data)
    passed_by = 1 if has_sep_line(data) else 0
    delimiter, header = find_header(path, data, passed_by)
    cells = header.cells or []
    names = [column_name(cell) for cell in cells]
    refuse_missing(path, data, header, names)
    refuse_repeated(path, cells, names)
    further = (cell for cell, name in zip(cells, names, strict=True) if name not in KNOWN)
    shown = (excerpt(without_invisible(cell))[1:-1] for cell in further)
    return Columns(
        width=len(names),
        required=tuple(names.index(name) for name in REQUIRED),
        file_date=names.index("file_date") if "file_date" in names else None,
        extra=list(dict.fromkeys(shown)),
        delimiter=delimiter,
        passed_by=passed_by,
        attributes=places_of_attributes(names),
    )


def places_of_attributes(names: list[str]) -> tuple[int | None, ...]:
    """Where each optional column stands; nothing where the header has none of them.

    >>> places_of_attributes(["company_id", "seats"]), places_of_attributes(["company_id"])
    ((None, None, 1, None, None), ())
    """
    if not set(OPTIONAL) & set(names):
        return ()
    return tuple(names.index(name) if name in names else None for name in OPTIONAL)


def has_sep_line(data: bytes) -> bool:
    """Whether the file begins with the line by which a spreadsheet tells another what parts the fields.

    >>> has_sep_line(b"sep=;\\r\\ncompany_id;name"), has_sep_line(b"separator,name")
    (True, False)
    """
    first = next(physical_lines(data), "")
    return first.strip('" \t').lower().startswith("sep=")


def find_header(path: str, data: bytes, passed_by: int) -> tuple[str, CsvRecord]:
    """The delimiter that gives most of the required columns, and the header read with it.

    Raises:
        CrmFileRefused: if the file is empty, is no UTF-8 text, or its first line breaks the grammar of CSV.
    """
    refuse_unreadable(path, data)
    found: dict[str, CsvRecord] = {}
    for each in DELIMITERS:
        first = next(read_records(data, grammar(each), passed_by), None)
        if first is not None:
            found[each] = first
    if not found:
        raise CrmFileRefused(
            f"{path} has no line below sep=",
            remedy=f"export it again; the header is {NAMES}",
        )
    delimiter = max(found, key=lambda each: columns_given(found[each]))  # of equals the first
    header = found[delimiter]
    if header.cells is None:
        what = f"its first line has broken quotes or a CR without LF: {excerpt(header.raw)}"
        cause = likely_cause(data, header)
        raise CrmFileRefused(f"{path}: {what}{cause}", remedy=SAVE_AS)
    return delimiter, header


def refuse_long_lines(path: str, data: bytes) -> None:
    """Raises CrmFileRefused for a line that would take many times its length in memory, and hold one row at most."""
    start = 0
    while len(data) - start > LONGEST_LINE:
        end = data.rfind(b"\n", start, start + LONGEST_LINE) + 1
        if not end:
            number = data.count(b"\n", 0, start) + 1
            raise CrmFileRefused(
                f"{path}: line {number:,} is longer than {LONGEST_LINE:,} bytes", remedy=SAVE_AS
            )
        start = end


def refuse_unreadable(path: str, data: bytes) -> None:
    """Raises CrmFileRefused for a file that is empty or no UTF-8 text."""
    if data in (b"", BOM):
        raise CrmFileRefused(
            f"{path} is empty",
            remedy=f"export it again; the first line is {NAMES}",
        )
    cause = why_not_utf8(data)
    if cause:
        begins = excerpt(data[:40].decode("utf-8", "surrogateescape"))
        raise CrmFileRefused(
            f"{path} is not UTF-8: it begins {begins}: {cause}",
            remedy=SAVE_AS,
        )


def columns_given(header: CsvRecord) -> int:
    """How many of the required columns a reading of the header has; −1 for one that breaks the grammar."""
    if header.cells is None:
        return -1
    return len(set(REQUIRED) & {column_name(cell) for cell in header.cells})


def column_name(cell: str) -> str:
    r"""A column's name as the contract writes it.

    >>> column_name("\u200b Company ID\t"), column_name("COUNTRY")
    ('company_id', 'country')
    """
    return without_invisible(cell).lower().replace(" ", "_")


def without_invisible(cell: str) -> str:
    return cell.strip(f"{INVISIBLE}\t")


def refuse_missing(path: str, data: bytes, header: CsvRecord, names: list[str]) -> None:
    """Raises CrmFileRefused that names what is missing, what stands there, and why it may be so."""
    if missing := [name for name in REQUIRED if name not in names]:
        what = f"{path}: the header has no {', '.join(missing)}; it reads {excerpt(header.raw)}"
        raise CrmFileRefused(f"{what}{likely_cause(data, header)}", remedy=f"it needs {NAMES}")


def refuse_repeated(path: str, cells: list[str], names: list[str]) -> None:
    """Raises CrmFileRefused that names the columns of ours which stand there twice, as they stand."""
    if repeated := sorted({name for name in names if name in KNOWN and names.count(name) > 1}):
        as_found = ", ".join(
            excerpt(cell) for cell, name in zip(cells, names, strict=True) if name in repeated
        )
        raise CrmFileRefused(
            f"{path}: the header has {', '.join(repeated)} twice, as {as_found}",
            remedy="keep one of each",
        )
