"""What is usual of a company, and its week beside it (design §7, "Whom to call", "Baseline")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from .model import Thresholds
from .view import View

USUAL_WEEKS = 6


@dataclass(frozen=True)
class Usual:
    """m, B and w of the design: how many weeks count, the user-days of those, and the user-days of this week."""

    weeks: int
    user_days: int
    this_week: int

    def is_known(self, limits: Thresholds) -> bool:
        """Design: "NULL if m < 4"."""
        return self.weeks >= limits.usual_least_weeks

    def week(self, limits: Thresholds) -> Fraction | None:
        """B/m.

        >>> Usual(5, 12, 0).week(Thresholds()), Usual(3, 12, 0).week(Thresholds())
        (Fraction(12, 5), None)
        """
        return Fraction(self.user_days, self.weeks) if self.is_known(limits) else None


def usual(view: View) -> Usual:
    """Design: "m = how many of the six whole weeks […] count; B = Σu over those weeks", "w = Σu[D-6,D]"."""
    weeks = [span for span in map(week_before, range(1, USUAL_WEEKS + 1)) if counts(view, span)]
    return Usual(len(weeks), sum(view.users(*span) for span in weeks), view.users(6))


def week_before(number: int) -> tuple[int, int]:
    """Design: "j = 1..6, [D-6-7j, D-7j]", as days back.

    >>> week_before(1), week_before(6)
    ((13, 7), (48, 42))
    """
    return 6 + 7 * number, 7 * number


def counts(view: View, span: tuple[int, int]) -> bool:
    """Design: "have all 7 dates complete and ≥ first_seen_date"."""
    first, last = span
    return view.all_complete(first, last) and view.subject.first_seen <= view.day - timedelta(days=first)
