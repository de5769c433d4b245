"""A risk episode, and a piece of news about one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

ENTERED = "entered"
WORSENED = "worsened"
LEFT = "left"
RECOVERED = "recovered"
WITHDRAWN = "withdrawn"
KINDS = (ENTERED, WORSENED, LEFT, RECOVERED, WITHDRAWN)  # in the order of a message
AT_RISK = (ENTERED, WORSENED)  # what says that a company is at risk
ENDED_AS = {"gone": LEFT, "recovered": RECOVERED}
DATES = ("on", "started_on", "ended_on")
LISTS = ("churn_reasons", "new_reasons")

Key = tuple[str, str, date]  # company, kind, date
Said = tuple[str, date]  # kind, date


@dataclass(frozen=True)
class Episode:
    """A row of `analytics.risk_episodes`, with what a message says of the company.

    `ended_on` and `ended_as` are None while it is open. `missing_user_days` is what the week of `last_flagged_on`
    lacked, `peak_missing_user_days` the most that a week of it lacked; None where that is not known. `owner` is that
    of `last_flagged_on`.
    """

    company_id: str
    started_on: date
    last_flagged_on: date
    ended_on: date | None = None
    ended_as: str | None = None
    churn_reasons: tuple[str, ...] = ()
    missing_user_days: int | None = None
    peak_missing_user_days: int | None = None
    owner: str | None = None
    company_name: str = ""

    @property
    def key(self) -> tuple[str, date]:
        return self.company_id, self.started_on

    @property
    def is_open(self) -> bool:
        return self.ended_on is None

    @property
    def last_day(self) -> date:
        """The last date that it may cover: an open one has no end."""
        return self.ended_on or date.max


@dataclass(frozen=True)
class News:
    """A piece of news: a company, what happened to it, and the date of the news; the rest is what the message says.

    `started_on` … `owner` are those of the episode, of one that was withdrawn as it was told. `ended_on` is None for
    news of a company at risk. `new_reasons` and `missing_told` belong to `worsened`: the reasons that were not told
    before, and the peak that was. `follows` are the kinds and dates of the pieces that it takes the place of: what was
    last told of the same episode.
    """

    company_id: str
    kind: str
    on: date
    started_on: date
    ended_on: date | None = None
    churn_reasons: tuple[str, ...] = ()
    missing_user_days: int | None = None
    peak_missing_user_days: int | None = None
    owner: str | None = None
    company_name: str = ""
    new_reasons: tuple[str, ...] = ()
    missing_told: int | None = None
    follows: tuple[Said, ...] = ()

    @classmethod
    def of(cls, episode: Episode, kind: str, follows: tuple[Said, ...] = ()) -> News:
        """A piece of news about an episode, dated by its first date until its own date is chosen."""
        return cls(
            company_id=episode.company_id,
            kind=kind,
            on=episode.started_on,
            started_on=episode.started_on,
            ended_on=None if kind in AT_RISK else episode.ended_on,
            churn_reasons=episode.churn_reasons,
            missing_user_days=episode.missing_user_days,
            peak_missing_user_days=episode.peak_missing_user_days,
            owner=episode.owner,
            company_name=episode.company_name,
            follows=follows,
        )

    @property
    def key(self) -> Key:
        """What tells it from every other piece of news of a recipient."""
        return self.company_id, self.kind, self.on

    @property
    def said(self) -> Said:
        """What tells it from every other piece of news of its company."""
        return self.kind, self.on

    @property
    def is_at_risk(self) -> bool:
        """Whether it says that the company is at risk."""
        return self.kind in AT_RISK

    @property
    def last_day(self) -> date:
        """The last date that it speaks of: a company at risk stays so for all that the recipient knows."""
        if self.kind == WITHDRAWN:
            return self.on
        return self.ended_on or date.max

    def as_json(self) -> dict[str, Any]:
        plain = {one.name: getattr(self, one.name) for one in fields(self)}
        for name in DATES:
            plain[name] = str(plain[name]) if plain[name] else None
        for name in LISTS:
            plain[name] = list(plain[name])
        return plain | {"follows": [[kind, str(day)] for kind, day in self.follows]}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> News:
        """A piece as `as_json` gave it; what a later version added is passed over.

        >>> one = News("a", ENTERED, date(2025, 3, 2), date(2025, 3, 1), follows=((ENTERED, date(2025, 3, 1)),))
        >>> News.from_json(one.as_json()) == one
        True
        """
        known = {one.name: plain[one.name] for one in fields(cls) if one.name in plain}
        for name in DATES:
            known[name] = date.fromisoformat(known[name]) if known.get(name) else None
        for name in LISTS:
            known[name] = tuple(known.get(name, ()))
        known["follows"] = tuple(
            (kind, date.fromisoformat(day)) for kind, day in known.get("follows", ())
        )
        return cls(**known)
