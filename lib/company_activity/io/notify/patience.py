"""Which messages of a run are worth a try: a broken server must not take the time of the others."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from company_activity.io.notify.channel import NotSent, NotTried

SETTING = "notify.channel_budget_seconds"


@dataclass
class Patience:
    """What each channel may take in a run, `seconds` at most, and which of its servers are down.

    A message that failed in an earlier run may be what its server stumbles over. Half of the time is for such ones and
    half for the others, and a server that fails on one of them is down for those alone.
    """

    seconds: float = math.inf
    clock: Callable[[], float] = time.monotonic
    _spent: dict[tuple[str, bool], float] = field(default_factory=dict)
    _down: dict[tuple[str, bool], str] = field(default_factory=dict)

    @contextmanager
    def trying(
        self, channel: str, server: str = "", *, has_failed_before: bool = False
    ) -> Iterator[None]:
        """Around one try; `server` tells apart what is reached on the channel.

        Raises:
            NotTried: if the server is down, or the time is over.
            NotSent: what the try raises.
        """
        self._check(channel, server, has_failed_before)
        began = self.clock()
        try:
            yield
        except NotSent as why:
            if not why.is_refused:
                self._down[server or channel, has_failed_before] = str(why)
            raise
        finally:
            spent = self._spent.get((channel, has_failed_before), 0.0)
            self._spent[channel, has_failed_before] = spent + self.clock() - began

    def _check(self, channel: str, server: str, has_failed_before: bool) -> None:
        for known in {False, has_failed_before}:
            if why := self._down.get((server or channel, known)):
                raise NotTried(why)
        if self._spent.get((channel, has_failed_before), 0.0) >= self.seconds / 2:
            raise NotTried(f"{SETTING} ({self.seconds:g}) is used up")
