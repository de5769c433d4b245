"""Which exports below the lake hold a company: read back, for `erase`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from io import BytesIO, StringIO
from typing import Any

from company_activity.io.storage.folder import Folder
from company_activity.operations.export.folder import ExportFolder, files_in
from company_activity.operations.export.guard import unguarded
from company_activity.operations.export.places import all_exports
from company_activity.records.fields import trim

COMPANY = "company_id"
# What a torn or foreign file raises where it is read; Arrow's errors are among these.
BROKEN = (ValueError, LookupError, TypeError, AttributeError, OSError, csv.Error)


def remove_holding(lake: Folder, company_id: str) -> list[str]:
    """Remove every export below the lake that holds the company, as a whole; their names.

    So goes what is left of one that was not finished, or cannot be read: nobody is at work while a company is erased,
    and whoever needs it exports it again.
    """
    removed = []
    for name, export in list(all_exports(lake)):
        if holds(export, company_id):
            export.remove()
            removed.append(name)
    return removed


def holds(export: ExportFolder, company_id: str) -> bool:
    """Whether a file of the export has a row of the company, or cannot be read."""
    try:
        manifest = export.manifest
        if manifest is None:
            return True
        return any(
            company_id in (found, trim(found))
            for file in files_in(manifest)
            for found in ids_in(export.folder.read_bytes(file.path), str(manifest["format"]))
        )
    except BROKEN:
        return True


def ids_in(content: bytes, format_: str) -> Iterator[str]:
    """The companies that a file of an export names; none where it has no column of them."""
    for row in _rows(content, format_):
        found = row.get(COMPANY)
        if found is not None:
            yield str(found)


def _rows(content: bytes, format_: str) -> Iterable[dict[str, Any]]:
    if format_ == "parquet":
        from pyarrow import parquet

        file = parquet.ParquetFile(BytesIO(content))
        names = [name for name in file.schema_arrow.names if name == COMPANY]
        rows: list[dict[str, Any]] = file.read(columns=names).to_pylist() if names else []
        return rows
    text = content.decode()
    if format_ == "ndjson":
        return map(json.loads, filter(None, text.split("\n")))
    return ({name: unguarded(cell) for name, cell in row.items()} for row in _records(text))


def _records(text: str) -> Iterator[dict[str, str]]:
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    yield from csv.DictReader(StringIO(text, newline=""), strict=True)
