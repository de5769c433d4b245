"""Random CRM files: rows, ways to write them, and what a reader must find."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from company_activity.records.crm import CrmFile, read_crm_file

from .reference_file import FIVE, OPTIONAL, Read

DAY, TODAY = date(2025, 1, 10), date(2025, 1, 20)
PATH = f"raw/crm/crm_{DAY}.csv"
REQUIRED = list(FIVE)
COLUMNS = [*FIVE, *OPTIONAL]
HEADER = ",".join(REQUIRED)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = tuple[str, str, str, str, str]  # the five cells, as text

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
AWKWARD = st.text(st.sampled_from("\", \r\n;\t\\'aé€🦊\ufeff"), max_size=8)
INNER = "x\nz,Inner,DE,y,2025-01-01\nz"  # a whole row inside of a text
TEXTS = st.one_of(
    st.sampled_from(["", " ", "DE", 'O"Neil, Ltd', "two\nlines", "two\r\nlines", INNER]), AWKWARD, ANY_TEXT
)
IDS = st.sampled_from(["a", "b", " a ", "c_1", "c,1", 'c"1', "c\n", "c_1é🦊"])
CONTACTS = st.sampled_from(
    ["", " ", "2025-01-10", "2025-01-11T23:59:59.999999Z", "2024-12-31 08:30", "2025-01-01T10:00:00+02:00"]
)
ROWS = st.lists(st.tuples(IDS, TEXTS, TEXTS, TEXTS, CONTACTS), max_size=6)


@dataclass(frozen=True)
class Written:
    """A file, and of each byte of its body the row (from 0) and column that it belongs to."""

    data: bytes
    body_from: int
    places: list[tuple[int, str]]
    last: tuple[int, str]

    def place(self, at: int) -> tuple[int, str] | None:
        """Row and column of the byte at `at`, None in the header; a delimiter belongs to the cell before it."""
        at -= self.body_from
        return None if at < 0 else self.places[at] if at < len(self.places) else self.last


@st.composite
def written_files(draw: st.DrawFn, rows: st.SearchStrategy[list[Row]] = ROWS) -> Written:
    return write(draw(rows), Random(draw(st.integers(0, 2**32))))


def write(rows: list[Row], rng: Random) -> Written:
    """Any order of columns, some more, BOM, line ends that differ, quotes where needed and where not."""
    more = rng.sample(list(EXTRAS), rng.randint(0, len(EXTRAS)))
    names = rng.sample([*REQUIRED, *more], 5 + len(more))
    breaks = rng.choice([["\n"], ["\r\n"], ["\n", "\r\n"]])
    header = rng.choice(["", "\ufeff"]) + ",".join(write_cell(name, rng) for name in names) + rng.choice(breaks)
    body, places = b"", []
    for number, row in enumerate(rows):
        record = dict(zip(REQUIRED, row, strict=True)) | {name: rng.choice(EXTRAS[name]) for name in more}
        for name in names:
            end = "," if name != names[-1] else rng.choice(breaks)
            cell = (write_cell(record[name], rng) + end).encode()
            body += cell
            places += [(number, name)] * len(cell)
    if body and rng.random() < 0.3:
        body = body.removesuffix(b"\n").removesuffix(b"\r")
    return Written(header.encode() + body, len(header.encode()), places[: len(body)], (len(rows) - 1, names[-1]))


EXTRAS = {
    "file_date": [str(DAY), str(DAY), ""],
    "src_file_name": ["crm.csv", ""],
    "owner": ["Ana", "", "  ", "Größe"],
    "segment": ["large", "", 'a "b", c\n'],
    "seats": ["0", " 12\t", "012", "1.0", "-1", "9" * 18, "9" * 19, "٣", ""],
    "contract_value": ["0", "12.5", " 1200.00", "1,200", "1.234", "€ 1", "9" * 16 + ".99", "9" * 17, ""],
    "renewal_on": ["2025-03-31", " 2025-03-31T23:30:00-01:00", "2025-02-29", "31.03.2025", "3000-01-01", ""],
    "größe": ["ß", "1"],
}


def write_cell(text: str, rng: Random) -> str:
    """In quotes where RFC 4180 asks for them, and now and then where it does not."""
    if any(character in text for character in '",\r\n') or rng.random() < 0.2:
        return '"' + text.replace('"', '""') + '"'
    return text


def read(data: bytes) -> CrmFile:
    """The reader under test; what holds of every file is asserted of each one that any test reads."""
    file = read_crm_file(PATH, data, TODAY)
    assert file.rows_in == len(file.accepted) + file.duplicates + len(file.quarantined)
    lines = [record.line for record in file.accepted] + [row.line for row in file.quarantined]
    assert len(set(lines)) == len(lines)
    assert all(row.reasons and row.reasons == sorted(set(row.reasons)) for row in file.quarantined)
    for row in file.quarantined:
        row.raw.encode()  # storable: no lone surrogates
    return file


def comparable(file: CrmFile) -> Read:
    """The file as the reference puts it."""
    accepted: list[tuple[Any, ...]] = [
        (r.line, *r.contract[:4], instant(r.last_contact_at), *r.contract[5:]) for r in file.accepted
    ]
    quarantined: list[tuple[Any, ...]] = [
        (r.line,) if {"BAD_ROW", "BAD_ENCODING"} & set(r.reasons) else (r.line, r.reasons, r.company_id)
        for r in file.quarantined
    ]
    return Read(file.rows_in, accepted, file.duplicates, quarantined, file.blank, file.surplus)


def instant(micros: int | None) -> datetime | None:
    return None if micros is None else EPOCH + timedelta(microseconds=micros)
