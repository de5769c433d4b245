"""What a single field may hold: the rules for ids, counts and timestamps, shared by both feeds.

A rule returns the value and, where it is broken, the name of the rule. `RULES_VERSION` changes with them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

RULES_VERSION = "2"

MAX_COUNT = 10**9
MAX_ID = 64
MAX_TEXT = 1024

TIMESTAMP = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"(?:[T ](?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:\.(?P<fraction>\d{1,9}))?)?"
    r"(?P<offset>Z|[+-](?:0\d|1[0-4]):[0-5]\d)?)?",
    re.ASCII,
)
NOT_IN_AN_ID = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters, halves of surrogate pairs
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def company_id(text: str) -> tuple[str | None, str | None]:
    """A company id: trimmed of U+0020 only, 1 to 64 code points, no control characters.

    >>> company_id(" c_001 "), company_id("  "), company_id("a" + chr(9))
    (('c_001', None), (None, 'BAD_COMPANY_ID'), (None, 'BAD_COMPANY_ID'))
    """
    trimmed = text.strip(" ")
    if not trimmed or len(trimmed) > MAX_ID or NOT_IN_AN_ID.search(trimmed):
        return None, "BAD_COMPANY_ID"
    return trimmed, None


@lru_cache(maxsize=8192)  # the records of a day share few moments
def timestamp(text: str) -> tuple[int | None, str | None]:
    """Microseconds since 1970 of `YYYY-MM-DD[(T| )HH:MM[:SS[.f{1,9}]][Z|±HH:MM]]`, UTC where no offset stands.

    >>> timestamp("1970-01-01T01:00:00.0000019+01:00"), timestamp("2025-02-30"), timestamp("3000-01-01")
    ((1, None), (None, 'BAD_TIMESTAMP'), (None, 'BAD_TIMESTAMP'))
    """
    found = TIMESTAMP.fullmatch(text)
    if found is None or not "1900" <= found["year"] <= "2999":
        return None, "BAD_TIMESTAMP"
    micros = int((found["fraction"] or "0").ljust(6, "0")[:6])
    clock = (int(found["hour"] or 0), int(found["minute"] or 0), int(found["second"] or 0), micros)
    try:
        local = datetime(
            int(found["year"]), int(found["month"]), int(found["day"]), *clock, tzinfo=_zone(found["offset"])
        )
    except ValueError:
        return None, "BAD_TIMESTAMP"
    return (local - EPOCH) // MICROSECOND, None


def _zone(offset: str | None) -> timezone:
    if offset in (None, "Z"):
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[4:6])
    if minutes > 14 * 60:
        raise ValueError(offset)
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def count(value: object) -> tuple[int | None, str | None]:
    """A count: a JSON number without fraction or exponent, 0 to 10⁹. `bool` is not a number.

    >>> [count(v) for v in (3, True, -1, 10**10)]
    [(3, None), (None, 'WRONG_TYPE'), (None, 'NEGATIVE'), (None, 'OUT_OF_RANGE')]
    """
    if type(value) is not int:
        return None, "WRONG_TYPE"
    if value < 0:
        return None, "NEGATIVE"
    return (None, "OUT_OF_RANGE") if value > MAX_COUNT else (value, None)
