"""What a test of a row is handed: which of its cases are left to run, and where their outcomes are noted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from reliability.harness.kept import Case, Kept
from reliability.harness.rows import Row

Key = TypeVar("Key")


@dataclass(frozen=True)
class Cases:
    """The cases of one row in one test.

    Without `until` this is the short form, of `make test` and `make brief`: few cases, and nothing is noted. In the long form all cases
    are run that have not passed yet, until the time is over; what is then left is for the next invocation.
    """

    row: Row
    kept: Kept
    code: str
    until: float | None = None
    clock: Callable[[], float] = time.time

    @property
    def is_long(self) -> bool:
        """Whether outcomes are noted."""
        return self.until is not None

    def left(self, keys: Iterable[Key], short: int) -> Iterator[Key]:
        """The cases to run, by what names them (its text is the key); `short` of them in the short form."""
        every = list(keys)
        if not self.is_long:
            yield from spread(every, short)
            return
        passed = self.passed()
        for key in every:
            if self.is_over():
                return
            if str(key) not in passed:
                yield key

    @contextmanager
    def one(self, key: object) -> Iterator[list[str]]:
        """Run one case, and note how it ended; a failure goes on to pytest. What it appends to the list is its note."""
        began = self.clock()
        notes: list[str] = []
        try:
            yield notes
        except BaseException as failure:
            why = f"{type(failure).__name__}: {failure}"
            self.add(str(key), self.clock() - began, why=why[:500], note="; ".join(notes))
            raise
        self.add(str(key), self.clock() - began, note="; ".join(notes))

    def add(self, key: str, seconds: float, why: str = "", note: str = "") -> None:
        """Note a case of the long form."""
        if self.is_long:
            self.kept.add(Case(self.row.name, key, self.code, round(seconds, 3), why, note))

    def passed(self) -> set[str]:
        """The keys of what has passed."""
        return {case.key for case in self.kept.cases(self.row, self.code).values() if not case.why}

    def is_over(self) -> bool:
        """Whether the time of this invocation is over."""
        return self.until is not None and self.clock() >= self.until


def spread(keys: Sequence[Key], count: int) -> list[Key]:
    """`count` of the keys, evenly spread, the first among them.

    >>> spread("abcdefghij", 3)
    ['a', 'd', 'g']
    >>> spread("ab", 3)
    ['a', 'b']
    """
    if count >= len(keys):
        return list(keys)
    return [keys[place * len(keys) // count] for place in range(count)]
