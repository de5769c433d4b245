"""What a run has to do, decided from what has landed and what the tables say they were built from.

Plain Python over small maps: no Spark, no clock, no path. What the maps hold is told in `state`.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from company_activity.dates import HORIZON_DAYS
from company_activity.errors import SettingsError
from company_activity.planning.state import (
    FORMULA_VERSION,
    MISSING,
    BuiltDate,
    State,
    built_dates,
    generation_of,
    under_rules,
)
from company_activity.records.fields import RULES_VERSION

NEVER_BUILT, MOVED = "never built", "a company moved"
Sources = dict[str, dict[str, str]]  # usage: date → mark; crm: snapshot date → content


def complete_dates(state: State) -> set[date]:
    """The dates of a state whose newest generation has content, be it no record at all."""
    return {date.fromisoformat(day) for day, noted in state.get("dates", {}).items() if not noted.endswith(MISSING)}


def dates_to_stage(landed: Mapping[date, int], staged: State) -> list[date]:
    """The dates of which the landing holds a newer generation than was staged.

    A date that is no longer in the landing, or only in an older generation, keeps what was staged of it: raw files may
    expire, and generations only count on.

    >>> staged = {"dates": {"2025-01-01": "1:a", "2025-01-02": "3:b", "2025-01-03": "1:b"}}
    >>> dates_to_stage({date(2025, 1, 1): 1, date(2025, 1, 2): 2, date(2025, 1, 3): 2}, staged)
    [datetime.date(2025, 1, 3)]
    """
    noted = staged.get("dates", {})
    return sorted(
        day
        for day, generation in landed.items()
        if str(day) not in noted or generation > generation_of(noted[str(day)])
    )


def dates_to_stage_again(landed: Mapping[date, int], staged: State) -> list[date]:
    """The dates that older rules staged, as far as the landing still holds the very generation.

    >>> staged = {"dates": {"2025-01-01": "1:a", "2025-01-02": f"1:b:{RULES_VERSION}", "2025-01-03": "1:c"}}
    >>> dates_to_stage_again({date(2025, 1, 1): 1, date(2025, 1, 2): 1}, staged)
    [datetime.date(2025, 1, 1)]
    """
    return sorted(
        day for day in under_other_rules(staged) if landed.get(day) == generation_of(staged["dates"][str(day)])
    )


def dates_set_back(landed: Mapping[date, int], staged: State) -> list[date]:
    """The dates of which the landing holds only an older generation than was staged, as a restored backup does."""
    noted = staged.get("dates", {})
    return sorted(
        d for d, generation in landed.items() if str(d) in noted and generation < generation_of(noted[str(d)])
    )


def under_other_rules(staged: State) -> list[date]:
    """The dates whose records were staged by other rules than today's."""
    noted = staged.get("dates", {})
    return sorted(date.fromisoformat(day) for day, found in noted.items() if under_rules(found) != found)


def lost_dates(usage: Mapping[str, str], built_from: Mapping[str, str]) -> list[date]:
    """The dates that a table was built from and that staging has never heard of.

    Staging forgets no date: one that became missing keeps its mark. So its state could not be read, or it is not the
    staging that the table was built from.

    >>> lost_dates({"2025-01-01": "2:missing"}, {"2025-01-01": "1:a", "2025-01-02": "1:b"})
    [datetime.date(2025, 1, 2)]
    """
    return sorted(map(date.fromisoformat, built_from.keys() - usage.keys()))


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
    """The dates to build: never built, computed otherwise, reached by changed usage or by a moved company (`moved`).

    A changed usage day is read by its own date and the 59 after it.

    >>> usage = {"dates": {"2025-01-01": "1:a", "2025-01-02": "2:b", "2025-03-31": "1:c"}}
    >>> built = dict.fromkeys(usage["dates"], ["9:x", "", 9, "1", FORMULA_VERSION])
    >>> activity = {"usage": usage["dates"] | {"2025-01-02": "1:x"}, "dates": built}
    >>> dirty_dates(usage, activity, {"version": "1"}, []).reasons
    {datetime.date(2025, 1, 2): {'usage of 2025-01-02'}}
    """
    complete = sorted(complete_dates(usage))
    built = built_dates(activity)
    dirty = Dirty(dropped=sorted(built.keys() - set(complete)))
    for day in complete:
        for reason in reasons_of_its_own(built.get(day), str(metrics.get("version"))):
            dirty.add([day], reason)
    for day in changed_usage(usage, activity):
        reached = slice(bisect_left(complete, day), bisect_left(complete, day + timedelta(days=HORIZON_DAYS)))
        dirty.add(complete[reached], reason_of_usage(day, usage, activity))
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
    return reason.startswith((NEVER_BUILT, "metric version", "formula version"))


def is_of_a_version(reason: str) -> bool:
    """Whether it is newer code, and no newer data, that makes a date dirty."""
    return reason.startswith(("metric version", "formula version", "rules version"))


def reason_of_usage(day: date, usage: State, activity: State) -> str:
    """Why a changed usage date is dirty: its content, or only the rules by which it was staged."""
    now = usage.get("dates", {}).get(str(day))
    then = activity.get("usage", {}).get(str(day))
    is_same_content = now and then and under_rules(now) == under_rules(then)
    return f"rules version {RULES_VERSION}" if is_same_content else f"usage of {day}"


def changed_usage(usage: State, activity: State) -> list[date]:
    """The dates whose staged usage is not what the activity table was built from."""
    now, then = usage.get("dates", {}), activity.get("usage", {})
    return sorted(date.fromisoformat(day) for day in now.keys() | then.keys() if now.get(day) != then.get(day))


def snapshots(crm: State) -> dict[str, str]:
    """The staged CRM content by snapshot date: what a table built from it compares.

    A state of before 0.2 names each path, as `files`.

    >>> snapshots({"crm": {"2025-01-02": "1:0123456789abcdef"}})
    {'2025-01-02': '1:0123456789abcdef'}
    """
    if "files" not in crm:
        return dict(crm.get("crm", {}))
    return by_snapshot_date({path: f"{file['file_date']}:{file['sha256']}" for path, file in crm["files"].items()})


def by_snapshot_date(crm: Mapping[str, str]) -> dict[str, str]:
    """What each snapshot date is made of, from `<snapshot date>:<digest>` by path; what is by date stays as it is.

    >>> by_snapshot_date({"raw/crm/b.csv": "2025-01-02:0123", "raw/crm/a.csv": "2025-01-02:4567"})
    {'2025-01-02': '2:d8906fec0edb37f9'}
    >>> by_snapshot_date({"2025-01-02": "2:d8906fec0edb37f9"})
    {'2025-01-02': '2:d8906fec0edb37f9'}
    """
    if not any(place.lower().endswith(".csv") for place in crm):
        return dict(crm)
    paths: dict[str, dict[str, str]] = {}
    for path, noted in crm.items():
        day, _, digest = noted.partition(":")
        paths.setdefault(day, {})[path] = digest
    return {day: content_of(paths[day]) for day in sorted(paths)}


def content_of(digests: Mapping[str, str]) -> str:
    """`<number of paths>:<digest over them>`, from the digests of the files by path, of which 16 characters count.

    >>> content_of({"raw/crm/a.csv": "4567", "raw/crm/b.csv": "0123"})
    '2:d8906fec0edb37f9'
    """
    lines = "".join(f"{path}\t{digests[path][:16]}\n" for path in sorted(digests))
    return f"{len(digests)}:{hashlib.sha256(lines.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


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
