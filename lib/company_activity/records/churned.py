"""The customers that churned, as a user's CSV names them: `company_id, churned_on`, with a header."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from company_activity.dates import parse_date
from company_activity.errors import UsageError
from company_activity.records.fields import trim

COLUMNS = ("company_id", "churned_on")
EXAMPLE = "begin it with the line company_id,churned_on; a row is c_101,2025-10-14"
Line = tuple[int, list[str]]


@dataclass(frozen=True)
class Churned:
    """The first day on which each churned company was no customer any more; `repeated` are lines that said it again."""

    dates: Mapping[str, date]
    repeated: int = 0


def read_churned(file: Path) -> Churned:
    """The churned customers that a file names. Columns besides the two are passed over, and so are empty lines.

    Raises:
        UsageError: if it cannot be read, or a line of it is not as it should be; the line is named.
    """
    lines = _lines(file)
    _, header = next(lines, (0, []))
    names = [name.strip().lower() for name in header]
    if any(names.count(column) != 1 for column in COLUMNS):
        raise UsageError(
            f"{file} line 1: no columns company_id and churned_on, each once", remedy=EXAMPLE
        )
    places = names.index("company_id"), names.index("churned_on")
    dates: dict[str, date] = {}
    repeated = 0
    for number, cells in lines:
        place = f"{file} line {number}"
        if len(cells) != len(names):
            raise UsageError(
                f"{place}: {len(cells)} cells, the header has {len(names)}",
                remedy="quote a cell that holds a comma",
            )
        company_id, churned_on = _row(place, cells[places[0]], cells[places[1]])
        if dates.get(company_id, churned_on) != churned_on:
            raise UsageError(
                f"{place}: {company_id!r} churned on {dates[company_id]} and on {churned_on}",
                remedy="keep one line a company, that of its last churn",
            )
        repeated += company_id in dates
        dates[company_id] = churned_on
    if not dates:
        raise UsageError(f"{file} names no churned customer", remedy=EXAMPLE)
    return Churned(dates, repeated)


def _lines(file: Path) -> Iterator[Line]:
    """The number and the cells of each line that is not empty."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = csv.reader(text, strict=True)
            for cells in rows:
                if cells:
                    yield rows.line_num, cells
    except FileNotFoundError:
        raise UsageError(
            f"no file {file}", remedy="give a CSV with the columns company_id,churned_on"
        ) from None
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", remedy="give a file to read") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8", remedy="save it as UTF-8") from None
    except csv.Error as error:
        raise UsageError(
            f"{file} line {rows.line_num}: {error}", remedy="save it as CSV, with commas"
        ) from None


def _row(place: str, company: str, day: str) -> tuple[str, date]:
    company_id = trim(company)
    if not company_id:
        raise UsageError(f"{place}: no company_id", remedy="give the id, or remove the line")
    try:
        return company_id, parse_date(day.strip())
    except UsageError as error:
        raise UsageError(f"{place}: churned_on {error.what}", remedy=error.remedy) from None
