"""A failing sequence made shorter: the shortest prefix that fails, then without each action that it does not need."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from reliability.actions.actions import Action

Fails = Callable[[Sequence[Action]], bool]


def shrunk(
    actions: Sequence[Action], fails: Fails, seconds: float, clock: Callable[[], float] = time.monotonic
) -> list[Action]:
    """The shortest sequence found until the time is over; every one that is returned was seen to fail, or is `actions`.

    Prefixes are halved, not counted: a failure stays, or the last half that failed is taken.
    """
    ends = clock() + seconds
    best = list(actions)
    passing, failing = 0, len(best)
    while failing - passing > 1 and clock() < ends:
        middle = (passing + failing) // 2
        if fails(best[:middle]):
            failing = middle
        else:
            passing = middle
    best = best[:failing]
    for place in range(len(best) - 2, -1, -1):  # the last one shows the failure
        if clock() >= ends:
            break
        shorter = best[:place] + best[place + 1 :]
        if fails(shorter):
            best = shorter
    return best
