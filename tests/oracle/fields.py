"""Rules that usage records and CRM rows share: company ids and timestamps (design §6, "Records")."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

MAX_COMPANY_ID = 64
FIRST_YEAR, LAST_YEAR = 1900, 2999
WIDEST_OFFSET = timedelta(hours=14)

TIMESTAMP = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?)?"
    r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?)?"
)


def trim(text: str) -> str:
    """Design: "company_id is trimmed of blanks (U+0020) only"."""
    return text.strip(" ")


def is_bad_company_id(trimmed: str) -> bool:
    r"""Design: "`BAD_COMPANY_ID` (blank, > 64 code points, control characters)"; a lone surrogate is no text.

    >>> [is_bad_company_id(text) for text in ("", "a" * 65, "a\tb", "\ud800", "a b", "a" * 64)]
    [True, True, True, True, False, False]
    """
    return (
        trimmed == ""
        or len(trimmed) > MAX_COMPANY_ID
        or any(unicodedata.category(character) in ("Cc", "Cs") for character in trimmed)
    )


def parse_timestamp(text: str) -> datetime | None:
    """The instant in UTC, None when `text` is no timestamp.

    "`ts`: `YYYY-MM-DD[(T| )HH:MM[:SS[.f{1,9}]][Z|±HH:MM]]`, years 1900–2999, without an offset UTC,
    cut to microseconds, compared as instants."

    >>> str(parse_timestamp("2024-02-29 23:30:00.1234567-01:00"))
    '2024-03-01 00:30:00.123456+00:00'
    >>> parse_timestamp("2023-02-29") is parse_timestamp("2024-01-01T24:00") is None
    True
    """
    match = TIMESTAMP.fullmatch(text)
    if match is None or not FIRST_YEAR <= int(match["year"]) <= LAST_YEAR:
        return None
    zone = parse_offset(match["offset"])
    return None if zone is None else instant(match, zone)


def instant(match: re.Match[str], zone: timezone) -> datetime | None:
    """The matched parts as an instant, None when no calendar or clock shows them."""
    clock = [int(match[part] or 0) for part in ("year", "month", "day", "hour", "minute", "second")]
    microsecond = int((match["fraction"] or "").ljust(9, "0")[:6])
    try:
        local = datetime(*clock, microsecond, tzinfo=zone)  # type: ignore[arg-type, misc]
    except ValueError:
        return None
    return local.astimezone(UTC)


def parse_offset(text: str | None) -> timezone | None:
    """`Z`, `±HH:MM` up to 14 hours, or nothing, which is UTC; None when out of range.

    >>> parse_offset("+14:00") is not None, parse_offset("-14:01"), parse_offset("+05:60")
    (True, None, None)
    """
    if text is None or text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    size = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or size > WIDEST_OFFSET:
        return None
    return timezone(-size if text[0] == "-" else size)
