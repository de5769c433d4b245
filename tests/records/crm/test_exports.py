"""Exports as other programs write them, each a small input of its own with the value that is right for it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from company_activity.errors import CrmFileRefused
from company_activity.records.crm import CrmFile, read_crm_file

from .files import HEADER, instant

DATED, UNDATED, TODAY = "raw/crm/crm_2025-01-10.csv", "raw/crm/crm.csv", date(2025, 1, 20)
TEN = datetime(2025, 1, 1, 10, tzinfo=UTC)
ACME = "c_1,Acme,DE,retail,2025-01-01"
NAMES = HEADER.split(",")


def read(text: str, path: str = DATED) -> CrmFile:
    return read_crm_file(path, text.encode("utf-8", "surrogateescape"), TODAY)


def refusal(data: bytes, path: str = DATED) -> str:
    with pytest.raises(CrmFileRefused) as refused:
        read_crm_file(path, data, TODAY)
    assert refused.value.remedy
    assert len(str(refused.value)) < 700
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2025-01-01 10:00:00+00", TEN, id="PostgreSQL"),
        pytest.param("2025-01-01 10:00:00.123456+00", TEN.replace(microsecond=123456), id="PostgreSQL, microseconds"),
        pytest.param("2025-01-01 12:00:00+02", TEN, id="PostgreSQL, another zone"),
        pytest.param("2025-01-01T10:00:00.000+0000", TEN, id="Salesforce"),
        pytest.param("2025-01-01T05:00:00.000-0500", TEN, id="Salesforce, another zone"),
        pytest.param("2025-01-01 10:00:00.1234567 +00:00", TEN.replace(microsecond=123456), id="SQL Server"),
        pytest.param("2025-01-01 12:00:00 +02:00", TEN, id="SQL Server, to the second"),
        pytest.param("2025-01-01t10:00:00z", TEN, id="RFC 3339 in small letters"),
        pytest.param("2025-01-01T10:00:00,5Z", TEN.replace(microsecond=500000), id="ISO 8601 with a decimal comma"),
        pytest.param("2025-01-01T10:00 Z", TEN, id="a blank before Z"),
        pytest.param(" 2025-01-01T10:00:00Z", TEN, id="a blank before"),
        pytest.param("2025-01-01T10:00:00Z \t", TEN, id="a blank and a tab behind"),
        pytest.param("\t2025-01-01", TEN.replace(hour=0), id="a tab before a date"),
        pytest.param("2025-01-02T00:00+1400", TEN, id="the widest offset"),
        pytest.param("\t", None, id="a tab alone is NULL"),
    ],
)
def test_a_last_contact_as_other_programs_write_it(text: str, expected: datetime | None) -> None:
    file = read(f'{HEADER}\nc_1,Acme,DE,retail,"{text}"\n')
    assert file.quarantined == []
    assert [instant(row.last_contact_at) for row in file.accepted] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2025-01-01T10:00+1401", id="an offset too wide"),
        pytest.param("2025-01-01T10:00+2", id="an offset of one digit"),
        pytest.param("2025-01-01T10:00  +00", id="two blanks before the offset"),
        pytest.param("2025-01-01 +00", id="an offset without a time"),
        pytest.param("2025-01-01T10:00:00.", id="a point without digits"),
        pytest.param("2025-01-01\u00a0", id="a no-break space behind"),
    ],
)
def test_what_is_no_time_costs_the_row(text: str) -> None:
    assert read(f"{HEADER}\nc_1,Acme,DE,retail,{text}\n").quarantined[0].reasons == ["BAD_TIMESTAMP"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("c_1\u00a0", id="no-break space"),
        pytest.param("\ufeffc_1", id="byte order mark"),
        pytest.param("\u200bc_1\u200b", id="zero width spaces"),
        pytest.param("\u202ac_1\u202c", id="marks of direction"),
        pytest.param("\u3000c_1 \u00ad", id="ideographic space, soft hyphen"),
    ],
)
def test_invisible_characters_around_an_id_make_no_other_company(text: str) -> None:
    file = read(f"{HEADER}\n{text},Acme,DE,retail,\nc_1,Acme,DE,retail,\n")
    assert [row.company_id for row in file.accepted] == ["c_1"]
    assert (file.duplicates, file.quarantined) == (1, [])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("c\u200b1", id="zero width space"),
        pytest.param("c\u00a01", id="no-break space"),
        pytest.param("c\u00ad1", id="soft hyphen"),
        pytest.param("c\u20281", id="line separator"),
        pytest.param("c\t1", id="tab"),
        pytest.param("c_1\t", id="tab at the end"),
        pytest.param("\u200b \u00a0", id="nothing else"),
    ],
)
def test_invisible_characters_inside_an_id_are_refused(text: str) -> None:
    file = read(f"{HEADER}\n{text},Acme,DE,retail,\n")
    assert [row.reasons for row in file.quarantined] == [["BAD_COMPANY_ID"]]


def test_other_texts_are_kept_as_they_are() -> None:
    file = read(f"{HEADER}\nc 1, Acme\u00a0,\t,\u200b,\n")
    assert [row.contract[:4] for row in file.accepted] == [("c 1", " Acme\u00a0", "\t", "\u200b")]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("Company ID,Name,Country,Industry Tag,Last Contact At", id="as a report titles them"),
        pytest.param(HEADER.upper(), id="capitals, as Snowflake and Oracle write them"),
        pytest.param("company_id\u200b,\u00a0name,\tcountry ,industry_tag,last_contact_at", id="invisible characters"),
        pytest.param('"company_id","\ufeffname",country,industry_tag,last_contact_at', id="a mark in the middle"),
    ],
)
def test_the_header_is_matched_by_what_is_meant(header: str) -> None:
    file = read(f"{header}\n{ACME}\n")
    assert [row.contract[:4] for row in file.accepted] == [("c_1", "Acme", "DE", "retail")]
    assert file.extra_columns == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("sep", ["", "sep={}\n", "SEP={}\r\n", '"sep={}"\n', "\ufeffsep={}\n"])
def test_what_parts_the_fields_is_found_and_lines_are_counted_from_the_top(delimiter: str, sep: str) -> None:
    rows = [NAMES, ["c_1", 'a, b; c" |\td', "DE", "", ""], ["c_2", "B"]]
    written = "\n".join(
        delimiter.join('"' + cell.replace('"', '""') + '"' if cell else "" for cell in row) for row in rows
    )
    file = read(sep.format(delimiter) + written)
    above = 1 if sep else 0
    assert [(row.line, row.company_id, row.name) for row in file.accepted] == [(2 + above, "c_1", 'a, b; c" |\td')]
    assert [(row.line, row.reasons) for row in file.quarantined] == [(3 + above, ["BAD_ROW"])]


def test_a_later_line_wins_whatever_parts_the_fields() -> None:
    rows = ["c_1;Old, Inc;;;", "c_1;New;;;"]
    file = read("\n".join(["sep=;", HEADER.replace(",", ";"), *rows]))
    assert [(row.line, row.raw, row.reasons) for row in file.quarantined] == [(3, rows[0], ["DUPLICATE_KEY"])]


@pytest.mark.parametrize(
    ("rows", "blank"),
    [
        pytest.param("\n\r\n", 2, id="empty lines"),
        pytest.param(",,,,\n", 1, id="a row of a spreadsheet"),
        pytest.param(",,,,,,,,,\n , ,\n", 2, id="of any width"),
        pytest.param('"",""," ",,\n', 1, id="in quotes"),
        pytest.param("   ", 1, id="blanks at the end of the file"),
    ],
)
def test_blank_rows_are_counted_and_are_no_rows(rows: str, blank: int) -> None:
    file = read(f"{HEADER}\n{ACME}\n{rows}")
    assert (file.rows_in, len(file.accepted), file.broken, file.blank) == (1, 1, 0, blank)


def test_empty_fields_beyond_the_headers_are_dropped_with_a_warning() -> None:
    file = read(f"{HEADER}\n{ACME}\nc_2,B,,,,,\nc_3,C,,,,x\nc_4,D,,,,\nc_5,E,,,,,,\n")
    assert [row.company_id for row in file.accepted] == ["c_1", "c_2", "c_4", "c_5"]
    assert file.broken_by_reason == {"BAD_ROW": 1}
    assert file.warnings == [
        f"{DATED}: 3 rows have empty fields beyond the header's, the first in line 3; they are dropped"
    ]


def test_a_file_tells_why_its_rows_are_broken() -> None:
    file = read(f"{HEADER}\n{ACME}\n,A,,,soon\nc_2,,,,soon\nc_3\n")
    assert (file.broken, file.rows_in) == (3, 4)
    assert list(file.broken_by_reason.items()) == [("BAD_TIMESTAMP", 2), ("BAD_COMPANY_ID", 1), ("BAD_ROW", 1)]


def test_a_row_that_a_later_line_replaces_is_no_broken_one() -> None:
    file = read(f"{HEADER}\nc_1,Old,,,\nc_1,Newer,,,\nc_1,Newest,,,\n")
    assert [row.reasons for row in file.quarantined] == [["DUPLICATE_KEY"], ["DUPLICATE_KEY"]]
    assert (file.broken, file.broken_by_reason) == (0, {})


@pytest.mark.parametrize("text", [" 2025-01-09", "2025-01-09\t", "\t 2025-01-09 "])
def test_blanks_and_tabs_around_a_file_date_are_nothing(text: str) -> None:
    file = read(f"{HEADER},file_date\nc_1,,,,,{text}\nc_2,,,,,2025-01-09\nc_3,,,,,\t\n", UNDATED)
    assert (file.file_date, len(file.accepted)) == (date(2025, 1, 9), 3)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(
            f"{HEADER.replace(',', ':')}\n".encode(), "its fields seem to be separated by ':'", id="another delimiter"
        ),
        pytest.param(f"{HEADER.replace(',', ' ')}\n".encode(), "seem to be separated by ' '", id="blanks for delimiters"),
        pytest.param(f'"{HEADER}"\n'.encode(), "the whole line is in quotes", id="a line in quotes"),
        pytest.param(HEADER.encode("utf-16"), "it looks like UTF-16", id="UTF-16"),
        pytest.param(HEADER.encode("utf-16-be"), "it looks like UTF-16", id="UTF-16 without a mark"),
        pytest.param(bytes(100), "it looks like binary data", id="binary"),
        pytest.param(b"PK\x03\x04\x14\x00\x06\x00\n", "it is a zip file, as an Excel workbook is one", id="xlsx"),
        pytest.param(b"\x1f\x8b\x08\x00\n", "it is compressed by gzip", id="gzip"),
        pytest.param(
            HEADER.encode().replace(b"name", b"n\xe4me"),
            r"it reads 'company_id,n\xe4me,country,industry_tag,last_contact_at'; it is not UTF-8, perhaps Latin-1",
            id="Latin-1",
        ),
        pytest.param(b"<!DOCTYPE html>\n<html><p>Sign in</p>", "it looks like an HTML page", id="HTML"),
        pytest.param(b'<?xml version="1.0"?>\n<companies/>', "it looks like XML", id="XML"),
        pytest.param(b'[{"company_id": "c_1", "name": "Acme"}]', "it looks like JSON", id="JSON"),
        pytest.param(
            f"Companies, January\n\n{HEADER}\n{ACME}\n".encode(),
            "it reads 'Companies, January'; the header is in line 3: delete what is above it",
            id="a title",
        ),
        pytest.param(f"\n{HEADER}\n{ACME}\n".encode(), "the header is in line 2", id="an empty line above"),
        pytest.param(f"{ACME}\n".encode(), f"it reads '{ACME}'; it has no header", id="no header"),
        pytest.param(
            HEADER.replace("name", "n\u0430me").encode(),
            r"has no name; it reads 'company_id,n\u0430me,country,industry_tag,last_contact_at'",
            id="a letter that looks like another",
        ),
        pytest.param(
            b"company_id,na\xe2\x80\x8bme,country,industry_tag,last_contact_at",
            r"has no name; it reads 'company_id,na\u200bme,country",
            id="an invisible character within",
        ),
        pytest.param(b"company_id;name;country\n", "has no industry_tag, last_contact_at; it reads", id="too few"),
        pytest.param(b"x" * 5000, "(and 4,840 more characters)", id="a long line"),
        pytest.param(
            f"{HEADER}\r{ACME}\r".encode(),
            r"last_contact_at\rc_1,Acme,DE,retail,2025-01-01\r'; it has line ends of CR",
            id="line ends of CR alone",
        ),
        pytest.param(f'{HEADER},"segment\n'.encode(), f"broken quotes or a CR without LF: '{HEADER},\"segment'", id="a quote"),
        pytest.param(b"sep=;\n", "has no line below sep=", id="sep= alone"),
    ],
)  # fmt: skip
def test_a_refused_header_is_shown_with_the_likely_cause(data: bytes, says: str) -> None:
    assert says in refusal(data)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        pytest.param("10.01.2025", "line 2: file_date '10.01.2025' is no date", id="another notation"),
        pytest.param("2025-01\u200b-10", r"file_date '2025-01\u200b-10' is no date", id="an invisible character"),
        pytest.param("x" * 99, "(and 59 more characters) is no date", id="a long text"),
    ],
)
def test_a_refused_file_date_is_shown_as_it_was_found(value: str, says: str) -> None:
    assert says in refusal(f"{HEADER},file_date\nc_1,,,,,{value}\n".encode())
