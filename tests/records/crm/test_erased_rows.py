"""Rows of an erased company are in nothing that is read of a CRM file."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given

from company_activity.records.crm import CrmFile, read_crm_file
from company_activity.records.tombstone import Tombstones, tombstone_of

from .files import HEADER, PATH, TODAY, Written, written_files

ERASED = Tombstones("k", frozenset(tombstone_of("k", one) for one in ("gone", "a", "g,1")))


def read(*rows: str, header: str = HEADER, path: str = PATH) -> CrmFile:
    return read_crm_file(path, "\n".join([header, *rows, ""]).encode("utf-8", "surrogateescape"), TODAY, ERASED)


@pytest.mark.parametrize(
    "row",
    [
        "gone,Gone Ltd,DE,x,2025-01-01",
        ' gone\u200b,"Gone, Ltd",DE,x,2025-01-01',
        '"gone",Gone Ltd,DE,x,2025-01-01,,',  # surplus empty fields: no warning
        "gone,Gone Ltd,DE,x,yesterday",  # refused otherwise
        "gone,Gone \udcff Ltd,DE,x,2025-01-01",  # a byte that nobody can read
        "gone,Gone Ltd,DE",  # too few cells
        "x,gone,Gone Ltd,DE,x,2025-01-01",  # too many
        '"g,1",Gone Ltd,DE',
        'gone,"Gone" Ltd,DE,x,2025-01-01',  # broken quotes
    ],
)
def test_a_row_of_the_company_leaves_no_trace(row: str) -> None:
    file = read("b,Bee,DE,x,2025-01-01", row, row, "c,Cee,DE,x,2025-01-01", "d,Dee")
    assert [(one.line, one.company_id) for one in file.accepted] == [(2, "b"), (5, "c")]
    assert [(one.line, one.reasons) for one in file.quarantined] == [(6, ["BAD_ROW"])]
    assert (file.rows_in, file.duplicates, file.surplus, file.warnings, file.broken) == (3, 0, 0, [], 1)


@pytest.mark.parametrize("row", ["b,gone,DE,x,2025-01-01", "goner,gone,gone,gone,", "GONE,,,,"])
def test_a_row_that_only_mentions_it_stays(row: str) -> None:
    assert read(row).rows_in == 1


def test_the_company_is_found_in_whichever_column_its_id_stands() -> None:
    file = read("Bee;gone;DE;x;", "gone;b;DE;x;", header="name;Company ID;country;industry_tag;last_contact_at")
    assert [one.company_id for one in file.accepted] == ["b"]


def test_a_date_that_only_its_rows_name_still_counts() -> None:
    header = f"{HEADER},file_date"
    file = read("gone,,,,,2025-01-10", header=header, path="raw/crm/export.csv")
    assert (file.file_date, file.rows_in) == (date(2025, 1, 10), 0)


@given(written_files())
def test_the_rest_of_a_file_is_read_as_without_tombstones(file: Written) -> None:
    plain = read_crm_file(PATH, file.data, TODAY)
    left = read_crm_file(PATH, file.data, TODAY, ERASED)
    assert left.accepted == [one for one in plain.accepted if one.company_id != "a"]
    assert left.quarantined == [one for one in plain.quarantined if one.company_id != "a"]
    others = [plain.sha256, plain.file_date, plain.extra_columns, plain.blank]
    assert [left.sha256, left.file_date, left.extra_columns, left.blank] == others
