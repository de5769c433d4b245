"""A durable page: one file, a line of JSON about it and then its landed lines."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from company_activity.errors import LandingCorrupt
from company_activity.io.api.envelope import Total
from company_activity.io.api.page import Page, Sent
from company_activity.records.landed_line import (
    FETCH_AGAIN,
    item_of,
    landed_line,
    place_of,
    split_line,
)

FORMAT = 1


@dataclass(frozen=True)
class Session:
    """Which fetch a page belongs to. Pages go together only if date, source and session are the same."""

    day: date
    source: str
    started_at: datetime
    run_id: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", self.run_id):
            raise ValueError(f"{self.run_id!r} cannot stand in a file's name")

    @property
    def name(self) -> str:
        """Its folder's name; names sort by age."""
        return f"{self.started_at.astimezone(UTC):%Y%m%dT%H%M%S%f}Z-{self.run_id}"

    @staticmethod
    def of(head: Mapping[str, Any], day: date) -> Session:
        """The session that a page's head names.

        Raises:
            KeyError, ValueError, TypeError: if it names none.
        """
        started_at = datetime.fromisoformat(head["started_at"]).astimezone(UTC)
        return Session(day, head["source"], started_at, head["run_id"])


def encode_page(page: Page, session: Session) -> tuple[bytes, bytes]:
    """A page as a file: its head, and its lines with their place, pages and items counted from 1 as they were sent."""
    place = place_of(session.day, page.number)
    lines = [
        landed_line(item, place, number)
        for number, item in zip(page.numbers, page.items, strict=True)
    ]
    text = "\n".join([*lines, ""]).encode()
    head: dict[str, object] = {
        "format": FORMAT,
        "items": len(page.items),
        "next_page": page.next_page,
        "total": page.total,
        "sha256": hashlib.sha256(text).hexdigest(),
        "source": session.source,
        "started_at": session.started_at.isoformat(),
        "run_id": session.run_id,
    }
    if page.sent:
        head["sent"] = {"items": page.sent.items, "digest": page.sent.digest}
    return json.dumps(head).encode() + b"\n", text


def decode_page_file(stored: bytes, path: str) -> tuple[dict[str, Any], bytes]:
    """The head and the lines of a file.

    Raises:
        LandingCorrupt: if they are not what was written.
    """
    head, _, text = stored.partition(b"\n")
    try:
        plain = json.loads(head)
        if plain["format"] == FORMAT and plain["sha256"] == hashlib.sha256(text).hexdigest():
            return plain, text
    except (ValueError, KeyError, TypeError):
        pass
    raise LandingCorrupt(f"{path} is not what was written", remedy=FETCH_AGAIN)


def decode_page(stored: bytes, number: int, path: str) -> Page:
    """The page that a file was made of.

    Raises:
        LandingCorrupt: if it is not what was written.
    """
    head, text = decode_page_file(stored, path)
    lines = text.decode().split("\n")[:-1]
    total = head.get("total")
    return Page(
        number,
        tuple(map(item_of, lines)),
        head.get("next_page"),
        Total(*total) if total else None,
        _sent(head["sent"], lines) if "sent" in head else None,
    )


def _sent(told: Mapping[str, Any], lines: Iterable[str]) -> Sent:
    """What the API sent, of which these lines are left."""
    return Sent(told["items"], told["digest"], tuple(split_line(line).number for line in lines))
