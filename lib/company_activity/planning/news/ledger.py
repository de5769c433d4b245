"""What each recipient was told: every piece of news that was delivered, in the order of delivery."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from company_activity.planning.news.piece import KINDS, Key, News
from company_activity.planning.news.today import Today


@dataclass(frozen=True)
class Ledger:
    """The pieces of news that were delivered, by recipient, the oldest delivery first. It only ever grows by `told`."""

    delivered: Mapping[str, tuple[News, ...]] = field(default_factory=dict)

    def keys(self, recipient: str) -> set[Key]:
        """What a recipient has been told and is not told again."""
        return {one.key for one in self.delivered.get(recipient, ())}

    def last_told(self, recipient: str) -> dict[str, list[News]]:
        """The last piece of news of each episode that a recipient was told of, by company, the latest episode last.

        >>> day = lambda day: date(2025, 3, day)
        >>> entered = News("a", "entered", day(2), day(2))
        >>> worse = News("a", "worsened", day(9), day(1), follows=(entered.said,))
        >>> ledger = told(told(Ledger(), {"ann": [entered]}), {"ann": [worse]})
        >>> ledger.last_told("ann") == {"a": [worse]}
        True
        """
        last: dict[Key, News] = {}
        for one in self.delivered.get(recipient, ()):
            for kind, day in one.follows:
                last.pop((one.company_id, kind, day), None)
            last[one.key] = one
        by_company: dict[str, list[News]] = {}
        for one in sorted(last.values(), key=lambda one: one.started_on):
            by_company.setdefault(one.company_id, []).append(one)
        return by_company

    def without(self, company_ids: Collection[str]) -> Ledger:
        """The same without what was told of these companies."""
        return self._of(one for one in self._each if one[1].company_id not in company_ids)

    def without_older(self, day: date) -> Ledger:
        """The same without what no longer matters: pieces of before a date, unless they are the last word of a risk.

        What follows a piece that stays, stays: an end may be dated before the risk that it ended. The date lies before
        every date that is still news. Then one thing is told otherwise: an episode that was told as over before it, and
        that a correction opens again, is unknown.
        """
        last_words = {
            (recipient, one)
            for recipient in self.delivered
            for of_company in self.last_told(recipient).values()
            for one in of_company
        }
        stay: set[tuple[str, Key]] = set()
        left = []
        for recipient, one in self._each:
            is_last_word = one.is_at_risk and (recipient, one) in last_words
            follows = {(recipient, (one.company_id, *said)) for said in one.follows}
            if one.on >= day or is_last_word or not follows.isdisjoint(stay):
                stay.add((recipient, one.key))
                left.append((recipient, one))
        return self._of(left)

    @property
    def _each(self) -> Iterator[tuple[str, News]]:
        for recipient, pieces in self.delivered.items():
            for one in pieces:
                yield recipient, one

    @classmethod
    def _of(cls, pieces: Iterable[tuple[str, News]]) -> Ledger:
        of_recipient: dict[str, list[News]] = {}
        for recipient, one in pieces:
            of_recipient.setdefault(recipient, []).append(one)
        return cls({recipient: tuple(kept) for recipient, kept in of_recipient.items()})

    def as_json(self) -> dict[str, Any]:
        return {
            recipient: [one.as_json() for one in self.delivered[recipient]]
            for recipient in sorted(self.delivered)
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Iterable[Mapping[str, Any]]]) -> Ledger:
        return cls({name: tuple(map(News.from_json, pieces)) for name, pieces in plain.items()})


def told(ledger: Ledger, delivered: Mapping[str, Iterable[News]]) -> Ledger:
    """The ledger after these pieces were delivered, by recipient; of what was not delivered it is not told.

    A piece that it holds already changes nothing.

    >>> one = News("a", "entered", date(2025, 3, 2), date(2025, 3, 2))
    >>> once = told(Ledger(), {"ann": [one]})
    >>> told(once, {"ann": [one]}) == once, Ledger.from_json(once.as_json()) == once
    (True, True)
    """
    pieces_of = dict(ledger.delivered)
    for recipient, pieces in delivered.items():
        known = ledger.keys(recipient)
        new = [one for one in pieces if one.key not in known]
        new.sort(key=lambda one: KINDS.index(one.kind))  # an episode is entered before it ends
        if new:
            pieces_of[recipient] = (*pieces_of.get(recipient, ()), *new)
    return Ledger(pieces_of)


def needed_from(ledger: Ledger, today: Today) -> date:
    """The first date that news are a matter of: episodes that ended before it change nothing, and need not be read."""
    first = today.oldest
    for recipient in ledger.delivered:
        for of_company in ledger.last_told(recipient).values():
            first = min(first, *(one.started_on for one in of_company))
    return first
