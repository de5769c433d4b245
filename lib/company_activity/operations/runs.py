"""How the last runs ended, as their records in the lake tell it. It writes nothing and starts no Spark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from company_activity.io.lake.record_files import record_files

if TYPE_CHECKING:
    from company_activity.io.lake.record_files import RecordFile
    from company_activity.io.storage.folder import Folder


@dataclass(frozen=True)
class LastRuns:
    """Records of runs, newest first, and the files among them that cannot be read."""

    records: tuple[Mapping[str, Any], ...]
    unreadable: tuple[RecordFile, ...]


def runs(lake: Folder, last: int) -> LastRuns:
    """The last runs whose records can be read, and what could not be on the way to them."""
    records: list[Mapping[str, Any]] = []
    unreadable = []
    for file in record_files(lake):
        if file.why:
            unreadable.append(file)
            continue
        records.append(file.record)
        if len(records) == last:
            break
    return LastRuns(tuple(records), tuple(unreadable))
