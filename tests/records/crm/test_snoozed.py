"""Who is set aside, until when: whatever somebody has typed, or a spreadsheet has made of it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company_activity.records.crm.snoozed import MOST_SHOWN, Snooze, Snoozed, read_snoozed, without_snoozes

PATH = "raw/crm/snoozed.csv"
HEADER = "company_id,until,why\n"
APRIL_15 = date(2025, 4, 15)


def read(text: str | bytes) -> Snoozed:
    return read_snoozed(PATH, text if isinstance(text, bytes) else text.encode())


def dates(text: str | bytes) -> dict[str, str]:
    """Until when each company is set aside, of a file without a fault."""
    found = read(text)
    assert found.warnings == []
    return {company_id: str(snooze.until) for company_id, snooze in found.by_company.items()}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{HEADER}a,2025-04-15,leave\n", id="plain"),
        pytest.param(f"{HEADER}a,2025-04-15,leave", id="no line end"),
        pytest.param(f"\ufeff{HEADER}a,2025-04-15,leave\n".replace("\n", "\r\n"), id="BOM and CRLF"),
        pytest.param("sep=;\nCompany ID;Until;Why\na;2025-04-15;leave\n", id="spreadsheet"),
        pytest.param("why,x,until,company_id\nleave,1,2025-04-15,a\n", id="other order, another column"),
        pytest.param(f'{HEADER}" a ",\t2025-04-15 ," leave "\n', id="blanks"),
        pytest.param(f"{HEADER}\n,,\n , ,\na,2025-04-15,leave\n", id="blank rows"),
        pytest.param(f"{HEADER}a,2025-04-15,leave\na,2025-04-14,later line\n", id="the latest date wins"),
        pytest.param(f"{HEADER}a,2025-04-15,before\na,2025-04-15,leave\n", id="of equal ones the last"),
    ],
)
def test_a_company_is_set_aside(text: str) -> None:
    assert read(text) == Snoozed({"a": Snooze("a", APRIL_15, "leave")}, [])


def test_a_reason_is_not_needed_and_may_hold_anything() -> None:
    assert read("company_id,until\na,2025-04-15\n").by_company["a"].why == ""
    assert read(f"{HEADER}a,2025-04-15\n").by_company["a"].why == ""
    assert read(f"{HEADER}a,2025-04-15,on leave, back soon\n").by_company["a"].why == "on leave, back soon"
    assert read(f'{HEADER}a,2025-04-15,"two\nlines"\n').by_company["a"].why == "two\nlines"


@pytest.mark.parametrize("nothing", ["", "\ufeff", HEADER, f"{HEADER}\n\n"])
def test_an_empty_file_sets_nobody_aside(nothing: str) -> None:
    assert dates(nothing) == {}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("a,15.04.2025,", "until '15.04.2025' is no date of the form YYYY-MM-DD"),
        ("a,2025-02-30,", "until '2025-02-30' is no date"),
        ("a,,", "until '' is no date"),
        ("a", "until '' is no date"),
        (",2025-04-15,", "company_id '' is none"),
        ("a\tb,2025-04-15,", r"company_id 'a\tb' is none"),
        ('"a"b,2025-04-15,', "has broken quotes"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_the_others_count(row: str, why: str) -> None:
    found = read(f"{HEADER}{row}\nb,2025-04-15,\n")
    assert list(found.by_company) == ["b"]
    (warning,) = found.warnings
    assert warning.startswith(f"{PATH}, line 2: ")
    assert why in warning
    assert warning.endswith("the row is ignored")


def test_a_reason_that_is_not_utf8_costs_nothing() -> None:
    found = read(f"{HEADER}a,2025-04-15,für\n".encode("latin-1"))
    assert found.by_company["a"].why == r"f\xfcr"
    assert found.warnings == []


def test_an_id_that_is_not_utf8_is_named() -> None:
    found = read(f"{HEADER}ä,2025-04-15,\nb,2025-04-15,ok\n".encode("latin-1"))
    assert list(found.by_company) == ["b"]
    assert "line 2" in found.warnings[0]
    assert "is not UTF-8" in found.warnings[0]


def test_of_many_the_first_are_named() -> None:
    found = read(HEADER + "a,soon,\n" * (MOST_SHOWN + 2))
    assert len(found.warnings) == MOST_SHOWN + 1
    assert found.warnings[-1] == f"{PATH}: 2 more rows are ignored"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"company,date\na,2025-04-15\n", "the header has no company_id and no until; it reads 'company,date'"),
        (b"company_id,why\na,x\n", "the header has no until;"),
        (b"company_id,until,company_id\na,2025-04-15,b\n", "the header has more than one company_id;"),
        ("company_id,until\n".encode("utf-16"), "it looks like UTF-16"),
        (b"PK\x03\x04", "it is a zip file, as an Excel workbook is one"),
    ],
)
def test_a_file_without_our_header_sets_nobody_aside_and_says_so(data: bytes, why: str) -> None:
    found = read(data)
    assert found.by_company == {}
    (warning,) = found.warnings
    assert why in warning
    assert warning.endswith("no company is set aside")


@given(
    st.binary() | st.lists(st.sampled_from([*'a,"\n\r;', "2025-04-15", "\0", "\ufeff"])).map("".join).map(str.encode)
)
def test_nothing_that_a_file_holds_is_raised(data: bytes) -> None:
    for one in (data, HEADER.encode() + data):
        assert all(company_id == snooze.company_id for company_id, snooze in read(one).by_company.items())


def is_a(text: str) -> bool:
    return text.strip() == "a"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"{HEADER}b,2025-04-15,\n", f"{HEADER}b,2025-04-15,\n"),
        (f"{HEADER}a,2025-04-15,\nb,2025-04-15,\n", f"{HEADER}b,2025-04-15,\n"),
        (f'{HEADER}"a",2025-04-15,"two\nlines"\nb,2025-04-15,', f"{HEADER}b,2025-04-15,"),
        (f"{HEADER}b,2025-04-15,x\n a ,soon,\n", f"{HEADER}b,2025-04-15,x\n"),
        (f'{HEADER}"a,2025-04-15,\nb,2025-04-15,\n', f"{HEADER}b,2025-04-15,\n"),  # a quote that nothing closes
        ("a;2025-04-15\nb;2025-04-15\n", "b;2025-04-15\n"),  # no header
        (f"{HEADER}ab,2025-04-15,not a\n", f"{HEADER}ab,2025-04-15,not a\n"),
    ],
)
def test_an_erased_company_is_cut_out_line_by_line(text: str, left: str) -> None:
    assert without_snoozes(text.encode(), is_a) == left.encode()


def test_a_file_without_it_stays_the_same_object() -> None:
    data = f"{HEADER}b,2025-04-15,\n".encode()
    assert without_snoozes(data, is_a) is data


def test_a_file_that_is_read_by_nobody_and_names_it_is_not_passed_by() -> None:
    assert without_snoozes(f"{HEADER}a,2025-04-15,\n".encode("utf-16"), is_a) is None
    data = f"{HEADER}b,2025-04-15,\n".encode("utf-16")
    assert without_snoozes(data, is_a) is data
