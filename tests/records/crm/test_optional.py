"""The optional columns: what is read of a cell, and that nothing in one ever costs its row."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company_activity.errors import CrmFileRefused
from company_activity.records.crm import CrmFile, read_crm_file
from company_activity.records.crm.records import OPTIONAL

from oracle.model import CrmRow
from oracle.optional import optional_values

HEADER = "company_id,name,country,industry_tag,last_contact_at"
TODAY = date(2025, 1, 20)
CELLS = st.one_of(
    st.sampled_from(
        ["", " ", "\t", "0", "00", "7", "-1", "1.", ".5", "1.23", "1.234", "9" * 18, "9" * 19, "Ana", "=1+1"]
    ),
    st.sampled_from(["2025-01-01", "2025-02-30", "2025-01-01T23:00:00-02:00", "1899-12-31", "2999-12-31T23:59:59Z"]),
    st.from_regex(r"[0-9]{1,20}(\.[0-9]{0,3})?", fullmatch=True),
    st.text(st.characters(exclude_characters='",\r\n\0', exclude_categories=["Cs"]), max_size=6),
)


def read(*rows: str | bytes, names: str = ",".join(OPTIONAL)) -> CrmFile:
    """A file with these cells behind the five of one company each."""
    lines = [f"{HEADER},{names}".encode()]
    for number, cells in enumerate(rows):
        lines.append(f"c{number},N,DE,it,,".encode() + (cells.encode() if isinstance(cells, str) else cells))
    return read_crm_file("raw/crm/crm_2025-01-10.csv", b"\n".join(lines), TODAY)


def values(file: CrmFile) -> list[tuple[Any, ...]]:
    return [record.contract[5:] for record in file.accepted]


@given(st.lists(st.tuples(*[CELLS] * 5), min_size=1, max_size=5))
def test_cells_are_read_as_the_oracle_reads_them_and_what_is_not_is_counted(rows: list[tuple[str, ...]]) -> None:
    file = read(*(",".join(row) for row in rows))
    expected = [optional_values(CrmRow(2, None, None, None, None, None, *row)) for row in rows]
    assert values(file) == expected
    for place, name in enumerate(OPTIONAL):
        said = [row[place].strip(" \t" if place > 1 else " ") for row in rows]
        lost = sum(bool(cell) and value[place] is None for cell, value in zip(said, expected, strict=True))
        assert (file.unread[name].count if name in file.unread else 0) == lost


def test_a_warning_names_file_column_number_and_three_samples() -> None:
    file = read("A,s,many,,", "A,s,7,,", "A,s,12 seats,1,", "A,s,many,,soon", "A,s,\x1b[1m,,", "A,s,x,,")
    assert file.warnings == [
        "raw/crm/crm_2025-01-10.csv: 1 value of renewal_on cannot be read and is NULL: 'soon'",
        "raw/crm/crm_2025-01-10.csv: 5 values of seats cannot be read and are NULL: 'many', '12 seats', '\\x1b[1m', …",
    ]
    assert (len(file.accepted), file.quarantined) == (6, [])


def test_bytes_that_are_no_text_cost_the_row_in_other_columns_only() -> None:
    file = read(b"\xff,s\0,7,,", b"Ana,\xff,1,2.5,2025-12-31")
    assert values(file) == [(None, None, 7, None, None), ("Ana", None, 1, Decimal("2.5"), date(2025, 12, 31))]
    refused = read(b"Ana,\xff", names="owner,territory")
    assert [row.reasons for row in refused.quarantined] == [["BAD_ENCODING"]]


def test_a_text_may_have_1024_characters() -> None:
    assert [row[:2] for row in values(read(f"{'ö' * 1024},s", f"{'ö' * 1025},s", names="owner,segment"))] == [
        ("ö" * 1024, "s"),
        (None, "s"),
    ]


def test_any_of_them_in_any_order_and_spelling() -> None:
    file = read("7,Ana", names="Seats, OWNER ")
    assert (file.columns, values(file)) == (("owner", "seats"), [("Ana", None, 7, None, None)])
    assert (read("x", names="x").columns, read("x", names="x").unread) == ((), {})


def test_two_columns_of_one_name_refuse_the_file() -> None:
    with pytest.raises(CrmFileRefused, match="has renewal_on twice, as 'renewal_on', 'Renewal On'"):
        read(names="renewal_on,Renewal On")


def test_rows_that_differ_in_an_optional_value_do_not_repeat_each_other() -> None:
    row = "a,N,DE,it,,"
    text = "\n".join([f"{HEADER},seats", f"{row}7", f"{row}8", f"{row} 8", f"{row}many", f"{row}8"])
    file = read_crm_file("raw/crm/crm_2025-01-10.csv", text.encode(), TODAY)
    assert (values(file)[0][2], file.duplicates, [row.line for row in file.quarantined]) == (8, 2, [2, 5])
