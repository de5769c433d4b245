"""A store whose process is killed at a write."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from company_activity.io.storage.opening import LocalStorage

Written = TypeVar("Written")


class Killed(BaseException):
    """SIGKILL, as far as the code can tell."""


class Mortal(LocalStorage):
    """A store whose process is killed at its nth write, before or after it."""

    def __init__(self, root: Path, nth: int, is_after: bool) -> None:
        super().__init__(root)
        self.left, self.is_after = nth, is_after

    def _write(self, write: Callable[[], Written]) -> Written:
        self.left -= 1
        if self.left == 0 and not self.is_after:
            raise Killed
        done = write()
        if self.left == 0:
            raise Killed
        return done

    def create(self, path: str, chunks: Iterable[bytes]) -> bool:
        return self._write(lambda: super(Mortal, self).create(path, chunks))

    def delete(self, path: str) -> None:
        self._write(lambda: super(Mortal, self).delete(path))
