"""The CRM files that have landed, and which of them hold other bytes than those staged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from company_activity.io.landing.crm_known import seen_with
from company_activity.records.crm.snoozed import is_snoozed_file

if TYPE_CHECKING:
    from company_activity.io.landing.crm_known import KnownFiles
    from company_activity.io.storage.opening import Storage
    from company_activity.io.storage.port import Entry


@dataclass(frozen=True)
class UnreadFile:
    """A file whose bytes are not those staged from its path; `again`: they are, by other rules than today's."""

    path: str
    content: bytes
    sha256: str
    seen: str
    again: bool


def unread_files(storage: Storage, folder: str, known: KnownFiles) -> Iterator[UnreadFile]:
    """The `*.csv` files under `folder` that hold something new, in the order of their paths, one in memory at a time.

    A file of the size and time it was seen with is not opened. One that has another time and the
    same bytes is handed to `known`. One that is gone since it was listed is passed by.
    """
    for entry in known.unsettled(listed(storage, folder)):
        seen = seen_with(entry)
        staged = known.find(entry.path)
        if staged and staged.is_as_seen(seen):
            continue
        try:
            content = storage.read(entry.path)
        except FileNotFoundError:
            continue
        digest = hashlib.sha256(content).hexdigest()
        if staged and staged.holds(digest):
            known.add_seen(entry.path, seen)
            continue
        yield UnreadFile(
            entry.path, content, digest, seen, again=staged is not None and staged.sha256 == digest
        )
        del content


def listed(storage: Storage, folder: str) -> list[Entry]:
    """The CRM files that are there, in the order of their paths. The list of companies set aside is none of them."""
    return sorted(
        entry
        for entry in storage.list(folder)
        if entry.path.lower().endswith(".csv") and not is_snoozed_file(entry.path, folder)
    )


def content_as_judged(storage: Storage, path: str, sha256: str) -> bytes | None:
    """A file's bytes; None where it is gone, or holds others than those that were judged."""
    try:
        content = storage.read(path)
    except FileNotFoundError:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None
