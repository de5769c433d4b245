"""Threads that take turns: one runs at a time, and at each pause chance says which goes on. A seed tells the order."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable


class Killed(BaseException):
    """Ends a worker where it stands."""


class Worker:
    """One that takes turns: it runs from pause to pause."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_done = False
        self.is_killed = False
        self.error: BaseException | None = None
        self._go = threading.Semaphore(0)
        self._stands = threading.Semaphore(0)

    def pause(self) -> None:
        """Let chance decide who goes on."""
        self._stands.release()
        self._go.acquire()
        if self.is_killed:
            raise Killed

    def start(self, work: Callable[[], None]) -> None:
        def run() -> None:
            self._go.acquire()
            try:
                work()
            except Killed:
                pass
            except BaseException as error:
                self.error = error
            self.is_done = True
            self._stands.release()

        threading.Thread(target=run, daemon=True).start()

    def turn(self) -> None:
        """Run until the next pause, or to the end."""
        self._go.release()
        self._stands.acquire()


def take_turns(workers: list[Worker], seed: int, kill_at: int | None = None) -> None:
    """Let the workers run to their ends in an order that the seed tells; the first is killed at its n-th turn.

    Raises:
        BaseException: what the first of them to fail raised.
    """
    chance = random.Random(seed)
    turns = 0
    while living := [worker for worker in workers if not worker.is_done]:
        worker = chance.choice(living)
        if worker is workers[0]:
            turns += 1
            worker.is_killed = turns == kill_at
        for _ in range(chance.choice((1, 1, 2, 5, 20))):  # sometimes one goes far while the other sleeps
            if not worker.is_done:
                worker.turn()
    for worker in workers:
        if worker.error is not None:
            raise worker.error
