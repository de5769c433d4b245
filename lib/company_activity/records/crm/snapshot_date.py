"""The one date of a snapshot: what its `file_date` column says, else the date in the file's name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from company_activity.dates import parse_date
from company_activity.errors import CrmFileRefused, UsageError
from company_activity.records.crm.csv_text import excerpt
from company_activity.records.crm.records import BLANKS_AND_TABS

FIRST_DAY = date(1900, 1, 1)
LONGEST_SHOWN = 40
DATE_IN_NAME = re.compile(r"(?<!\d)\d{4}-\d\d-\d\d(?!\d)", re.ASCII)


@dataclass(frozen=True)
class Snapshot:
    """The date of a file; `text` and `line` say where a row states it, if one does."""

    day: date
    text: str | None = None
    line: int = 0


def snapshot_of(path: str, file_dates: Iterable[tuple[int, str]], today: date) -> Snapshot:
    """The snapshot by the first of its rows' (line, file_date) that is not blank, else by the file's name.

    Raises:
        CrmFileRefused: if neither gives a date from 1900 on, or it lies after `today`.

    >>> snapshot_of("raw/crm/crm_2025-11-20.csv", [(2, " ")], date(2025, 11, 23)).day.isoformat()
    '2025-11-20'
    """
    stated = ((line, text.strip(BLANKS_AND_TABS)) for line, text in file_dates)
    line, text = next(((line, text) for line, text in stated if text), (0, None))
    day = date_in_name(path) if text is None else calendar_day(text)
    if day is None:
        nowhere = "no file_date, and not one date in its name"
        what = (
            f"line {line}: file_date {excerpt(text, LONGEST_SHOWN)} is no date" if text else nowhere
        )
        raise CrmFileRefused(
            f"{path}, {what}", remedy="name it like crm_YYYY-MM-DD.csv, or write file_date that way"
        )
    if day > today:
        raise CrmFileRefused(
            f"{path} is of {day}, after today ({today})", remedy="correct its date, or wait for it"
        )
    return Snapshot(day, text, line)


def check_file_date(path: str, snapshot: Snapshot, line: int, text: str) -> None:
    """A row whose `file_date` is blank is of the file's date; another one in any row refuses the file.

    Two dates are two snapshots in one file, and no row can tell which of them the file is.
    """
    if text != snapshot.text and text.strip(BLANKS_AND_TABS) not in ("", snapshot.text):
        first = f"{snapshot.day} in line {snapshot.line}"
        raise CrmFileRefused(
            f"{path} has more than one file_date: {first}, {excerpt(text, LONGEST_SHOWN)} in line {line}",
            remedy="one file is one snapshot: split it by file_date, or correct the row",
        )


def date_in_name(path: str) -> date | None:
    """The one date that stands in the file's name, not in its folders; None if there are two.

    >>> date_in_name("2025-01-01/crm.csv"), date_in_name("crm_2025-02-30.csv"), date_in_name("120250101.csv")
    (None, None, None)
    """
    days = {calendar_day(text) for text in DATE_IN_NAME.findall(path.rpartition("/")[2])}
    return days.pop() if len(days) == 1 else None


def calendar_day(text: str) -> date | None:
    """The day of `YYYY-MM-DD`, None if the calendar from 1900 on has none."""
    try:
        day = parse_date(text)
    except UsageError:
        return None
    return day if day >= FIRST_DAY else None
