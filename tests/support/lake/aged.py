"""Files as they stand so many days later: clocks are not turned, what is written is."""

from __future__ import annotations

import json
import os
from pathlib import Path

DAY_SECONDS = 86_400


def age(folder: Path, days: float) -> None:
    """Let everything below a folder have been written so many days earlier; tables gave up files then, too.

    A session that has already read a table of it may remember the later times: look at a copy.
    """
    for log in folder.rglob("_delta_log"):
        for commit in log.glob("*.json"):
            _age_commit(commit, int(days * DAY_SECONDS * 1000))
    for file in folder.rglob("*"):
        if file.is_file():
            written = file.stat().st_mtime - days * DAY_SECONDS
            os.utime(file, (written, written))


def _age_commit(commit: Path, milliseconds: int) -> None:
    lines = []
    written = commit.stat().st_mtime
    for line in commit.read_text(encoding="utf-8").splitlines():
        if line.startswith('{"remove"'):
            action = json.loads(line)
            action["remove"]["deletionTimestamp"] -= milliseconds
            line = json.dumps(action, separators=(",", ":"))
        lines.append(f"{line}\n")
    commit.write_text("".join(lines), encoding="utf-8")
    os.utime(commit, (written, written))
    commit.with_name(f".{commit.name}.crc").unlink(missing_ok=True)  # Hadoop's checksum of the text before


def tree(folder: Path) -> dict[str, int]:
    """Every file below a folder, with its size."""
    return {str(file.relative_to(folder)): file.stat().st_size for file in sorted(folder.rglob("*")) if file.is_file()}
