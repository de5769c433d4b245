"""What a CRM file becomes: accepted records, refused rows, and the count of those that only repeat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

REQUIRED = ("company_id", "name", "country", "industry_tag", "last_contact_at")
OPTIONAL = ("file_date", "src_file_name")  # of these only the first is read: a source is the path it came by


@dataclass(frozen=True, slots=True)
class CrmRecord:
    """An accepted row; `line` is its first line in the file, `last_contact_at` microseconds since 1970, UTC."""

    line: int
    company_id: str
    name: str | None
    country: str | None
    industry_tag: str | None
    last_contact_at: int | None

    def repeats(self, other: CrmRecord) -> bool:
        """Whether both say the same of the same company, once blanks and notations of a time are read."""
        return self.contract == other.contract

    @property
    def contract(self) -> tuple[str, str | None, str | None, str | None, int | None]:
        """The five fields that the contract names."""
        return self.company_id, self.name, self.country, self.industry_tag, self.last_contact_at


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

    `rows_in` counts the records after the header, and each line of a record whose quoting is broken.
    """

    path: str
    sha256: str
    file_date: date
    rows_in: int
    accepted: list[CrmRecord]
    duplicates: int
    quarantined: list[RefusedRow]
    extra_columns: list[str]
