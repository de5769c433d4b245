"""What a run asks of its storage when there is nothing to do: counted, not timed."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from company_activity.io.storage.local import LocalStorage
from company_activity.io.storage.port import Entry
from company_activity.schemas import TABLES

from support.cycle.blob_place import SPARK_3, BlobPlace
from support.cycle.place import Place
from support.landing.azurite import emulating

ARCHIVE = Path(__file__).with_name("place_0_4.tar.gz")
STEPS = "admit_crm,stage_usage,stage_crm,build_companies,build_activity,build_episodes,build_rollups"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a storage was opened, and a table's log listed."""
    counts: Counter[str] = Counter()
    make = LocalStorage.__init__
    list_files = LocalStorage.list

    def counting_make(storage: LocalStorage, root: Path, *more: Any) -> None:
        counts["storages"] += 1
        make(storage, root, *more)

    def counting_list(storage: LocalStorage, prefix: str) -> Iterator[Entry]:
        counts["logs listed"] += "_delta_log" in prefix
        return list_files(storage, prefix)

    monkeypatch.setattr(LocalStorage, "__init__", counting_make)
    monkeypatch.setattr(LocalStorage, "list", counting_list)
    return counts


def test_a_run_with_nothing_to_do_opens_each_root_once_and_lists_each_log_once(
    tmp_path: Path, counted: Counter[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    place = Place(tmp_path, "http://127.0.0.1:9/usage")
    assert place.run("run", "--from", "2025-08-26", "--to", "2025-08-29", "--steps", STEPS) == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert counted == {"storages": 2, "logs listed": len(TABLES)}


@pytest.mark.integration
def test_a_run_with_nothing_to_do_in_blob_storage_opens_no_rows_and_asks_little(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another run may commit there at any time, so each step looks at the logs anew: a listing and a read for each."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    (tmp_path / "azurite").mkdir()
    with emulating(tmp_path / "azurite") as emulator:
        place = BlobPlace(tmp_path, "http://127.0.0.1:9/usage", emulator, SPARK_3, "activity")
        place.upload(tmp_path)
        run = ("run", "--from", "2025-08-26", "--to", "2025-08-29", "--steps", STEPS)
        assert place.run(*run) == 0  # the CRM files have another time than on the disk
        capsys.readouterr()
        with emulator.counted() as asked:
            assert place.run(*run) == 0
    assert "Nothing to do" in capsys.readouterr().out
    # The run's lease is looked at and written.
    assert {request.kind for request in asked} <= {"listing", "read log", "write file", "look at file"}
    # `build_companies` looks at the activity table as well, which says what of the dimension was looked at in vain.
    assert len(asked) <= 80
