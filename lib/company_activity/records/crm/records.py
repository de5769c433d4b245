"""What a CRM file becomes: accepted records, refused rows, and the count of those that only repeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from company_activity.records.crm.csv_text import excerpt

REPLACED = "DUPLICATE_KEY"  # a later line of the same company says otherwise
REQUIRED = ("company_id", "name", "country", "industry_tag", "last_contact_at")
OPTIONAL = (
    "owner",
    "segment",
    "seats",
    "contract_value",
    "renewal_on",
)  # read where a file has them
OF_THE_FILE = (
    "file_date",
    "src_file_name",
)  # only the first is read: a source is the path it came by

MOST_SAMPLES, MOST_SHOWN = (
    3,
    60,
)  # of values that cannot be read: how many a warning shows, and of each so much
BLANKS_AND_TABS = " \t"  # around a date, a time or a number they are nothing


@dataclass(frozen=True, slots=True)
class CrmRecord:
    """An accepted row; `line` is its first line in the file, `last_contact_at` microseconds since 1970, UTC.

    The fields from `owner` on are the optional columns: None where the file has no such column, nothing in it, or
    nothing that can be read.
    """

    line: int
    company_id: str
    name: str | None
    country: str | None
    industry_tag: str | None
    last_contact_at: int | None
    owner: str | None = None
    segment: str | None = None
    seats: int | None = None
    contract_value: Decimal | None = None
    renewal_on: date | None = None

    def with_attributes(self, values: Iterable[Any]) -> CrmRecord:
        """The record with the optional columns' values, in their order."""
        return CrmRecord(
            self.line,
            self.company_id,
            self.name,
            self.country,
            self.industry_tag,
            self.last_contact_at,
            *values,
        )

    def repeats(self, other: CrmRecord) -> bool:
        """Whether both say the same of the same company, once blanks and notations of a time are read."""
        return self.contract == other.contract

    @property
    def contract(self) -> tuple[object, ...]:
        """The fields that the contract names, the optional ones at the end."""
        return (
            self.company_id,
            self.name,
            self.country,
            self.industry_tag,
            self.last_contact_at,
            self.owner,
            self.segment,
            self.seats,
            self.contract_value,
            self.renewal_on,
        )


@dataclass
class Unread:
    """The values of an optional column that could not be read: how many, and the first of them as a log may show them.

    >>> unread = Unread(1, ["'many'"])
    >>> unread.add("12k")
    >>> unread.told("seats")
    "2 values of seats cannot be read and are NULL: 'many', '12k'"
    """

    count: int = 0
    samples: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.count += 1
        sample = excerpt(text, MOST_SHOWN)
        if len(self.samples) < MOST_SAMPLES and sample not in self.samples:
            self.samples.append(sample)

    def told(self, column: str) -> str:
        """A sentence about them."""
        values = "1 value" if self.count == 1 else f"{self.count:,} values"
        what = f"{values} of {column} cannot be read and {'is' if self.count == 1 else 'are'} NULL"
        more = ", …" if self.count > len(self.samples) else ""
        return f"{what}: {', '.join(self.samples)}{more}"


@dataclass(frozen=True, slots=True)
class RefusedRow:
    r"""A row for the quarantine: its line, its raw text without the line break, every rule it broke.

    In `raw` a byte that no UTF-8 text holds is written as `\xe4`, and a NUL as `\x00`. `company_id` is the text
    after the trim, None where the row has none that can be read. Where the quoting is broken nobody knows
    where the records begin: each line of such a record is a refused row of its own.
    """

    line: int
    company_id: str | None
    raw: str
    reasons: list[str]


@dataclass(frozen=True)
class CrmFile:
    """A file taken apart: `rows_in` = accepted + duplicates + quarantined, both lists in the order of lines.

    `rows_in` counts the records after the header that are not blank, and each line of a record whose quoting is
    broken. `blank` counts the records whose every field is blank, `surplus` the rows with empty fields beyond the
    header's, the first of them in line `surplus_from`. `columns` are the optional columns that it has, `unread` says of
    them how many values of accepted rows could not be read.
    """

    path: str
    sha256: str
    file_date: date
    rows_in: int
    accepted: list[CrmRecord]
    duplicates: int
    quarantined: list[RefusedRow]
    extra_columns: list[str]
    blank: int = 0
    surplus: int = 0
    surplus_from: int = 0
    columns: tuple[str, ...] = ()
    unread: Mapping[str, Unread] = field(default_factory=dict)

    @property
    def broken(self) -> int:
        """How many rows cannot be read; a row that a later line replaces is not one of them."""
        return sum(row.reasons != [REPLACED] for row in self.quarantined)

    @property
    def broken_by_reason(self) -> dict[str, int]:
        """How many of the broken rows broke each rule, the most frequent rule first.

        A row counts for each rule that it broke.

        >>> rows = [
        ...     RefusedRow(2, None, "", ["BAD_ROW"]),
        ...     RefusedRow(3, "a", "", ["BAD_ENCODING", "BAD_ROW"]),
        ... ]
        >>> CrmFile("a.csv", "", date(2025, 1, 1), 2, [], 0, rows, []).broken_by_reason
        {'BAD_ROW': 2, 'BAD_ENCODING': 1}
        """
        counts = Counter[str]()
        for row in self.quarantined:
            if row.reasons != [REPLACED]:
                counts.update(row.reasons)
        return dict(sorted(counts.items(), key=lambda counted: (-counted[1], counted[0])))

    @property
    def warnings(self) -> list[str]:
        """What was passed over in reading it, a sentence each."""
        found = [
            f"{self.path}: {unread.told(name)}" for name, unread in sorted(self.unread.items())
        ]
        if not self.surplus:
            return found
        rows = "1 row has" if self.surplus == 1 else f"{self.surplus:,} rows have"
        dropped = f"{self.path}: {rows} empty fields beyond the header's, the first in line {self.surplus_from}"
        return [f"{dropped}; they are dropped", *found]
