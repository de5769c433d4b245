"""The messages that a digest takes on a channel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from company_activity.io.notify.channel import NotSent, NotTried, foreseen


@dataclass(frozen=True)
class Part:
    """One message of a digest: it sends itself, and says where it went. NotSent if it did not.

    `name` tells it from the others; `to` is its address, where a digest goes to several.
    """

    name: str
    send: Callable[[], str]
    to: str = ""

    @classmethod
    def for_address(cls, to: str, send: Callable[[], str]) -> Part:
        """Named by its address: the settings may name others by the time it is sent again.

        >>> Part.for_address("ana@example.com", str).name
        '8e43ca377012'
        """
        return cls(hashlib.sha256(to.encode()).hexdigest()[:12], send, to)


def numbered(sends: Iterable[Callable[[], str]]) -> list[Part]:
    """Parts that go out in order.

    >>> [part.name for part in numbered([str, str])]
    ['0001', '0002']
    """
    return [Part(f"{number:04d}", send) for number, send in enumerate(sends, start=1)]


@dataclass
class Attempt:
    """What became of the parts of a digest in a round: where they went, why others did not."""

    sent: list[str] = field(default_factory=list)
    failed: list[tuple[Part, NotSent]] = field(default_factory=list)

    @classmethod
    def at(
        cls, parts: Iterable[Part], trying: Callable[[Part], AbstractContextManager[None]]
    ) -> Attempt:
        """Send them, each within `trying`. One that fails holds up those behind it to the same address."""
        attempt = cls()
        for part in parts:
            if part.to in {failed.to for failed, _ in attempt.failed}:
                continue
            try:
                with trying(part):
                    where = foreseen(part.send)
                attempt.sent.append(where)
            except NotSent as why:
                attempt.failed.append((part, why))
        return attempt

    @property
    def is_tried(self) -> bool:
        """Whether a part of it was sent in vain; one that was left for the next run says nothing."""
        return any(not isinstance(why, NotTried) for _, why in self.failed)

    def is_over(self, *, has_begun: bool) -> bool:
        """Whether nothing is left to send: all was accepted, or some was, and nobody will ever take the others."""
        is_final = all(why.is_final for _, why in self.failed)
        return is_final and (has_begun or bool(self.sent) or not self.failed)

    @property
    def where(self) -> str:
        return ", ".join(dict.fromkeys(self.sent))

    @property
    def why(self) -> str:
        return "; ".join(dict.fromkeys(self.whys))

    @property
    def whys(self) -> Iterator[str]:
        return (str(why) for _, why in self.failed)
