"""What a run has to do, decided from what has landed and what the tables say they were built from.

Plain Python over small maps: no Spark, no clock, no path. A table's state maps each usage date to a mark,
`<generation>:<digest>`, or `<generation>:missing` where the newest generation has no content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from company_activity.dates import HORIZON_DAYS
from company_activity.errors import SettingsError

State = Mapping[str, Any]
Sources = dict[str, dict[str, str]]  # usage: date → mark; crm: path → `<snapshot date>:<digest>`
MISSING = "missing"


def mark(generation: int, content_digest: str | None) -> str:
    """What a state keeps of a date's newest generation.

    >>> mark(2, "0123456789abcdef0123"), mark(3, None)
    ('2:0123456789abcdef', '3:missing')
    """
    return f"{generation}:{content_digest[:16] if content_digest else MISSING}"


def complete_dates(state: State) -> set[date]:
    """The dates of a state whose newest generation has content, be it no record at all."""
    return {date.fromisoformat(day) for day, noted in state.get("dates", {}).items() if not noted.endswith(MISSING)}


def dates_to_stage(landed: Mapping[date, int], staged: State) -> list[date]:
    """The dates whose newest generation is not the one that was staged.

    A date that is no longer in the landing keeps what was staged of it: raw files may expire.

    >>> staged = {"dates": {"2025-01-01": "1:a", "2025-01-03": "1:b"}}
    >>> dates_to_stage({date(2025, 1, 1): 1, date(2025, 1, 3): 2}, staged)
    [datetime.date(2025, 1, 3)]
    """
    noted = staged.get("dates", {})
    return sorted(day for day, generation in landed.items() if noted.get(str(day), "").split(":")[0] != str(generation))


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

    def __bool__(self) -> bool:
        return bool(self.reasons or self.dropped)


def dirty_dates(usage: State, activity: State, metrics: State, moved: Iterable[Span]) -> Dirty:
    """The dates to build: never built, reached by changed usage, by a moved company (`moved`), or by another metric.

    A changed usage day is read by its own date and the 59 after it.

    >>> usage = {"dates": {"2025-01-01": "1:a", "2025-01-02": "2:b", "2025-03-31": "1:c"}}
    >>> activity = {"usage": usage["dates"] | {"2025-01-02": "1:x"}, "dates": dict.fromkeys(usage["dates"])}
    >>> dirty_dates(usage, activity, {}, []).reasons
    {datetime.date(2025, 1, 2): {'usage of 2025-01-02'}}
    """
    complete = sorted(complete_dates(usage))
    built = {date.fromisoformat(day) for day in activity.get("dates", {})}
    dirty = Dirty(dropped=sorted(built - set(complete)))
    dirty.add((day for day in complete if day not in built), "never built")
    if built and activity.get("metrics", {}) != metrics:
        dirty.add(complete, f"metric version {metrics.get('version')}")
    for day in changed_usage(usage, activity):
        reached = (d for d in complete if day <= d < day + timedelta(days=HORIZON_DAYS))
        dirty.add(reached, f"usage of {day}")
    for span in moved:
        dirty.add((day for day in complete if span.holds(day)), "a company moved")
    return dirty


def changed_usage(usage: State, activity: State) -> list[date]:
    """The dates whose staged usage is not what the activity table was built from."""
    now, then = usage.get("dates", {}), activity.get("usage", {})
    return sorted(date.fromisoformat(day) for day in now.keys() | then.keys() if now.get(day) != then.get(day))


def snapshots(crm: State) -> dict[str, str]:
    """The staged CRM content by path: what a table built from it compares."""
    return {path: f"{file['file_date']}:{file['sha256'][:16]}" for path, file in crm.get("files", {}).items()}


def check_metrics(activity: State, metrics: State) -> None:
    """See that the constants of the metrics are those that the table names by the same version.

    Raises:
        SettingsError: if `metrics.yaml` was changed without a new `metric_version`.
    """
    then = activity.get("metrics", {})
    if then and then["version"] == metrics["version"] and then["digest"] != metrics["digest"]:
        raise SettingsError(
            f"metrics.yaml differs from what the table was built with, under metric_version {then['version']!r}",
            remedy="give the changed constants a new metric_version",
        )


def shows(published: str, lake: str) -> bool:
    """Whether a table that was `published` as `<table id>@<version>` has what the lake's has.

    A later version of the same table than our newest commit is a foreign one, which changes no row.

    >>> shows("a@7", "a@5"), shows("a@4", "a@5"), shows("b@7", "a@5"), shows("", "")
    (True, False, False, True)
    """
    (its_id, _, its_version), (our_id, _, our_version) = published.partition("@"), lake.partition("@")
    return its_id == our_id and int(its_version or -1) >= int(our_version or -1)
