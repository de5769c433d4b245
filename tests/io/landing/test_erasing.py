"""A company leaves the landing: usage by generations, CRM files by their bytes; whatever else is there stays."""

from __future__ import annotations

import errno
import io
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from company_activity.errors import LandingCorrupt
from company_activity.io.landing.erase_crm import erase_crm, names_in_files
from company_activity.io.landing.erase_usage import dates_holding, erase_usage
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.retention import dates_listed
from company_activity.io.landing.rollback import Rollback, release, roll_back
from company_activity.io.storage.opening import LocalStorage
from company_activity.records.tombstone import Tombstones, tombstone_of
from company_activity.settings.model import LandingSettings

from support.cycle.traces import traces
from support.landing.erased import ERASED, GONE, HEADER, KEY, NAME, item, row
from support.landing.pages import DAY, NOON, land, newest

OTHERS = [item("c_1"), item("c_2")]
WITH_IT = [item("c_1"), item(GONE), item(f" {GONE}\t", -1), item("c_2")]


@pytest.fixture(params=["none", "gzip"])
def landing(tmp_path: Path, request: pytest.FixtureRequest) -> Landing:
    """A date of which two generations hold the company, and one between them does not."""
    settings = replace(LandingSettings(""), compression=request.param)
    landing = Landing(LocalStorage(tmp_path / "landing"), settings)
    land(landing, WITH_IT)
    land(landing, [item("c_1")], run_id="run-2")
    land(landing, WITH_IT[:3], WITH_IT[3:], run_id="run-3")
    return landing


def erase(landing: Landing, staged: int = 3) -> Any:
    return erase_usage(landing, DAY, ERASED, "erase", staged)


def test_a_date_gets_a_generation_without_the_company_and_loses_those_with_it(landing: Landing, tmp_path: Path) -> None:
    assert traces(tmp_path, GONE)
    done = erase(landing)
    assert (done.lines, done.gone) == (2, (1, 3))
    assert set(landing.files_of(DAY)) == {2, 4}
    landing.check(newest(landing))
    assert (newest(landing).rows, newest(landing).erased_generation) == (2, 3)
    assert traces(tmp_path, GONE) == []
    assert erase(landing) is None
    assert dates_holding(landing, ERASED) == []


def test_an_id_is_found_however_it_is_written(tmp_path: Path) -> None:
    landing = Landing(LocalStorage(tmp_path), LandingSettings(""))
    land(landing, [f'{{"company_id" :\t"{one}", "n": 1}}' for one in ("c_é", "c_\\u00e9", "c\\u005fé", "c_éé", "c_e")])
    erased = Tombstones(KEY, frozenset({tombstone_of(KEY, "c_é")}))
    done = erase_usage(landing, DAY, erased, "erase", 1)
    assert done
    assert (done.lines, newest(landing).rows) == (3, 2)


def test_its_content_is_that_of_a_world_without_the_company(landing: Landing) -> None:
    erase(landing)
    before = landing.generations()
    assert not land(landing, OTHERS, run_id="run-5").is_new
    assert landing.generations() == before


def test_a_content_that_was_held_is_held_without_the_company(landing: Landing) -> None:
    roll_back(landing, Rollback(DAY, 2, "back", NOON))
    done = erase(landing, staged=4)
    assert (done.lines, done.gone) == (0, (1, 3))
    assert land(landing, OTHERS, run_id="run-6").is_held
    assert newest(landing).rows == 1


def test_content_that_was_never_staged_is_judged_when_it_is(landing: Landing) -> None:
    erase(landing, staged=2)
    assert newest(landing).erased_generation is None


@pytest.mark.parametrize("killed_at", range(1, 7))
def test_a_kill_leaves_the_old_or_the_new_and_the_next_erasure_the_new(
    landing: Landing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    writes = iter(range(1, 100))

    def mortal(name: str) -> Any:
        method = getattr(LocalStorage, name)

        def called(storage: LocalStorage, *arguments: Any) -> Any:
            if next(writes) == killed_at:
                raise KeyboardInterrupt
            return method(storage, *arguments)

        return called

    with monkeypatch.context() as killing:
        for name in ("create", "delete"):
            killing.setattr(LocalStorage, name, mortal(name))
        with pytest.raises(KeyboardInterrupt):
            erase(landing)
    landing.check(newest(landing))
    erase(landing)
    landing.check(newest(landing))
    assert traces(tmp_path, GONE) == []
    assert newest(landing).rows == 2


def test_what_staging_has_stays_to_roll_back_to_where_the_newest_is_another(landing: Landing, tmp_path: Path) -> None:
    land(landing, [item("c_9")], run_id="run-4")
    done = erase(landing, staged=3)
    assert (done.gone, sorted(landing.files_of(DAY))) == ((1, 3), [2, 4, 5, 6])
    restated, again = landing.manifest(DAY, 5), newest(landing)
    assert (restated.rows, restated.erased_generation) == (2, 3)
    assert (again.rows, again.erased_generation, again.content_digest) == (
        1,
        None,
        landing.manifest(DAY, 4).content_digest,
    )
    for manifest in (restated, again):
        landing.check(manifest)
    assert traces(tmp_path, GONE) == []
    assert erase(landing, staged=3) is None


@pytest.mark.parametrize("broken", ["cut", "changed"])
def test_a_part_that_is_not_whole_stops_the_erasure_and_nothing_is_lost(
    landing: Landing, tmp_path: Path, broken: str
) -> None:
    part = newest(landing).parts[0].path
    file = tmp_path / "landing" / landing.at(part)
    data = file.read_bytes()
    file.write_bytes(data[:-9] if broken == "cut" else data[:-9] + bytes(9))
    before = landing.generations()
    with pytest.raises(LandingCorrupt, match=part):
        erase(landing)
    assert landing.generations() == before
    file.write_bytes(data)
    erase(landing)
    assert newest(landing).rows == 2


def test_a_part_that_the_disk_does_not_give_is_a_sentence(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    class Torn(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(LocalStorage, "open", lambda storage, path: Torn())
    monkeypatch.setattr(LocalStorage, "read", lambda storage, path: storage.file(path).read_bytes())
    with pytest.raises(LandingCorrupt, match=r"part-00000.* cannot be read: Input/output error — check the disk"):
        erase(landing)


def test_what_was_released_is_not_held_by_an_erasure(landing: Landing) -> None:
    back = roll_back(landing, Rollback(DAY, 2, "back", NOON))
    release(landing, DAY, "back")
    erase(landing, staged=back.generation)
    assert land(landing, OTHERS, run_id="run-6").is_new


def test_a_second_erasure_before_staging_goes_on_from_what_staging_has(landing: Landing) -> None:
    erase(landing, staged=3)
    both = Tombstones(KEY, ERASED.laid | {tombstone_of(KEY, "c_2")})
    erase_usage(landing, DAY, both, "erase-2", 3)
    assert (newest(landing).rows, newest(landing).erased_generation) == (1, 3)


def test_drafts_and_parts_that_nothing_names_go_as_well(landing: Landing, tmp_path: Path) -> None:
    other = DAY + timedelta(days=1)
    for day, number in ((DAY, 3), (other, 1)):
        folder = tmp_path / "landing" / landing.at(f"date={day}/gen={number:06d}")
        folder.mkdir(parents=True, exist_ok=True)
        part = f"usage_{day}_part-00009-run-1.ndjson"
        for name in (part, f".{part}.0123.tmp"):
            (folder / name).write_text(item(GONE), encoding="utf-8")
    assert dates_listed(landing) == [DAY, other]
    for day in dates_listed(landing):
        erase_usage(landing, day, ERASED, "erase", 3)
    assert traces(tmp_path, GONE) == []
    assert newest(landing).rows == 2


def test_a_crm_file_keeps_its_other_bytes(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    kept = row("c_1", "Line\nbreak"), row("c_2", "")
    storage.create("raw/crm/a_2025-01-01.csv", [(HEADER + kept[0] + row(GONE, NAME) + kept[1]).encode()])
    storage.create("raw/crm/b_2025-01-01.csv", [(HEADER + kept[0]).encode()])
    assert names_in_files(storage, "raw/crm/", ERASED) == {NAME}
    done = erase_crm(storage, "raw/crm/", ERASED)
    assert (done.rewritten, done.unreadable) == (("raw/crm/a_2025-01-01.csv",), ())
    assert storage.read("raw/crm/a_2025-01-01.csv").decode() == HEADER + kept[0] + kept[1]
    assert erase_crm(storage, "raw/crm/", ERASED).rewritten == ()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252"])
def test_a_crm_file_that_names_it_and_cannot_be_taken_apart_is_told(tmp_path: Path, encoding: str) -> None:
    storage = LocalStorage(tmp_path)
    storage.create("raw/crm/a_2025-01-01.csv", [f"no header\n{row('c_ü', 'Möller')}".encode(encoding)])
    erased = Tombstones(KEY, frozenset({tombstone_of(KEY, "c_ü")}))
    assert erase_crm(storage, "raw/crm/", erased).unreadable == ("raw/crm/a_2025-01-01.csv",)
    assert erase_crm(storage, "raw/crm/", ERASED).unreadable == ()


@pytest.mark.parametrize(
    "rows",
    [
        'c_2,"open,DE,software,\r\nc_1,One,DE,software,\r\n',
        'c_1,"open,DE,software,\r\nc_2,Two,DE,software,\r\n',
        "c_1,One,DE,software,\rc_2,Two,DE,software,\rc_3,Three,DE,software,\r",
        'x"1,,,,\n"c_2","B\nC",,,\nc_1,Good,,,\n"\n',
    ],
    ids=["its own quote is open", "the quote before it is open", "lone carriage returns", "others read otherwise"],
)
def test_broken_rows_are_not_cut_out_at_the_cost_of_others(tmp_path: Path, rows: str) -> None:
    storage = LocalStorage(tmp_path)
    text = f"{HEADER}{rows}".encode()
    storage.create("raw/crm/a_2025-01-01.csv", [text])
    done = erase_crm(storage, "raw/crm/", Tombstones(KEY, frozenset({tombstone_of(KEY, "c_2")})))
    left = storage.read("raw/crm/a_2025-01-01.csv")
    assert b"c_1" in left
    assert done.unreadable or b"c_2" not in left
    assert left == text or done.rewritten
