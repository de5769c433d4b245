"""How far the erasure of a company has come: a file under its tombstone, which is written when it has ended."""

from __future__ import annotations

import json
from collections.abc import Iterable

from company_activity.io.storage.folder import Folder, open_folder

FOLDER = "ops/erasures"


def is_ended(lake: Folder, tombstone: str) -> bool:
    """Whether the company's erasure has ended, and none was begun since."""
    return f"{tombstone}.json" in open_folder(lake, FOLDER).names()


def unended(lake: Folder, tombstones: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Of these tombstones, those whose erasure has not ended; and by tombstone which run ended each of the others."""
    folder = open_folder(lake, FOLDER)
    there = set(folder.names())
    under_way = {one for one in tombstones if f"{one}.json" not in there}
    ended = {}
    for name in sorted(there):
        if name.endswith(".json"):
            try:
                ended[name] = folder.read(name)
            except FileNotFoundError:  # it was begun again this moment
                under_way.add(name.removesuffix(".json"))
    return sorted(under_way), ended


def note_begin(lake: Folder, tombstone: str) -> None:
    """Say that there is something to do, so that a killed erasure is gone on with."""
    open_folder(lake, FOLDER).delete(f"{tombstone}.json")


def note_end(lake: Folder, tombstone: str, run_id: str) -> None:
    """Say that nothing of it is left."""
    open_folder(lake, FOLDER).create(f"{tombstone}.json", json.dumps({"run_id": run_id}) + "\n")
