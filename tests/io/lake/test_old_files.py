"""Which files of a table may go: never one that it has, nor one of a version that is still asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pytest
from pyarrow import parquet

from company_activity.io.lake.old_files import Keep, LogUnclear, old_files
from company_activity.io.storage.folder import Folder, open_folder

NOW = datetime(2025, 3, 31, tzinfo=UTC)
OLD, NEW = 40, 3  # days ago: before and after a month
MONTH = Keep(NOW - timedelta(days=30))


class Table:
    """A table's folder: commits and files, each so many days old."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def folder(self) -> Folder:
        return open_folder(str(self.root))

    def file(self, path: str, days: int = OLD) -> None:
        """A file of data."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("rows", encoding="utf-8")
        self._age(target, days)

    def commit(self, version: int, *, adds: str = "", removes: str = "", days: int = OLD) -> None:
        """A commit that adds and removes files, given as names between blanks."""
        for path in adds.split():
            self.file(path, days)
        actions: list[Mapping[str, Any]] = [{"add": {"path": path, "dataChange": True}} for path in adds.split()]
        at = int((NOW - timedelta(days=days)).timestamp() * 1000)
        actions += [{"remove": {"path": path, "deletionTimestamp": at}} for path in removes.split()]
        log = self.root / "_delta_log" / f"{version:020d}.json"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(json.dumps(one, separators=(",", ":")) + "\n" for one in actions), encoding="utf-8")
        self._age(log, days)

    def checkpoint(self, version: int, files: list[str], parts: int | None = None, counted: int | None = None) -> None:
        """A checkpoint with these files, and Delta's word that it is the newest; earlier commits expire."""
        stem = self.root / "_delta_log" / f"{version:020d}.checkpoint"
        for number in range(1, (parts or 1) + 1):
            rows = [{"add": {"path": path}} for path in files[number - 1 :: parts or 1]]
            name = f"{stem}.{number:010d}.{parts:010d}.parquet" if parts else f"{stem}.parquet"
            schema = pa.schema([("add", pa.struct([("path", pa.string())]))])
            parquet.write_table(pa.Table.from_pylist([*rows, {"add": None}], schema), name)
        pointer: dict[str, Any] = {"version": version, "numOfAddFiles": len(files) if counted is None else counted}
        if parts:
            pointer["parts"] = parts
        (self.root / "_delta_log/_last_checkpoint").write_text(json.dumps(pointer), encoding="utf-8")
        for expired in range(version):
            (self.root / "_delta_log" / f"{expired:020d}.json").unlink(missing_ok=True)

    def old(self, keep: Keep = MONTH) -> list[str]:
        return [entry.path for entry in old_files(self.folder, keep)]

    def _age(self, file: Path, days: int) -> None:
        written = (NOW - timedelta(days=days)).timestamp()
        os.utime(file, (written, written))


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """Three versions, each of one file, made long ago."""
    table = Table(tmp_path)
    table.commit(0, adds="day=1/a")
    table.commit(1, adds="day=1/b", removes="day=1/a")
    table.commit(2, adds="day=1/c", removes="day=1/b")
    return table


def test_what_was_given_up_long_ago_may_go_and_what_the_table_has_stays(table: Table) -> None:
    assert table.old() == ["day=1/a", "day=1/b"]


def test_what_was_given_up_lately_stays_however_old_the_file_is(table: Table) -> None:
    """Where Delta's own VACUUM takes it, a week after it was given up, whatever `RETAIN` says."""
    table.commit(3, adds="d", removes="day=1/c", days=NEW)
    assert table.old() == ["day=1/a", "day=1/b"]


@pytest.mark.parametrize(("version", "gone"), [(0, []), (1, ["day=1/a"]), (2, ["day=1/a", "day=1/b"])])
def test_a_version_that_is_asked_for_keeps_its_files(table: Table, version: int, gone: list[str]) -> None:
    assert table.old(Keep(MONTH.since, [version, 2])) == gone


def test_what_no_commit_names_may_go_once_it_is_old(table: Table) -> None:
    table.file("day=1/killed")
    table.file("day=1/running", days=NEW)
    assert table.old() == ["day=1/a", "day=1/b", "day=1/killed"]


def test_a_file_that_came_back_stays(table: Table) -> None:
    """As after RESTORE."""
    table.commit(3, adds="day=1/a", removes="day=1/c")
    assert table.old() == ["day=1/b", "day=1/c"]


def test_the_log_and_hidden_files_are_not_data_but_a_checksum_goes_with_its_file(table: Table) -> None:
    for path in ("_delta_log/_commits/x", "_other/y", ".z", "day=1/.a.crc", "day=1/.c.crc", "day=1/.lost.crc"):
        table.file(path)
    assert table.old() == ["day=1/a", "day=1/b", "day=1/.a.crc", "day=1/.lost.crc"]


def test_a_path_is_read_as_the_log_writes_it(table: Table) -> None:
    table.file("day=a b/é")
    table.file("day=a b/f")
    table.commit(3)
    log = table.root / "_delta_log" / f"{3:020d}.json"
    log.write_text('{"add":{"path":"day=a%20b/%C3%A9"}}\n', encoding="utf-8")
    assert table.old() == ["day=1/a", "day=1/b", "day=a b/f"]


def test_a_commit_of_another_writer_is_read_however_it_is_spaced(table: Table) -> None:
    table.file("d")
    table.commit(3)
    log = table.root / "_delta_log" / f"{3:020d}.json"
    log.write_text('{ "add" : { "size": 4, "path": "d" } }\n', encoding="utf-8")
    assert table.old() == ["day=1/a", "day=1/b"]


def test_what_is_committed_meanwhile_leaves_the_table_alone_and_is_there_for_the_next(table: Table) -> None:
    entries = table.folder.entries()
    table.commit(3, adds="rearranged.parquet", removes="day=1/c", days=0)
    meanwhile = mock.MagicMock(wraps=table.folder)
    meanwhile.entries.return_value = entries
    all_ages = Keep(NOW + timedelta(days=2))
    with pytest.raises(LogUnclear, match=r"rearranged\.parquet"):
        old_files(meanwhile, all_ages)
    assert [entry.path for entry in old_files(table.folder, all_ages)] == ["day=1/a", "day=1/b", "day=1/c"]


@pytest.mark.parametrize("line", ['{"add":', '{"add":null}', '{"remove":{}}', '{"add":{"path":"a"}}trailing'])
def test_a_torn_line_leaves_the_table_alone(table: Table, line: str) -> None:
    (table.root / "_delta_log" / f"{3:020d}.json").write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(LogUnclear, match="commit.* cannot be read"):
        table.old()


def test_nothing_goes_of_a_table_that_is_not_made(tmp_path: Path) -> None:
    table = Table(tmp_path)
    table.file("part-0")
    assert table.old() == []


@pytest.mark.parametrize("parts", [None, 2])
def test_where_commits_have_expired_the_checkpoint_tells_what_the_table_has(table: Table, parts: int | None) -> None:
    table.file("day=1/killed")
    table.file("e")
    table.checkpoint(2, ["day=1/c", "e"], parts)
    table.commit(3, adds="d", removes="e")
    assert table.old() == ["day=1/a", "day=1/b", "day=1/killed", "e"]
    assert table.old(Keep(MONTH.since, [2])) == ["day=1/a", "day=1/b", "day=1/killed"]
    assert table.old(Keep(MONTH.since, [0])) == [
        "day=1/a",
        "day=1/b",
        "day=1/killed",
        "e",
    ]  # it cannot be read any more


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        ("", "cannot be read"),
        ("lost", "cannot be read"),
        ("counted", "does not have the files it counts"),
        ("gap", "does not go back to version 3"),
        ("pointer", "does not go back to version 0"),
        ("elsewhere", "1 of its files are not where they should be: day=1/c"),
    ],
)
def test_where_the_log_does_not_tell_for_certain_nothing_goes(table: Table, spoil: str, why: str) -> None:
    log = table.root / "_delta_log"
    table.checkpoint(2, ["day=1/c"], counted=7 if spoil == "counted" else None)
    file = log / f"{2:020d}.checkpoint.parquet"
    if spoil == "":
        file.write_bytes(file.read_bytes()[:-9])
    if spoil == "lost":
        file.unlink()
    if spoil == "gap":
        table.commit(4)
    if spoil == "pointer":
        (log / "_last_checkpoint").unlink()
    if spoil == "elsewhere":
        (table.root / "day=1/c").unlink()
    with pytest.raises(LogUnclear, match=why):
        table.old()
