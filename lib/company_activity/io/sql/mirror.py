"""The ledger's copy beside the lake, one create-only JSON file per ledger row: the planner has no JDBC.

Plain Python: reading it starts no Spark. A file's name says table, scope and place in the ledger, so that a reader
lists the folder and opens one file per scope. Each warehouse has a folder of its own: what one was sent says
nothing about another.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Protocol

from company_activity.io.sql.ledger import WHOLE, LedgerRow, as_mapping, from_mapping
from company_activity.io.sql.target import without_credentials

FOLDER = "ops/ledger"


class Files(Protocol):
    """The files of a mirror, wherever they are kept; a name is a path below the mirror's folder."""

    def names(self) -> list[str]:
        """Every file's name."""

    def read(self, name: str) -> bytes:
        """A file's content."""

    def create(self, name: str, content: bytes) -> None:
        """Write a file at once and whole; one that is there already stays as it is."""


class LocalFiles:
    """Files of a local folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        return [path.relative_to(self.folder).as_posix() for path in self.folder.glob("*/*.json")]

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def create(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.parent / f".{uuid.uuid4().hex}"
        try:
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)  # fails where the name exists; a rename would replace it
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)


def mirror_files(lake_root: str) -> Files:
    """Where the mirror of this lake is kept: the one place that knows which kind of store that is."""
    return LocalFiles(Path(lake_root.removeprefix("file://")) / FOLDER)


def warehouse_id(url: str) -> str:
    """A short name of a warehouse: the same for the same JDBC URL, whoever logs in."""
    return hashlib.sha256(without_credentials(url).encode()).hexdigest()[:12]


def mirror(files: Files, url: str, rows: Iterable[LedgerRow]) -> None:
    """Copy the ledger rows of the warehouse at `url` that the mirror lacks."""
    wanted = {_name(url, row): row for row in rows}
    for name in wanted.keys() - set(files.names()):
        files.create(name, json.dumps(as_mapping(wanted[name]), sort_keys=True).encode())


def _name(url: str, row: LedgerRow) -> str:
    return f"{warehouse_id(url)}/{row.table}.{row.scope}.{row.seq:09d}.{row.publish_id[:12]}.json"


def mirrored_rows(files: Files, url: str) -> dict[tuple[str, str], LedgerRow]:
    """The newest mirrored row per (table, scope) of the warehouse at `url`."""
    return _newest(files, [name for name in files.names() if name.startswith(f"{warehouse_id(url)}/")])


def _newest(files: Files, names: Iterable[str]) -> dict[tuple[str, str], LedgerRow]:
    newest: dict[tuple[str, str], str] = {}
    for name in sorted(names):
        table, scope, _seq, _publish_id = name.split("/")[-1].removesuffix(".json").rsplit(".", 3)
        newest[table, scope] = name  # in the order of the names the greatest seq comes last
    return {scope: from_mapping(json.loads(files.read(name))) for scope, name in newest.items()}


def read_mirror(lake_root: str, url: str) -> Mapping[tuple[str, date | None], str]:
    """The newest published content hash per (table, date), as the warehouse at `url` was sent it.

    The date is None for a table published whole, whose hash is `<lake table id>@<Delta version>`. A date that was
    deleted has the hash `missing`.
    """
    rows = mirrored_rows(mirror_files(lake_root), url)
    return {(table, None if scope == WHOLE else date.fromisoformat(scope)): row.content_hash
            for (table, scope), row in rows.items()}  # fmt: skip
