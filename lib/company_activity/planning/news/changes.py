"""What an episode has become since a recipient was last told of it, each piece of news with the dates it may have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from company_activity.planning.news.piece import (
    ENDED_AS,
    ENTERED,
    RECOVERED,
    WITHDRAWN,
    WORSENED,
    Episode,
    News,
)
from company_activity.planning.news.today import Today

# A piece of news with the dates that it may have, the best one first; without a date it is too old.
Candidate = tuple[News, list[date]]


def first_news(episode: Episode, today: Today, is_known_to_others: bool) -> Iterator[Candidate]:
    """What a recipient is told first of an episode: a risk, late if others were told of it and its owner is new.

    Of one that is over both beginning and end, while the beginning is still news; nothing if the company was set aside
    until after its end.

    >>> def day(number): return date(2025, 3, number)
    >>> over = Episode("a", day(2), day(9), day(16), "recovered")
    >>> [[one.kind for one, _ in first_news(over, Today(day(newest)), False)] for newest in (16, 17)]
    [['entered', 'recovered'], []]
    """
    entered = News.of(episode, ENTERED)
    day = episode.started_on
    if episode.ended_on is None:
        yield entered, today.dates_of_news(episode.company_id, day, is_known_to_others)
    elif today.is_recent(day) and not today.was_snoozed(episode.company_id, episode.ended_on):
        yield entered, [day]
        yield News.of(episode, ending_of(episode), ((ENTERED, day),)), [episode.ended_on]


def next_news(episode: Episode, told: Sequence[News], today: Today) -> Iterator[Candidate]:
    """What changed since a recipient was told of an episode; `told` is not empty, and its last piece counts.

    Late is what they were told the opposite of since.

    >>> def day(number): return date(2025, 3, number)
    >>> risk, over = Episode("a", day(2), day(9)), Episode("a", day(2), day(9), day(16), "recovered")
    >>> for kind in ("entered", "withdrawn"):
    ...     told = [News("a", kind, day(2), day(2))]
    ...     [[one.kind for one, _ in next_news(episode, told, Today(day(16)))] for episode in (risk, over)]
    [[], ['recovered']]
    [['entered'], []]
    """
    last = told[-1]
    follows = tuple(one.said for one in told)
    company_id = episode.company_id
    if episode.ended_on is not None:
        kind = ending_of(episode)
        if last.kind not in (WITHDRAWN, kind):
            is_late = last.is_at_risk and last.on >= episode.ended_on
            days = today.dates_of_news(company_id, episode.ended_on, is_late)
            yield News.of(episode, kind, follows), days
    elif not last.is_at_risk:
        is_late = last.on >= episode.started_on
        days = today.dates_of_news(company_id, episode.started_on, is_late)
        yield News.of(episode, ENTERED, follows), days
    elif has_worsened(episode, last):
        worsened = replace(
            News.of(episode, WORSENED, follows),
            new_reasons=new_reasons(episode, last),
            missing_told=last.peak_missing_user_days,
        )
        yield worsened, today.dates_of_news(company_id, episode.last_flagged_on)


def ending_of(episode: Episode) -> str:
    """The kind of news that the end of an episode is."""
    return ENDED_AS.get(episode.ended_as or "", RECOVERED)


def has_worsened(episode: Episode, last: News) -> bool:
    """Whether there is a reason that was not told, or the peak is at least twice the one that was told.

    Peaks, since the week's own figure falls again, and a day without a delivery would lose what happened. Where one
    is not known there is nothing to compare.

    >>> last = News("a", "entered", date(2025, 3, 2), date(2025, 3, 2), peak_missing_user_days=10)
    >>> def now(peak): return Episode("a", last.on, last.on, peak_missing_user_days=peak)
    >>> [has_worsened(now(peak), last) for peak in (19, 20, None)]
    [False, True, False]
    """
    peak = episode.peak_missing_user_days
    before = last.peak_missing_user_days
    if new_reasons(episode, last):
        return True
    return peak is not None and before is not None and peak > before and peak >= 2 * before


def new_reasons(episode: Episode, last: News) -> tuple[str, ...]:
    """The reasons of an episode that were not told with `last`."""
    return tuple(one for one in episode.churn_reasons if one not in last.churn_reasons)
