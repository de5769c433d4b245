"""Commands as children in sessions of their own: recorded, or killed with all they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from support.kills.command import kill_session, session_of
from support.kills.points import Point, Side

TESTS = Path(__file__).resolve().parents[2]
LIBRARIES = os.pathsep.join(map(str, (TESTS, TESTS.parent / "samples", TESTS.parent / "lib")))
WAIT_SECONDS = 1800  # a busy machine takes its time


def child(arguments: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A process that leads a session: what it starts is of it, and a kill finds it."""
    # What the suite sets for its own Spark is not this one's.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYSPARK_")}
    return subprocess.Popen(
        [sys.executable, *arguments],
        env={**kept, **environ, "PYTHONPATH": LIBRARIES},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def ended(running: subprocess.Popen[bytes]) -> int:
    """How a child ends; nothing of one that does not end in time lives on."""
    try:
        return running.wait(WAIT_SECONDS)
    finally:
        if running.poll() is None:
            kill_session(running.pid)


def recorded(kind: str, command: Sequence[str], environ: Mapping[str, str], notes: Path, code: int = 0) -> list[str]:
    """The names of the points that an undisturbed command passes, in order."""
    notes.unlink(missing_ok=True)
    running = child(["-m", "support.kills.command", "note", str(notes), kind, *command], environ)
    assert ended(running) == code
    return notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []


def kill_at(point: Point, side: Side, kind: str, command: Sequence[str], environ: Mapping[str, str]) -> None:
    """Give a command that is killed at a point, before or behind it; nothing that it started lives on."""
    arguments = ["-m", "support.kills.command", "kill", side, str(point.nth), point.name, kind, *command]
    running = child(arguments, environ)
    code = ended(running)
    assert code == -signal.SIGKILL, f"it ended with {code}, and never came to {point}"
    wait_until_gone(running.pid)


def wait_until_gone(session: int) -> None:
    """Wait until no process of a session lives: a JVM takes a moment to fall."""
    ends = time.monotonic() + 30
    while living := session_of(session):
        assert time.monotonic() < ends, f"{living} live on"
        time.sleep(0.02)
