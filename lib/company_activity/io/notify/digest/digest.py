"""What a digest tells one recipient. Every form of it depends on these classes alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from functools import cached_property
from typing import Any

from company_activity.io.notify.message import PIPELINE

# Kinds of news, in the order in which they are told, and what each is called above its companies.
KINDS = {
    "entered": "Entered risk",
    "worsened": "Got worse",
    "recovered": "Recovered",
    "left": "Left",
    "withdrawn": "Withdrawn: the data was corrected",
}
DATES = ("since", "ended_on", "renewal_on")
MOST_LINK = 500  # characters of an address: it stands in a message more than once


@dataclass(frozen=True)
class Item:
    """One company in a digest, and what is said of it.

    `reasons` are words with their numbers. `since` is the first date of the stretch at risk,
    `ended_on` the date on which it ended, or would have. All texts may hold whatever the CRM files do.
    """

    company_id: str
    company_name: str
    country: str | None = None
    reasons: tuple[str, ...] = ()
    missing_user_days_7d: int | None = None
    since: date | None = None
    ended_on: date | None = None
    renewal_on: date | None = None
    owner: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values, a date as YYYY-MM-DD."""
        return asdict(self) | {name: _text(getattr(self, name)) for name in DATES}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Item:
        """A company as `as_json` gave it; what a later version added is passed over."""
        known = {one.name: plain[one.name] for one in fields(cls) if one.name in plain}
        dates = {name: _date(known.get(name)) for name in DATES}
        return cls(**known | dates | {"reasons": tuple(known.get("reasons", ()))})


@dataclass(frozen=True)
class Section:
    """The news of one kind: how many there are, and the first of them."""

    kind: str
    count: int
    items: tuple[Item, ...]

    @property
    def heading(self) -> str:
        """
        >>> Section("entered", 1934, ()).heading
        'Entered risk (1,934)'
        """
        return f"{KINDS[self.kind]} ({self.count:,})"

    @property
    def more(self) -> int:
        """How many are not among the items."""
        return self.count - len(self.items)


@dataclass(frozen=True)
class Digest:
    """What is new for a recipient on a day: its companies by kind of news, the most urgent first.

    `recipient` is an owner's name, or DEFAULT or EVERYONE of `recipients`. `status_line` says how
    far the lists can be trusted; `report` is a path or an address. `written_at` is when it was made, in ISO 8601, and
    `number` the place among those of its recipient on a channel: so two of the same content are two digests.
    """

    recipient: str
    day: date
    environment: str
    status_line: str = ""
    report: str = ""
    sections: Mapping[str, tuple[Item, ...]] = field(default_factory=dict)
    written_at: str = ""
    number: int = 0

    @property
    def is_quiet(self) -> bool:
        """Whether there is no news."""
        return not any(self.sections.values())

    @cached_property
    def key(self) -> str:
        """What tells this digest from every other, whatever its texts hold; the same for the same content.

        >>> Digest("Ana", date(2025, 11, 23), "local").key
        'digest-2025-11-23-7e85960a36eecb95'
        """
        content = json.dumps(self.as_json(), sort_keys=True)
        return f"digest-{self.day}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"

    @property
    def counts(self) -> dict[str, int]:
        """How many news there are of each kind."""
        return {kind: len(self.sections.get(kind, ())) for kind in KINDS}

    @property
    def link(self) -> str:
        """The report's address where it has one that a button may open, else the empty text."""
        is_address = self.report.startswith("https://") and self.report.isascii()
        is_plain = self.report.isprintable() and not set(self.report) & set(" <>\"'\\`")
        return self.report if is_address and is_plain and len(self.report) <= MOST_LINK else ""

    @property
    def longest(self) -> int:
        """How many news there are of the kind that has most."""
        return max(self.counts.values())

    def first(self, most: int) -> list[Section]:
        """The kinds that have news, each with so many companies at most."""
        return [
            Section(kind, count, self.sections[kind][:most])
            for kind, count in self.counts.items()
            if count
        ]

    def as_json(self) -> dict[str, Any]:
        """Plain values, for an outbox."""
        sections = {
            kind: [item.as_json() for item in items] for kind, items in self.sections.items()
        }
        return {
            "pipeline": PIPELINE,
            "recipient": self.recipient,
            "day": str(self.day),
            "environment": self.environment,
            "status_line": self.status_line,
            "report": self.report,
            "sections": sections,
            "written_at": self.written_at,
            "number": self.number,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Digest:
        """A digest as `as_json` gave it."""
        return cls(
            recipient=plain["recipient"],
            day=date.fromisoformat(plain["day"]),
            environment=plain["environment"],
            status_line=plain["status_line"],
            report=plain["report"],
            sections={kind: _items(items) for kind, items in plain["sections"].items()},
            written_at=plain.get("written_at", ""),
            number=plain.get("number", 0),
        )


def is_wanted(digest: Digest, quiet: str) -> bool:
    """Whether a digest is sent at all under `notify.quiet`."""
    return quiet == "line" or not digest.is_quiet


def _items(plain: Sequence[Mapping[str, Any]]) -> tuple[Item, ...]:
    return tuple(Item.from_json(item) for item in plain)


def _text(day: date | None) -> str | None:
    return None if day is None else str(day)


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
