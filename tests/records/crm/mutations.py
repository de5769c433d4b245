"""One byte changed, put in or taken out; and what a reader may then say of each row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from company_activity.records.crm import CrmFile, CrmRecord

from .files import COLUMNS, Written
from .reference import parse

STRUCTURE = b'"\r\n'


@dataclass(frozen=True)
class Mutation:
    """At `at`, the bytes `old` (one or none) give way to `new` (one or none)."""

    at: int
    old: bytes
    new: bytes

    def apply(self, data: bytes) -> bytes:
        return data[: self.at] + self.new + data[self.at + len(self.old) :]

    @property
    def is_structural(self) -> bool:
        """A quote, CR or LF came or went."""
        return any(byte in STRUCTURE for byte in self.old + self.new)

    @property
    def may_shift_cells(self) -> bool:
        """A comma came: where the row ends in an empty cell, that one is now beyond the header's."""
        return self.new == b","


def mutations(data: bytes, alphabet: bytes) -> Iterator[Mutation]:
    """Every byte replaced by each of the alphabet, each put before every byte and at the end, every byte gone."""
    for at in range(len(data) + 1):
        old = data[at : at + 1]
        yield from (Mutation(at, b"", bytes([new])) for new in alphabet)
        if old:
            yield from (Mutation(at, old, bytes([new])) for new in alphabet if new != old[0])
            yield Mutation(at, old, b"")


def is_of_the_whole_file(written: Written, mutation: Mutation) -> bool:
    """It changes the header or a `file_date`, and so what the file is; nothing else may refuse a file as a whole.

    A byte put in between two cells may come to belong to either.
    """
    places = [written.place(at) for at in ((mutation.at,) if mutation.old else (mutation.at - 1, mutation.at))]
    return any(place is None or place[1] == "file_date" for place in places)


def changed_columns(before: CrmRecord, after: CrmRecord) -> set[str]:
    """The columns in which two records of the same line differ."""
    return {name for name in COLUMNS if getattr(before, name) != getattr(after, name)}


def lines_before(data: bytes, at: int) -> int:
    """The line up to which all records end before byte `at`; a record that ends right there may go on."""
    bom = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    return max(
        (record.line for record in parse(data) if record.end + bom <= at and data[record.end + bom - 1] == 10),
        default=0,
    )


def by_line(file: CrmFile) -> dict[int, CrmRecord]:
    return {record.line: record for record in file.accepted}
