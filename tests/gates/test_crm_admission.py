"""The guard against a CRM file that was cut short."""

from __future__ import annotations

from datetime import date

import pytest

from company_activity.gates.crm_admission import Admission, Refusal, StagedSnapshots
from company_activity.records.crm import CrmFile, CrmRecord, RefusedRow

D1, D2, D3 = date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)
NOTHING = StagedSnapshots({}, {}, lambda _day, _paths: set())


def crm_file(day: date, companies: range, path: str = "", broken: int = 0) -> CrmFile:
    records = [CrmRecord(number + 2, f"c{number}", None, None, None, None) for number in companies]
    refused = [RefusedRow(len(records) + number + 2, None, "x", ["BAD_TIMESTAMP"]) for number in range(broken)]
    rows = len(records) + broken
    return CrmFile(path or f"raw/crm/{day}.csv", "sha", day, rows, records, 0, refused, [])


def admission(
    files: list[CrmFile],
    before: StagedSnapshots,
    accepted: frozenset[str] = frozenset(),
    standing: frozenset[str] = frozenset(),
) -> Admission:
    """The files judged as a run does it: in the order of their dates and paths."""
    found = Admission(before, frozenset(file.path for file in files), accepted, standing, max_loss=0.5, max_broken=0.5)
    known = {path: day for day, paths in before.paths.items() for path in paths}
    days = sorted({file.file_date for file in files})
    found.leave({known[file.path] for file in files if file.path in known} - set(days))
    for day in days:
        found.judge(day, sorted((file for file in files if file.file_date == day), key=lambda file: file.path))
    return found


def staged(*files: CrmFile) -> StagedSnapshots:
    """What is staged once these files are."""

    def ids(day: date, replaced: frozenset[str]) -> set[str]:
        return {r.company_id for f in files if f.file_date == day and f.path not in replaced for r in f.accepted}

    days = {file.file_date for file in files}
    paths = {day: frozenset(file.path for file in files if file.file_date == day) for day in days}
    every = frozenset(file.path for file in files)
    return StagedSnapshots(admission(list(files), NOTHING, every).counts, paths, ids)


def refusals(files: list[CrmFile], before: StagedSnapshots, *accepted: str) -> list[Refusal]:
    return admission(files, before, frozenset(accepted)).refusals


def refused(files: list[CrmFile], before: StagedSnapshots, *accepted: str) -> list[str]:
    return [refusal.file.path for refusal in refusals(files, before, *accepted)]


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
    assert refused(files, staged(), "raw/crm/2025-02-01.csv") == []


def test_a_snapshot_is_the_union_of_its_paths() -> None:
    halves = staged(crm_file(D1, range(6), "raw/crm/a.csv"), crm_file(D1, range(4, 10), "raw/crm/b.csv"))
    assert halves.companies == {D1: 10}
    assert refused([crm_file(D2, range(5))], halves) == []
    assert refused([crm_file(D2, range(4))], halves) == ["raw/crm/2025-02-01.csv"]


def test_a_replaced_path_counts_with_its_new_rows() -> None:
    halves = staged(crm_file(D1, range(6), "raw/crm/a.csv"), crm_file(D1, range(4, 10), "raw/crm/b.csv"))
    assert admission([crm_file(D1, range(1), "raw/crm/a.csv")], halves).counts == {D1: 7}
    moved = admission([crm_file(D2, range(6), "raw/crm/a.csv")], halves)
    assert moved.counts == {D1: 6, D2: 6}


def test_a_date_that_loses_its_only_path_is_no_measure_any_more() -> None:
    one = staged(crm_file(D1, range(100), "raw/crm/a.csv"))
    assert admission([crm_file(D2, range(6), "raw/crm/a.csv")], one).counts == {D2: 6}


def test_an_export_in_several_files_is_judged_as_one() -> None:
    whole = staged(crm_file(D1, range(100)))
    parts = [crm_file(D2, range(n * 20, n * 20 + 20), f"raw/crm/{n}.csv") for n in range(3)]
    assert refused(parts, whole) == []
    assert refused(parts[:2], whole) == ["raw/crm/0.csv", "raw/crm/1.csv"]
    found = refusals(parts[:2], whole)[0]
    assert found.found == "names 20 companies (20 rows), all files of the date 40"
    assert found.wanted == "about the 100 of 2025-01-01"
    assert [file.companies for file in admission(parts, whole).admitted] == [20, 40, 60]


def test_a_part_is_judged_with_those_that_are_staged() -> None:
    most = staged(crm_file(D1, range(100)), crm_file(D2, range(45), "raw/crm/0.csv"))
    assert refused([crm_file(D2, range(45, 55), "raw/crm/1.csv")], most) == []


@pytest.mark.parametrize(("good", "broken", "is_refused"), [(0, 10, True), (4, 6, True), (5, 5, False), (0, 0, False)])
def test_a_file_of_which_more_than_half_is_broken_is_refused(good: int, broken: int, is_refused: bool) -> None:
    found = refusals([crm_file(D1, range(good), broken=broken)], NOTHING)
    reasons = [f"{good + broken} rows, {broken} broken: BAD_TIMESTAMP {broken}"] if is_refused else []
    assert [refusal.found for refusal in found] == reasons
    assert refused([crm_file(D1, range(good), broken=broken)], NOTHING, f"raw/crm/{D1}.csv") == []


def test_a_file_that_was_staged_before_stays_in_under_newer_rules() -> None:
    broken = crm_file(date(2025, 1, 2), range(2), broken=9)
    again = admission([broken], NOTHING, standing=frozenset({broken.path}))
    assert ([file.path for file in again.admitted], again.refusals) == ([broken.path], [])
    assert refused([broken], NOTHING) == [broken.path]


def test_a_broken_file_does_not_help_the_others_of_its_date() -> None:
    files = [crm_file(D2, range(40), "raw/crm/a.csv"), crm_file(D2, range(40, 60), "raw/crm/b.csv", broken=30)]
    found = refusals(files, staged(crm_file(D1, range(100))))
    assert [(refusal.file.path, refusal.reason) for refusal in found] == [
        ("raw/crm/b.csv", "CRM_BROKEN"),
        ("raw/crm/a.csv", "CRM_LOSS"),
    ]


def test_staged_rows_are_looked_at_once_a_date() -> None:
    """However many files a backlog has, and only where a date keeps a path that they do not replace."""
    asked: list[date] = []

    def ids(day: date, replaced: frozenset[str]) -> set[str]:
        asked.append(day)
        return {"c0"}

    before = StagedSnapshots({D1: 9, D2: 9}, {D1: frozenset({"raw/crm/old.csv"}), D2: frozenset({"0.csv"})}, ids)
    files = [crm_file(day, range(9), f"{n}.csv") for n, day in enumerate([D2, *[D1] * 20, D3])]
    assert refused(files, before) == []
    assert asked == [D1]


@pytest.mark.parametrize("share", [0.29, 0.35, 0.41, 0.57, 0.9])
def test_a_share_is_compared_as_it_is_written(share: float) -> None:
    """A hundred rows of which exactly so many are broken, or companies of which exactly so many are gone, pass."""
    at = round(share * 100)
    file = crm_file(D2, range(100 - at), broken=at)
    known = StagedSnapshots({D1: 100}, {}, lambda _day, _paths: set())
    found = Admission(known, frozenset({file.path}), frozenset(), frozenset(), max_loss=share, max_broken=share)
    found.judge(D2, [file])
    assert found.refusals == []
