"""What the roll-ups were built from, and which dates and months of them have to be built again. Plain Python."""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

# Which rules make roll-ups of rows. Whoever changes what they give for the same rows raises it.
ROLLUPS_VERSION = "1"
SOURCES_DIGITS = 16


@dataclass(frozen=True)
class RolledDate:
    """A date of `analytics.segment_activity_daily`: the content hash of its rows, and a digest of what they were
    built from (`sources_of_dates`).
    """

    content_hash: str
    sources: str

    @property
    def rows(self) -> int:
        """How many rows it has: a content hash begins with it.

        >>> RolledDate("45:-17", "").rows
        45
        """
        return int(self.content_hash.partition(":")[0])


@dataclass(frozen=True)
class SegmentsState:
    """`analytics.segment_activity_daily`: its dates, and by which rules they were built; without these none known."""

    dates: Mapping[date, RolledDate] = field(default_factory=dict)
    version: str = ""

    @classmethod
    def from_json(cls, noted: Mapping[str, Any]) -> SegmentsState:
        dates = {
            date.fromisoformat(day): RolledDate(*entry)
            for day, entry in noted.get("dates", {}).items()
        }
        return cls(dates, str(noted.get("rollups_version", "")))

    @classmethod
    def of(cls, dates: Mapping[date, RolledDate]) -> SegmentsState:
        """The state of dates that today's rules built."""
        return cls(dict(dates), ROLLUPS_VERSION)

    def as_json(self) -> dict[str, Any]:
        dates = {
            str(day): [self.dates[day].content_hash, self.dates[day].sources]
            for day in sorted(self.dates)
        }
        return {"dates": dates, "rollups_version": self.version}

    @property
    def is_known(self) -> bool:
        """Whether today's rules built what the table has."""
        return self.version == ROLLUPS_VERSION

    @property
    def hashes(self) -> dict[date, str]:
        """The content hash of each date."""
        return {day: rolled.content_hash for day, rolled in self.dates.items()}

    def built_from(self, sources: Mapping[date, str]) -> SegmentsState:
        """The state of those dates that were built from these sources: others show sums of other rows.

        >>> one, two = (date(2025, 3, day) for day in (1, 2))
        >>> state = SegmentsState.of({one: RolledDate("1:a", "x"), two: RolledDate("1:b", "y")})
        >>> [day.day for day in state.built_from({one: "x", two: "z"}).dates]
        [1]
        """
        dates = {
            day: rolled for day, rolled in self.dates.items() if sources.get(day) == rolled.sources
        }
        return SegmentsState(dates, self.version)


@dataclass(frozen=True)
class RetentionState:
    """`analytics.retention_monthly`: a digest of the dates of each month, which months have rows, and the rows' hash.

    Months are named by their first day. Without a version nothing is known.
    """

    months: Mapping[date, str] = field(default_factory=dict)
    built: frozenset[date] = frozenset()
    content_hash: str = ""
    rows: int | None = None
    version: str = ""

    @classmethod
    def from_json(cls, noted: Mapping[str, Any]) -> RetentionState:
        months = {
            date.fromisoformat(month): sources for month, sources in noted.get("months", {}).items()
        }
        return cls(
            months,
            frozenset(map(date.fromisoformat, noted.get("built", ()))),
            str(noted.get("content_hash", "")),
            noted.get("rows"),
            str(noted.get("rollups_version", "")),
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "months": {str(month): self.months[month] for month in sorted(self.months)},
            "built": [str(month) for month in sorted(self.built)],
            "content_hash": self.content_hash,
            "rows": self.rows,
            "rollups_version": self.version,
        }

    @property
    def is_known(self) -> bool:
        """Whether today's rules built what the table has."""
        return self.version == ROLLUPS_VERSION


@dataclass(frozen=True)
class MovedDates:
    """The dates whose rows have to be built, and those that are to go; `is_known` is false where all are built anew."""

    build: tuple[date, ...]
    drop: tuple[date, ...] = ()
    is_known: bool = True

    @classmethod
    def between(cls, built: SegmentsState, now: Mapping[date, str]) -> MovedDates:
        """What moved since the table was built; `now` are the sources of each date of the activity table.

        >>> one, two, three = (date(2025, 3, day) for day in (1, 2, 3))
        >>> built = SegmentsState.of({one: RolledDate("1:a", "x"), two: RolledDate("1:b", "y")})
        >>> found = MovedDates.between(built, {one: "x", three: "z"})
        >>> [day.day for day in found.build], [day.day for day in found.drop]
        ([3], [2])
        """
        if not built.is_known:
            return cls(tuple(sorted(now)), is_known=False)
        then = {day: rolled.sources for day, rolled in built.dates.items()}
        build = sorted(day for day, sources in now.items() if then.get(day) != sources)
        return cls(tuple(build), tuple(sorted(then.keys() - now.keys())))

    def __bool__(self) -> bool:
        return bool(self.build or self.drop)


@dataclass(frozen=True)
class MovedMonths:
    """From which month on rows have to be built: of `months`, which are complete; those of `drop` no longer are.

    `is_known` is false where all are built anew: then the table is made, though no month may be complete yet.
    """

    months: tuple[date, ...] = ()
    drop: tuple[date, ...] = ()
    is_known: bool = True

    @classmethod
    def between(cls, built: RetentionState, now: Mapping[date, str]) -> MovedMonths:
        """What moved since the table was built; `now` is the content hash of each date of the activity table.

        A company's first active date moves only with rows of the dates that it moves between, so the earliest month
        that has such a date is the first that may show it.

        >>> january = {date(2025, 1, day): "1:a" for day in range(1, 32)}
        >>> found = MovedMonths.between(RetentionState(), january)
        >>> [str(month) for month in found.months], found.is_known
        (['2025-01-01'], False)
        >>> built = RetentionState(sources_of_months(january), frozenset(found.months), version=ROLLUPS_VERSION)
        >>> bool(MovedMonths.between(built, {**january, date(2025, 2, 1): "1:b"}))
        False
        """
        complete = complete_months(now)
        if not built.is_known:
            return cls(tuple(complete), is_known=not now)  # without dates there is nothing to make
        sources = sources_of_months(now)
        months = built.months.keys() | sources.keys()
        moved = [month for month in months if built.months.get(month) != sources.get(month)]
        first = min(moved, default=date.max)
        build = [month for month in complete if month >= first]
        gone = sorted(month for month in built.built.difference(complete) if month >= first)
        return cls(tuple(build), tuple(gone))

    @property
    def first(self) -> date:
        """The earliest month with something to build or to take away."""
        return min((*self.months, *self.drop), default=date.max)

    def __bool__(self) -> bool:
        return bool(self.months or self.drop or not self.is_known)


@dataclass(frozen=True)
class MovedRollups:
    """What of both roll-ups is to be built."""

    dates: MovedDates
    months: MovedMonths

    def __bool__(self) -> bool:
        return bool(self.dates) or bool(self.months)


def sources_of_dates(activity: Mapping[date, str], began: Mapping[date, object]) -> dict[date, str]:
    """A digest of what each date's rows are built from: the date's content, and the episodes that began on it.

    >>> day = date(2025, 3, 1)
    >>> sources_of_dates({day: "1:a"}, {}) == sources_of_dates({day: "1:a"}, {day: "1:b"})
    False
    """
    return {day: _digest([content, str(began.get(day, ""))]) for day, content in activity.items()}


def sources_of_months(activity: Mapping[date, str]) -> dict[date, str]:
    """A digest of the dates that each month has, and of their content."""
    texts: dict[date, list[str]] = {}
    for day in sorted(activity):
        texts.setdefault(day.replace(day=1), []).append(f"{day} {activity[day]}")
    return {month: _digest(lines) for month, lines in texts.items()}


def complete_months(days: Collection[date]) -> list[date]:
    """The months all of whose dates are among these, in order.

    >>> [str(month) for month in complete_months([date(2025, 2, day) for day in range(1, 29)])]
    ['2025-02-01']
    """
    counts: dict[date, int] = {}
    for day in days:
        month = day.replace(day=1)
        counts[month] = counts.get(month, 0) + 1
    return sorted(
        month for month, count in counts.items() if count == monthrange(month.year, month.month)[1]
    )


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:SOURCES_DIGITS]
