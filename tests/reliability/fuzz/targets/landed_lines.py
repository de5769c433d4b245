"""Landed usage lines: the fast path says what the parser says, or leaves the line to it."""

from __future__ import annotations

from collections.abc import Iterator

from company_activity.errors import LandingCorrupt
from company_activity.records.usage import parse_line

from reliability.fuzz.told import check_told
from support.landing.both_ways import disagreements, judged
from support.landing.usage_lines import NAMES, usage_lines

WORDS = (
    *(f'"{name}":'.encode() for name in (*NAMES, "_date", "_page", "_item", "_raw")),
    *(b'"2025-01-01"', b'"2024-02-29T23:59:59Z"', b"T24:00", b"+14:00", b"-00:01", b".999999999", b"1000000000"),
    *(b"NaN", b"null", b"true", b"-0", b"1e5", b"\\u0041", b"\\ud800", b"\xe2\x80\x8b", b"\xc2\xa0", b"9" * 19),
    *(
        b'{"company_id":"a","active_users":3,"events":1,"ts":"2025-01-01"',
        b',"_date":"2025-01-01","_page":1,"_item":2}',
    ),
)


# What was found once: a date that is none, and numbers that no column holds.
FOUND = tuple(
    b'{"company_id":"a","active_users":3,"events":1,"ts":"2025-01-01","_date":"%s","_page":%s,"_item":2}' % place
    for place in ((b"2025-02-30", b"1"), (b"20250101", b"1"), (b"2025-01-01", b"9" * 19), (b"2025-01-01", b"9" * 5000))
)


def check(data: bytes) -> None:
    """Only what is no landed line is refused; all other lines are read alike on both ways."""
    lines = data.decode("utf-8", "replace").split("\n")
    for line in lines:
        try:
            parse_line(line)
        except LandingCorrupt as refused:
            check_told(refused)
    assert disagreements(judged(lines)) == []


def seeds() -> Iterator[bytes]:
    """Batches of lines, plain and spoiled."""
    for lines in usage_lines(2_000, seed=24):
        for at in range(0, 120, 4):
            yield lines[at].encode("utf-8", "replace")
            yield "\n".join(lines[at + 1 : at + 4]).encode("utf-8", "replace")
    yield b"\n".join(FOUND)
