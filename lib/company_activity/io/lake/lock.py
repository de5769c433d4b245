"""One run at a time on a local lake: Delta on a local file system loses commits between two processes."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from company_activity.errors import CompanyActivityError, LakeBusy
from company_activity.runtime.compute import has_jvm

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

POLL_SECONDS = 0.2


def is_local(root: str) -> bool:
    """A directory of this machine, not an object store."""
    return "://" not in root or root.startswith("file:")


@contextmanager
def lake_lock(
    root: str, timeout_seconds: float, on_wait: Callable[[str], None] = print
) -> Iterator[None]:
    """Hold the lake for this process; taken before a JVM starts, free as soon as the process is gone.

    Raises:
        LakeBusy: if another run still holds it after `timeout_seconds`.
        CompanyActivityError: if its folder cannot be written to.
    """
    if not is_local(root):
        yield
        return
    with _opened(Path(root.removeprefix("file://"))) as file:
        _acquire(file, root, timeout_seconds, on_wait)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _opened(folder: Path) -> TextIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / ".lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise CompanyActivityError(
            f"{folder}: {error.strerror}", remedy="check lake.root, its space and rights"
        ) from None


def _acquire(
    file: TextIO, root: str, timeout_seconds: float, on_wait: Callable[[str], None]
) -> None:
    deadline = time.monotonic() + timeout_seconds
    told = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
        if time.monotonic() >= deadline:
            raise LakeBusy(
                f"another run (process {holder}) holds the lake {root}",
                remedy="wait for it to end, or raise lake.lock_timeout_seconds",
            )
        if not told:
            on_wait(f"waiting for the run of process {holder} on {root} to end")
            told = True
        time.sleep(POLL_SECONDS)


def hold_in_jvm(spark: SparkSession, root: str) -> None:
    """Let the JVM hold a lock of its own until it is gone.

    A killed run's JVM lives on for a moment and may still commit: the next run's JVM waits for its end here. A session
    without a JVM of its own (Spark Connect) has none to wait for: its server outlives every run.
    """
    if not is_local(root) or not has_jvm(spark):
        return
    jvm = spark._jvm
    assert jvm is not None
    path = str(Path(root.removeprefix("file://"), ".lock.jvm"))
    if path in _held:
        return
    channel = jvm.java.io.RandomAccessFile(path, "rw").getChannel()
    _held[path] = (channel, channel.lock())


# The JVM drops what Python no longer refers to, and with the channel the lock.
_held: dict[str, object] = {}
