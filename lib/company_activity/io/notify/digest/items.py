"""News → the companies of a digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from company_activity.io.notify.digest.digest import KINDS, Item
from company_activity.io.notify.digest.words import counted
from company_activity.planning.news import ENTERED, WORSENED, Episode, News

RENEWS_SOON = 60  # days


@dataclass(frozen=True)
class KnownEpisode:
    """An episode, and what a message may say of its company today; `reasons` are in words, by the reason's name."""

    episode: Episode
    country: str | None = None
    reasons: Mapping[str, str] | None = None
    renewal_on: date | None = None


def sections_of(
    news: Iterable[News], known: Mapping[tuple[str, date], KnownEpisode], day: date
) -> dict[str, tuple[Item, ...]]:
    """The news by kind, in their order, as a digest tells them."""
    sections: dict[str, list[Item]] = {kind: [] for kind in KINDS}
    for one in news:
        sections[one.kind].append(item_of(one, known.get((one.company_id, one.started_on)), day))
    return {kind: tuple(items) for kind, items in sections.items() if items}


def item_of(news: News, known: KnownEpisode | None, day: date) -> Item:
    """A piece of news as a message says it: of a company at risk why, and whether its renewal is near.

    >>> at = date(2025, 11, 20)
    >>> soon = KnownEpisode(Episode("a", at, at), "ES", {"SILENT": "no active user for 7 days"}, date(2026, 1, 2))
    >>> worse = News("a", WORSENED, at, at, None, ("SILENT",), 54, 80, new_reasons=("SILENT",), missing_told=30)
    >>> item_of(worse, soon, at).reasons
    ('new: no active user for 7 days', 'up to 80 user-days missing in a week, 30 when last told')
    >>> item_of(worse, soon, at).renewal_on
    datetime.date(2026, 1, 2)
    """
    item = Item(
        news.company_id,
        news.company_name or news.company_id,
        country=known.country if known else None,
        since=news.started_on,
        ended_on=news.ended_on,
        owner=news.owner,
    )
    if news.kind not in (ENTERED, WORSENED):
        return item
    renews = known.renewal_on if known else None
    is_soon = renews is not None and 0 <= (renews - day).days <= RENEWS_SOON
    return replace(
        item,
        reasons=(*reasons_of(news, known), *grown(news)),
        missing_user_days_7d=news.missing_user_days,
        renewal_on=renews if is_soon else None,
    )


def reasons_of(news: News, known: KnownEpisode | None) -> list[str]:
    """Why the company is at risk, what was not told before first."""
    words = (known.reasons if known else None) or {}
    ordered = sorted(news.churn_reasons, key=lambda reason: reason not in news.new_reasons)
    return [
        f"{'new: ' if reason in news.new_reasons else ''}{words.get(reason, reason)}"
        for reason in ordered
    ]


def grown(news: News) -> list[str]:
    """By how much a risk has grown since it was told, if that is the news."""
    peak, before = news.peak_missing_user_days, news.missing_told
    if peak is None or before is None or peak < 2 * before or peak == before:
        return []
    return [f"up to {counted(peak, 'user-day')} missing in a week, {before:,} when last told"]
