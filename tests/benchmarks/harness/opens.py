"""How often the files under a folder are opened, by whatever process: the kernel tells (inotify)."""

from __future__ import annotations

import ctypes
import os
import struct
import threading
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.harness.errors import Broken

IN_OPEN, IN_CLOSE, IN_Q_OVERFLOW, IN_ISDIR = 0x20, 0x18, 0x4000, 0x40000000
# The kernel merges an event with an equal one that nobody has read yet: closings keep two openings apart.
WATCHED = IN_OPEN | IN_CLOSE
LAST = ".end-of-counting"  # whose opening is the last event
HEAD = struct.Struct("iIII")
READ_BYTES = 1 << 20


class Opens:
    """Counts opens while it is entered; `counts` are by path. Folders that are made later are not seen."""

    def __init__(self, root: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._notify = self._libc.inotify_init()
        self._folders: dict[int, Path] = {}
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._has_ended = False
        self._has_overflowed = False
        self.counts: Counter[Path] = Counter()
        for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
            watch = self._libc.inotify_add_watch(self._notify, os.fsencode(folder), WATCHED)
            if watch < 0:
                raise Broken(f"{folder} cannot be watched: {os.strerror(ctypes.get_errno())}")
            self._folders[watch] = folder

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Take in what is left.

        Raises:
            Broken: if there were more events than the kernel keeps.
        """
        last = next(iter(self._folders.values())) / LAST
        last.touch()
        self._thread.join()
        os.close(self._notify)
        last.unlink()
        if self._has_overflowed:
            raise Broken("more files were opened at once than the kernel notes; raise fs.inotify.max_queued_events")

    def _read(self) -> None:
        while not self._has_ended:
            self._count(os.read(self._notify, READ_BYTES))

    def _count(self, events: bytes) -> None:
        at = 0
        while at < len(events):
            watch, mask, _, length = HEAD.unpack_from(events, at)
            name = events[at + HEAD.size : at + HEAD.size + length].rstrip(b"\0")
            at += HEAD.size + length
            self._has_overflowed |= bool(mask & IN_Q_OVERFLOW)
            if name == LAST.encode() or mask & IN_Q_OVERFLOW:
                self._has_ended = True
            elif watch in self._folders and mask & IN_OPEN and not mask & IN_ISDIR and name:
                self.counts[self._folders[watch] / os.fsdecode(name)] += 1
