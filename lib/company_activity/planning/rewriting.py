"""What a run would rewrite or drop that nobody asked for, as the gate `rewrite` judges it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from company_activity.gates.rewrite import Rewriting
from company_activity.planning.dirty import Dirty, is_of_a_version


def rewriting_of(
    rewritten: Iterable[date], dirty: Dirty, asked: Collection[date], lost: Collection[date] = ()
) -> Rewriting:
    """The built dates that change and nobody `asked` for, apart by whether newer code alone makes them dirty.

    >>> one, two, three = (date(2025, 1, day) for day in (1, 2, 3))
    >>> dirty = Dirty({one: {"formula version 2"}, two: {"usage of 2025-01-02"}, three: {"never built"}})
    >>> found = rewriting_of([one, two, three], dirty, asked=[three])
    >>> found.upgraded == [one], found.rewritten == [two]
    (True, True)
    """
    upgraded: list[date] = []
    others: list[date] = []
    for day in rewritten:
        if day in asked:
            continue
        is_upgrade = any(map(is_of_a_version, dirty.reasons[day]))
        (upgraded if is_upgrade else others).append(day)
    dropped = [day for day in dirty.dropped if day not in asked]
    return Rewriting(others, upgraded, dropped, lost)
