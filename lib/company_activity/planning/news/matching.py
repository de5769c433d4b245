"""Which episode each piece of news speaks of, now that corrections may have moved, split, joined or removed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from company_activity.planning.news.ledger import Ledger
from company_activity.planning.news.piece import Episode, News

EpisodeKey = tuple[str, date]  # company, first date


@dataclass
class Matches:
    """What a recipient was last told of each episode, by company and first date, and of what is no more (`vanished`).

    Where several of them are one now, the last in a list is what was told of the latest. `parts` are other episodes
    that are over and of whose dates the recipient was told, as those of a longer one: of them there is no news.
    """

    told: dict[EpisodeKey, list[News]] = field(default_factory=dict)
    parts: set[EpisodeKey] = field(default_factory=set)
    vanished: list[News] = field(default_factory=list)


def matches_of(
    ledger: Ledger, recipient: str, episodes: Mapping[str, Sequence[Episode]]
) -> Matches:
    """What a recipient was told, beside the episodes as they are, by company."""
    found = Matches()
    for company_id, of_company in ledger.last_told(recipient).items():
        for one in of_company:
            episode = episode_meant(one, episodes.get(company_id, ()))
            if episode is None:
                found.vanished.append(one)
            else:
                found.told.setdefault(episode.key, []).append(one)
    for one in ledger.delivered.get(recipient, ()):
        theirs = episodes.get(one.company_id, ())
        found.parts.update(episode.key for episode in theirs if is_part(episode, one))
    found.parts -= found.told.keys()
    return found


def is_part(episode: Episode, one: News) -> bool:
    """Whether an episode is over, and has dates between the first one that was told of and the date of that news."""
    last_day = min(one.on, one.last_day)
    return (
        not episode.is_open
        and episode.started_on <= last_day
        and one.started_on <= episode.last_day
    )


def episode_meant(one: News, episodes: Sequence[Episode]) -> Episode | None:
    """The episode of its company that a piece of news speaks of; None where none overlaps what was told.

    Of several that do, the one that covers the date of the news, else the earliest. A company that was told to be at
    risk is so without an end.

    >>> def day(number): return date(2025, 3, number)
    >>> split = [Episode("a", day(2), day(4), day(11)), Episode("a", day(12), day(20))]
    >>> meant = [episode_meant(News("a", "worsened", day(on), day(1)), split) for on in (8, 15)]
    >>> [episode.started_on.day for episode in meant]
    [2, 12]
    >>> episode_meant(News("a", "recovered", day(1), day(1), ended_on=day(1)), split)
    """
    overlapping = [
        episode
        for episode in sorted(episodes, key=lambda episode: episode.started_on)
        if episode.started_on <= one.last_day and one.started_on <= episode.last_day
    ]
    for episode in overlapping:
        if episode.started_on <= one.on <= episode.last_day:
            return episode
    return overlapping[0] if overlapping else None
