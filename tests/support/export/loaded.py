"""Somebody who loads exports, by the rules of the manifest: a model of a CRM import."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from pyarrow import parquet

from company_activity.operations.export.formats import iso
from company_activity.operations.export.guard import unguarded

Row = dict[str, Any]


class Loaded:
    """Tables as they are after some exports: rows by key, every value as the text that CSV has of it."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[tuple[str, ...], Row]] = {}

    def load(self, manifest_file: Path) -> None:
        """Load an export, its files held to what the manifest says of them."""
        manifest = json.loads(manifest_file.read_text("utf-8"))
        for table in manifest["tables"]:
            rows = self.tables.setdefault(table["table"], {})
            if table["replaces"] == "table":
                rows.clear()
            gone = list(_read(manifest_file.parent, table, "delete_files", manifest["format"]))
            named = tuple(gone[0]) if gone else ()
            keys = {tuple(row.values()) for row in gone}
            for key, row in list(rows.items()):
                if named and tuple(row[name] for name in named) in keys:
                    del rows[key]
            for row in _read(manifest_file.parent, table, "files", manifest["format"]):
                rows[tuple(row[name] for name in table["key"])] = row


def _read(folder: Path, table: dict[str, Any], kind: str, format_: str) -> Iterator[Row]:
    types = {column["name"]: column["type"] for column in table["columns"]}
    for file in table[kind]:
        content = (folder / file["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert len(content) == file["bytes"]
        rows = [{name: text_of(value, types[name]) for name, value in row.items()}
                for row in rows_in(folder / file["path"], format_)]  # fmt: skip
        assert len(rows) == file["rows"]
        yield from rows


def rows_in(file: Path, format_: str) -> Iterator[Row]:
    """The rows of a file, as the format has them."""
    if format_ == "parquet":
        yield from parquet.read_table(file).to_pylist()
    elif format_ == "ndjson":
        for line in file.read_text("utf-8").splitlines():
            yield json.loads(line, parse_float=str)  # with the digits that stand there
    else:
        text = file.read_bytes().decode()
        for row in csv.DictReader(StringIO(text, newline=""), strict=True):
            yield {name: unguarded(cell) for name, cell in row.items()}


def text_of(value: Any, kind: str) -> str:
    """A value as CSV has it; NULL is empty there."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if kind == "timestamp" and isinstance(value, int):
        return iso(value)
    return str(value)
