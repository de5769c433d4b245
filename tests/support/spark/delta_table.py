"""A Delta table written by hand: a file and a log entry per version, so that either can be broken."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame


def delta_table(folder: Path, versions: Sequence[DataFrame]) -> list[Path]:
    """Each frame becomes a version that replaces the one before; the file of each version."""
    (folder / "_delta_log").mkdir(parents=True)
    files: list[Path] = []
    for number, rows in enumerate(versions):
        file = _written(rows, folder, f"part-{number}.parquet")
        removed = [{"remove": {"path": old.name, "dataChange": True, "deletionTimestamp": 1}} for old in files[-1:]]
        added = {"path": file.name, "partitionValues": {}, "size": file.stat().st_size, "modificationTime": 1}
        actions = [*([] if number else _table(rows)), *removed, {"add": {**added, "dataChange": True}}]
        log_entry(folder, number).write_text("\n".join(json.dumps(action) for action in actions) + "\n")
        files.append(file)
    return files


def log_entry(folder: Path, version: int) -> Path:
    """The log's file of a version."""
    return folder / "_delta_log" / f"{version:020d}.json"


def emptied_into_a_folder(file: Path) -> None:
    """What cannot be read although it is there, also for root: a folder by the file's name."""
    file.unlink()
    file.mkdir()


def _written(rows: DataFrame, folder: Path, name: str) -> Path:
    rows.coalesce(1).write.parquet(f"{folder}/_written")
    (part,) = (folder / "_written").glob("part-*.parquet")
    for leftover in (folder / "_written").iterdir():
        if leftover != part:
            leftover.unlink()
    file = part.rename(folder / name)
    (folder / "_written").rmdir()
    return file


def _table(rows: DataFrame) -> list[dict[str, Any]]:
    fields = {"id": "table-1", "format": {"provider": "parquet", "options": {}}, "schemaString": rows.schema.json()}
    return [
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {"metaData": {**fields, "partitionColumns": [], "configuration": {}, "createdTime": 1}},
    ]
