"""Activity dates: UTC calendar days and ranges of them, and instants counted from 1970."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from company_activity.errors import UsageError

EPOCH = date(1970, 1, 1)
EPOCH_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MICROS_PER_DAY = 86_400_000_000
HORIZON_DAYS = 60  # a date reads the usage of the 60 days that end with it
WEEK_DAYS = 7
BACKDATED_DAYS = 60  # a first snapshot is read by dates up to 60 days before it


def day_number(day: date) -> int:
    """Days since 1970-01-01, as Spark's `unix_date` counts them.

    >>> day_number(date(1970, 1, 2))
    1
    """
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """The date of a day number: the inverse of `day_number`."""
    return EPOCH + timedelta(days=number)


def micros_of(instant: datetime) -> int:
    """Microseconds since 1970-01-01 00:00 UTC.

    >>> micros_of(datetime(1970, 1, 2, tzinfo=UTC)) == MICROS_PER_DAY
    True
    """
    return (instant - EPOCH_INSTANT) // MICROSECOND


def parse_date(text: str) -> date:
    """Read `YYYY-MM-DD`.

    Raises:
        UsageError: if the text is anything else or no day of the calendar.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise UsageError(
            f"{text!r} is not a date", remedy="give it as YYYY-MM-DD, a day of the calendar"
        )
    return day


def check_is_over(day: date, now: datetime) -> None:
    """Check that a date has ended, in UTC: until then its usage is incomplete.

    >>> check_is_over(date(2025, 1, 1), datetime(2025, 1, 2, tzinfo=UTC))

    Raises:
        UsageError: if it is today or later.
    """
    today = now.astimezone(UTC).date()
    if day >= today:
        raise UsageError(
            f"{day} is not over: it is {today} in UTC",
            remedy=f"ask for dates up to {today - timedelta(days=1)}",
        )


@dataclass(frozen=True)
class DateRange:
    """Each day from `first` to `last`, both included.

    >>> [str(d) for d in DateRange(date(2024, 2, 28), date(2024, 3, 1))]
    ['2024-02-28', '2024-02-29', '2024-03-01']
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise UsageError(
                f"the range {self.first} to {self.last} ends before it begins",
                remedy="swap the two dates",
            )

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=n) for n in range(len(self)))

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


def spans(days: Iterable[date]) -> list[DateRange]:
    """The fewest ranges that hold exactly these days, in order.

    >>> spans([date(2025, 1, 2), date(2025, 1, 1)])
    [DateRange(first=datetime.date(2025, 1, 1), last=datetime.date(2025, 1, 2))]
    """
    found: list[DateRange] = []
    for day in sorted(set(days)):
        if found and day - found[-1].last == timedelta(days=1):
            found[-1] = DateRange(found[-1].first, day)
        else:
            found.append(DateRange(day, day))
    return found


def spans_text(days: Iterable[date]) -> str:
    """Dates as ranges, for a message; empty where there are none.

    >>> spans_text([date(2025, 1, 4), date(2025, 1, 1), date(2025, 1, 2)])
    '2025-01-01 to 2025-01-02, 2025-01-04'
    """
    return ", ".join(str(span) for span in spans(days))
