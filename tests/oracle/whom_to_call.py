"""Who has gone quiet and is worth a call (design §7, "Whom to call", `metric_version` "2")."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from .fleet import Others
from .model import Row, Thresholds
from .usual import Usual, usual
from .view import View


def risk_columns(view: View, others: Others, limits: Thresholds) -> Row:
    """The row's own usual, the fleet's week, what is missing, and whether and why the company is at risk.

    Design: "`churn_reasons` (array, alphabetical) names those that do; `churn_reasons_text` is the same,
    comma-separated".
    """
    its = usual(view)
    week = its.week(limits)
    reasons = churn_reasons(view, its, others, limits)
    return {
        "usual_user_days_7d": None if week is None else float(week),
        "fleet_pace": others.pace,
        "missing_user_days_7d": missing_user_days(its, others, limits),
        "is_churn_risk": bool(reasons) if is_judged(view) else None,
        "churn_reasons": reasons,
        "churn_reasons_text": ",".join(reasons),
        "is_contact_due": is_contact_due(view, limits),
    }


def expected_week(its: Usual, others: Others, limits: Thresholds) -> Fraction | None:
    """F of the design: "the company's own usual at the fleet's pace […] F = B·fleet_pace/(1000·m)"."""
    week = its.week(limits)
    return None if week is None or others.pace is None else week * Fraction(others.pace, 1000)


def missing_user_days(its: Usual, others: Others, limits: Thresholds) -> int | None:
    """Design: "F − w, at least 0, rounded half up on integers […]. NULL where m < 4 or fleet_pace is NULL"."""
    expected = expected_week(its, others, limits)
    return None if expected is None else half_up(max(expected - its.this_week, Fraction(0)))


def half_up(amount: Fraction) -> int:
    """The nearest integer, the greater where two are.

    >>> [half_up(Fraction(text)) for text in ("0", "0.49", "0.5", "1.5", "2.5")]
    [0, 0, 1, 2, 3]
    """
    return math.floor(amount + Fraction(1, 2))


def is_judged(view: View) -> bool:
    """Whether the row says anything of churn.

    Design: "`is_churn_risk` is NULL, and the reasons empty, where a date of [D-6,D] is missing, or a usage record of
    the company (by its id after the trim) that landed for one of them is quarantined in that date's newest
    generation: a refused record is not silence".
    """
    return view.all_complete(6) and view.subject.quarantined.isdisjoint(view.calendar(6, 0))


def is_gone(view: View, limits: Thresholds) -> bool:
    """Design: "days_since_last_active ≥ 28 (`gone_after_days`), or NULL with first_active_date ≤ D"."""
    silent, first_active = view.days_since_last_active, view.subject.first_active
    if silent is None:
        return first_active is not None and first_active <= view.day
    return silent >= limits.gone_after_days


def churn_reasons(view: View, its: Usual, others: Others, limits: Thresholds) -> list[str]:
    """The reasons, alphabetical.

    Design: "Gone companies are not at risk"; a reason holds "only where days_since_last_active is not NULL and < 28".
    """
    is_asked = is_judged(view) and not is_gone(view, limits) and view.days_since_last_active is not None
    return sorted(reasons(view, its, others, limits)) if is_asked else []


def reasons(view: View, its: Usual, others: Others, limits: Thresholds) -> Iterator[str]:
    """The reasons that hold for a company that is judged, was active and is not gone."""
    if is_declining(its, others, limits):
        yield "DECLINING"
    if is_unusually_silent(view, its, others, limits):
        yield "UNUSUAL_SILENCE"
    if is_silent(view, its, others, limits):
        yield "SILENT"


def is_declining(its: Usual, others: Others, limits: Thresholds) -> bool:
    """Design: "m ≥ 4, w < 0.5·F and F − w ≥ 3·√F", the root squared away, for w < F."""
    expected = expected_week(its, others, limits)
    if expected is None:
        return False
    missing = expected - its.this_week
    is_far_below = 100 * its.this_week < limits.declining_percent * expected
    return is_far_below and missing >= 0 and missing**2 >= limits.declining_sigmas**2 * expected


def is_unusually_silent(view: View, its: Usual, others: Others, limits: Thresholds) -> bool:
    """Design: "m ≥ 4, g = days_since_last_active ≥ 2, and the odds of so long a gap are ≤ 1 per mille"."""
    gap = view.days_since_last_active
    if gap is None or gap < limits.silence_min_days or not its.is_known(limits):
        return False
    return gap_odds(view, gap, others) <= Fraction(limits.silence_odds_per_mille, 1000)


def gap_odds(view: View, gap: int, others: Others) -> Fraction:
    """Π(n−a+1) / Π(n+2) "over the days t of [D-g+1, D] that are complete and not quiet"; 1 where there is none."""
    odds = Fraction(1)
    for day in view.defined(gap - 1):
        if day not in others.quiet:
            odds *= silent_share(view, day.weekday())
    return odds


def silent_share(view: View, weekday: int) -> Fraction:
    """How likely the company is silent on a weekday: (n−a+1) / (n+2).

    Design: "n the complete dates of t's weekday in [D-48, D-7] from first_seen_date on, a those with u > 0".
    """
    days = [day for day in view.defined(48, 7) if day.weekday() == weekday and day >= view.subject.first_seen]
    active = [day for day in days if view.u(day) > 0]
    return Fraction(len(days) - len(active) + 1, len(days) + 2)


def is_silent(view: View, its: Usual, others: Others, limits: Thresholds) -> bool:
    """Design: "m < 4, active_days_7d = 0, and at most 2 dates of [D-6,D] are quiet"."""
    quiet = [day for day in view.calendar(6, 0) if day in others.quiet]
    return not its.is_known(limits) and view.active_days(7) == 0 and len(quiet) <= limits.quiet_days_of_silent


def is_contact_due(view: View, limits: Thresholds) -> bool:
    """Design: "rolling_7d_active_users ≤ 3, all 7 dates complete, days_since_last_active not NULL", and no contact."""
    return (
        view.users(6) <= limits.low_use_max_user_days
        and view.all_complete(6)
        and view.days_since_last_active is not None
        and is_without_contact(view, limits)
    )


def is_without_contact(view: View, limits: Thresholds) -> bool:
    """Whether the CRM knows the company as of D, and of no contact within 30 days.

    Design: "(D − date(last_contact_at) > 30 days, or last_contact_at NULL as of D and not backdated, for a company
    the CRM knows)".
    """
    if view.version is None:
        return False
    contact = view.version["last_contact_at"]
    return contact is None or (view.day - contact.date()).days > limits.no_contact_days
