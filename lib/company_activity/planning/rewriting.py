"""What a run would rewrite or drop that nobody asked for, as the gate `rewrite` judges it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from company_activity.gates.rewrite import Rewriting
from company_activity.planning.dirty import (
    MOVED,
    Dirty,
    changed_usage,
    is_of_a_version,
    is_of_the_rules,
    reason_of_usage,
)
from company_activity.planning.state import BuiltFrom


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


def asked_by_replay(dirty: Dirty, now: BuiltFrom, then: BuiltFrom) -> set[date]:
    """The dates that a replay dirties: by newer rules alone, or by a company that these alone can have moved.

    Whether formulas are newer as well is all one: a date that is built has today's. Where a snapshot or the content of
    a date is another too, who moved a company is not known: nobody asked for that.

    >>> from company_activity.planning.state import marks_from_json
    >>> then = BuiltFrom(marks_from_json({"2025-01-01": "1:a:1", "2025-01-02": "1:b:1"}))
    >>> now = BuiltFrom(marks_from_json({"2025-01-01": "1:a:2", "2025-01-02": "1:b:1"}))
    >>> one, two, three = (date(2025, 1, day) for day in (1, 2, 3))
    >>> dirty = Dirty({one: {"rules version 2", "formula version 2"}, two: {MOVED}, three: {"usage of 2025-01-03"}})
    >>> asked_by_replay(dirty, now, then) == {one, two}
    True
    >>> asked_by_replay(dirty, BuiltFrom(now.usage, {"2025-01-01": "another"}), then) == {one}
    True
    """
    usage, built_from = now.usage or {}, then.usage or {}
    reasons = [reason_of_usage(day, usage, built_from) for day in changed_usage(usage, built_from)]
    is_replay_alone = (now.crm or {}) == (then.crm or {}) and all(map(is_of_the_rules, reasons))
    asked = set()
    for day, why in dirty.reasons.items():
        others = {reason for reason in why if not is_of_a_version(reason)}
        if not others or (is_replay_alone and others == {MOVED}):
            asked.add(day)
    return asked
