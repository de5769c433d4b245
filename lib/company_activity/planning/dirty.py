"""Which built dates are dirty, and why: decided from what has landed and what the table was built from.

Plain Python over small maps: no Spark, no clock, no path.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from company_activity.dates import HORIZON_DAYS
from company_activity.errors import SettingsError
from company_activity.planning.state import (
    FORMULA_VERSION,
    ActivityState,
    BuiltDate,
    Marks,
    MetricsMark,
    complete_dates,
)
from company_activity.records.fields import RULES_VERSION

NEVER_BUILT = "never built"
MOVED = "a company moved"


@dataclass(frozen=True)
class Span:
    """Dates that a moved attribute or first day touches: `first` to `last`, both included; `last` None is all later.

    >>> Span(date(2025, 1, 2), None).holds(date(2030, 1, 1))
    True
    """

    first: date
    last: date | None

    def holds(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass
class Dirty:
    """The complete dates whose rows may have changed, each with why; and the built ones that are no longer complete."""

    reasons: dict[date, set[str]] = field(default_factory=dict)
    dropped: list[date] = field(default_factory=list)

    @property
    def dates(self) -> list[date]:
        return sorted(self.reasons)

    def add(self, days: Iterable[date], reason: str) -> None:
        for day in days:
            self.reasons.setdefault(day, set()).add(reason)

    def without_older_formulas(self) -> Dirty:
        """Without the dates that are dirty for their constants or formulas alone: they go on saying so by themselves.

        >>> one, two = date(2025, 1, 1), date(2025, 1, 2)
        >>> dirty = Dirty({one: {"formula version 2"}, two: {"formula version 2", "rules version 2"}})
        >>> dirty.without_older_formulas().dates == [two]
        True
        """
        reasons = {
            day: why for day, why in self.reasons.items() if not all(map(is_of_formulas, why))
        }
        return Dirty(reasons, self.dropped)

    def __bool__(self) -> bool:
        return bool(self.reasons or self.dropped)


def dirty_dates(
    usage: Marks, activity: ActivityState, metric_version: str, moved: Iterable[Span]
) -> Dirty:
    """The dates to build: never built, computed otherwise, reached by changed usage or by a moved company (`moved`).

    A changed usage day is read by its own date and the 59 after it.

    >>> from company_activity.planning.state import marks_from_json
    >>> noted = {"2025-01-01": "1:a", "2025-01-02": "1:x", "2025-03-31": "1:c"}
    >>> entries = dict.fromkeys(noted, ["9:x", "", 9, "1", FORMULA_VERSION])
    >>> activity = ActivityState.from_json({"usage": noted, "dates": entries})
    >>> usage = marks_from_json(noted | {"2025-01-02": "2:b"})
    >>> dirty_dates(usage, activity, "1", []).reasons
    {datetime.date(2025, 1, 2): {'usage of 2025-01-02'}}
    """
    complete = sorted(complete_dates(usage))
    dirty = Dirty(dropped=sorted(activity.dates.keys() - set(complete)))
    for day in complete:
        for reason in reasons_of_its_own(activity.dates.get(day), metric_version):
            dirty.add([day], reason)
    for day in changed_usage(usage, activity.usage):
        first = bisect_left(complete, day)
        behind = bisect_left(complete, day + timedelta(days=HORIZON_DAYS))
        dirty.add(complete[first:behind], reason_of_usage(day, usage, activity.usage))
    for span in moved:
        dirty.add((day for day in complete if span.holds(day)), MOVED)
    return dirty


def reasons_of_its_own(built: BuiltDate | None, metric_version: str) -> Iterator[str]:
    """Why a date must be built whatever its usage: it never was, or other constants or formulas computed it."""
    if built is None:
        yield NEVER_BUILT
        return
    if built.metric_version != metric_version:
        yield f"metric version {metric_version}"
    if built.formula_version != FORMULA_VERSION:
        yield f"formula version {FORMULA_VERSION}"


def is_of_the_date(reason: str) -> bool:
    """Whether a date that is dirty for this reason says so by itself, whatever the table was built from."""
    return reason.startswith(NEVER_BUILT) or is_of_formulas(reason)


def is_of_formulas(reason: str) -> bool:
    """Whether other constants or formulas make a date dirty that is built."""
    return reason.startswith(("metric version", "formula version"))


def is_of_a_version(reason: str) -> bool:
    """Whether it is newer code, and no newer data, that makes a date dirty."""
    return is_of_formulas(reason) or is_of_the_rules(reason)


def is_of_the_rules(reason: str) -> bool:
    """Whether it is newer rules alone, and no newer data, that make a date dirty."""
    return reason.startswith("rules version")


def reason_of_usage(day: date, usage: Marks, built_from: Marks) -> str:
    """Why a changed usage date is dirty: its content, or only the rules by which it was staged."""
    now = usage.get(day)
    then = built_from.get(day)
    is_same_content = (
        now is not None and then is not None and now.under_rules() == then.under_rules()
    )
    return f"rules version {RULES_VERSION}" if is_same_content else f"usage of {day}"


def changed_usage(usage: Marks, built_from: Marks) -> list[date]:
    """The dates whose staged usage is not what a table was built from."""
    return sorted(
        day for day in usage.keys() | built_from.keys() if usage.get(day) != built_from.get(day)
    )


def check_metrics(then: MetricsMark | None, now: MetricsMark) -> None:
    """See that the constants of the metrics are those that the table names by the same version.

    Raises:
        SettingsError: if `metrics.yaml` was changed without a new `metric_version`.
    """
    if then and then.version == now.version and then.digest != now.digest:
        raise SettingsError(
            f"metrics.yaml differs from what the table was built with, under metric_version {then.version!r}",
            remedy="give the changed constants a new metric_version",
        )
