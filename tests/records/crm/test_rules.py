"""What a row must keep to: each rule, at its edge, and the repeats within a file."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company_activity.records import fields
from company_activity.records.crm import RefusedRow
from company_activity.records.crm.rules import read_company_id, timestamp

from .files import DAY, EPOCH, HEADER, read
from oracle.fields import is_bad_company_id, parse_timestamp, trim

TIMES = st.from_regex(
    r"\A(19|20|2[19]|30|18)\d\d-[01]\d-[0-3]\d([Tt ][0-2]\d:[0-6]\d(:[0-6]\d([.,]\d{1,9})?)?( ?(Z|z|[+-][01]\d(:?[0-6]\d)?))?)?\Z"
)


def reasons(row: bytes) -> list[str]:
    """Why a row of the five cells is refused; an empty list if it is not."""
    file = read(f"{HEADER}\n".encode() + row + b"\n")
    return [reason for refused in file.quarantined for reason in refused.reasons]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("a,,,,", []),
        ("a, ,   ,,  ", []),
        (f"{'i' * 64},{'n' * 1024},,,", []),
        (f"{'🦊' * 64},{'🦊' * 1024},,,", []),
        ("a\u00a0,\t,\u3000,\x07,2025-01-11T23:59:59.999999999Z", []),
        ("\u200b\ufeffa,,,, \t2025-01-01\t ", []),
        (f"  {'i' * 64}  ,{' ' * 2000},,,1900-01-01", []),
        (",A,,,", ["BAD_COMPANY_ID"]),
        ("   ,,,,2025-01-01", ["BAD_COMPANY_ID"]),
        ("\u200b,,,,", ["BAD_COMPANY_ID"]),
        ("a\u200bb,,,,", ["BAD_COMPANY_ID"]),
        ("a\u00a0b,,,,", ["BAD_COMPANY_ID"]),
        ("a\u2028b,,,,", ["BAD_COMPANY_ID"]),
        ("\ta,,,,", ["BAD_COMPANY_ID"]),
        (f"{'i' * 65},,,,", ["BAD_COMPANY_ID"]),
        ("a\tb,,,,", ["BAD_COMPANY_ID"]),
        ("a\x85,,,,", ["BAD_COMPANY_ID"]),
        (f"a,{'n' * 1025},,,", ["OUT_OF_RANGE"]),
        (f"a,,{'n' * 1025},,", ["OUT_OF_RANGE"]),
        (f"a,,,{'🦊' * 1025},", ["OUT_OF_RANGE"]),
        ("a,,,,last tuesday", ["BAD_TIMESTAMP"]),
        ("a,,,,2025-01-01\u00a0", ["BAD_TIMESTAMP"]),
        ("a,,,,2025-02-29", ["BAD_TIMESTAMP"]),
        ("a,,,,2024-01-01T24:00:00Z", ["BAD_TIMESTAMP"]),
        ("a,,,,2025-01-12", ["FUTURE"]),
        ("a,,,,2025-01-11T23:30:00-00:30", ["FUTURE"]),
        (f",{'n' * 1025},,,soon", ["BAD_COMPANY_ID", "BAD_TIMESTAMP", "OUT_OF_RANGE"]),
        ("a,,,", ["BAD_ROW"]),
        ("a,,,,,x", ["BAD_ROW"]),
        ("a,,,,, ", ["BAD_ROW"]),
        ("a,,,,,", []),
        ('a,b"c,,,', ["BAD_ROW"]),
    ],
)
def test_a_row_is_refused_for_every_rule_it_breaks(row: str, expected: list[str]) -> None:
    assert reasons(row.encode()) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (b"a,M\xfcller,,,", RefusedRow(2, "a", r"a,M\xfcller,,,", ["BAD_ENCODING"])),
        (b" a\x80,,,,", RefusedRow(2, None, r" a\x80,,,,", ["BAD_ENCODING"])),
        (b"a,,,,2025\xb001-01", RefusedRow(2, "a", r"a,,,,2025\xb001-01", ["BAD_ENCODING"])),
        (b"a,\xed\xa0\x80,,,", RefusedRow(2, "a", r"a,\xed\xa0\x80,,,", ["BAD_ENCODING"])),
        (b" a ,b\0,,,", RefusedRow(2, "a", r" a ,b\x00,,,", ["BAD_ENCODING"])),
        (b"a,\xff,,,soon", RefusedRow(2, "a", r"a,\xff,,,soon", ["BAD_ENCODING", "BAD_TIMESTAMP"])),
        (b"a,\xff", RefusedRow(2, None, r"a,\xff", ["BAD_ENCODING", "BAD_ROW"])),
        ("a\u0007,ü,,,".encode(), RefusedRow(2, "a\u0007", "a\u0007,ü,,,", ["BAD_COMPANY_ID"])),
    ],
)
def test_what_the_quarantine_keeps(row: bytes, expected: RefusedRow) -> None:
    file = read(f"{HEADER}\n".encode() + row + b"\nb,B,,,\n")
    assert file.quarantined == [expected]
    assert [record.company_id for record in file.accepted] == ["b"]


def test_within_a_file_the_later_line_wins() -> None:
    rows = [
        "a,Old,,,",
        "a,New,,,2025-01-01",
        " a ,New, ,,2025-01-01T01:00+01:00",
        'a,"Ol""d",,,',
        "b,B,,,",
        "a,New,,,2025-01-01T00:00Z",
    ]
    file = read("\n".join([HEADER, *rows, f"a,{'n' * 1025},,,"]).encode())
    assert [(record.line, record.company_id, record.name) for record in file.accepted] == [
        (6, "b", "B"),
        (7, "a", "New"),
    ]
    assert file.duplicates == 2
    assert [(row.line, row.raw, row.reasons) for row in file.quarantined[:2]] == [
        (2, "a,Old,,,", ["DUPLICATE_KEY"]),
        (5, 'a,"Ol""d",,,', ["DUPLICATE_KEY"]),
    ]
    assert [(row.line, row.reasons) for row in file.quarantined[2:]] == [(8, ["OUT_OF_RANGE"])]


@given(st.one_of(TIMES, st.text("0123456789-:TZtz +.,", max_size=30)))
@settings(max_examples=500, deadline=None)
def test_the_quick_reading_of_a_time_is_the_rule(text: str) -> None:
    instant = parse_timestamp(text)
    expected = (None, "BAD_TIMESTAMP") if instant is None else ((instant - EPOCH) // timedelta(microseconds=1), None)
    assert timestamp(text) == fields.timestamp(text) == expected


@given(st.text(st.characters() | st.sampled_from(" \t\x85\xad\u00a0\u200b\u2028\ufeff"), max_size=66))
@settings(max_examples=300, deadline=None)
def test_the_quick_reading_of_an_id_is_the_rule(text: str) -> None:
    is_bad = is_bad_company_id(trim(text))
    assert (
        read_company_id(text) == fields.company_id(text) == ((None, "BAD_COMPANY_ID") if is_bad else (trim(text), None))
    )


def test_the_day_that_follows_the_snapshot_counts_from_the_column_not_the_name() -> None:
    rows = f"{HEADER},file_date\na,,,,2025-01-03,2025-01-02\nb,,,,2025-01-04,\n"
    file = read(rows.encode())
    assert str(file.file_date) == "2025-01-02" != str(DAY)
    assert [(row.company_id, row.reasons) for row in file.quarantined] == [("b", ["FUTURE"])]
