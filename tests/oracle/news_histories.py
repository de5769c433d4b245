"""Random histories of companies at risk: dates arrive, go missing and are corrected, owners and snoozes change."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from .episodes import build_episodes
from .model import Row
from .news import Round

FIRST = date(2025, 3, 1)
DAYS = 100
COMPANIES = ("a", "b", "c")
OWNERS = ("Ann", "Ben", None)
REASONS = ("DECLINING", "SILENT", "UNUSUAL_SILENCE")


def day_of(number: int) -> date:
    return FIRST + timedelta(days=number)


@dataclass
class Company:
    """A company by dates: at risk or not or not judged (None), why, what it lacks, for how long it is silent, whose it is."""

    company_id: str
    risk: list[bool | None]
    reasons: list[list[str]]
    missing: list[int | None]
    silent: list[int]
    owners: list[str | None]

    @classmethod
    def random(cls, random: Random, company_id: str) -> Company:
        company = cls(company_id, [False] * DAYS, [[]] * DAYS, [0] * DAYS, [1] * DAYS, [random.choice(OWNERS)] * DAYS)
        company.draw(random, 0, DAYS)
        return company

    def draw(self, random: Random, first: int, last: int) -> None:
        """Stretches at risk and calm ones, anew between two dates; some end since the company is gone."""
        at = first
        is_risk = random.random() < 0.3
        while at < last:
            length = random.choice((2, 4, 8, 15)) if is_risk else random.choice((3, 7, 9, 20))
            base = random.choice((2, 10, 40))
            silent = random.choice((3, 30))
            for number in range(at, min(at + length, last)):
                self.set(random, number, is_risk, base)
                self.silent[number] = silent
            at += length
            is_risk = not is_risk

    def set(self, random: Random, number: int, is_risk: bool, base: int = 10) -> None:
        is_judged = random.random() > 0.04
        self.risk[number] = is_risk if is_judged else None
        at_risk = is_risk and is_judged
        self.reasons[number] = sorted(random.sample(REASONS, random.choice((1, 1, 1, 2)))) if at_risk else []
        self.missing[number] = random.choice((None, base, base, base + 1, base * 2)) if at_risk else 0

    def row(self, number: int) -> Row:
        return {
            "company_id": self.company_id,
            "activity_date": day_of(number),
            "is_churn_risk": self.risk[number],
            "churn_reasons": self.reasons[number],
            "missing_user_days_7d": self.missing[number],
            "days_since_last_active": self.silent[number],
            "owner": self.owners[number],
        }


@dataclass
class History:
    """Rounds that follow each other: what happens between two of them is drawn from `random`."""

    random: Random
    first: int = 25
    newest: int = 26
    missing: set[int] = field(default_factory=set)
    snoozed: dict[str, date] = field(default_factory=dict)
    happened: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.companies = [Company.random(self.random, company_id) for company_id in COMPANIES]

    def go_on(self) -> Round:
        """Let something happen; what then stands."""
        events = {
            self.next_dates: 9,
            self.rerun: 2,
            self.correct: 4,
            self.restore: 1,
            self.backfill: 1,
            self.lose_a_date: 1,
            self.rebuild: 0.3,
            self.change_owner: 1,
            self.snooze: 1,
        }
        (event,) = self.random.choices(list(events), list(events.values()))
        before = [list(company.risk) for company in self.companies]
        event()
        if event in (self.correct, self.rebuild):
            self.before = before
        self.happened.add(event.__name__)
        return self.round()

    def round(self) -> Round:
        shown = [number for number in range(self.first, self.newest + 1) if number not in self.missing]
        episodes = build_episodes(company.row(number) for company in self.companies for number in shown)
        return Round(day_of(shown[-1]), episodes, dict(self.snoozed))

    def next_dates(self) -> None:
        self.newest = min(self.newest + self.random.choice((1, 1, 1, 2, 6)), DAYS - 1)

    def rerun(self) -> None:
        pass

    def correct(self) -> None:
        """A few dates of a company turn out to be other ones, the newest ones more often."""
        company = self.random.choice(self.companies)
        last = self.newest - self.random.choice((0, 0, 2, 6, 12))
        is_risk = self.random.random() < 0.5
        for number in range(max(last - self.random.choice((1, 3, 8, 15)), self.first), last + 1):
            company.set(self.random, number, is_risk)

    def restore(self) -> None:
        """The last correction was wrong."""
        for company, risk in zip(self.companies, getattr(self, "before", []), strict=False):
            for number in range(self.newest + 1):
                if company.risk[number] is not risk[number]:
                    company.set(self.random, number, bool(risk[number]))

    def backfill(self) -> None:
        self.first = max(self.first - self.random.choice((3, 10)), 0)

    def lose_a_date(self) -> None:
        """A date goes missing, perhaps the newest, and comes back when another one goes."""
        self.missing = {self.random.randint(self.first + 1, self.newest)}

    def rebuild(self) -> None:
        """Other constants: everybody is judged anew."""
        for company in self.companies:
            company.draw(self.random, 0, self.newest + 1)

    def change_owner(self) -> None:
        company = self.random.choice(self.companies)
        since = max(self.newest - self.random.choice((0, 0, 5, 30)), 0)
        company.owners[since:] = [self.random.choice(OWNERS)] * (DAYS - since)

    def snooze(self) -> None:
        company_id = self.random.choice(COMPANIES)
        self.snoozed.pop(company_id, None)
        if self.random.random() < 0.7:
            self.snoozed[company_id] = day_of(self.newest + self.random.choice((-20, 0, 1, 4, 20)))
