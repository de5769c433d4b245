"""What executors elsewhere cannot read is copied into the lake, whole, and gone at the end."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from company_activity.errors import LandingCorrupt
from company_activity.io.landing import within_reach
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.within_reach import COPIES, parts_within_reach
from company_activity.io.storage.folder import Folder, open_folder
from company_activity.io.storage.opening import LocalStorage
from company_activity.settings.model import LandingSettings

from support.landing.pages import land

NOW = datetime.now(UTC)
A, B = '{"a": 1}', '{"b": 2}'


class Session:
    """As much of a Spark session as says where its executors are."""

    def __init__(self, master: str) -> None:
        self.conf: Any = {"spark.master": master}


@pytest.fixture
def landing(local: LocalStorage) -> Landing:
    return Landing(local, LandingSettings(""))


@pytest.fixture
def lake(tmp_path: Path) -> Folder:
    return open_folder(str(tmp_path / "lake"))


def files_of(lake: Folder) -> list[str]:
    return [entry.path for entry in lake.storage.list(lake.path)]


def test_where_executors_are_the_driver_parts_are_read_as_they_landed(landing: Landing, lake: Folder) -> None:
    manifest = land(landing, [A, B]).manifest
    local: Any = Session("local[*]")
    with parts_within_reach(local, landing, [manifest], lake, NOW) as uris:
        assert uris == {part.path: landing.storage.uri(landing.at(part.path)) for part in manifest.parts}
        assert files_of(lake) == []


def test_copies_hold_the_same_bytes_and_go_whatever_happens(
    landing: Landing, lake: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(within_reach, "is_seen_by_executors", lambda *asked: False)
    manifest = land(landing, [A, B]).manifest
    cluster: Any = Session("spark://elsewhere:7077")
    lake.create(f"{COPIES}/killed/left", "x")
    left_at = (NOW - timedelta(days=3)).timestamp()
    os.utime(lake.uri(f"{COPIES}/killed/left"), (left_at, left_at))

    def look_and_die() -> None:
        with parts_within_reach(cluster, landing, [manifest], lake, NOW) as uris:
            copies = {path: Path(uri.removeprefix("file:")).read_bytes() for path, uri in uris.items()}
            assert copies == {part.path: landing.storage.read(landing.at(part.path)) for part in manifest.parts}
            assert [path.split("/", 3)[3] for path in files_of(lake)] == sorted(copies)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look_and_die()
    assert files_of(lake) == []


def test_two_runs_at_once_leave_each_others_copies(
    landing: Landing, lake: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease on the lake can be lost, and a lake on a mount has none."""
    monkeypatch.setattr(within_reach, "is_seen_by_executors", lambda *asked: False)
    manifest = land(landing, [A, B]).manifest
    cluster: Any = Session("spark://elsewhere:7077")
    with parts_within_reach(cluster, landing, [manifest], lake, NOW) as first:
        with parts_within_reach(cluster, landing, [manifest], lake, NOW):
            pass
        assert all(Path(uri.removeprefix("file:")).is_file() for uri in first.values())
    assert files_of(lake) == []


def test_a_part_that_is_not_what_its_manifest_says_is_not_copied(
    landing: Landing, lake: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(within_reach, "is_seen_by_executors", lambda *asked: False)
    manifest = land(landing, [A, B]).manifest
    Path(landing.storage.uri(landing.at(manifest.parts[0].path)).removeprefix("file:")).write_text("torn")
    cluster: Any = Session("spark://elsewhere:7077")
    with pytest.raises(LandingCorrupt), parts_within_reach(cluster, landing, [manifest], lake, NOW):
        pass
    assert files_of(lake) == []
