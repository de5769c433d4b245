"""Precision, recall, lift and delay of churn flags, against the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from math import ceil
from statistics import median

from evaluation.methods import Verdict, Verdicts
from evaluation.shares import ratio
from evaluation.truth import HORIZON, Truth

SILENT = Verdict()


@dataclass
class ChurnScores:
    """Counts of company-days, and what follows from them; a share is None where there is nothing to count."""

    flagged: int = 0
    right: int = 0
    before: Counter[bool] = field(default_factory=Counter)
    after: Counter[bool] = field(default_factory=Counter)
    long_gone: Counter[bool] = field(default_factory=Counter)
    customers: int = 0
    called: int = 0
    right_calls: float = 0.0
    best_calls: int = 0
    delays: list[int | None] = field(default_factory=list)
    false_alarms: Counter[str] = field(default_factory=Counter)

    @property
    def precision(self) -> float | None:
        """Of the flags, those that are right."""
        return ratio(self.right, self.flagged)

    @property
    def precision_with_gone(self) -> float | None:
        """The same where a flag on a company long gone counts as right too."""
        return ratio(self.right + self.long_gone[True], self.flagged + self.long_gone[True])

    @property
    def recall(self) -> float | None:
        """Of the company-days to be flagged, those that are."""
        return ratio(self.right, self.to_flag)

    @staticmethod
    def share_of(side: Counter[bool]) -> float | None:
        """Of the company-days on one side of a churn, those that are flagged."""
        return ratio(side[True], side.total())

    @property
    def to_flag(self) -> int:
        """Company-days around a churn."""
        return self.before.total() + self.after.total()

    @property
    def lift(self) -> float | None:
        """How much oftener than anywhere a flag would be right among the first tenth of each day's order."""
        return self.lift_of(self.right_calls)

    @property
    def best_lift(self) -> float | None:
        """The lift of an order that puts those first on whom a flag would be right."""
        return self.lift_of(self.best_calls)

    def lift_of(self, right_calls: float) -> float | None:
        """The share of right ones among the called, over that among all."""
        return ratio(right_calls * self.customers, self.called * self.to_flag)

    @property
    def caught(self) -> list[int]:
        """Days until the first flag, of the churns that were flagged within the horizon."""
        return [delay for delay in self.delays if delay is not None]

    @property
    def delay(self) -> float | None:
        """The median of these days."""
        return median(self.caught) if self.caught else None


def score_churn(verdicts: Verdicts, truth: Truth, days: Sequence[date], patterns: Mapping[str, str]) -> ChurnScores:
    """Judge the flags of every as-of date whose future is known; `patterns` names what a false alarm met."""
    scores = ChurnScores()
    for day in known_future(days):
        score_day(scores, verdicts, truth, day, patterns)
    scores.delays = [days_to_flag(verdicts, one, gone) for one, gone in truth.churns_within(days).items()]
    return scores


def known_future(days: Sequence[date]) -> list[date]:
    """The dates of which the whole horizon afterwards is in the sample."""
    return [day for day in days if day <= max(days) - HORIZON]


def score_day(scores: ChurnScores, verdicts: Verdicts, truth: Truth, day: date, patterns: Mapping[str, str]) -> None:
    """Add one as-of date to the counts."""
    order = []
    for company_id, is_right in truth.customers(day):
        said = verdicts.get((company_id, day), SILENT)
        order.append((said.rank, is_right))
        scores.flagged += said.is_flagged
        scores.right += said.is_flagged and is_right
        if is_right:
            side = scores.before if day < truth.churned_on[company_id] else scores.after
            side[said.is_flagged] += 1
        elif said.is_flagged:
            scores.false_alarms[patterns[company_id]] += 1
    scores.long_gone.update(verdicts.get((one, day), SILENT).is_flagged for one in truth.long_gone(day))
    places = ceil(len(order) / 10)
    scores.customers += len(order)
    scores.called += places
    scores.right_calls += right_among_first(order, places)
    scores.best_calls += min(places, sum(is_right for _, is_right in order))


def right_among_first(order: Collection[tuple[tuple[float, ...], bool]], places: int) -> float:
    """How many of the first `places` are right; of those that tie for the last places, the share expected."""
    found = 0.0
    for _, tied in groupby(sorted(order), key=lambda pair: pair[0]):
        group = [is_right for _, is_right in tied]
        taken = min(places, len(group))
        found += taken * sum(group) / len(group)
        places -= taken
    return found


def days_to_flag(verdicts: Verdicts, company_id: str, churned_on: date) -> int | None:
    """Days from the churn to the first flag within the horizon; None without one."""
    within = (after for after in range(HORIZON.days) if is_flagged(verdicts, company_id, churned_on, after))
    return next(within, None)


def is_flagged(verdicts: Verdicts, company_id: str, churned_on: date, after: int) -> bool:
    """Whether a company is flagged so many days after it churned."""
    return verdicts.get((company_id, churned_on + timedelta(days=after)), SILENT).is_flagged
