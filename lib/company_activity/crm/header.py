"""The header of a CRM file: where the columns of the contract stand."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TypeGuard

from company_activity.crm.csv_reader import read_records
from company_activity.crm.csv_text import BOM, as_shown
from company_activity.crm.records import OPTIONAL, REQUIRED
from company_activity.errors import CrmFileRefused

UTF_16 = (b"\xff\xfe", b"\xfe\xff")
SAVE_AS = "export it as a CSV text in UTF-8, with commas"
NAMES = ",".join(REQUIRED)


@dataclass(frozen=True)
class Columns:
    """How many cells a record has, which are ours, and what else the header names."""

    width: int
    required: tuple[int, ...]
    file_date: int | None
    extra: list[str]

    def fit(self, cells: list[str] | None) -> TypeGuard[list[str]]:
        """Whether a record is grammatical and as wide as the header."""
        return cells is not None and len(cells) == self.width

    def pick(self, cells: list[str]) -> tuple[str, ...]:
        """The cells of the five required columns, in the contract's order."""
        picked: tuple[str, ...] = itemgetter(*self.required)(cells)
        return picked


def read_header(path: str, data: bytes) -> Columns:
    """The columns by the names in the first record: exact, but for blanks (U+0020) around them.

    Raises:
        CrmFileRefused: if there is no readable header, or a column of ours is missing or stands twice.

    >>> read_header("a.csv", b"segment, name,company_id,country,last_contact_at,industry_tag")
    Columns(width=6, required=(2, 1, 3, 5, 4), file_date=None, extra=['segment'])
    """
    names = header_names(path, data)
    ours = [name for name in names if name in REQUIRED + OPTIONAL]
    if missing := [name for name in REQUIRED if name not in ours]:
        raise CrmFileRefused(f"{path}: the header has no {', '.join(missing)}", remedy=f"it needs {NAMES}")
    if repeated := sorted({name for name in ours if ours.count(name) > 1}):
        raise CrmFileRefused(f"{path}: the header has {', '.join(repeated)} twice", remedy="keep one of each")
    extra = list(dict.fromkeys(name for name in names if name not in ours))
    file_date = names.index("file_date") if "file_date" in ours else None
    return Columns(len(names), tuple(names.index(name) for name in REQUIRED), file_date, extra)


def header_names(path: str, data: bytes) -> list[str]:
    """The cells of the first record, trimmed of blanks."""
    if data in (b"", BOM):
        raise CrmFileRefused(f"{path} is empty", remedy=f"export it again; the first line is {NAMES}")
    header = next(read_records(data))
    if data.startswith(UTF_16) or "\0" in header.raw:
        raise CrmFileRefused(f"{path} is not UTF-8: it begins like UTF-16 or binary data", remedy=SAVE_AS)
    if header.cells is None:
        raise CrmFileRefused(f"{path}: its first line has broken quotes or a CR without LF", remedy=SAVE_AS)
    return [as_shown(cell).strip(" ") for cell in header.cells]
