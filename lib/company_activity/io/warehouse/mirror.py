"""The ledger's copy beside the lake, one create-only JSON file a publish: the planner has no JDBC.

Plain Python: reading it starts no Spark. A file holds the whole ledger (of every table and scope the newest row) and
the id of the database that it was read from. Files are numbered as they are written, and only the newest counts: a
database that was restored, or changed for another, is mirrored anew by the next publish, whatever its rows are
numbered. Before a publish changes anything it leaves a file that says so; while that is the newest, nothing is known.
Each warehouse has a folder of its own: what one was sent says nothing about another.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from company_activity.io.storage.folder import Folder, open_folder
from company_activity.io.warehouse.ledger import WHOLE, Fence, Ledger, LedgerRow
from company_activity.io.warehouse.target_of import without_credentials

FOLDER = "ops/ledger"
OURS = re.compile(r"(?P<number>\d{9})\.[^/]*\.(?P<kind>json|begun)")
KEPT = 20
MOST_SWEPT = (
    200  # by one publish: an upgraded lake has a file of the earlier format per published date
)


@dataclass(frozen=True)
class Files:
    """The mirrors of a lake, wherever it is kept: files are written whole, once, and never replaced."""

    lake: str | Folder

    def of(self, url: str) -> Folder:
        """The mirror of the warehouse at `url`."""
        return open_folder(self.lake, f"{FOLDER}/{warehouse_id(url)}")


def mirror_files(lake: str | Folder) -> Files:
    """The mirrors of this lake."""
    return Files(lake)


def warehouse_id(url: str) -> str:
    """A short name of a warehouse: the same for the same JDBC URL, whoever logs in."""
    return hashlib.sha256(without_credentials(url).encode()).hexdigest()[:12]


def begin(files: Files, url: str, run_id: str) -> None:
    """Say that the warehouse at `url` is about to change: until it is mirrored again, nothing is known of it."""
    folder = files.of(url)
    names = _ours(folder)
    if not names or not names[-1].endswith(".begun"):
        folder.create(_next(names, run_id, "begun"), "")


def mirror(files: Files, url: str, ledger: Ledger, run_id: str) -> None:
    """Copy the ledger of the warehouse at `url`, unless its newest copy says the same; earlier copies go."""
    folder = files.of(url)
    names = _ours(folder)
    text = json.dumps(as_mapping(ledger), sort_keys=True)
    if names and names[-1].endswith(".json") and folder.read(names[-1]) == text:
        return
    name = _next(names, run_id, "json")
    folder.create(name, text)
    _sweep(folder, {name, *names[1 - KEPT :]})


def mirrored(files: Files, url: str) -> Ledger | None:
    """The newest copy of the ledger of the warehouse at `url`, by one read; None where there is none to trust."""
    folder = files.of(url)
    names = _ours(folder)
    if not names or not names[-1].endswith(".json"):
        return None
    return _ledger_in(folder, names[-1])


def last_mirrored(files: Files, url: str) -> Ledger | None:
    """The newest copy of that ledger, though the warehouse may have changed since; None where there is none."""
    folder = files.of(url)
    copies = [name for name in _ours(folder) if name.endswith(".json")]
    return _ledger_in(folder, copies[-1]) if copies else None


def unread(folder: Folder) -> list[str]:
    """The files of a warehouse's mirror that nobody reads any more: all but the newest, and the newest copy.

    Where no file is of this format, all stay: an older version reads them.
    """
    names = _ours(folder)
    copies = [name for name in names if name.endswith(".json")]
    kept = {*names[-1:], *copies[-1:]}
    return [name for name in folder.names() if name not in kept] if kept else []


def _ledger_in(folder: Folder, name: str) -> Ledger | None:
    """The ledger in a copy; None where it is not what we wrote: the ledger itself will be asked."""
    try:
        return from_mapping(json.loads(folder.read(name)))
    except (ValueError, LookupError, TypeError):
        return None


def read_mirror(lake: str | Folder, url: str) -> Mapping[tuple[str, date | None], str]:
    """The newest published content hash per (table, date), as the warehouse at `url` was sent it.

    The date is None for a table published whole, whose hash is `<lake table id>@<Delta version>`. A date that was
    deleted has the hash `missing`. Nothing at all where the ledger must be asked.
    """
    ledger = mirrored(mirror_files(lake), url)
    rows = [row for scopes in ledger.tables.values() for row in scopes.values()] if ledger else []
    return {(row.table, None if row.scope == WHOLE else date.fromisoformat(row.scope)): row.content_hash
            for row in rows}  # fmt: skip


def _ours(folder: Folder) -> list[str]:
    """The files of this format, oldest first."""
    return sorted(name for name in folder.names() if OURS.fullmatch(name))


def _next(names: list[str], run_id: str, kind: str) -> str:
    number = int(names[-1].split(".")[0]) + 1 if names else 1
    return f"{number:09d}.{run_id}.{kind}"


def _sweep(folder: Folder, kept: set[str]) -> None:
    """Delete other copies, those of the earlier format (a file per ledger row) among them."""
    for name in [name for name in folder.names() if name not in kept][:MOST_SWEPT]:
        folder.delete(name)


def as_mapping(ledger: Ledger) -> dict[str, Any]:
    """The ledger as plain JSON values; a row is a list, for there are many."""
    tables = {
        table: {
            scope: [row.seq, row.content_hash, row.rows, row.fence.lake_id, row.fence.version,
                    row.run_id, row.published_at]
            for scope, row in rows.items()
        }
        for table, rows in ledger.tables.items()
    }  # fmt: skip
    return {"database": ledger.database, "tables": tables}


def from_mapping(found: Mapping[str, Any]) -> Ledger:
    """The inverse of `as_mapping`."""
    tables: dict[str, dict[str, LedgerRow]] = {}
    for table, rows in found["tables"].items():
        tables[table] = {}
        for scope, (
            seq,
            content_hash,
            count,
            lake_id,
            version,
            run_id,
            published_at,
        ) in rows.items():
            fence = Fence(str(lake_id), int(version))
            row = LedgerRow(
                table,
                scope,
                str(content_hash),
                int(count),
                str(run_id),
                fence,
                str(published_at),
                seq,
            )
            tables[table][scope] = row
    return Ledger(str(found["database"]), tables)
