"""The ledger's copy beside the lake, one create-only JSON file per ledger row: the planner has no JDBC.

Plain Python: reading it starts no Spark. A file's name says table, scope and place in the ledger, so that a reader
lists the folder and opens one file per scope. Each warehouse has a folder of its own: what one was sent says
nothing about another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from company_activity.io.files import Folder, open_folder
from company_activity.io.sql.ledger import WHOLE, LedgerRow, as_mapping, from_mapping
from company_activity.io.sql.target import without_credentials

FOLDER = "ops/ledger"


@dataclass(frozen=True)
class Files:
    """The mirrors of a lake, wherever it is kept: files are written whole, once, and never replaced."""

    lake_root: str

    def of(self, url: str) -> Folder:
        """The mirror of the warehouse at `url`."""
        return open_folder(f"{self.lake_root.rstrip('/')}/{FOLDER}/{warehouse_id(url)}")


def mirror_files(lake_root: str) -> Files:
    """The mirrors of this lake."""
    return Files(lake_root)


def warehouse_id(url: str) -> str:
    """A short name of a warehouse: the same for the same JDBC URL, whoever logs in."""
    return hashlib.sha256(without_credentials(url).encode()).hexdigest()[:12]


def mirror(files: Files, url: str, rows: Iterable[LedgerRow]) -> None:
    """Copy the ledger rows of the warehouse at `url` that the mirror lacks."""
    folder, wanted = files.of(url), {_name(row): row for row in rows}
    for name in sorted(wanted.keys() - set(folder.names())):
        folder.create(name, json.dumps(as_mapping(wanted[name]), sort_keys=True))


def _name(row: LedgerRow) -> str:
    return f"{row.table}.{row.scope}.{row.seq:09d}.{row.publish_id[:12]}.json"


def mirrored_rows(files: Files, url: str) -> dict[tuple[str, str], LedgerRow]:
    """The newest mirrored row per (table, scope) of the warehouse at `url`."""
    folder = files.of(url)
    newest: dict[tuple[str, str], str] = {}
    for name in sorted(folder.names()):
        table, scope, _seq, _publish_id = name.removesuffix(".json").rsplit(".", 3)
        newest[table, scope] = name  # in the order of the names the greatest seq comes last
    return {scope: from_mapping(json.loads(folder.read(name))) for scope, name in newest.items()}


def read_mirror(lake_root: str, url: str) -> Mapping[tuple[str, date | None], str]:
    """The newest published content hash per (table, date), as the warehouse at `url` was sent it.

    The date is None for a table published whole, whose hash is `<lake table id>@<Delta version>`. A date that was
    deleted has the hash `missing`.
    """
    rows = mirrored_rows(mirror_files(lake_root), url)
    return {(table, None if scope == WHOLE else date.fromisoformat(scope)): row.content_hash
            for (table, scope), row in rows.items()}  # fmt: skip
