"""What a state names of ten years of hourly CRM files, and how little of it a run has to open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from company_activity.io.lake.delta_log import encode_state
from company_activity.io.landing.crm_known import KnownFiles
from company_activity.io.storage.folder import Folder
from company_activity.io.storage.port import Entry
from company_activity.planning.snapshots import snapshots
from company_activity.planning.state import CrmState
from company_activity.work.stage_crm import stopped_columns

FIRST = date(2015, 1, 1)
DATES = [FIRST + timedelta(days=n) for n in range(3653)]
HOURS = 24
MOST_BYTES = 700_000
SHA = "0123456789abcdef" * 4
AT = datetime(2025, 1, 1, tzinfo=UTC)


def hourly(days: list[date]) -> Iterator[tuple[str, date]]:
    for day in days:
        for hour in range(HOURS):
            yield f"raw/crm/{day:%Y/%m}/crm_{day}T{hour:02}.csv", day


def state_of_0_1(files: Iterator[tuple[str, date]]) -> dict[str, Any]:
    """What version 0.1 noted of staged files."""
    seen = f"1000/{AT.isoformat()}"
    return {"files": {path: {"sha256": SHA, "file_date": str(day), "seen": seen} for path, day in files}}


def entries(files: Iterator[tuple[str, date]]) -> list[Entry]:
    return [Entry(path, 1000, AT) for path, _ in files]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the notes that are opened."""
    names: list[str] = []
    real = Folder.read

    def read(self: Folder, name: str) -> str:
        names.append(name)
        return real(self, name)

    monkeypatch.setattr(Folder, "read", read)
    return names


def staged(lake: Path, files: list[tuple[str, date]], state: dict[str, Any] | None = None) -> dict[str, Any]:
    """The state once these files are staged; the notes that it names are there."""
    known = KnownFiles(str(lake), CrmState.from_json(state or {}))
    known.unsettled(entries(iter(files)))
    for path, day in files:
        known.replace_file(path, str(day), SHA, f"1000/{AT.isoformat()}")
    known.write_notes()
    return known.state().as_json()


def test_the_staging_table_names_no_path(tmp_path: Path) -> None:
    files = list(hourly(DATES))
    known = KnownFiles(str(tmp_path), CrmState.from_json(state_of_0_1(iter(files))))
    companies = {str(day): 200_000 for day in DATES}
    text = encode_state({**known.state().as_json(), "companies": companies})
    assert len(files) == 87_672
    assert ".csv" not in text
    assert len(text.encode()) < MOST_BYTES


def test_what_has_not_changed_is_told_by_the_notes_names(tmp_path: Path, opened: list[str]) -> None:
    files = list(hourly(DATES[:30]))
    state = staged(tmp_path, files)
    known = KnownFiles(str(tmp_path), CrmState.from_json(state))
    assert known.unsettled(entries(iter(files))) == []
    more = [*files, ("raw/crm/crm_2015-01-31.csv", date(2015, 1, 31)), ("raw/crm/late_2015-01-07.csv", DATES[6])]
    left = known.unsettled(entries(iter(more)))
    assert {entry.path for entry in left} == {path for path, day in more if str(day) in ("2015-01-07", "2015-01-31")}
    assert [entry.path for entry in left if not known.find(entry.path)] == [path for path, _ in more[-2:]]
    assert [name[:10] for name in opened] == ["2015-01-07"]


def test_a_lake_of_0_1_goes_on_and_its_files_are_known(tmp_path: Path, opened: list[str]) -> None:
    files = list(hourly(DATES[:30]))
    old = state_of_0_1(iter(files))
    known = KnownFiles(str(tmp_path), CrmState.from_json(old))
    is_known = [known.find(entry.path) for entry in known.unsettled(entries(iter(files)))]
    assert all(found and found.sha256 == SHA for found in is_known)
    known.replace_file("raw/crm/crm_2015-02-15.csv", "2015-02-15", SHA, "1000/x")
    known.write_notes()
    assert known.state().as_json()["crm"].items() >= snapshots(old).items()
    assert len(known.state().as_json()["crm"]) == 31
    assert KnownFiles(str(tmp_path), CrmState.from_json(known.state().as_json())).find(files[0][0]) == known.find(
        files[0][0]
    )
    assert len(opened) == 1


@pytest.mark.parametrize("folder", ["raw/crm/{n:03}.csv", "raw/crm/of_2020-01-01_{n}.csv"])
def test_files_whose_names_do_not_tell_their_date_are_known_too(tmp_path: Path, opened: list[str], folder: str) -> None:
    files = [(folder.format(n=n), DATES[n % 10]) for n in range(40)]
    state = staged(tmp_path, files)
    known = KnownFiles(str(tmp_path), CrmState.from_json(state))
    left = known.unsettled(entries(iter(files)))
    assert all(known.day_of(entry.path) for entry in left)
    known.note_unchanged()
    assert len(opened) == 10
    again = KnownFiles(str(tmp_path), CrmState.from_json(state))
    assert again.unsettled(entries(iter(files))) == []
    assert len(opened) == 10
    new = [*files, (folder.format(n=99), DATES[3])]
    found = {entry.path for entry in again.unsettled(entries(iter(new))) if not again.day_of(entry.path)}
    assert found == {new[-1][0]}


def test_a_path_that_moves_to_another_date_leaves_the_one_before(tmp_path: Path) -> None:
    state = staged(tmp_path, [("raw/crm/a.csv", DATES[0]), ("raw/crm/b.csv", DATES[0])])
    moved = staged(tmp_path, [("raw/crm/a.csv", DATES[1])], state)
    assert {day: content[:2] for day, content in moved["crm"].items()} == {"2015-01-01": "1:", "2015-01-02": "1:"}
    gone = staged(tmp_path, [("raw/crm/b.csv", DATES[1])], moved)
    assert {day: content[:2] for day, content in gone["crm"].items()} == {"2015-01-02": "2:"}


def test_a_note_that_is_lost_lets_its_files_be_read_again(tmp_path: Path) -> None:
    files = list(hourly(DATES[:2]))
    state = staged(tmp_path, files)
    for note in (tmp_path / "ops/crm").glob("2015-01-01.*"):
        note.unlink()
    known = KnownFiles(str(tmp_path), CrmState.from_json(state))
    left = known.unsettled(entries(iter(files)))
    assert [entry.path for entry in left if not known.find(entry.path)] == [path for path, _ in files[:HOURS]]
    assert known.is_lost("2015-01-01")
    assert staged(tmp_path, files[:HOURS], state) == state


def test_superseded_notes_are_swept(tmp_path: Path) -> None:
    files = list(hourly(DATES[:2]))
    known = KnownFiles(str(tmp_path), CrmState.from_json({}))
    for path, day in files:
        known.replace_file(path, str(day), SHA, "1000/x")
        known.write_notes()
        known.sweep({str(day)})
    assert len(list((tmp_path / "ops/crm").iterdir())) == 2


def test_a_snapshot_that_lacks_columns_of_the_one_before_is_told_of_once(tmp_path: Path) -> None:
    files = {"a.csv": (DATES[0], ("owner", "seats")), "b.csv": (DATES[2], ("seats",)), "c.csv": (DATES[3], ("seats",))}
    known = KnownFiles(str(tmp_path), CrmState.from_json({}))
    for path, (day, columns) in files.items():
        known.replace_file(path, str(day), SHA, "1000/x", columns)
    known.write_notes()
    again = KnownFiles(str(tmp_path), known.state())
    told = [stopped_columns(again, str(day)) for day in DATES[:4]]
    assert told == [[], [], ["b.csv: no column owner any more; from 2015-01-03 on it is NULL"], []]
    again.replace_file("b2.csv", str(DATES[2]), SHA, "1000/x", ("owner",))
    assert stopped_columns(again, str(DATES[2])) == []
    assert stopped_columns(again, str(DATES[3])) == ["c.csv: no column owner any more; from 2015-01-04 on it is NULL"]
