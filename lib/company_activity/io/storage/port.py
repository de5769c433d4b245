"""The port of the landing's store: a directory and blob containers look alike behind it.

A path is relative and '/'-separated; its first segment is the container:
`product-api-raw/date=2025-03-31/…`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from company_activity.errors import SourceError

log = logging.getLogger(__name__)


@dataclass(frozen=True, order=True)
class Entry:
    """A stored file: its path, its size in bytes, when it was written (UTC)."""

    path: str
    size: int
    modified_at: datetime


class Storage(Protocol):
    """What landing needs of a store. If it fails, each method raises a SourceError that says so."""

    def list(self, prefix: str) -> Iterator[Entry]:
        """All files whose path begins with `prefix`, by path."""

    def read(self, path: str) -> bytes:
        """The whole of a small file; FileNotFoundError if it is not there."""

    def open(self, path: str) -> BinaryIO:
        """A file as a stream of bytes; FileNotFoundError if it is not there."""

    def create(self, path: str, chunks: Iterable[bytes]) -> bool:
        """Write a new file atomically, durable on return; False if it is there already."""

    def replace(self, path: str, chunks: Iterable[bytes]) -> None:
        """Write a file in place of the one that is there, atomically, durable on return."""

    def delete(self, path: str) -> None:
        """Remove a file; that it is not there is fine."""

    def uri(self, path: str) -> str:
        """What Spark reads the file by."""

    def lock(self, path: str, timeout_seconds: float) -> AbstractContextManager[None]:
        """Hold `path` for this run; a dead run frees it soon. SourceError if it stays taken."""


def wait_for(
    is_ours: Callable[[], bool], path: str, timeout_seconds: float, poll_seconds: float
) -> None:
    """Try until the lock is ours.

    Raises:
        SourceError: if it is still taken after `timeout_seconds`.
    """
    deadline = time.monotonic() + timeout_seconds
    is_logged = False
    while not is_ours():
        if time.monotonic() >= deadline:
            raise SourceError(
                f"another run holds {path}",
                remedy="wait for it to end, or raise landing.lock_timeout_seconds",
            )
        if not is_logged:
            log.info("waiting for another run that holds %s", path)
            is_logged = True
        time.sleep(poll_seconds)
