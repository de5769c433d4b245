"""An export and an erasure at once: whichever is first, no export with the company stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

import pytest

from company_activity.errors import CompanyActivityError
from company_activity.io.lake.erasures import is_ended, note_begin, note_end
from company_activity.io.landing import within_reach
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.tombstones import lay
from company_activity.io.storage.folder import Folder, lake_folder
from company_activity.io.storage.opening import open_storage
from company_activity.operations import erase
from company_activity.operations.erase import Erasure, tables
from company_activity.operations.export import work
from company_activity.operations.export.folder import ExportFolder
from company_activity.operations.export.holding import remove_holding
from company_activity.run import Run

from support.cycle.place import Place
from support.export.noted import BOTH_DELETED, TOMBSTONE, began, export, files_below, out_of, publish
from support.landing.erased import GONE
from support.landing.mortal import Killed
from support.warehouse.tables import NOW

pytestmark = pytest.mark.usefixtures("no_spark")

TWO_FILES = ("--rows-per-file", "1")  # both dates that are deleted get one of their own


@pytest.fixture
def place(place: Place) -> Place:
    """One that has two dates to delete."""
    began(place)
    publish(place, *BOTH_DELETED)
    return place


def begin_erasure(place: Place) -> None:
    """What an erasure does first, in its order."""
    settings = place.settings
    lay(Landing(open_storage(settings.landing), settings.landing), TOMBSTONE, "run-1", NOW)
    note_begin(lake_folder(settings), TOMBSTONE)
    remove_holding(lake_folder(settings), GONE)


def end_erasure(place: Place) -> None:
    note_end(lake_folder(place.settings), TOMBSTONE, "run-1")


def exports_of(place: Place) -> list[str]:
    """The files of exports below the lake, but for those of the one that ended at 3."""
    return [name for name in files_below(place.folder / "lake/ops/exports") if "2025-04-01-to-3" not in name]


def paused(method: str, meanwhile: Callable[[], object], *, is_after: bool) -> Any:
    """Something happens before, or behind, the first call of a method of the folder."""
    real = getattr(ExportFolder, method)
    calls: list[str] = []

    def call(self: ExportFolder, *arguments: Any) -> Any:
        calls.append(method)
        if len(calls) > 1:
            return real(self, *arguments)
        if not is_after:
            meanwhile()
        done = real(self, *arguments)
        if is_after:
            meanwhile()
        return done

    return mock.patch.object(ExportFolder, method, call)


MOMENTS = {
    "before its plan": ("begin", False),
    "before a file": ("write", False),
    "behind a file": ("write", True),
    "before the manifest": ("finish", False),
    "behind the manifest": ("finish", True),
}


@pytest.mark.parametrize("is_out", [True, False], ids=["out", "lake"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_export_that_an_open_erasure_overtakes_leaves_nothing(
    place: Place, capsys: pytest.CaptureFixture[str], moment: str, is_out: bool
) -> None:
    """Two at once: the export stands still where the erasure begins, which has not ended when the export looks again."""
    out = ("--out", str(out_of(place))) if is_out else ()
    method, is_after = MOMENTS[moment]
    reached, erasing = Event(), Event()

    def stand_still() -> None:
        reached.set()
        assert erasing.wait(60)

    with paused(method, stand_still, is_after=is_after), ThreadPoolExecutor(1) as pool:
        exporting = pool.submit(export, place, "3", *TWO_FILES, *out)
        assert reached.wait(60)
        begin_erasure(place)
        erasing.set()
        assert exporting.result(60) == 2
    said = capsys.readouterr().err
    assert "a company was erased meanwhile" in said or "was removed or begun anew by another" in said
    assert files_below(out_of(place)) == []
    assert exports_of(place) == []

    assert export(place, "3", *TWO_FILES, *out) == 2
    assert "1 erasures have not ended" in capsys.readouterr().err
    end_erasure(place)
    assert export(place, "3", *TWO_FILES, *out) == 0
    names = [name.rpartition("/")[2] for name in (files_below(out_of(place)) if is_out else exports_of(place))]
    assert names == ["delete-00000.csv", "delete-00001.csv", "manifest.json", "plan.json"]


def whole_erasure(place: Place) -> None:
    begin_erasure(place)
    end_erasure(place)


def test_one_that_an_erasure_removed_writes_no_further_file(place: Place) -> None:
    """Killed at the next, it would leave rows that nobody looks for."""
    creating = mock.patch.object(Folder, "create_bytes", autospec=True, side_effect=Folder.create_bytes)
    with paused("write", lambda: begin_erasure(place), is_after=True), creating as created:
        assert export(place, "3", *TWO_FILES) == 2
    assert [one.args[1].rpartition("/")[2] for one in created.call_args_list] == ["delete-00000.csv"]


def test_behind_the_last_file_no_manifest_is_written(place: Place) -> None:
    """Whoever watches the folder would load it."""
    finish = mock.patch.object(ExportFolder, "finish", side_effect=AssertionError("it counts"))
    with paused("note_done", lambda: begin_erasure(place), is_after=True), finish:
        assert export(place, "3", "--out", str(out_of(place))) == 2
    assert files_below(out_of(place)) == []


def test_one_that_a_whole_erasure_overtook_is_removed(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    with paused("finish", lambda: whole_erasure(place), is_after=False):
        assert export(place, "3", "--out", str(out_of(place))) == 2
    assert "a company was erased meanwhile" in capsys.readouterr().err
    assert files_below(out_of(place)) == []


def killed_when_the_erasure_had_looked(place: Place) -> None:
    """The manifest is written behind the erasure's last look, and the process is killed before its own."""
    end_erasure(place)
    raise Killed


@pytest.mark.parametrize("is_out", [True, False], ids=["out", "lake"])
def test_a_finished_one_that_may_hold_the_company_is_not_called_done(
    place: Place, capsys: pytest.CaptureFixture[str], is_out: bool
) -> None:
    out = ("--out", str(out_of(place))) if is_out else ()
    with paused("finish", lambda: killed_when_the_erasure_had_looked(place), is_after=True), pytest.raises(Killed):
        export(place, "3", *out)
    capsys.readouterr()
    assert export(place, "3", *out) == 0
    said = capsys.readouterr().out
    assert "is begun anew: a company was erased since it began" in said
    assert "Nothing to do" not in said
    assert export(place, "3", *out) == 0
    assert "Nothing to do, it was exported before" in capsys.readouterr().out


def test_a_killed_one_is_not_gone_on_with_behind_an_erasure(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """What it has done by then may hold the company, and what it was to read does."""
    out = ("--out", str(out_of(place)))
    with paused("finish", lambda: killed_when_the_erasure_had_looked(place), is_after=False), pytest.raises(Killed):
        export(place, "3", *out)
    (out_of(place) / "analytics.company_activity_daily" / "part-00007.csv").write_bytes(b"of the company")
    assert export(place, "3", *out) == 0
    assert "a company was erased since it began" in capsys.readouterr().out
    names = [name.rpartition("/")[2] for name in files_below(out_of(place))]
    assert names == ["delete-00000.csv", "manifest.json", "plan.json"]


@pytest.fixture
def left(place: Place) -> str:
    """A file of an export that was removed while it wrote that file, and killed behind it."""
    write = ExportFolder.write

    def mortal(self: ExportFolder, *arguments: Any) -> Any:
        whole_erasure(place)
        write(self, *arguments)
        raise Killed

    with mock.patch.object(ExportFolder, "write", mortal), pytest.raises(Killed):
        export(place, "3")
    (name,) = exports_of(place)
    assert name.endswith("/delete-00000.csv")
    return name


@pytest.mark.parametrize("more", [(), ("--format", "ndjson")], ids=["the same", "another"])
def test_what_was_left_without_a_plan_goes_with_the_next_export(place: Place, left: str, more: tuple[str, ...]) -> None:
    assert export(place, "3", *more) == 0
    assert (left in exports_of(place)) == (not more)
    assert len(exports_of(place)) == 3


def test_what_was_left_without_a_plan_goes_with_the_next_erasure(place: Place, left: str) -> None:
    assert remove_holding(lake_folder(place.settings), GONE) == ["/".join(left.split("/")[:2])]
    assert exports_of(place) == []


def test_an_export_at_which_nobody_could_look_again_does_not_count(place: Place) -> None:
    out = ("--out", str(out_of(place)))
    with mock.patch.object(work, "erasures", side_effect=[{}, CompanyActivityError("the store does not answer")]):
        assert export(place, "3", *out) == 1
    assert "manifest.json" not in files_below(out_of(place))
    assert export(place, "3", *out) == 0
    assert "manifest.json" in files_below(out_of(place))


def test_an_erasure_looks_for_exports_again_before_it_ends(place: Place) -> None:
    lake = lake_folder(place.settings)
    late = lake.inside("ops/exports/0123/late")
    late.create("dim.companies/part-00000.csv", f"company_id\r\n{GONE}\r\n")
    erasure = Erasure(GONE)
    erasure.has_found = True
    run = cast(Run, SimpleNamespace(lake=SimpleNamespace(files=lake), run_id="run-1"))

    def ended(*arguments: Any) -> None:
        assert exports_of(place) == []
        note_end(*arguments)

    with (
        mock.patch.object(tables, "scrub_tables", return_value=0),
        mock.patch.object(tables, "scrub_warehouse"),
        mock.patch.object(within_reach, "sweep_copies"),
        mock.patch.object(erase, "note_end", ended),
        mock.patch.object(Erasure, "tombstone", return_value=TOMBSTONE),
    ):
        report = erasure.scrub(run)
    assert report.notes == ["export 0123/late is removed"]
    assert is_ended(lake, TOMBSTONE)


def test_the_plan_says_which_erasures_had_ended(place: Place) -> None:
    whole_erasure(place)
    assert export(place, "3", "--out", str(out_of(place))) == 0
    assert len(json.loads((out_of(place) / "plan.json").read_text("utf-8"))["erased"]) == 16
