"""What a row reads of other companies: the fleet's pace and its quiet days (design §7, "Whom to call")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from .model import Thresholds
from .usual import Usual, usual
from .view import View

NORMAL_PACE = 1000  # per mille
LOOKS_BACK = 59
WEEKS_BACK = (7, 14, 21, 28, 35, 42)


@dataclass(frozen=True)
class Others:
    """What the rows of a country and date read of the fleet: `fleet_pace`, and which complete dates are quiet."""

    pace: int | None
    quiet: frozenset[date]


Fleet = dict[str | None, Others]


@dataclass(frozen=True)
class Member:
    """A company with a row on D: its country there, its weeks, its active days of [D-59, D]."""

    country: str | None
    usual: Usual
    active: frozenset[date]


def build_fleet(views: Iterable[View], limits: Thresholds) -> Fleet:
    """The others of one date by country, from the views of all "with a row on D"; "NULL is no country"."""
    views = list(views)
    if not views:
        return {}
    members = [member(view) for view in views]
    complete = views[0].defined(LOOKS_BACK)
    is_whole_week = views[0].all_complete(6)
    quiet_among_all = quiet_days(members, complete, limits)
    fleet: Fleet = {}
    for country in {None, *(one.country for one in members)}:
        own = of_country(members, country)
        fleet[country] = Others(
            pace=fleet_pace(own, members, limits) if is_whole_week else None,
            quiet=quiet_days(own, complete, limits) if are_enough(own, limits) else quiet_among_all,
        )
    return fleet


def member(view: View) -> Member:
    """Design: "A row's country is its own column (backdated included)"."""
    active = frozenset(day for day in view.defined(LOOKS_BACK) if view.u(day) > 0)
    return Member(view.attributes.country, usual(view), active)


def of_country(members: Sequence[Member], country: str | None) -> list[Member]:
    """Those of the row's country; of none for NULL, which "is no country"."""
    return [one for one in members if country is not None and one.country == country]


def fleet_pace(own: Sequence[Member], everyone: Sequence[Member], limits: Thresholds) -> int:
    """How the week of the row's country went, or everyone's, per mille.

    Design: "The lower median (the ⌈n/2⌉-th smallest) over those of the row's country if they are ≥ 20, else over all
    if they are ≥ 20, else 1000; at most 1000. […] the company itself is among them."
    """
    for several in (own, everyone):
        paces = [pace(one.usual, limits) for one in several if has_pace(one.usual, limits)]
        if len(paces) >= limits.fleet_least:
            return min(lower_median(paces), limits.fleet_max_pace)
    return NORMAL_PACE


def has_pace(its: Usual, limits: Thresholds) -> bool:
    """Design: "of every company with m ≥ 4 and B ≥ 10·m"."""
    return its.is_known(limits) and its.user_days >= limits.fleet_min_weekly * its.weeks


def pace(its: Usual, limits: Thresholds) -> int:
    """Design: "pace(c) = 5000 where m·w ≥ 5·B, else ⌊1000·m·w / B⌋".

    >>> [pace(Usual(6, 60, week), Thresholds()) for week in (0, 1, 7, 10, 49, 50, 51)]
    [0, 100, 700, 1000, 4900, 5000, 5000]
    >>> pace(Usual(6, 61, 9), Thresholds())  # 885.2…
    885
    """
    m, w, b = its.weeks, its.this_week, its.user_days
    if 1000 * m * w >= limits.fleet_cap * b:
        return limits.fleet_cap
    return 1000 * m * w // b


def lower_median(values: Iterable[int]) -> int:
    """Design: "the ⌈n/2⌉-th smallest".

    >>> lower_median([5]), lower_median([7, 5]), lower_median([9, 5, 7]), lower_median([9, 5, 7, 8])
    (5, 5, 7, 7)
    """
    ordered = sorted(values)
    place = (len(ordered) + 1) // 2
    return ordered[place - 1]


def are_enough(own: Sequence[Member], limits: Thresholds) -> bool:
    """Whether a quiet day is told among those of the row's country alone.

    Design: "if ≥ 20 of them are active on some complete date of [D-59, D]; else, and for a NULL country, among all
    with a row on D": 20 at once, on one of the dates.
    """
    at_once = Counter(day for one in own for day in one.active)
    return max(at_once.values(), default=0) >= limits.fleet_least


def quiet_days(members: Sequence[Member], complete: Iterable[date], limits: Thresholds) -> frozenset[date]:
    """The complete dates of [D-59, D] that are quiet."""
    active = Counter(day for one in members for day in one.active)
    numbers = {day: active[day] for day in complete}
    return frozenset(day for day in numbers if is_quiet(day, numbers, limits))


def is_quiet(day: date, numbers: dict[date, int], limits: Thresholds) -> bool:
    """Whether far fewer companies were active than usually on this weekday.

    Design: "four times the number of companies active on t is below three times the lower median of the numbers
    active on those of t−7, t−14, … t−42 that are complete and ≥ D−59, of which there must be ≥ 4".
    """
    before = [day - timedelta(days=back) for back in WEEKS_BACK]
    usual_numbers = [numbers[earlier] for earlier in before if earlier in numbers]
    if len(usual_numbers) < limits.quiet_least_weeks:
        return False
    return 100 * numbers[day] < limits.quiet_percent * lower_median(usual_numbers)
