"""Names of commit points: what is committed, without what differs from run to run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Side = Literal["before", "after"]
SIDES: tuple[Side, ...] = ("before", "after")

CHANGING = (
    (re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6,8}"), "<run>"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "<date>"),
    (re.compile(r"\d{8}T\d{6,}Z?"), "<time>"),
    (re.compile(r"(?:[0-9a-f]{8}-){1}(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"), "<id>"),
    (re.compile(r"[0-9a-f]{8,}"), "<hash>"),
    (re.compile(r"\d{4,}"), "<n>"),
)
VERB = re.compile(
    r"(?P<verb>INSERT INTO|DELETE FROM|UPDATE|MERGE INTO|(?:CREATE|ALTER|DROP) [A-Z ]*?(?:TABLE|SCHEMA|INDEX|VIEW)|TRUNCATE TABLE)"
    r"(?: IF (?:NOT )?EXISTS)? (?P<object>[\w.`:/<>\-]+)",
    re.IGNORECASE,
)


def name_of(text: str) -> str:
    """A text without dates, ids of runs, hashes and numbers.

    >>> name_of("landing: create date=2025-11-20/gen=000001/usage_2025-11-20_part-00000-20251121T030000Z-0a1b2c3d.ndjson")
    'landing: create date=<date>/gen=<n>/usage_<date>_part-<n>-<run>.ndjson'
    """
    for pattern, stands_for in CHANGING:
        text = pattern.sub(stands_for, text)
    return text


def name_of_sql(text: str) -> str:
    """A statement by its verb and its object.

    >>> name_of_sql("INSERT INTO etl.publish_ledger (seq) SELECT 1")
    'INSERT INTO etl.publish_ledger'
    >>> name_of_sql("  SHUTDOWN COMPACT ")
    'SHUTDOWN COMPACT'
    """
    flat = " ".join(text.split())
    found = VERB.match(flat)
    return name_of(f"{found['verb'].upper()} {found['object']}" if found else flat[:40].strip())


@dataclass(frozen=True)
class Point:
    """The n-th time that something of this name is committed in a run."""

    name: str
    nth: int

    def __str__(self) -> str:
        return f"{self.name} #{self.nth}"


def firsts_and_lasts(names: Iterable[str]) -> list[Point]:
    """The first and the last time of each name, in the order of the first: what comes between is the same again.

    >>> [str(point) for point in firsts_and_lasts(["a", "b", "a", "a"])]
    ['a #1', 'a #3', 'b #1']
    """
    times = Counter(names)
    return [Point(name, nth) for name, count in times.items() for nth in sorted({1, count})]


def listed(names: Iterable[str]) -> str:
    """A recording as it is kept: each name with how often it came, in the order of the first.

    >>> listed(["a", "b", "a"])
    '2 a\\n1 b\\n'
    """
    return "".join(f"{count} {name}\n" for name, count in Counter(names).items())


def points_in(text: str) -> list[Point]:
    """The points of a recording that was kept.

    >>> [str(point) for point in points_in("3 a\\n1 b\\n")]
    ['a #1', 'a #3', 'b #1']
    """
    found = []
    for line in text.splitlines():
        count, _, name = line.partition(" ")
        found += [Point(name, nth) for nth in sorted({1, int(count)})]
    return found
