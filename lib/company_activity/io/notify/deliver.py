"""Send what the outbox holds, oldest first, each message once per channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from company_activity.io.notify.channel import Channel, NotSent, NotTried, foreseen
from company_activity.io.notify.message import Message
from company_activity.io.notify.outbox import Outbox, Pending
from company_activity.io.notify.patience import Patience


@dataclass
class Delivery:
    """What went out (where to), what stays (why), what was given up (why), and what else is amiss."""

    sent: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def deliver(
    outbox: Outbox,
    channels: Mapping[str, Channel],
    now: datetime,
    keep: timedelta,
    patience: Patience | None = None,
) -> Delivery:
    """Try every pending message; one older than `keep` is given up if it is tried, and fails again.

    A channel that cannot be reached is left for the next run; one that refuses a message may take
    the next.
    """
    delivery = Delivery()
    patience = patience or Patience()
    for pending in outbox.pending():
        channel = channels.get(pending.channel)
        if channel is None:
            _give_up(delivery, outbox, pending, now, "notify.channels no longer names it")
            continue
        try:
            with patience.trying(pending.channel), outbox.sending(pending, now):
                went = sent(channel, pending.message)
            delivery.sent.append(f"{pending.channel}: {went}")
        except NotSent as why:
            if isinstance(why, NotTried) or _age(pending.message, now) <= keep:
                delivery.kept.append(f"{_called(pending)}: {why}")
            else:
                _give_up(delivery, outbox, pending, now, str(why))
    return delivery


def _give_up(delivery: Delivery, outbox: Outbox, pending: Pending, now: datetime, why: str) -> None:
    outbox.close(pending, now, f"given up: {why}")
    delivery.given_up.append(f"{_called(pending)}: {why}")


def _called(pending: Pending) -> str:
    return f"{pending.channel} ({pending.message.key})"


def _age(message: Message, now: datetime) -> timedelta:
    return now - datetime.fromisoformat(message.began_at)


def sent(channel: Channel, message: Message) -> str:
    """Where it went.

    Raises:
        NotSent: for whatever reason; a text that might quote a secret is not passed on.
    """
    return foreseen(lambda: channel.send(message))
