"""Retry transient failures: a database that wakes, a lost connection, a deadlock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from company_activity.io.warehouse.jdbc import SqlError

FIRST_WAIT = 0.2
LONGEST_WAIT = 10.0
ALWAYS = 3  # retries whatever the time: a deadlock may end a transaction of an hour

T = TypeVar("T")


@dataclass(frozen=True)
class Retries:
    """How long a unit of work is tried again, from its first failure; sleep and clock are handed in."""

    seconds: float
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def run(self, unit: Callable[[], T], is_transient: Callable[[SqlError], bool]) -> T:
        """What `unit` returns, once it does; it must leave nothing behind that a repeat would double.

        Raises:
            SqlError: at once if it is not transient, else the last one.

        >>> slept, failures = [], [SqlError("waking", "08006"), SqlError("waking", "08006")]
        >>> def unit() -> str:
        ...     if failures:
        ...         raise failures.pop()
        ...     return "awake"
        >>> Retries(120, slept.append).run(unit, lambda failure: failure.is_disconnect), slept
        ('awake', [0.2, 0.4])
        """
        wait = FIRST_WAIT
        waited = 0.0
        tries = 0
        began: float | None = None
        while True:
            try:
                return unit()
            except SqlError as failure:
                began = self.clock() if began is None else began
                left = self.seconds - max(waited, self.clock() - began)
                if not is_transient(failure) or (left <= 0 and tries >= ALWAYS):
                    raise
            pause = wait if tries < ALWAYS else min(wait, left)
            self.sleep(pause)
            tries += 1
            waited += pause
            wait = min(2 * wait, LONGEST_WAIT)
