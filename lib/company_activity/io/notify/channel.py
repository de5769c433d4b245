"""What a channel is, and how it says that a message did not go out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from company_activity.errors import CompanyActivityError
from company_activity.io.net.within import TooLate
from company_activity.io.net.within import within as net_within
from company_activity.io.notify.message import Message

Sent = TypeVar("Sent")


class NotSent(Exception):
    """A message did not go out; `str()` says why without any secret.

    `is_refused`: this message is not taken, another one may be. Otherwise nothing goes out on the
    channel for now. `is_final`: the server says that it will not take it later either.
    """

    def __init__(self, why: str, *, is_refused: bool = False, is_final: bool = False) -> None:
        super().__init__(why)
        self.is_refused = is_refused
        self.is_final = is_final


class NotTried(NotSent):
    """A message was left for the next run without a try: nobody can say that it cannot be sent."""


class Channel(Protocol):
    """One way to tell somebody."""

    def send(self, message: Message) -> str:
        """Send it; where it went. NotSent if it did not."""


def foreseen(send: Callable[[], Sent]) -> Sent:
    """What `send` gives.

    Raises:
        NotSent: for whatever reason; a text that might quote a secret is not passed on. What nobody
            foresaw is about the one message: its texts are all that is new.
    """
    try:
        return send()
    except NotSent:
        raise
    except CompanyActivityError as error:
        raise NotSent(error.what) from None
    except Exception as error:
        raise NotSent(type(error).__name__, is_refused=True) from None


def within(seconds: float, send: Callable[[], Sent]) -> Sent:
    """Wait at most so long for a message to go out.

    Raises:
        NotSent: if it takes longer; or whatever `send` raises.
    """
    try:
        return net_within(seconds, send)
    except TooLate as late:
        raise NotSent(str(late)) from None
