"""What `export` says and writes where no row has to be read: Spark is not started."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from company_activity.io.lake.erasures import note_end
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.tombstones import lay
from company_activity.io.storage.folder import lake_folder
from company_activity.io.storage.opening import open_storage
from company_activity.io.warehouse.mirror import begin, mirror_files
from company_activity.io.warehouse.served import ACTIVITY

from support.cycle.place import Place
from support.export.noted import DELETED, FIRST, TOMBSTONE, began, export, out_of, publish
from support.warehouse.tables import NOW

pytestmark = pytest.mark.usefixtures("no_spark")


def test_a_date_that_is_gone_is_named_and_a_reader_is_told(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    began(place)
    publish(place, *DELETED)
    begin(mirror_files(lake_folder(place.settings)), place.settings.sql.url, "run-killed")
    capsys.readouterr()
    assert export(place, "3", "--out", str(out_of(place))) == 0
    said = capsys.readouterr().out
    assert "warning: a publish has begun and not ended" in said
    assert f"{ACTIVITY.name}: 0 rows in 0 files, 1 dates to delete first" in said
    assert said.endswith("next: --since 4\n")
    deletes = out_of(place) / ACTIVITY.name / "delete-00000.csv"
    assert deletes.read_bytes() == b"activity_date\r\n2025-03-02\r\n"
    (table,) = json.loads((out_of(place) / "manifest.json").read_text("utf-8"))["tables"]
    assert (table["replaces"], table["deletes"], table["files"]) == ("dates", 1, [])
    assert "company_name" in {column["name"] for column in table["columns"] if column["personal"]}


def test_two_at_once_write_one_export(place: Place) -> None:
    began(place)
    publish(place, *DELETED)
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda _: export(place, "3", "--out", str(out_of(place))), range(4)))
    assert codes == [0] * 4
    found = sorted(file.name for file in out_of(place).rglob("*") if file.is_file())
    assert found == ["delete-00000.csv", "manifest.json", "plan.json"]


def test_nothing_is_written_where_nothing_changed(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    began(place)
    capsys.readouterr()
    assert export(place, "3", "--out", str(out_of(place))) == 0
    assert capsys.readouterr().out == "Nothing has changed since 3.\nnext: --since 3\n"
    assert not out_of(place).exists()


@pytest.mark.parametrize("digits", [13, 300, 5_000])
def test_a_number_longer_than_any_is_an_unknown_one(
    place: Place, capsys: pytest.CaptureFixture[str], digits: int
) -> None:
    began(place)
    assert export(place, digits * "9") == 2
    told = "UsageError: no export ended at 999999999999…, or its note has had its time; the nearest are 3 — give"
    assert told in capsys.readouterr().err
    assert export(place, f"{digits * '0'}3") == 0


def test_it_waits_until_an_erasure_has_ended(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    began(place)
    settings = place.settings
    lay(Landing(open_storage(settings.landing), settings.landing), TOMBSTONE, "run-1", NOW)
    assert export(place, "3") == 2
    assert "1 erasures have not ended" in capsys.readouterr().err
    note_end(lake_folder(settings), TOMBSTONE, "run-1")
    assert export(place, "3") == 0


def test_a_lake_that_was_not_published_yet_is_refused(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Its rows are others, though their versions have the same numbers."""
    publish(place, *FIRST)
    assert export(place, "0", "--out", str(out_of(place))) == 5
    assert "was published from another lake table, lake" in capsys.readouterr().err
    assert not (out_of(place) / "manifest.json").exists()


def test_a_damaged_export_is_not_called_done(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    began(place)
    publish(place, *DELETED)
    assert export(place, "3", "--out", str(out_of(place))) == 0
    (out_of(place) / ACTIVITY.name / "delete-00000.csv").unlink()
    assert export(place, "3", "--out", str(out_of(place))) == 2
    assert "was finished, and analytics.company_activity_daily/delete-00000.csv is gone" in capsys.readouterr().err
