"""The rows of a churn rule, as they are scored, and the alerts that follow from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

Order = tuple[float, ...]


class Flag(NamedTuple):
    """One row: `is_churn_risk` is None where the company was not judged; the list shows the smallest `order` first."""

    company_id: str
    day: int
    is_churn_risk: bool | None
    order: Order = ()

    @property
    def place(self) -> tuple[Order, str]:
        """Where the row stands in the list of its day."""
        return self.order, self.company_id


def at_risk(flags: Iterable[Flag]) -> Mapping[str, set[int]]:
    """The days on which each company is at risk."""
    days = defaultdict(set)
    for flag in flags:
        if flag.is_churn_risk:
            days[flag.company_id].add(flag.day)
    return days


def alerts(flags: Iterable[Flag]) -> Iterator[Flag]:
    """The rows on which a company enters risk: the row before was not at risk. A row not judged is passed over.

    >>> rows = [Flag("a", 1, False), Flag("a", 2, True), Flag("a", 3, None), Flag("a", 4, True), Flag("b", 1, True)]
    >>> [(alert.company_id, alert.day) for alert in alerts(rows)]
    [('b', 1), ('a', 2)]
    """
    was_at_risk: dict[str, bool] = {}
    for flag in sorted(flags, key=lambda flag: flag.day):
        if flag.is_churn_risk is None:
            continue
        if flag.is_churn_risk and not was_at_risk.get(flag.company_id, False):
            yield flag
        was_at_risk[flag.company_id] = flag.is_churn_risk


def lists(flags: Iterable[Flag], longest: int) -> Iterator[list[Flag]]:
    """The list of each day as it is shown: the first rows at risk.

    >>> rows = [Flag("a", 1, True, (2.0,)), Flag("c", 1, True, (1.0,)), Flag("b", 1, True, (1.0,))]
    >>> [[flag.company_id for flag in shown] for shown in lists(rows, 2)]
    [['b', 'c']]
    """
    by_day = defaultdict(list)
    for flag in flags:
        if flag.is_churn_risk:
            by_day[flag.day].append(flag)
    for _, of_day in sorted(by_day.items()):
        yield sorted(of_day, key=lambda flag: flag.place)[:longest]
