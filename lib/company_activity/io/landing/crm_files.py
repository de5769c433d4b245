"""The CRM files that have landed, and which of them hold other bytes than those staged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from company_activity.io.storage.opening import Storage


@dataclass(frozen=True)
class UnreadFile:
    """A file whose bytes are not those staged from its path."""

    path: str
    content: bytes
    sha256: str
    seen: str


def unread_files(storage: Storage, folder: str, staged: Mapping[str, Any]) -> Iterator[UnreadFile]:
    """The `*.csv` files under `folder` that hold something new, in the order of their paths.

    `staged` maps a path to `{"sha256", "seen", …}`. A file of the size and time it was seen with is not opened.
    """
    for entry in sorted(storage.list(folder), key=lambda entry: entry.path):
        if not entry.path.lower().endswith(".csv"):
            continue
        seen = f"{entry.size}/{entry.modified_at.isoformat()}"
        known = staged.get(entry.path, {})
        if known.get("seen") == seen:
            continue
        content = storage.read(entry.path)
        digest = hashlib.sha256(content).hexdigest()
        if digest != known.get("sha256"):
            yield UnreadFile(entry.path, content, digest, seen)
