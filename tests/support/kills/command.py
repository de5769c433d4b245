"""A command of the product as a process that notes its commit points, or is killed at one of them with all it started.

    python -m support.kills.command note FILE SPARK COMMAND…         each point's name is a line of FILE
    python -m support.kills.command kill SIDE NTH NAME SPARK COMMAND…

SPARK is `spark` where the command may start it, else `plain`: then pyspark is not imported. With `messages`, COMMAND is what
`support.kills.tell` takes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from support.kills.points import Side
from support.kills.wrapped import Watch, watching

SPARK, PLAIN, MESSAGES = "spark", "plain", "messages"


def noting(file: Path) -> Watch:
    """Append each point's name to a file."""

    def watch(name: str, side: Side) -> None:
        if side == "before":
            with file.open("a", encoding="utf-8") as notes:
                notes.write(f"{name}\n")

    return watch


def killing(name: str, nth: int, side: Side, kill: Callable[[], None]) -> Watch:
    """Kill at the n-th point of a name, before or behind it."""
    seen: Counter[str] = Counter()

    def watch(found: str, at: Side) -> None:
        seen[found] += at == "before"
        if (found, seen[found], at) == (name, nth, side):
            kill()

    return watch


def kill_tree() -> None:
    """SIGKILL to every process of this session: the JVM, its Python workers, which lead groups of their own, and this one."""
    kill_session(os.getpid())


def kill_session(leader: int) -> None:
    """SIGKILL to every process of a session, its leader last: that may be this one."""
    for pid in sorted(session_of(leader) - {leader}):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    os.kill(leader, signal.SIGKILL)


def session_of(leader: int) -> set[int]:
    """The living processes of a session."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            if int(fields[3]) == leader:
                found.add(int(entry.name))
    return found


def run(watch: Watch, spark: str, arguments: list[str]) -> int:
    """The command, as a user would give it, under a watch."""
    with watching(watch, os.environ, with_spark=spark == SPARK):
        if spark == MESSAGES:
            from support.kills import tell

            return tell.main(arguments)
        from company_activity.cli.main import main

        return main(arguments)


if __name__ == "__main__":
    mode, *given = sys.argv[1:]
    if mode == "note":
        file, spark, *arguments = given
        sys.exit(run(noting(Path(file)), spark, arguments))
    side, nth, name, spark, *arguments = given
    assert side in ("before", "after")
    sys.exit(run(killing(name, int(nth), "before" if side == "before" else "after", kill_tree), spark, arguments))
