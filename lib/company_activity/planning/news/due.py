"""The news that each recipient has not been told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from company_activity.planning.news.changes import Candidate, first_news, next_news
from company_activity.planning.news.ledger import Ledger
from company_activity.planning.news.matching import EpisodeKey, Matches, matches_of
from company_activity.planning.news.piece import KINDS, WITHDRAWN, Episode, Key, News
from company_activity.planning.news.recipients import Audience
from company_activity.planning.news.today import Today


def news_for(
    episodes: Iterable[Episode], ledger: Ledger, today: Today, recipients: Audience
) -> dict[str, tuple[News, ...]]:
    """What is due to each recipient, in the order of a message; those without news are left out.

    `episodes` are all that are open or ended on `needed_from(ledger, today)` or later, key (company_id, started_on).

    - **Once.** What a recipient was told, by company, kind and date, is never told again. An episode that moved and
      overlaps the one told is no news. One that overlaps nothing any more is withdrawn, to all who were told of it.
    - **Recent.** News are dated by what happened, and what lies more than `news_days` before the newest complete date
      is none. What a recipient must hear later is dated by the newest complete date: a risk that was told as over or
      withdrawn, an end of what was told as a risk after it, what happened while the company was set aside, and a risk
      that another owner took over.
    - **Owners.** Risks, and what becomes of them, are told to the recipient of the episode's owner. A new owner is told
      once that the company is at risk, if anybody was ever told; the former one hears no more of it, but for a
      withdrawal. Nobody is told the end of something that they were not told of.
    - **Set aside.** Nothing is told of a company before its date. From then on, for `news_days`, its state is told if
      it is not what was told last: a risk, or the end of one that was told. An episode that came and went is not.
    - **Missing.** What began after the newest complete date is not withdrawn: of a date that is missing nothing is
      known.

    >>> from company_activity.planning.news import Recipients
    >>> def day(number): return date(2025, 3, number)
    >>> recipients = Recipients({"Ann": "ann@acme"}, default="team@acme")
    >>> risk = Episode("a", day(20), day(21), owner="Ann")
    >>> news = news_for([risk], Ledger(), Today(day(21)), recipients)
    >>> [(name, one.kind, one.on.day) for name, pieces in news.items() for one in pieces]
    [('ann@acme', 'entered', 20)]
    """
    of_company: dict[str, list[Episode]] = {}
    of_recipient: dict[str, list[Episode]] = {name: [] for name in recipients.names}
    for episode in episodes:
        of_company.setdefault(episode.company_id, []).append(episode)
        for name in recipients.of(episode.owner):
            of_recipient[name].append(episode)
    matches = {name: matches_of(ledger, name, of_company) for name in ledger.delivered}
    known_to_some = {key for match in matches.values() for key in match.told}
    found: dict[str, tuple[News, ...]] = {}
    for name, theirs in of_recipient.items():
        match = matches.get(name, Matches())
        candidates = [*changed(theirs, match, known_to_some, today), *withdrawn(match, today)]
        due = not_told(candidates, ledger.keys(name))
        if due:
            found[name] = tuple(sorted(due, key=place_in_message))
    return found


def changed(
    episodes: Iterable[Episode],
    match: Matches,
    known_to_some: Collection[EpisodeKey],
    today: Today,
) -> Iterator[Candidate]:
    """What became of a recipient's episodes since they were told of them; `known_to_some` are those told to anybody."""
    for episode in sorted(episodes, key=lambda one: one.key):
        if today.is_snoozed(episode.company_id) or episode.key in match.parts:
            continue
        told = match.told.get(episode.key)
        if told:
            yield from next_news(episode, told, today)
        else:
            yield from first_news(episode, today, episode.key in known_to_some)


def withdrawn(match: Matches, today: Today) -> Iterator[Candidate]:
    """What a recipient was told of that is no more. Dated by the end that was told; a risk lasted until today.

    Several of a company that lasted equally long are one piece of news.
    """
    alike: dict[tuple[str, date], list[News]] = {}
    for one in match.vanished:
        is_of_missing_date = one.started_on > today.newest
        if one.kind == WITHDRAWN or is_of_missing_date or today.is_snoozed(one.company_id):
            continue
        alike.setdefault((one.company_id, one.ended_on or today.newest), []).append(one)
    for (company_id, day), pieces in alike.items():
        yield withdrawal(pieces), today.dates_of_news(company_id, day)


def withdrawal(pieces: Sequence[News]) -> News:
    """One that takes back these pieces of news, as the last of them has it; what a week lacked is no more."""
    return replace(
        pieces[-1],
        kind=WITHDRAWN,
        missing_user_days=None,
        new_reasons=(),
        missing_told=None,
        follows=tuple(one.said for one in pieces),
    )


def not_told(candidates: Iterable[Candidate], told: Collection[Key]) -> list[News]:
    """The pieces of news with the first of their dates under which they were not told, those without one left out."""
    taken = set(told)
    due = []
    for one, days in candidates:
        dated = (replace(one, on=day) for day in days)
        new = next((each for each in dated if each.key not in taken), None)
        if new is not None:
            taken.add(new.key)
            due.append(new)
    return due


def place_in_message(one: News) -> tuple[int, bool, int, str, date, date]:
    """By kind, then as risks are listed everywhere: by what the week lacked, largest first, what is not known last."""
    missing = one.missing_user_days
    is_unknown = missing is None
    return (
        KINDS.index(one.kind),
        is_unknown,
        -(missing or 0),
        one.company_id,
        one.on,
        one.started_on,
    )
