"""Digests of companies that never were."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from company_activity.io.notify.channel import foreseen
from company_activity.io.notify.digest.channels import DigestChannel
from company_activity.io.notify.digest.digest import KINDS, Digest, Item

from support.report.hostile_names import NAMES
from support.report.reports import DAY

REPORT = "https://reports.example/20251124T030000Z-abc123.html?a=1&b=2"
STATUS = "Newest complete date 2025-11-23; no date of its week is missing; every company is judged."


def item(number: int = 126, name: str = "Sudden Stop", **more: Any) -> Item:
    """A company that fell silent a week ago."""
    known: dict[str, Any] = {
        "country": "ES",
        "reasons": ("31 user-days this week; 80 are usual", "no active user for 7 days"),
        "missing_user_days_7d": 54,
        "since": DAY - timedelta(days=3),
        "renewal_on": DAY + timedelta(days=38),
        "owner": "Ana Ruiz",
    }
    return Item(f"c_{number}", name, **known | more)


def digest(recipient: str = "Ana Ruiz", **sections: Iterable[Item]) -> Digest:
    """What is new for a recipient."""
    return Digest(recipient, DAY, "synapse", STATUS, REPORT, {kind: tuple(items) for kind, items in sections.items()})


def digest_of(count: int) -> Digest:
    """So many companies with plain names, most of which entered; from forty on some news of each kind."""
    numbers = iter(range(count))
    few = count // 20
    told: dict[str, Any] = {
        kind: [item(number) for number in itertools.islice(numbers, few)] for kind in ("worsened", "withdrawn")
    }
    back: dict[str, Any] = {"missing_user_days_7d": None, "reasons": (), "ended_on": DAY}
    for kind in ("recovered", "left"):
        told[kind] = [item(number, **back) for number in itertools.islice(numbers, few)]
    return digest(entered=[item(number) for number in numbers], **told)


def hostile_digest() -> Digest:
    """A hundred hostile names, which are also ids, countries, reasons and owners; so are the recipient and the rest."""
    items = [
        item(
            number,
            name,
            country=NAMES[number - 1],
            reasons=(NAMES[number - 2], NAMES[number - 3]),
            owner=NAMES[number - 4],
        )
        for number, name in enumerate(NAMES)
    ]
    told = {kind: tuple(items[first : first + 20]) for kind, first in zip(KINDS, range(0, 100, 20), strict=True)}
    text = "".join(name[:20] for name in NAMES)
    return Digest(text, DAY, text, text, text, told)


def sent_by(channel: DigestChannel, told: Digest) -> list[tuple[str, str]]:
    """Each part that a channel has sent, and where it went; NotSent if one did not."""
    return [(part.name, foreseen(part.send)) for part in channel.messages(told)]


def shown_part(text: str, most: int = 120) -> str:
    """What must be seen of a text, however it is neutralised: its printable characters, without blanks and dots."""
    return "".join(c for c in text[:most] if c.isprintable() and not c.isspace() and c not in "·…")


def printed(text: str) -> str:
    """The same of a text that was received."""
    return shown_part(text, len(text))
