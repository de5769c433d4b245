"""A directory as the place where files land: durable, create-only, safe against a kill at any moment."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO
from uuid import uuid4

from company_activity.errors import SourceError
from company_activity.io.storage.port import Entry, wait_for

POLL_SECONDS = 0.2
# What a mount of an object store answers where it is asked for a hard link or a lock.
UNSUPPORTED = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}


class LocalStorage:
    """Containers as folders under `root`. Files are fsynced, then linked into place atomically.

    `address_of` gives what Spark calls a file of this path.
    """

    def __init__(self, root: Path, address_of: Callable[[str], str] = "file:{}".format) -> None:
        self._root = root.absolute()
        self._address_of = address_of

    def list(self, prefix: str) -> Iterator[Entry]:
        """All files whose path begins with `prefix`, by path."""
        folder = self.file(prefix.rpartition("/")[0])
        files: list[Path] = []
        with _translated_errors(prefix):
            for at, _, names in os.walk(folder, onerror=_unless_missing):
                files.extend(Path(at, name) for name in names)
            entries = [entry for file in files if (entry := self._entry(file))]
        yield from sorted(entry for entry in entries if entry.path.startswith(prefix))

    def _entry(self, file: Path) -> Entry | None:
        try:
            status = file.lstat()
            if stat.S_ISLNK(status.st_mode):
                self._refuse_outside(file)
                status = file.stat()
        except FileNotFoundError:  # gone since it was listed
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:  # a link that leads to itself is no file
                return None
            raise
        written = datetime.fromtimestamp(status.st_mtime, UTC)
        return Entry(file.relative_to(self._root).as_posix(), status.st_size, written)

    def _refuse_outside(self, link: Path) -> None:
        """Refuse a link out of the root: who may write here may not therefore have everything read that we may.

        Raises:
            SourceError: if it leads there.
        """
        target = Path(os.path.realpath(link))
        if not target.is_relative_to(os.path.realpath(self._root)):
            raise SourceError(
                f"{link.relative_to(self._root).as_posix()} under landing.root is a link that leads out of it",
                remedy="put the file itself there",
            )

    def read(self, path: str) -> bytes:
        """The whole of a small file."""
        with self.open(path) as file, _translated_errors(path):
            return file.read()

    def open(self, path: str) -> BinaryIO:
        """A file as a stream of bytes."""
        file = self.file(path)
        with _translated_errors(path, untranslated=FileNotFoundError):
            if file.is_symlink():
                self._refuse_outside(file)
            return file.open("rb")

    def create(self, path: str, chunks: Iterable[bytes]) -> bool:
        """Write a file that is not there yet; False if it is. `os.link`, unlike a rename, never overwrites."""
        target = self.file(path)
        with self._draft(path, target, chunks) as draft:
            try:
                os.link(draft, target)
            except FileExistsError:
                # a network file system may repeat a link whose answer got lost
                return target.samefile(draft)
            _fsync_folder(target.parent)
        return True

    def replace(self, path: str, chunks: Iterable[bytes]) -> None:
        """Write a file in place of the one that is there."""
        target = self.file(path)
        with self._draft(path, target, chunks) as draft:
            draft.replace(target)
            _fsync_folder(target.parent)

    @contextmanager
    def _draft(self, path: str, target: Path, chunks: Iterable[bytes]) -> Iterator[Path]:
        """A durable file beside `target` with its content; it is gone at the end."""
        draft = target.with_name(f".{target.name}.{uuid4().hex}.tmp")
        try:
            with _translated_errors(path):
                with self._new(draft) as file:
                    file.writelines(chunks)
                    file.flush()
                    os.fsync(file.fileno())
                yield draft
        finally:
            with suppress(OSError):  # a torn one is swept
                draft.unlink(missing_ok=True)

    def _new(self, file: Path) -> IO[bytes]:
        for _ in range(10):
            try:
                _make_folder(file.parent)
                return file.open("xb")
            except FileNotFoundError:  # another run's `delete` has just removed the empty folder
                continue
        raise FileNotFoundError(f"{file.parent} does not stay")

    def delete(self, path: str) -> None:
        """Remove a file, and the folders that it leaves empty."""
        file = self.file(path)
        with _translated_errors(path):
            file.unlink(missing_ok=True)
        for folder in file.parents:
            if folder.parent == self._root or folder == self._root:
                break
            try:
                folder.rmdir()
            except OSError:  # not empty, or gone
                break

    def uri(self, path: str) -> str:
        """The absolute path with its scheme: Spark looks for a bare one in its default file system."""
        return self._address_of(str(self.file(path)))

    @contextmanager
    def lock(self, path: str, timeout_seconds: float) -> Iterator[None]:
        """Hold `path` by flock, which the system frees when the process is gone."""
        file = self.file(path)
        with _translated_errors(path):
            _make_folder(file.parent)
            handle = file.open("ab")
        with handle:
            with _translated_errors(path):
                wait_for(lambda: _is_flocked(handle), path, timeout_seconds, POLL_SECONDS)
            yield

    def file(self, path: str) -> Path:
        """Where a file is, for Python."""
        if path.startswith("/") or ".." in path.split("/"):
            raise ValueError(f"not a path inside the landing: {path!r}")
        return self._root / path


def _is_flocked(handle: IO[bytes]) -> bool:
    import fcntl  # not there on Windows, where the rest can at least be imported

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _translated_errors(path: str, untranslated: type[OSError] | tuple[()] = ()) -> Iterator[None]:
    """Turn what the file system refuses into a sentence, but for what stays `untranslated`."""
    try:
        yield
    except untranslated:
        raise
    except OSError as error:
        raise SourceError(
            f"{path} under landing.root: {error.strerror or error}",
            remedy=f"check its space, rights and mount{about_a_mount(error)}",
        ) from None


def about_a_mount(error: BaseException | None) -> str:
    """What to do besides, where a mount refuses what only disks can do."""
    if not isinstance(error, OSError) or error.errno not in UNSUPPORTED:
        return ""
    return (
        "; a mount of an object store makes no hard links and no locks: give its abfss:// address"
    )


def _unless_missing(error: OSError) -> None:
    """Ignore a missing folder, not an unreadable one: its dates would seem never landed."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _make_folder(folder: Path) -> None:
    """Make a folder and its missing parents, each durable: a file is as safe as its folder."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _fsync_folder(folder.parent)


def _fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
