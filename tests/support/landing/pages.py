"""Dates landed without an API: pages of items, given as JSON texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from company_activity.io.api.page import Page
from company_activity.io.landing.commit import Fetch, Landed, begin, commit
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.manifest import Manifest
from company_activity.io.landing.page_file import Session
from company_activity.io.landing.unfinished import UnfinishedDate
from company_activity.records.item import Item, canonical

DAY = date(2025, 3, 31)
NOON = datetime(2025, 4, 1, 12, tzinfo=UTC)
MIDNIGHT = datetime(2025, 4, 1, tzinfo=UTC)


def pages(*texts: Sequence[str]) -> list[Page]:
    """Pages 1, 2, … of these items."""
    return [
        Page(number, tuple(Item(text, canonical(text)) for text in items), None if number == len(texts) else number + 1)
        for number, items in enumerate(texts, 1)
    ]


def session(run_id: str = "run-1", at: datetime = NOON, source: str = "api", day: date = DAY) -> Session:
    """A run that fetches `day`."""
    return Session(day, source, at, run_id)


def fetch(landing: Landing, given: Sequence[Page], of: Session, max_age: float = 3600) -> UnfinishedDate:
    """The date with all pages durable: those that are so already are not appended again."""
    unfinished = begin(landing, of, max_age)
    for page in given[unfinished.pages :]:
        unfinished.pagination.step(page)
        unfinished.append(page)
    return unfinished


def newest(landing: Landing, day: date = DAY) -> Manifest:
    """The manifest of the date's newest generation, which there must be."""
    manifest = landing.newest(day)
    assert manifest, f"nothing of {day} has landed"
    return manifest


def land(
    landing: Landing, *texts: Sequence[str], run_id: str = "run-1", at: datetime = NOON, day: date = DAY
) -> Landed:
    """Fetch and commit these pages under the lock; the date had settled two hours after its end."""
    with landing.lock(day):
        fetched = fetch(landing, pages(*texts), session(run_id, at, day=day))
        end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, hours=2)
        landed = commit(landing, fetched, Fetch(run_id, "https://api.test/usage", end))
    assert landed is not None
    return landed
