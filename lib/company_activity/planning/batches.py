"""A long build in batches of dates, a commit each: how they are cut, and what each commit says it was built from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from company_activity.dates import HORIZON_DAYS
from company_activity.planning.dirty import Dirty, is_of_the_date
from company_activity.planning.state import BuiltFrom, GenerationMark, Marks


def in_batches(rows_by_date: Mapping[date, int], most: int) -> list[list[date]]:
    """The dates in groups of at most `most` rows, in order; a date that has more stands alone. At least one group.

    >>> days = [date(2025, 1, n) for n in range(1, 5)]
    >>> [len(batch) for batch in in_batches(dict.fromkeys(days, 40), most=100)]
    [2, 2]
    """
    batches: list[list[date]] = [[]]
    filled = 0
    for day in sorted(rows_by_date):
        if batches[-1] and filled + rows_by_date[day] > most:
            batches.append([])
            filled = 0
        batches[-1].append(day)
        filled += rows_by_date[day]
    return batches


def sources_noted(
    then: BuiltFrom, now: BuiltFrom, dirty: Dirty, rest: Collection[date]
) -> BuiltFrom:
    """What a commit says that the table was built from, while the dates of `rest` are still to come.

    Today's sources, as soon as each of these dates says by itself that it is dirty; until then those of before.
    """
    reasons = [reason for day in rest for reason in dirty.reasons[day]]
    if all(is_of_the_date(reason) for reason in reasons):
        return now
    if then.usage is None:
        return then
    usage = usage_noted(then.usage, now.usage or {}, sorted(rest))
    return BuiltFrom(usage, then.crm, then.companies, then.history)


def usage_noted(then: Marks, now: Marks, rest: Sequence[date]) -> dict[date, GenerationMark]:
    """The usage marks of today where no date that reads them is still to come, elsewhere those of before.

    So a run goes on where one was cut off.
    """
    noted = {}
    for day in sorted(then.keys() | now.keys()):
        mark = then.get(day) if is_read_by(rest, day) else now.get(day)
        if mark is not None:
            noted[day] = mark
    return noted


def is_read_by(dates: Sequence[date], day: date) -> bool:
    """Whether one of the ordered dates reads the usage of a day: it and the 59 after it do."""
    place = bisect_left(dates, day)
    return place < len(dates) and dates[place] < day + timedelta(days=HORIZON_DAYS)
