"""What a single field may hold: the rules for ids, counts and timestamps, shared by both feeds.

A rule returns the value and, where it is broken, the name of the rule. `RULES_VERSION` changes with them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from company_activity.dates import micros_of

RULES_VERSION = "2"  # of usage; a rule that both feeds share raises both
CRM_RULES_VERSION = "3"

MAX_COUNT = 10**9
MAX_ID = 64
MAX_TEXT = 1024
FIRST_YEAR = 1900
LAST_YEAR = 2999
WIDEST_OFFSET_MINUTES = 14 * 60

TIMESTAMP = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"(?:[Tt ](?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?: ?(?:[Zz]|(?P<sign>[+-])(?P<hours>0\d|1[0-4])(?::?(?P<minutes>[0-5]\d))?))?)?",
    re.ASCII,
)

# Unicode's categories, first and last of each range, as of Unicode 15: a company must not be another one on a
# Python with other tables
CONTROLS = ((0x00, 0x1F), (0x7F, 0x9F))  # Cc
SPACES = ((0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x202F, 0x202F), (0x205F, 0x205F),
          (0x3000, 0x3000))  # Zs  # fmt: skip
FORMATS = ((0xAD, 0xAD), (0x600, 0x605), (0x61C, 0x61C), (0x6DD, 0x6DD), (0x70F, 0x70F), (0x890, 0x891),
           (0x8E2, 0x8E2), (0x180E, 0x180E), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2064), (0x2066, 0x206F),
           (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x1343F),
           (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0001, 0xE0001), (0xE0020, 0xE007F))  # Cf  # fmt: skip
LINES = ((0x2028, 0x2029),)  # Zl, Zp
SURROGATES = ((0xD800, 0xDFFF),)  # Cs

INVISIBLE = "".join(
    chr(code) for first, last in (*SPACES, *FORMATS) for code in range(first, last + 1)
)


def _any_of(*ranges: tuple[int, int]) -> re.Pattern[str]:
    return re.compile(f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in ranges)}]")


NOT_IN_AN_ID = _any_of(*CONTROLS, *SPACES[1:], *FORMATS, *LINES, *SURROGATES)


def company_id(text: str) -> tuple[str | None, str | None]:
    r"""A company id: the text after the trim, 1 to 64 code points, nothing invisible in it but U+0020.

    >>> company_id(" c_001\u200b"), company_id("\u00a0 "), company_id("a\tb")
    (('c_001', None), (None, 'BAD_COMPANY_ID'), (None, 'BAD_COMPANY_ID'))
    """
    trimmed = text.strip(" ")
    if trimmed.isascii() and trimmed.isprintable() and 0 < len(trimmed) <= MAX_ID:
        return (
            trimmed,
            None,
        )  # what most ids are: there is nothing else to trim, nothing to look for
    has_invisible = NOT_IN_AN_ID.search(trimmed)
    if has_invisible:
        trimmed = trim(text)
        has_invisible = NOT_IN_AN_ID.search(trimmed)
    if not trimmed or len(trimmed) > MAX_ID or has_invisible:
        return None, "BAD_COMPANY_ID"
    return trimmed, None


def trim(text: str) -> str:
    r"""The text without invisible characters (Zs and Cf, so no tab) at its ends.

    >>> trim("\ufeff\u00a0a b \u200b")
    'a b'
    """
    return text.strip(INVISIBLE)


@lru_cache(maxsize=8192)  # the records of a day share few moments
def timestamp(text: str) -> tuple[int | None, str | None]:
    """Microseconds since 1970, UTC where no offset stands, of a date and what may follow it.

    `YYYY-MM-DD[(T|t| )HH:MM[:SS[(.|,)f{1,9}]][[ ](Z|z|±HH|±HHMM|±HH:MM)]]`, years 1900–2999.

    >>> timestamp("1970-01-01T01:00:00.0000019+01:00"), timestamp("2025-02-30"), timestamp("3000-01-01")
    ((1, None), (None, 'BAD_TIMESTAMP'), (None, 'BAD_TIMESTAMP'))
    """
    found = TIMESTAMP.fullmatch(text)
    if found is None or not FIRST_YEAR <= int(found["year"]) <= LAST_YEAR:
        return None, "BAD_TIMESTAMP"
    micros = int((found["fraction"] or "0").ljust(6, "0")[:6])
    clock = (int(found["hour"] or 0), int(found["minute"] or 0), int(found["second"] or 0), micros)
    try:
        zone = _zone(found["sign"], found["hours"], found["minutes"])
        local = datetime(
            int(found["year"]), int(found["month"]), int(found["day"]), *clock, tzinfo=zone
        )
    except ValueError:
        return None, "BAD_TIMESTAMP"
    return micros_of(local), None


def _zone(sign: str | None, hours: str, minutes: str | None) -> timezone:
    """Raises ValueError for an offset beyond 14:00."""
    if sign is None:
        return UTC
    offset = int(hours) * 60 + int(minutes or 0)
    if offset > WIDEST_OFFSET_MINUTES:
        raise ValueError(offset)
    return timezone(timedelta(minutes=-offset if sign == "-" else offset))


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
