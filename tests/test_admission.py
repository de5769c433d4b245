"""The guard against a CRM file that was cut short."""

from __future__ import annotations

from datetime import date

import pytest

from company_activity.admission import StagedSnapshots, losses
from company_activity.crm import CrmFile, CrmRecord

D1, D2, D3 = date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)


def crm_file(day: date, companies: range, path: str = "") -> CrmFile:
    records = [CrmRecord(number + 2, f"c{number}", None, None, None, None) for number in companies]
    return CrmFile(path or f"raw/crm/{day}.csv", "sha", day, len(records), records, 0, [], [])


def staged(*files: CrmFile) -> StagedSnapshots:
    """What is staged once these files are."""

    def ids(day: date, replaced: frozenset[str]) -> set[str]:
        return {r.company_id for f in files if f.file_date == day and f.path not in replaced for r in f.accepted}

    nothing = StagedSnapshots({}, {}, lambda _day, _paths: set())
    return StagedSnapshots(nothing.companies_with(files), {file.path: file.file_date for file in files}, ids)


def refused(files: list[CrmFile], before: StagedSnapshots, accepted: frozenset[str] = frozenset()) -> list[str]:
    return [loss.file.path for loss in losses(files, before, 0.5, accepted)]


@pytest.mark.parametrize(("companies", "is_refused"), [(49, True), (50, False), (100, False)])
def test_half_is_the_limit(companies: int, is_refused: bool) -> None:
    file = crm_file(D2, range(companies))
    assert bool(refused([file], staged(crm_file(D1, range(100))))) is is_refused


def test_the_first_snapshot_is_never_refused() -> None:
    assert refused([crm_file(D2, range(1))], staged()) == []


def test_a_file_is_judged_by_the_nearest_earlier_date_not_by_a_later_one() -> None:
    before = staged(crm_file(D1, range(10)), crm_file(D3, range(100)))
    assert refused([crm_file(D2, range(8))], before) == []


def test_files_of_one_run_are_judged_in_the_order_of_their_dates() -> None:
    files = [crm_file(D3, range(3)), crm_file(D1, range(10)), crm_file(D2, range(9))]
    assert refused(files, staged()) == ["raw/crm/2025-03-01.csv"]


def test_a_refused_file_is_no_measure_for_the_next() -> None:
    files = [crm_file(D1, range(100)), crm_file(D2, range(10)), crm_file(D3, range(45))]
    assert refused(files, staged()) == ["raw/crm/2025-02-01.csv", "raw/crm/2025-03-01.csv"]


def test_a_file_that_was_let_in_by_name_is_not_judged_and_is_the_new_measure() -> None:
    files = [crm_file(D1, range(100)), crm_file(D2, range(10)), crm_file(D3, range(9))]
    assert refused(files, staged(), frozenset({"raw/crm/2025-02-01.csv"})) == []


def test_a_snapshot_is_the_union_of_its_paths() -> None:
    halves = staged(crm_file(D1, range(6), "raw/crm/a.csv"), crm_file(D1, range(4, 10), "raw/crm/b.csv"))
    assert halves.companies == {D1: 10}
    assert refused([crm_file(D2, range(5))], halves) == []
    assert refused([crm_file(D2, range(4))], halves) == ["raw/crm/2025-02-01.csv"]


def test_a_replaced_path_counts_with_its_new_rows() -> None:
    halves = staged(crm_file(D1, range(6), "raw/crm/a.csv"), crm_file(D1, range(4, 10), "raw/crm/b.csv"))
    assert halves.companies_with([crm_file(D1, range(1), "raw/crm/a.csv")]) == {D1: 7}
    moved = halves.companies_with([crm_file(D2, range(6), "raw/crm/a.csv")])
    assert moved == {D1: 6, D2: 6}
