"""Files of one kind that may go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from company_activity.io.storage.folder import Folder
    from company_activity.io.storage.port import Entry


@dataclass(frozen=True)
class Heap:
    """Files that may go: of which kind, how many, their bytes.

    `remove` removes them one by one and gives the bytes of each that is gone; `left` says what is left alone, and
    why. It may grow while files are removed.
    """

    kind: str
    files: int
    bytes: int
    remove: Callable[[], Iterator[int]]
    left: list[str] = field(default_factory=list)

    @property
    def told(self) -> str:
        """How many files of what, and their bytes."""
        return f"{self.files:,} {self.kind.replace('_', ' ')}, {self.bytes:,} bytes"


def in_folder(kind: str, folder: Folder, files: Sequence[Entry], left: Sequence[str] = ()) -> Heap:
    """These files of a folder; their paths are below it."""

    def remove() -> Iterator[int]:
        for file in files:
            folder.delete(file.path)
            yield file.size

    return Heap(kind, len(files), sum(file.size for file in files), remove, list(left))


def days_before(now: datetime, days: int) -> datetime:
    """Midnight before `now`, so many days ago.

    >>> from datetime import UTC
    >>> str(days_before(datetime(2025, 3, 31, 17, tzinfo=UTC), 30))
    '2025-03-01 00:00:00+00:00'
    """
    midnight = datetime.combine(now.date(), time(), now.tzinfo)
    return midnight - timedelta(days=days)
