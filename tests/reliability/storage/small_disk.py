"""A disk of a few pages: a tmpfs of its own, which can grow."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = 4096
LARGE = PAGE * 65_536
MANY = 65_536


@dataclass(frozen=True)
class SmallDisk:
    """A mounted disk."""

    folder: Path

    def leave_free(self, pages: int = MANY, files: int = MANY) -> None:
        """Leave so many pages and so many files free."""
        now = os.statvfs(self.folder)
        used = now.f_blocks - now.f_bfree
        named = now.f_files - now.f_ffree
        self.resize((used + pages) * PAGE, named + files)

    def resize(self, size: int, files: int = MANY) -> None:
        """Give it a new size, with all that is on it."""
        _system("mount", "-o", f"remount,size={size},nr_inodes={files}", str(self.folder))

    def grow(self) -> None:
        """Make room for everything."""
        self.resize(LARGE)

    @property
    def used(self) -> int:
        """The bytes that are taken."""
        now = os.statvfs(self.folder)
        return (now.f_blocks - now.f_bfree) * now.f_frsize


@contextmanager
def small_disk(folder: Path, size: int = LARGE) -> Iterator[SmallDisk]:
    """A disk of its own for as long as the block lasts; the test is skipped where nobody may mount one."""
    folder.mkdir()
    try:
        _system("mount", "-t", "tmpfs", "-o", f"size={size},nr_inodes={MANY}", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError) as refused:
        pytest.skip(f"NO TMPFS: full disks are NOT tested; run as root, where mounts are allowed ({refused})")
    (folder / "filler").write_bytes(bytes(PAGE))  # of an empty disk the size would be 0, which says "no limit"
    try:
        yield SmallDisk(folder)
    finally:
        _system("umount", "--lazy", str(folder))


def _system(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
