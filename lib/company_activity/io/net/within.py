"""Waiting for an answer, but not longer than agreed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


class TooLate(Exception):
    """No answer came in time; `str()` says in what time."""


def within(seconds: float, ask: Callable[[], Answer]) -> Answer:
    """Wait at most so long: a server that drips its answer can outlast a socket's timeout.

    Raises:
        TooLate: if it takes longer; or whatever `ask` raises.
    """
    ended: list[Answer] = []
    failed: list[BaseException] = []

    def attempt() -> None:
        try:
            ended.append(ask())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not ended:
        raise TooLate(f"no answer within {seconds:g} s")
    return ended[0]
