"""A lake's tables read from their Delta logs and files by pyarrow: no JVM, and none of the project's readers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from company_activity.schemas import Table

Row = dict[str, Any]
Partition = Mapping[str, str | None]


def rows_of(lake: Path, table: Table) -> list[Row]:
    """The rows of its newest version, timestamps as microseconds since 1970; none where it is not made yet."""
    folder = lake / table.path
    return [
        row
        for path, values in active_files(folder / "_delta_log").items()
        for row in _read(folder / path, values, table)
    ]


def active_files(log: Path) -> dict[str, Partition]:
    """By path the partition of each file that the newest version has."""
    checkpoints = {int(file.name.split(".")[0]): file for file in log.glob("*.checkpoint.parquet")}
    newest = max(checkpoints, default=-1)
    files: dict[str, Partition] = {}
    if newest >= 0:
        for added in pq.ParquetFile(checkpoints[newest]).read(["add"])["add"].to_pylist():
            if added and added["path"]:
                files[unquote(added["path"])] = dict(added["partitionValues"])
    for commit in sorted(log.glob("*.json")):
        if commit.stem.isdecimal() and int(commit.stem) > newest:
            _apply(commit, files)
    return files


def _apply(commit: Path, files: dict[str, Partition]) -> None:
    """What a commit takes and adds; it never does both with one file."""
    for line in commit.read_bytes().split(b"\n"):
        action = json.loads(line) if line else {}
        if "remove" in action:
            files.pop(unquote(action["remove"]["path"]), None)
        elif "add" in action:
            files[unquote(action["add"]["path"])] = action["add"]["partitionValues"]


def _read(file: Path, partition: Partition, table: Table) -> Iterator[Row]:
    found = pq.ParquetFile(file).read()
    columns = {name: _plain(found[name]).to_pylist() for name in found.column_names}
    for number in range(found.num_rows):
        row: Row = {name: columns[name][number] if name in columns else None for name in table.column_names}
        for name, value in partition.items():
            is_date = value is not None and table.column(name).type == "date"
            row[name] = date.fromisoformat(value) if value is not None and is_date else value
        yield row


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_timestamp(column.type):
        return column
    return column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
