"""Send what the outbox holds, oldest first, each message once per channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from company_activity.io.notify.channel import Channel, NotSent, foreseen
from company_activity.io.notify.message import Message
from company_activity.io.notify.outbox import Outbox


@dataclass
class Delivery:
    """What went out (where to), what stays (why), what was given up (why), and what else is amiss."""

    sent: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def deliver(
    outbox: Outbox, channels: Mapping[str, Channel], now: datetime, keep: timedelta
) -> Delivery:
    """Try every pending message; one older than `keep` is given up if it fails again.

    A channel that cannot be reached is left for the next run; one that refuses a message may take
    the next.
    """
    delivery = Delivery()
    down: dict[str, str] = {}
    for pending in outbox.pending():
        channel = channels.get(pending.channel)
        failed = f"{pending.channel} ({pending.message.key})"
        try:
            if channel is None:
                raise NotSent("notify.channels no longer names it", is_refused=True)
            if pending.channel in down:
                raise NotSent(down[pending.channel])
            went = sent(channel, pending.message)
        except NotSent as why:
            if not why.is_refused:
                down[pending.channel] = str(why)
            if channel is None or _age(pending.message, now) > keep:
                outbox.close(pending, now, f"given up: {why}")
                delivery.given_up.append(f"{failed}: {why}")
            else:
                delivery.kept.append(f"{failed}: {why}")
        else:
            outbox.close(pending, now, f"sent: {went}")
            delivery.sent.append(f"{pending.channel}: {went}")
    return delivery


def _age(message: Message, now: datetime) -> timedelta:
    return now - datetime.fromisoformat(message.began_at)


def sent(channel: Channel, message: Message) -> str:
    """Where it went.

    Raises:
        NotSent: for whatever reason; a text that might quote a secret is not passed on.
    """
    return foreseen(lambda: channel.send(message))
