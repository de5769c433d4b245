"""One run at a time on a lake: a file lock where it is local, a blob lease where it is in a storage account.

Delta on a local file system loses commits between two processes, so there the lock is all that keeps two runs apart.
A lease can be lost, by a run that stands still for a minute: then the check of each commit does (`Lake`).
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from company_activity.errors import CompanyActivityError, LakeBusy, RuntimeMissing, SourceError
from company_activity.io.storage.folder import open_folder
from company_activity.runtime.compute import has_jvm
from company_activity.settings.roots import root_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from company_activity.io.storage.blob_lease import Lease
    from company_activity.io.storage.folder import Folder

LOCK = ".lock"
LOCK_OF_JVM = ".lock.jvm"
NO_LOCKS = {errno.ENOTSUP, errno.ENOSYS, errno.ENOLCK}  # a mounted store, such as /dbfs
POLL_SECONDS = 0.2
LEASE_POLL_SECONDS = 2.0
LEFT_JVM = "the JVM of a run that is gone"  # it ends within seconds, unless it still commits
UNLOCKED = "{root} cannot be locked: of two runs at once, one takes its steps again"


def is_local(root: str) -> bool:
    """A directory of this machine, not an object store."""
    return root_of(root, "lake.root").is_local


def _nothing_to_wait_for() -> None:
    return


@dataclass
class LakeHold:
    """A lake that is held; by a lease, where it is in a storage account.

    `regain` waits until it is held again, if it was lost.
    """

    lease: Lease | None = None
    regain: Callable[[], None] = _nothing_to_wait_for
    is_told: bool = False

    def news(self) -> list[str]:
        """A sentence once the lease was lost; each is given once."""
        if self.lease is None or self.is_told or not self.lease.is_lost:
            return []
        self.is_told = True
        return [
            "this run lost its lock on the lake for a while: another run may have committed meanwhile, and a step that"
            " finds so is taken again"
        ]


@contextmanager
def lake_lock(
    root: str,
    timeout_seconds: float,
    on_wait: Callable[[str], None] = print,
    files: Folder | None = None,
) -> Iterator[LakeHold]:
    """Hold the lake for this process; taken before a JVM starts, free soon after the process is gone.

    A local lake is free at once then, one in a storage account within a minute. `files` is the root's folder, where
    it is open already.

    Raises:
        LakeBusy: if another run still holds it after `timeout_seconds`.
        CompanyActivityError: if its folder cannot be written to.
    """
    if not is_local(root):
        with _leased(files or open_folder(root), root, timeout_seconds, on_wait) as hold:
            yield hold
        return
    with _opened(Path(root_of(root).path)) as file:
        _wait(
            lambda: _is_flocked(file, root, on_wait),
            lambda: _named_in(file),
            root,
            timeout_seconds,
            on_wait,
        )
        _name_us(file, root, on_wait)
        yield LakeHold()


def holder_of(root: str, files: Folder) -> str:
    """Who holds the lake now; empty where nobody does. It is not taken, and no run waits for the look.

    Raises:
        CompanyActivityError: if its lock cannot be looked at.
    """
    if not is_local(root):
        with _told(root):
            return files.holder(LOCK)
    folder = Path(root_of(root).path)
    try:
        with suppress(FileNotFoundError, NotADirectoryError), (folder / LOCK).open("r") as file:
            if _is_held(file, "flock"):
                return _named_in(file)
        with (
            suppress(FileNotFoundError, NotADirectoryError),
            (folder / LOCK_OF_JVM).open("r") as file,
        ):
            if _is_held(file, "lockf"):
                return LEFT_JVM
    except OSError as error:
        raise CompanyActivityError(
            f"{folder}: {error.strerror}", remedy="check lake.root and its rights"
        ) from None
    return ""


def _is_held(file: TextIO, call: str) -> bool:
    """Whether another process has locked a file, by `flock` or, as a JVM does it, by `lockf`.

    A lock that many may share tells it: a run that comes in this instant polls once more.
    """
    try:
        import fcntl
    except ImportError:
        return False
    lock = getattr(fcntl, call)
    try:
        lock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return True
        if error.errno in NO_LOCKS:
            return False
        raise
    lock(file, fcntl.LOCK_UN)
    return False


@contextmanager
def _leased(
    files: Folder, root: str, timeout_seconds: float, on_wait: Callable[[str], None]
) -> Iterator[LakeHold]:
    """Hold a lake by the lease of a blob under its root, where its store gives leases."""
    from company_activity.io.storage.blob_lease import NoLeases

    with _told(root):
        lease = files.lease(LOCK, _this_process())
    if lease is None:
        on_wait(UNLOCKED.format(root=root))
        yield LakeHold()
        return
    acquire = partial(_acquire, lease, root, timeout_seconds, on_wait)
    try:
        acquire()
    except NoLeases:
        on_wait(UNLOCKED.format(root=root))
        yield LakeHold()
        return
    with lease.kept():
        yield LakeHold(lease, regain=acquire)


def _acquire(
    lease: Lease, root: str, timeout_seconds: float, on_wait: Callable[[str], None]
) -> None:
    """Wait for a lease; one that we hold is renewed."""
    with _told(root):
        _wait(lease.acquire, lease.holder, root, timeout_seconds, on_wait, LEASE_POLL_SECONDS)


@contextmanager
def _told(root: str) -> Iterator[None]:
    """What the store refuses, as a sentence about the lock."""
    try:
        yield
    except (SourceError, FileNotFoundError) as error:
        raise CompanyActivityError(
            f"the lock of {root}: {getattr(error, 'what', 'its file is gone')}",
            remedy="check lake.root, the network and our role on the account",
        ) from None


def _this_process() -> str:
    """This process and its machine, as a blob's metadata can say it."""
    machine = socket.gethostname().encode("ascii", "replace").decode()
    return f"process {os.getpid()} on {machine}"


def _opened(folder: Path) -> TextIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise CompanyActivityError(
            f"{folder}: {error.strerror}", remedy="check lake.root, its space and rights"
        ) from None


def _is_flocked(file: TextIO, root: str, say: Callable[[str], None]) -> bool:
    try:
        import fcntl
    except ImportError:
        raise RuntimeMissing(
            "this system has no file locks, and two runs would lose each other's work",
            remedy="run on Linux or macOS, on Windows under WSL",
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise CompanyActivityError(
                f"the lock of {root}: {error.strerror}", remedy="check the disk of lake.root"
            ) from None
        say(UNLOCKED.format(root=root))
    return True


def _name_us(file: TextIO, root: str, say: Callable[[str], None]) -> None:
    """Write down who holds the lake, for those who wait; on a full disk it is held all the same."""
    try:
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), f"{os.getpid()}\n".encode())
    except OSError as error:
        say(f"the lock of {root} does not tell who holds it: {error.strerror}")


def _named_in(file: TextIO) -> str:
    file.seek(0)
    return f"process {file.read().strip() or 'unknown'}"


def _wait(
    is_ours: Callable[[], bool],
    holder: Callable[[], str],
    root: str,
    timeout_seconds: float,
    on_wait: Callable[[str], None],
    poll_seconds: float = POLL_SECONDS,
) -> None:
    """Try until the lake is ours; say once that we wait, and for whom.

    Raises:
        LakeBusy: if it is not after `timeout_seconds`.
    """
    deadline = time.monotonic() + timeout_seconds
    is_told = False
    while not is_ours():
        if time.monotonic() >= deadline:
            raise LakeBusy(
                f"another run ({holder()}) holds the lake {root}",
                remedy="wait for it to end, or raise lake.lock_timeout_seconds",
            )
        if not is_told:
            on_wait(f"waiting for the run of {holder()} on {root} to end")
            is_told = True
        time.sleep(poll_seconds)


def hold_in_jvm(spark: SparkSession, root: str) -> None:
    """Let the JVM hold a lock of its own until it is gone.

    A killed run's JVM lives on for a moment and may still commit: the next run's JVM waits for its end here. A session
    without a JVM of its own (Spark Connect) has none to wait for: its server outlives every run.
    """
    if not is_local(root) or not has_jvm(spark):
        return
    jvm = spark._jvm
    assert jvm is not None  # noqa: S101 — for mypy: this session has one
    path = str(Path(root_of(root).path, LOCK_OF_JVM))
    if path in _held:
        return
    channel = jvm.java.io.RandomAccessFile(path, "rw").getChannel()
    _held[path] = (channel, channel.lock())


# The JVM drops what Python no longer refers to, and with the channel the lock.
_held: dict[str, object] = {}
