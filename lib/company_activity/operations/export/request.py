"""What is asked for: the plan of an export, as its folder notes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date

from company_activity.dates import parse_date
from company_activity.errors import UsageError
from company_activity.io.warehouse.served import SERVED_TABLES, ServedTable
from company_activity.operations.export.changes import Since
from company_activity.operations.export.positions import DIGITS, Positions

LAYOUT = 1  # of an export's folder; whoever changes it raises it


@dataclass(frozen=True)
class Plan:
    """An export: from where (`since`, as asked for) up to which position (`to`), which tables, in which format.

    Two exports of one plan write the same files. `erased` marks the erasures that had ended when it was made.
    """

    warehouse: str
    since: str
    to: int
    format: str
    tables: tuple[str, ...]
    rows_per_file: int
    layout: int = LAYOUT
    erased: str = ""

    @property
    def text(self) -> str:
        """The plan as its file holds it."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def parse(cls, text: str) -> Plan | None:
        """The inverse of `text`; None where it is no plan of this layout."""
        try:
            found = json.loads(text)
            plan = cls(**(found | {"tables": tuple(found["tables"])}))
        except (ValueError, LookupError, TypeError):
            return None
        return plan if plan.layout == LAYOUT else None

    def is_same_question(self, other: Plan) -> bool:
        """Whether the other was asked for in the same words, though more may have been published or erased since."""
        return replace(other, to=self.to, erased=self.erased) == self

    @property
    def told(self) -> str:
        """In words.

        >>> Plan("w", "0", 143, "csv", ("dim.companies",), 9).told
        'dim.companies since 0 up to 143 as csv, 9 rows a file'
        """
        names = ", ".join(self.tables)
        return f"{names} since {self.since} up to {self.to} as {self.format}, {self.rows_per_file:,} rows a file"


def since_of(text: str, positions: Positions) -> Since:
    """Where an export begins: a number is a position, of which 0 is before everything; else it is a date.

    Raises:
        UsageError: if it is neither, or no export ended at that number.
    """
    if text.isdecimal() and text.isascii():
        digits = text.lstrip("0")
        if len(digits) > DIGITS:
            raise positions.unknown(10**DIGITS, f"{digits[:DIGITS]}…")  # more than any position has
        number = int(digits or "0")
        return Since(number, positions.at(number).ledger) if number else Since()
    return Since(day=_day(text))


def _day(text: str) -> date:
    try:
        return parse_date(text)
    except UsageError:
        raise UsageError(
            f"{text!r} is neither a number nor a date",
            remedy="give --since as the number that the last export ended with, as YYYY-MM-DD, or 0 for all",
        ) from None


def chosen_tables(names: Sequence[str]) -> tuple[ServedTable, ...]:
    """The served tables of these names, in their own order; all of them without a name.

    Raises:
        UsageError: for a name that is none, with those that there are.
    """
    served = [table.name for table in SERVED_TABLES]
    for name in names:
        if name not in served:
            raise UsageError(f"{name!r} is not served", remedy=f"--table takes {', '.join(served)}")
    return tuple(table for table in SERVED_TABLES if not names or table.name in names)
