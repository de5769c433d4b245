"""`snoozed.csv` among the CRM files: read as what it is, and by nobody taken for a snapshot."""

from __future__ import annotations

from pathlib import Path

import pytest

from company_activity.io.landing.crm_files import listed
from company_activity.io.landing.erase_crm import erase_crm, files_holding
from company_activity.io.landing.snoozed import snoozed_companies
from company_activity.io.storage.opening import LocalStorage
from company_activity.records.tombstone import Tombstones, tombstone_of

FOLDER = "raw/crm/"
HEADER = "company_id,until,why\n"


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


def drop(storage: LocalStorage, name: str, text: str) -> None:
    storage.create(FOLDER + name, [text.encode()])


def test_it_is_no_crm_file_and_one_in_a_folder_below_is(storage: LocalStorage) -> None:
    for name in ("Snoozed.CSV", "2025/snoozed.csv", "snoozed_2025-03-01.csv"):
        drop(storage, name, HEADER)
    assert [one.path for one in listed(storage, FOLDER)] == [
        "raw/crm/2025/snoozed.csv",
        "raw/crm/snoozed_2025-03-01.csv",
    ]


def test_without_it_nobody_is_set_aside(storage: LocalStorage) -> None:
    assert snoozed_companies(storage, FOLDER).by_company == {}


def test_a_broken_row_is_told_and_sets_nobody_aside(storage: LocalStorage) -> None:
    drop(storage, "snoozed.csv", f"{HEADER}a,soon,\nb,2025-04-15,\n")
    found = snoozed_companies(storage, FOLDER)
    assert list(found.by_company) == ["b"]
    (warning,) = found.warnings
    assert warning.startswith("raw/crm/snoozed.csv, line 2: until 'soon' is no date")


def test_an_erased_company_is_cut_out_of_it(storage: LocalStorage) -> None:
    drop(storage, "snoozed.csv", f"{HEADER}a,2025-04-15,\nb,2025-04-15,\n")
    erased = Tombstones("k", frozenset({tombstone_of("k", "a")}))
    assert files_holding(storage, FOLDER, erased) == ["raw/crm/snoozed.csv"]
    assert erase_crm(storage, FOLDER, erased).rewritten == ("raw/crm/snoozed.csv",)
    assert storage.read("raw/crm/snoozed.csv").decode() == f"{HEADER}b,2025-04-15,\n"
    assert erase_crm(storage, FOLDER, erased).rewritten == ()
