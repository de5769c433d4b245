"""What is written is read: random texts, random ways to write them."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from .files import ANY_TEXT, AWKWARD, DAY, HEADER, PATH, TODAY, Row, Written, comparable, read, written_files
from .reference_file import reference_read

NAMES = st.one_of(ANY_TEXT, AWKWARD)
NEW_IDS = st.text("abc,\"é🦊' ", min_size=1, max_size=9).filter(lambda text: text.strip(" "))
TIMES = st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2025, 1, 11))  # noqa: DTZ001 - written as UTC below
RECORDS = st.lists(
    st.tuples(NEW_IDS, NAMES, NAMES, NAMES, TIMES), max_size=8, unique_by=lambda record: record[0].strip(" ")
)


def as_cells(record: tuple[Any, ...]) -> Row:
    return (*record[:4], f"{record[4].isoformat()}Z" if record[4] else "")


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_write_then_read_is_the_identity(data: st.DataObject) -> None:
    records = data.draw(RECORDS)
    written = data.draw(written_files(st.just([as_cells(record) for record in records])))
    file = read(written.data)
    found = [r.contract[:5] for r in file.accepted]
    assert found == [expected(record) for record in records]
    assert (file.quarantined, file.duplicates) == ([], 0)


def expected(record: tuple[Any, ...]) -> tuple[object, ...]:
    """Blanks around an id go, a blank text is NULL, all else is as it was."""
    company_id, *texts, time = record
    since = None if time is None else time - datetime(1970, 1, 1)  # noqa: DTZ001
    micros = None if since is None else (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds
    return (company_id.strip(" "), *(text if text.strip(" ") else None for text in texts), micros)


@given(RECORDS, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_what_pythons_csv_module_writes_is_read(records: list[tuple[Any, ...]], quoting: Any) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n", quoting=quoting)
    writer.writerows([HEADER.split(","), *(as_cells(record) for record in records)])
    found = [r.contract[:5] for r in read(text.getvalue().encode()).accepted]
    assert found == [expected(record) for record in records]


@given(written_files())
@settings(max_examples=300, deadline=None)
def test_a_file_is_read_as_reference_parser_and_oracle_read_it(written: Written) -> None:
    assert comparable(read(written.data)) == reference_read(written.data, DAY, TODAY, PATH)


@given(written_files(), st.sampled_from(";\t|"), st.booleans(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_so_is_one_with_another_delimiter_a_sep_line_and_blank_rows(
    written: Written, delimiter: str, has_sep: bool, has_blanks: bool
) -> None:
    data = written.data.translate(bytes.maketrans(f",{delimiter}".encode(), f"{delimiter},".encode()))
    data = b"\xef\xbb\xbf" + f"sep={delimiter}\r\n".encode() + data.removeprefix(b"\xef\xbb\xbf") if has_sep else data
    data += f"\n\n{delimiter * 7}\n  \r\n".encode() if has_blanks else b""
    assert comparable(read(data)) == reference_read(data, DAY, TODAY, PATH)
    assert read(data).blank >= (3 if has_blanks else 0)
