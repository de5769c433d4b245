"""Files that are refused as a whole, and files that look odd and are not."""

from __future__ import annotations

from datetime import date

import pytest

from company_activity.errors import CrmFileRefused
from company_activity.records.crm import read_crm_file

from .files import HEADER

TODAY = date(2025, 1, 20)
DATED, UNDATED = "raw/crm/crm_2025-01-10.csv", "raw/crm/2025-01-10/crm.csv"
WITH_DATE = f"{HEADER},file_date\n"


@pytest.mark.parametrize(
    ("path", "data", "says"),
    [
        (DATED, b"", "is empty"),
        (DATED, b"\xef\xbb\xbf", "is empty"),
        (DATED, b"\n", "has no company_id, name, country, industry_tag, last_contact_at"),
        (DATED, f"\n{HEADER}\n".encode(), "has no company_id"),
        (DATED, b"company_id,name,country,last_contact_at\n", "has no industry_tag"),
        (DATED, HEADER.replace("_", "-").encode(), "has no company_id"),
        (DATED, HEADER.replace(",", ":").encode(), "has no company_id"),
        (DATED, f"{HEADER},name\n".encode(), "has name twice"),
        (DATED, f"{HEADER},file_date, file_date\n".encode(), "has file_date twice, as 'file_date', ' file_date'"),
        (DATED, f"{HEADER},Company ID\n".encode(), "has company_id twice, as 'company_id', 'Company ID'"),
        (DATED, f'{HEADER},"segment\na,,,,,\n'.encode(), "broken quotes"),
        (DATED, f"{HEADER}\ra,,,,\rb,,,,\r".encode(), "a CR without LF"),
        (DATED, HEADER.encode("utf-16"), "not UTF-8"),
        (DATED, HEADER.encode("utf-16-le"), "not UTF-8"),
        (DATED, bytes(1000), "not UTF-8"),
        (DATED, f"{HEADER}\na,,,,\na,{'x' * (1 << 20)},,,\n".encode(), "line 3 is longer than 1,048,576 bytes"),
        (DATED, f"{HEADER},{'x,' * (1 << 19)}".encode(), "line 1 is longer than 1,048,576 bytes"),
        (UNDATED, f"{HEADER}\na,,,,\n".encode(), "no file_date, and not one date in its name"),
        ("crm_20250110.csv", f"{HEADER}\n".encode(), "not one date in its name"),
        ("crm_2025-02-29.csv", f"{HEADER}\n".encode(), "not one date in its name"),
        ("crm_2025-01-01_2025-01-10.csv", f"{HEADER}\n".encode(), "not one date in its name"),
        ("crm_1899-12-31.csv", f"{HEADER}\n".encode(), "not one date in its name"),
        (UNDATED, f"{WITH_DATE}a,,,,, \n".encode(), "no file_date"),
        (UNDATED, f"{WITH_DATE}a,,,,\n".encode(), "no file_date"),
        (DATED, f"{WITH_DATE}a,,,,,10.01.2025\n".encode(), "line 2: file_date '10.01.2025' is no date"),
        (DATED, f"{WITH_DATE}a,,,,,2025-01-10T00:00\n".encode(), "is no date"),
        (DATED, f"{WITH_DATE}a,,,,,2025-01-10\u00a0\n".encode(), r"file_date '2025-01-10\xa0' is no date"),
        (
            DATED,
            f"{WITH_DATE}\na,,,,,2025-01-10\n,,,,,2025-01-09".encode(),
            "2025-01-10 in line 3, '2025-01-09' in line 4",
        ),
        (DATED, f"{WITH_DATE}a,,,,,2025-01-10\nb,,,,,soon\n".encode(), "more than one file_date"),
        (DATED, f"{WITH_DATE}a,,,,,2025-01-21\n".encode(), "is of 2025-01-21, after today (2025-01-20)"),
        ("crm_2025-01-21.csv", f"{HEADER}\n".encode(), "after today"),
    ],
)
def test_refused_with_what_and_remedy(path: str, data: bytes, says: str) -> None:
    with pytest.raises(CrmFileRefused) as refusal:
        read_crm_file(path, data, TODAY)
    assert says in str(refusal.value)
    assert path in str(refusal.value)
    assert refusal.value.remedy
    assert refusal.value.exit_code == 3


@pytest.mark.parametrize(
    ("path", "data", "extra_columns"),
    [
        (DATED, HEADER, []),
        (DATED, f"\ufeff{HEADER}\r\n", []),
        (DATED, '\ufeff"company_id", name,"  country",industry_tag ,last_contact_at\r\n', []),
        (DATED, f"{HEADER},tier,,größe,tier,Owner\n", ["tier", "", "größe"]),
        (DATED, "last_contact_at,x,industry_tag,country,src_file_name,name,company_id\n", ["x"]),
        (DATED, f"{HEADER},file_date\n", []),
        (DATED, HEADER.upper(), []),
        (DATED, HEADER.replace(",", ";"), []),
        ("a/2025-01-01/b_2025-01-20_2025-01-20.csv", HEADER, []),
    ],
)
def test_a_file_without_rows_is_a_file(path: str, data: str, extra_columns: list[str]) -> None:
    file = read_crm_file(path, data.encode(), TODAY)
    assert (file.rows_in, file.accepted, file.duplicates, file.quarantined) == (0, [], 0, [])
    assert file.extra_columns == extra_columns


def test_a_row_without_a_date_is_of_the_files_date() -> None:
    file = read_crm_file(UNDATED, f"{WITH_DATE}a,,,,,\nb,,,,,2025-01-09\nc,,,,,  \n".encode(), TODAY)
    assert (file.file_date, len(file.accepted)) == (date(2025, 1, 9), 3)


def test_rows_that_are_refused_for_their_shape_or_bytes_do_not_date_a_file() -> None:
    file = read_crm_file(
        UNDATED, f"{WITH_DATE}a,2025-01-08\na,,,,,\udcff\nb,,,,,2025-01-09\n".encode("utf-8", "surrogateescape"), TODAY
    )
    assert (file.file_date, len(file.accepted), len(file.quarantined)) == (date(2025, 1, 9), 1, 2)


def test_the_column_goes_before_the_name() -> None:
    assert read_crm_file(DATED, f"{WITH_DATE}a,,,,,2025-01-09\n".encode(), TODAY).file_date == date(2025, 1, 9)


def test_a_line_may_be_as_long_as_a_megabyte() -> None:
    row = f"a,{'x' * ((1 << 20) - 6)},,,\n".encode()
    assert len(row) == 1 << 20
    assert read_crm_file(DATED, f"{HEADER}\n".encode() + row * 3, TODAY).rows_in == 3
