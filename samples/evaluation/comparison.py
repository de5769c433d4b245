"""The figures of a churn rule over whole worlds, each a pure function of flags and fates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from evaluation.fate import HORIZON_DAYS, Fate
from evaluation.flags import Flag, alerts, at_risk, lists
from evaluation.shares import ratio

WARM_UP_DAYS = 30
SHOWN = 10
Fates = Mapping[str, Fate]


@dataclass
class Figures:
    """Counts that can be added up over worlds, and the shares that follow; a share of nothing is None."""

    fades: int = 0
    leads: list[int] = field(default_factory=list)
    churns: int = 0
    delays: list[int] = field(default_factory=list)
    flagged: int = 0
    right: int = 0
    to_flag: int = 0
    customer_days: int = 0
    alerts: Counter[str] = field(default_factory=Counter)
    shown: int = 0
    shown_right: int = 0

    def __add__(self, other: Figures) -> Figures:
        """The figures of both together."""
        return Figures(
            fades=self.fades + other.fades,
            leads=self.leads + other.leads,
            churns=self.churns + other.churns,
            delays=self.delays + other.delays,
            flagged=self.flagged + other.flagged,
            right=self.right + other.right,
            to_flag=self.to_flag + other.to_flag,
            customer_days=self.customer_days + other.customer_days,
            alerts=self.alerts + other.alerts,
            shown=self.shown + other.shown,
            shown_right=self.shown_right + other.shown_right,
        )

    @property
    def fades_found(self) -> int:
        """Fades whose company was at risk while somebody was still there."""
        return len(self.leads)

    @property
    def lead(self) -> float | None:
        """Days from the first date at risk to the last active one, median over the fades found."""
        return median(self.leads) if self.leads else None

    @property
    def delay(self) -> float | None:
        """Days from the churn to the first date at risk, median over the churns flagged within the horizon."""
        return median(self.delays) if self.delays else None

    @property
    def precision(self) -> float | None:
        """Of the flags on customers, those that are right."""
        return ratio(self.right, self.flagged)

    @property
    def recall(self) -> float | None:
        """Of the customer-days on which a flag would be right, those flagged."""
        return ratio(self.right, self.to_flag)

    @property
    def alerts_a_week(self) -> float | None:
        """Alerts per 100 customers and week."""
        return ratio(700 * self.alerts.total(), self.customer_days)

    def alert_share(self, kind: str) -> float | None:
        """The share of the alerts that met this."""
        return ratio(self.alerts[kind], self.alerts.total())

    @property
    def first_ten(self) -> float | None:
        """Of the first ten rows of each day's list, those that are right."""
        return ratio(self.shown_right, self.shown)


def figures(flags: Sequence[Flag], fates: Fates, days: range) -> Figures:
    """All figures of one rule on one world of so many days."""
    judged = judged_days(days)
    of_judged = [flag for flag in flags if flag.day in judged]
    risk = at_risk(flags)
    fades = [fate for fate in churns_within(fates, days) if fate.is_fade]
    flagged, right = counted_flags(of_judged, fates)
    shown, shown_right = counted_lists(of_judged, fates)
    return Figures(
        fades=len(fades),
        leads=fade_leads(risk, fades),
        churns=len(churns_within(fates, days)),
        delays=churn_delays(risk, churns_within(fates, days)),
        flagged=flagged,
        right=right,
        to_flag=sum(fate.is_customer(day) and fate.is_right(day) for fate in fates.values() for day in judged),
        customer_days=sum(fate.is_customer(day) for fate in fates.values() for day in judged),
        alerts=alert_kinds(flags, fates, judged),
        shown=shown,
        shown_right=shown_right,
    )


def judged_days(days: range) -> range:
    """The days that have 30 days of history, and of which the whole horizon afterwards is known."""
    return days[WARM_UP_DAYS:-HORIZON_DAYS]


def churns_within(fates: Fates, days: range) -> list[Fate]:
    """The churns after the warm-up of which the whole horizon afterwards is known."""
    known = range(days.start + WARM_UP_DAYS, days.stop - HORIZON_DAYS + 1)
    return [fate for fate in fates.values() if fate.churned_on in known]


def fade_leads(risk: Mapping[str, set[int]], fades: Iterable[Fate]) -> list[int]:
    """For each fade that is found by its last active day, the days from the first date at risk to that day.

    >>> fade = Fate("a", 0, churned_on=40, wave_from=30, is_fade=True)
    >>> fade_leads({"a": {29, 35, 36}}, [fade]), fade_leads({"a": {29, 40}}, [fade])
    ([4], [])
    """
    leads = []
    for fade in fades:
        assert fade.churned_on is not None
        assert fade.wave_from is not None
        found = [day for day in risk.get(fade.company_id, ()) if fade.wave_from <= day < fade.churned_on]
        if found:
            leads.append(fade.churned_on - 1 - min(found))
    return leads


def churn_delays(risk: Mapping[str, set[int]], churns: Iterable[Fate]) -> list[int]:
    """For each churn that is flagged within the horizon from its first silent day on, the days until then.

    >>> churn_delays({"a": {39, 42}}, [Fate("a", 0, churned_on=40), Fate("b", 0, churned_on=40)])
    [2]
    """
    delays = []
    for churn in churns:
        assert churn.churned_on is not None
        after = range(churn.churned_on, churn.churned_on + HORIZON_DAYS)
        found = [day - churn.churned_on for day in risk.get(churn.company_id, ()) if day in after]
        if found:
            delays.append(min(found))
    return delays


def counted_flags(flags: Iterable[Flag], fates: Fates) -> tuple[int, int]:
    """The flags on customers, and those of them that are right."""
    served = [flag for flag in flags if flag.is_churn_risk and is_customer(flag, fates)]
    return len(served), sum(is_right(flag, fates) for flag in served)


def counted_lists(flags: Iterable[Flag], fates: Fates) -> tuple[int, int]:
    """The rows among the first ten of each day's list, and those of them that are right."""
    shown = [flag for of_day in lists(flags, SHOWN) for flag in of_day]
    return len(shown), sum(is_right(flag, fates) for flag in shown)


def alert_kinds(flags: Iterable[Flag], fates: Fates, judged: range) -> Counter[str]:
    """How many alerts of the judged days met a churn, a shrinking company, a pause, or nothing.

    >>> flags = [Flag("a", 30, True), Flag("a", 31, True), Flag("a", 32, False), Flag("a", 33, True)]
    >>> alert_kinds(flags, {"a": Fate("a", 0, paused=frozenset({30, 31}))}, range(30, 40))
    Counter({'pause': 1, 'noise': 1})
    """
    met = (alert for alert in alerts(flags) if alert.day in judged)
    return Counter(fates[alert.company_id].kind(alert.day) if alert.company_id in fates else "noise" for alert in met)


def is_customer(flag: Flag, fates: Fates) -> bool:
    """Whether a flag could serve; a company that was never active is no customer."""
    return flag.company_id in fates and fates[flag.company_id].is_customer(flag.day)


def is_right(flag: Flag, fates: Fates) -> bool:
    """Whether a flag is right."""
    return flag.company_id in fates and fates[flag.company_id].is_right(flag.day)
