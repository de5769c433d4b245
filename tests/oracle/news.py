"""Who must hear what: messages on change, per owner, from the rules in words.

The judge keeps a desk for each recipient and company, with a card for each stretch at risk that was told of. It knows
stretches as sets of dates, and learns of the world only by rounds and by what was delivered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache

from .model import Row

RISK = "risk"
BACK = "withdrawn"
FOREVER = date(2025, 10, 1)  # later than any date of a test
KIND_OF_END = {"gone": "left", "recovered": "recovered"}

Said = tuple[str, str, date]  # "a piece of news is (company, kind, date)"


@dataclass(frozen=True)
class Round:
    """What stands when messages are due: the newest complete date, the episodes with their owners, the snoozes."""

    newest: date
    episodes: list[Row]
    snoozed: dict[str, date] = field(default_factory=dict)

    def of(self, company: str) -> list[Row]:
        rows = [row for row in self.episodes if row["company_id"] == company]
        return sorted(rows, key=lambda row: row["started_on"])


def recalled(now: Round, before: dict[str, date], news_days: int = 14) -> Round:
    """Rule: who takes a company out of the list of those set aside wants to hear of it from then on."""
    snoozed = dict(now.snoozed)
    for company, until in before.items():
        was_aside_until = until if until < now.newest else now.newest
        is_recent = until >= now.newest - timedelta(days=news_days)
        if is_recent and (company not in snoozed or snoozed[company] < was_aside_until):
            snoozed[company] = was_aside_until
    return replace(now, snoozed=snoozed)


@dataclass
class Card:
    """What was said last of a stretch: the dates it has for all that the reader knows, and how it stood."""

    begun: date
    days: frozenset[date]
    mood: str
    said_on: date
    reasons: set[str]
    peak: int | None


@dataclass
class Line:
    """A line of a message; `card` is what lies on the desk once it was delivered, in the place of others."""

    said: Said
    card: Card
    instead_of: list[Card]


@cache
def dates(first: date, last: date | None) -> frozenset[date]:
    """Each date from the first to the last; without a last one, on and on."""
    return frozenset(first + timedelta(days=n) for n in range(((last or FOREVER) - first).days + 1))


def covered(row: Row) -> frozenset[date]:
    return dates(row["started_on"], row["ended_on"])


def row_meant(card: Card, rows: list[Row]) -> Row | None:
    """Rule: "an episode that moved but overlaps the one told is no news"."""
    close = [row for row in rows if covered(row) & card.days]
    on_that_day = [row for row in close if card.said_on in covered(row)]
    same_first = [row for row in close if row["started_on"] == card.begun]
    return next(iter([*on_that_day, *same_first, *close]), None)


def heard_of(card: Card) -> frozenset[date]:
    """The dates of a card up to the one on which it was said."""
    return frozenset(day for day in card.days if day <= card.said_on)


def is_worse(row: Row, card: Card) -> bool:
    """Rule: "worsened (a new reason, or twice the missing user-days)"."""
    if not set(row["churn_reasons"]) <= card.reasons:
        return True
    peak = row["peak_missing_user_days"]
    if peak is None or card.peak is None:
        return False
    return bool(peak >= card.peak * 2 and peak != card.peak)


class Judge:
    """What each recipient heard, and what each must hear next."""

    def __init__(self, names_of: Callable[[str | None], Iterable[str]], news_days: int = 14) -> None:
        self.names_of = names_of
        self.news_days = news_days
        self.heard: dict[str, list[Said]] = defaultdict(list)
        self.desks: dict[tuple[str, str], list[Card]] = defaultdict(list)
        self.dates_heard_of: dict[tuple[str, str], frozenset[date]] = defaultdict(frozenset)

    def due(self, now: Round, name: str) -> list[Line]:
        """The lines of the next message to a recipient."""
        companies = {row["company_id"] for row in now.episodes} | {company for _, company in self.desks}
        lines: list[Line] = []
        for company in sorted(companies):
            if now.snoozed.get(company, now.newest) <= now.newest:
                lines += Desk(self, now, name, company).lines()
        return lines

    def deliver(self, name: str, lines: Iterable[Line]) -> None:
        """A message arrived. "Never the same news twice"."""
        for line in lines:
            assert line.said not in self.heard[name], f"{name} hears twice of {line.said}"
            self.heard[name].append(line.said)
            self.dates_heard_of[name, line.said[0]] |= heard_of(line.card)
            desk = self.desks[name, line.said[0]]
            desk[:] = [card for card in desk if all(card is not gone for gone in line.instead_of)]
            desk.append(line.card)
            desk.sort(key=lambda card: card.begun)

    def is_known_to_anybody(self, now: Round, row: Row) -> bool:
        company = row["company_id"]
        rows = now.of(company)
        desks = [cards for (_, of), cards in self.desks.items() if of == company]
        return any(row_meant(card, rows) is row for cards in desks for card in cards)

    def check(self, now: Round, name: str, lines: Iterable[Line]) -> None:
        """What holds of any message whatever the rules in between."""
        rows = {(row["company_id"], row["started_on"]): row for row in now.episodes}
        for line in lines:
            company, kind, day = line.said
            assert now.newest - timedelta(days=self.news_days) <= day <= now.newest, "too old, or not yet"
            assert now.snoozed.get(company, now.newest) <= now.newest, "set aside"
            if kind == BACK:
                assert not [row for row in now.of(company) if covered(row) & line.instead_of[0].days]
                continue
            row = rows[company, line.card.begun]
            assert name in self.names_of(row["owner"]), "not theirs"
            if kind in KIND_OF_END.values():
                assert KIND_OF_END[row["ended_as"]] == kind, "it ended otherwise"
                assert [said for said in self.heard[name] if said[:2] == (company, "entered")] or (
                    (company, "entered", row["started_on"]) in [one.said for one in lines]
                ), "the end of something never told"

    def check_nobody_is_in_the_dark(self, now: Round) -> None:
        """After every message was delivered: who should know of a risk knows, and who knows of one has it."""
        first = now.newest - timedelta(days=self.news_days)
        for row in now.episodes:
            company = row["company_id"]
            if now.snoozed.get(company, now.newest) > now.newest:
                continue
            for name in self.names_of(row["owner"]):
                cards = [card for card in self.desks[name, company] if row_meant(card, now.of(company)) is row]
                believes = cards[-1].mood if cards else None
                heard = self.heard[name]
                if row["ended_on"] is None and believes != RISK:
                    is_old = not cards and row["started_on"] < first and not self.is_known_to_anybody(now, row)
                    today = (company, "entered", now.newest)
                    assert is_old or today in heard, f"{name} does not know of {row}"
                if row["ended_on"] is not None and believes == RISK:
                    kind = KIND_OF_END[row["ended_as"]]
                    is_old = row["ended_on"] < first
                    today = (company, kind, now.newest)
                    assert is_old or today in heard, f"{name} still believes in {row}"


class Desk:
    """A recipient and a company, in a round."""

    def __init__(self, judge: Judge, now: Round, name: str, company: str) -> None:
        self.judge, self.now, self.name, self.company = judge, now, name, company
        self.rows = now.of(company)
        self.cards = list(judge.desks[name, company])
        self.first = now.newest - timedelta(days=judge.news_days)
        until = now.snoozed.get(company)
        self.back_since = until if until and until >= self.first else None
        self.said = set(judge.heard[name])

    def lines(self) -> list[Line]:
        lines: list[Line] = []
        for row in self.rows:
            if self.name in self.judge.names_of(row["owner"]):
                cards = [card for card in self.cards if row_meant(card, self.rows) is row]
                lines += self.of_row(row, cards)
        return lines + self.taken_back()

    def of_row(self, row: Row, cards: list[Card]) -> list[Line]:
        last = cards[-1] if cards else None
        start, end = row["started_on"], row["ended_on"]
        if end is None:
            if last is None:
                is_taken_over = self.judge.is_known_to_anybody(self.now, row)
                return self.line("entered", start, row, cards, is_late=is_taken_over)
            if last.mood != RISK:
                return self.line("entered", start, row, cards, is_late=start <= last.said_on)
            return self.line("worsened", row["last_flagged_on"], row, cards) if is_worse(row, last) else []
        kind = KIND_OF_END[row["ended_as"]]
        if last is None and covered(row) & self.judge.dates_heard_of[self.name, self.company]:
            return []  # it was told, as a part of another one
        if last is None:
            came_and_went = self.back_since is not None and end < self.back_since
            begun = [] if came_and_went or start < self.first else self.line("entered", start, row, cards)
            return begun + self.line(kind, end, row, [begun[0].card]) if begun else []
        if last.mood in (BACK, kind):
            return []
        return self.line(kind, end, row, cards, is_late=last.mood == RISK and end <= last.said_on)

    def line(self, kind: str, day: date, row: Row, cards: list[Card], is_late: bool = False) -> list[Line]:
        """The line with the date that it has, if it has one."""
        on = self.date_of(kind, day, is_late)
        if on is None:
            return []
        is_over = kind in KIND_OF_END.values()
        days = covered(row) if is_over else dates(row["started_on"], None)
        reasons, peak = set(row["churn_reasons"]), row["peak_missing_user_days"]
        card = Card(row["started_on"], days, kind if is_over else RISK, on, reasons, peak)
        return [Line((self.company, kind, on), card, cards)]

    def date_of(self, kind: str, day: date, is_late: bool) -> date | None:
        was_set_aside = self.back_since is not None and day < self.back_since
        is_recent = day >= self.first
        if is_recent and self.is_unsaid(kind, day):
            return day
        if (is_recent or is_late or was_set_aside) and self.is_unsaid(kind, self.now.newest):
            return self.now.newest
        return None

    def is_unsaid(self, kind: str, day: date) -> bool:
        """Whether the piece of news is new; if so it is taken."""
        said = (self.company, kind, day)
        is_new = said not in self.said
        self.said.add(said)
        return is_new

    def taken_back(self) -> list[Line]:
        """Rule: "one that vanished is told once as withdrawn"."""
        lost = [
            card
            for card in self.cards
            if card.mood != BACK and card.begun <= self.now.newest and row_meant(card, self.rows) is None
        ]
        lines = []
        for day in sorted({self.end_of(card) for card in lost}):
            cards = [card for card in lost if self.end_of(card) == day]
            on = self.date_of(BACK, day, is_late=False)
            if on is not None:
                begun = cards[-1].begun
                card = Card(begun, dates(begun, on), BACK, on, cards[-1].reasons, cards[-1].peak)
                lines.append(Line((self.company, BACK, on), card, cards))
        return lines

    def end_of(self, card: Card) -> date:
        return self.now.newest if card.mood == RISK else max(card.days)
