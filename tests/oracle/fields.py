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
    r"(?:[Tt ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"(?:[ ]?(?P<offset>[Zz]|[+-][0-9]{2}|[+-][0-9]{4}|[+-][0-9]{2}:[0-9]{2}))?)?"
)
SINCE_UNICODE_15 = {chr(code): "Cf" for code in range(0x13439, 0x13440)}  # what Python 3.11 has not heard of


def category(character: str) -> str:
    """The general category of Unicode 15."""
    return SINCE_UNICODE_15.get(character) or unicodedata.category(character)


def trim(text: str) -> str:
    r"""Design: "company_id is trimmed at both ends of Unicode Zs and Cf".

    >>> trim("\u200b a\u00a0b\ufeff ")
    'a\xa0b'
    """
    while text and category(text[0]) in ("Zs", "Cf"):
        text = text[1:]
    while text and category(text[-1]) in ("Zs", "Cf"):
        text = text[:-1]
    return text


def is_bad_company_id(trimmed: str) -> bool:
    r"""Design: "after the trim empty, > 64 code points, or holding Cc, Cf, Cs, Zl, Zp, or Zs other than U+0020".

    >>> [is_bad_company_id(text) for text in ("", "a" * 65, "a\tb", "\ud800", "a\u00a0b", "a b", "a" * 64)]
    [True, True, True, True, True, False, False]
    """
    return (
        trimmed == ""
        or len(trimmed) > MAX_COMPANY_ID
        or any(
            category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs") and character != " " for character in trimmed
        )
    )


def parse_timestamp(text: str) -> datetime | None:
    """The instant in UTC, None when `text` is no timestamp.

    "`ts`: `YYYY-MM-DD[(T|t| )HH:MM[:SS[(.|,)f{1,9}]][[ ](Z|z|±HH|±HHMM|±HH:MM)]]`, an offset 00:00 … 14:00,
    years 1900–2999, without an offset UTC, cut to microseconds, compared as instants."

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
    """`Z`, `±HH`, `±HHMM`, `±HH:MM` up to 14 hours, or nothing, which is UTC; None when out of range.

    >>> parse_offset("+14:00") is not None, parse_offset("-1401"), parse_offset("+05:60"), parse_offset("-15")
    (True, None, None, None)
    """
    if text is None or text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    size = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or size > WIDEST_OFFSET:
        return None
    return timezone(-size if text[0] == "-" else size)
