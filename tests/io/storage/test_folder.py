"""Small files: there whole, or not at all, and never replaced."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from company_activity.errors import CompanyActivityError, SettingsError
from company_activity.io.storage.blob import BlobStorage
from company_activity.io.storage.folder import Folder, open_folder


@pytest.mark.parametrize("prefix", ["", "file:", "file://"])
def test_a_file_is_written_once(tmp_path: Path, prefix: str) -> None:
    folder = open_folder(f"{prefix}{tmp_path}/ops/runs")
    assert folder.create("a.json", "one")
    assert not folder.create("a.json", "two")
    assert (folder.read("a.json"), folder.names()) == ("one", ["a.json"])
    assert folder.uri("a.json") == str(tmp_path / "ops/runs/a.json")


def test_names_are_of_this_folder_and_without_drafts(tmp_path: Path) -> None:
    folder = open_folder(str(tmp_path / "x"))
    folder.create("b", "")
    folder.create("a", "")
    (tmp_path / "x/.draft.tmp").touch()
    (tmp_path / "x/within").mkdir()
    (tmp_path / "x/within/c").touch()
    (tmp_path / "xy").mkdir()
    (tmp_path / "xy/d").touch()
    assert folder.names() == ["a", "b"]


def test_a_file_that_is_deleted_leaves_its_folder(tmp_path: Path) -> None:
    folder = open_folder(str(tmp_path / "x"))
    folder.create("a", "")
    folder.delete("a")
    folder.delete("a")
    assert folder.names() == []
    assert (tmp_path / "x").is_dir()


def test_the_same_in_blob_storage(blobs: BlobStorage, container: str) -> None:
    folder = Folder(blobs, f"{container}/lake/ops/runs/")
    assert folder.create("a.json", "ö")
    assert not folder.create("a.json", "two")
    assert (folder.read("a.json"), folder.names()) == ("ö", ["a.json"])
    folder.delete("a.json")
    assert folder.names() == []


@pytest.mark.parametrize("place", ["s3://bucket/x", "https://host/x", ""])
def test_other_places_are_refused(place: str) -> None:
    with pytest.raises(SettingsError, match="small files cannot be kept"):
        open_folder(place)


def test_a_name_with_half_a_surrogate_pair_can_be_told(tmp_path: Path) -> None:
    folder = open_folder(str(tmp_path / "x"))
    folder.create("a.json", '"\udc80"')
    assert folder.read("a.json") == '"\\udc80"'


def test_what_the_disk_refuses_is_told_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CompanyActivityError, match=f"{tmp_path}/file/x: File exists") as caught:
        open_folder(str(tmp_path / "file/x")).create("a", "")
    assert caught.value.exit_code == 1


def test_a_mount_that_makes_no_hard_links_is_told_with_the_address_to_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*files: Path) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(CompanyActivityError, match="Operation not supported") as caught:
        open_folder(str(tmp_path / "x")).create("a", "")
    assert "give its abfss:// address" in caught.value.remedy


@pytest.mark.parametrize("place", ["..", "{}/a/.."])
def test_a_place_that_ends_above_a_folder_is_one(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    folder = open_folder(place.format(tmp_path), "ops/outbox")
    assert folder.create("x.json", "{}")
    assert folder.names() == ["x.json"]
    assert (tmp_path / "ops/outbox/x.json").is_file()


def test_the_root_of_the_file_system_is_a_place() -> None:
    assert open_folder("/", "ops/no-such-folder").names() == []
