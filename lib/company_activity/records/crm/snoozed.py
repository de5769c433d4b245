"""The companies that a lead has set aside: `snoozed.csv` beside the CRM files, columns `company_id, until, why`.

Nothing in it stops a run, since no table depends on it: what cannot be read is told in a warning, and the company is
then not set aside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from company_activity.records import fields
from company_activity.records.crm.csv_reader import CsvRecord, grammar, read_records
from company_activity.records.crm.csv_text import as_shown, excerpt, is_readable
from company_activity.records.crm.header import DELIMITERS, column_name, has_sep_line
from company_activity.records.crm.likely_cause import why_not_utf8
from company_activity.records.crm.records import BLANKS_AND_TABS
from company_activity.records.crm.snapshot_date import calendar_day

FILE_NAME = "snoozed.csv"
REQUIRED = ("company_id", "until")
MOST_SHOWN = 5
LONGEST_SHOWN = 40
BETWEEN_CELLS = re.compile(r"[,;\t|]")
# What a file may be written in that an erasure must find a company in, if we cannot read it.
ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252")


@dataclass(frozen=True)
class Snooze:
    """A company that is left out of messages before the date `until`, and why."""

    company_id: str
    until: date
    why: str = ""


@dataclass
class Snoozed:
    """The snoozes of a file by company, and a sentence for each row that cannot be read, the first ones at least."""

    by_company: dict[str, Snooze] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def is_snoozed_file(path: str, folder: str) -> bool:
    """Whether a path is that of the file: its name, in any case, directly in the folder of the CRM files.

    >>> is_snoozed_file("raw/crm/Snoozed.csv", "raw/crm/"), is_snoozed_file("raw/crm/2025/snoozed.csv", "raw/crm/")
    (True, False)
    """
    return path.lower() == f"{folder.rstrip('/')}/{FILE_NAME}".lower()


def read_snoozed(path: str, data: bytes) -> Snoozed:
    """The companies that are set aside. Of several rows of a company the latest `until` wins, of equal ones the last.

    The columns stand in any order, and others may stand beside them; blanks around a value are nothing. Whatever the
    bytes are, nothing is raised.

    >>> found = read_snoozed("raw/crm/snoozed.csv", b"company_id,until,why\\n a ,2025-04-15,leave\\nb,soon,\\n")
    >>> found.by_company
    {'a': Snooze(company_id='a', until=datetime.date(2025, 4, 15), why='leave')}
    >>> found.warnings
    ["raw/crm/snoozed.csv, line 3: until 'soon' is no date of the form YYYY-MM-DD; the row is ignored"]
    """
    delimiter, header, rows = taken_apart(data)
    names = [column_name(cell) for cell in header.cells or []] if header else []
    unclear = [
        f"no {name}" if name not in names else f"more than one {name}"
        for name in REQUIRED
        if names.count(name) != 1
    ]
    if header is None or unclear:
        return Snoozed(warnings=without_header(path, data, header, unclear))
    found = Snoozed()
    faults = []
    for row in rows:
        if row.cells is not None and not any(cell.strip(BLANKS_AND_TABS) for cell in row.cells):
            continue
        snooze = read_row(row, names, delimiter)
        if isinstance(snooze, str):
            faults.append(f"{path}, line {row.line}: {snooze}; the row is ignored")
            continue
        before = found.by_company.get(snooze.company_id)
        if before is None or snooze.until >= before.until:
            found.by_company[snooze.company_id] = snooze
    found.warnings = shortened(path, faults)
    return found


def merged(files: Iterable[Snoozed]) -> Snoozed:
    """What several files say, as if they were one.

    >>> a, b = (Snoozed({"a": Snooze("a", date(2025, 4, day))}, [str(day)]) for day in (9, 5))
    >>> merged([a, b]).by_company["a"].until.day, merged([a, b]).warnings
    (9, ['9', '5'])
    """
    found = Snoozed()
    for one in files:
        found.warnings += one.warnings
        for company_id, snooze in one.by_company.items():
            before = found.by_company.get(company_id)
            if before is None or snooze.until >= before.until:
                found.by_company[company_id] = snooze
    return found


def without_snoozes(data: bytes, is_gone: Callable[[str], bool]) -> bytes | None:
    r"""The file's bytes without the rows of companies that are gone, the same object where it has none.

    None where the file is written in something that we do not read, and names one.

    >>> without_snoozes(b"company_id,until,why\na,2025-04-15,\nb,2025-04-15,x\n", lambda text: text == "a")
    b'company_id,until,why\nb,2025-04-15,x\n'
    """
    gone: set[int] = set()
    _, header, rows = taken_apart(data)
    for row in [*([header] if header else []), *rows]:
        if any(map(is_gone, row.cells or [])) or names_one(row.raw, is_gone):
            gone.update(range(row.line, row.line + row.raw.count("\n") + 1))
    lines = data.split(b"\n")
    ended = [*(line + b"\n" for line in lines[:-1]), lines[-1]]
    kept = [line for number, line in enumerate(ended, 1) if number not in gone]
    left = b"".join(kept) if gone else data
    texts = (left.decode(encoding, "replace") for encoding in ENCODINGS)
    is_left = any(names_one(line, is_gone) for text in texts for line in text.splitlines())
    return None if is_left else left


def names_one(line: str, is_gone: Callable[[str], bool]) -> bool:
    """Whether a text between two delimiters is the id of such a company."""
    cells = (cell.strip(' "\r') for cell in BETWEEN_CELLS.split(line))
    return any(is_gone(cell) or is_gone(cell.replace('""', '"')) for cell in cells)


def taken_apart(data: bytes) -> tuple[str, CsvRecord | None, list[CsvRecord]]:
    """The delimiter that gives most of our columns, the header, and the records below it."""
    passed_by = 1 if has_sep_line(data) else 0
    headers = {
        each: next(read_records(data, grammar(each), passed_by), None) for each in DELIMITERS
    }
    delimiter = max(
        DELIMITERS, key=lambda each: columns_given(headers[each])
    )  # of equals the first
    rows = list(islice(read_records(data, grammar(delimiter), passed_by), 1, None))
    return delimiter, headers[delimiter], rows


def columns_given(header: CsvRecord | None) -> int:
    """How many of the required columns a reading of the header has."""
    cells = (header.cells if header else None) or []
    return len(set(REQUIRED) & {column_name(cell) for cell in cells})


def without_header(
    path: str, data: bytes, header: CsvRecord | None, unclear: Sequence[str]
) -> list[str]:
    """The one warning of a file whose header cannot be used."""
    if header is None:
        return []  # an empty file sets nobody aside
    cause = why_not_utf8(data)
    because = f"; {cause}" if cause else ""
    found = f"the header has {' and '.join(unclear)}; it reads {excerpt(header.raw)}{because}"
    return [f"{path}: {found}; no company is set aside"]


def read_row(row: CsvRecord, names: Sequence[str], delimiter: str) -> Snooze | str:
    """What a row says, or why it says nothing. What stands beyond the header belongs to `why` if that comes last."""
    if row.cells is None:
        return f"{excerpt(as_shown(row.raw), LONGEST_SHOWN)} has broken quotes"
    width = len(names)
    cells = [*row.cells, *[""] * (width - len(row.cells))]
    if names[-1] == "why":
        cells[width - 1] = delimiter.join(cells[width - 1 :])
    values = dict(zip(names, (cell.strip(BLANKS_AND_TABS) for cell in cells), strict=False))
    if not all(is_readable(values[name]) for name in REQUIRED):
        return f"{excerpt(as_shown(row.raw), LONGEST_SHOWN)} is not UTF-8"
    company_id, _ = fields.company_id(values["company_id"])
    if company_id is None:
        return f"company_id {excerpt(values['company_id'], LONGEST_SHOWN)} is none"
    until = calendar_day(values["until"])
    if until is None:
        shown = excerpt(values["until"], LONGEST_SHOWN)
        return f"until {shown} is no date of the form YYYY-MM-DD"
    return Snooze(company_id, until, as_shown(values.get("why", ""))[: fields.MAX_TEXT])


def shortened(path: str, faults: Sequence[str]) -> list[str]:
    """The first faults, and how many more there are."""
    more = len(faults) - MOST_SHOWN
    if more <= 0:
        return list(faults)
    rows = "1 more row is" if more == 1 else f"{more:,} more rows are"
    return [*faults[:MOST_SHOWN], f"{path}: {rows} ignored"]
