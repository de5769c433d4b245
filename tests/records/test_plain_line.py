"""The pattern against the parser that it stands for: on each line both say the same, or the parser is asked.

Twenty thousand lines; `make reliability` takes a million (FUZZ_LINES), and prints how many of them were plain.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from company_activity.records import plain_line
from company_activity.records.arrow_arrays import Flags, Integers
from company_activity.records.item import Item, canonical
from company_activity.records.landed_line import landed_line, place_of
from company_activity.records.plain_line import member_order, read_plain_lines
from company_activity.records.usage_columns import TYPES, read_lines

from oracle.case_plans import random_plans
from oracle.case_usage import random_items
from support.landing.both_ways import Judged, disagreements, judged, plain_count
from support.landing.malformed import malformed_items
from support.landing.usage_lines import usage_lines

LINES = int(os.environ.get("FUZZ_LINES", "20000"))
LEAST_LINES = 20_000  # of which each weakened pattern must meet one that it reads wrong
DAY = date(2025, 1, 1)


@cache
def fuzzed() -> list[Judged]:
    return [judged(lines) for lines in usage_lines(LEAST_LINES, seed=1)]


def all_fuzzed() -> Iterator[Judged]:
    if LINES == LEAST_LINES:
        yield from fuzzed()
    else:
        for lines in usage_lines(LINES, seed=2):
            yield judged(lines)


@pytest.mark.fault
@pytest.mark.row("B2")
def test_the_pattern_and_the_parser_say_the_same() -> None:
    plain = refused = total = 0
    for batch in all_fuzzed():
        assert disagreements(batch) == []
        total += len(batch.lines)
        plain += plain_count(batch.lines)
        refused += batch.records.count(None)
    print(f"{total:,} lines: {plain:,} plain, {total - plain:,} not, of which {refused:,} the parser refuses; 0 differ")
    assert total == LINES
    assert 0.3 < plain / total < 0.9  # both ways were tried
    assert refused > total / 1000


def loosened(name: str, old: str, new: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Replace a part of a value's pattern."""

    def loosen(patch: pytest.MonkeyPatch) -> None:
        text = plain_line.VALUES[name]
        assert old in text
        patch.setitem(plain_line.VALUES, name, text.replace(old, new))

    return loosen


def replaced(name: str, value: object) -> Callable[[pytest.MonkeyPatch], None]:
    def replace(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(plain_line, name, value)

    return replace


def every_day(texts: plain_line.Texts) -> tuple[Integers, Flags]:
    days, is_day = DAYS(texts)
    return days, np.full(len(is_day), True)


def every_offset(texts: plain_line.Texts) -> tuple[Integers, Flags]:
    offsets, is_offset = OFFSETS(texts)
    return offsets, np.full(len(is_offset), True)


def no_offset(texts: plain_line.Texts) -> tuple[Integers, Flags]:
    offsets, is_offset = OFFSETS(texts)
    return np.zeros_like(offsets), is_offset


def every_id(company_id: pa.Array) -> Flags:
    return np.full(len(company_id), True)


DAYS = plain_line._days
OFFSETS = plain_line._offsets
WEAKENED = {
    "a count of any digits": loosened("events", plain_line.COUNT, "[0-9]{1,12}"),
    "a count up to ten digits": loosened("events", plain_line.COUNT, "0|[1-9][0-9]{0,9}"),
    "a negative count": loosened("active_users", plain_line.COUNT, f"-?(?:{plain_line.COUNT})"),
    "any character but a quote in an id": loosened("company_id", plain_line._none_of(plain_line.NOT_IN_AN_ID), '[^"]'),
    "a backslash in an id": loosened("company_id", r'[^"\\', r'[^"'),
    "a format character in an id": loosened("company_id", r"\x{200b}-\x{200f}", ""),
    "a no-break space in an id": loosened("company_id", r"\x{a0}-\x{a0}", ""),
    "a control character in an id": loosened("company_id", r"\x{7f}-\x{9f}", ""),
    "an id of any length": replaced("_is_id", every_id),
    "a day that the calendar lacks": replaced("_days", every_day),
    "an offset beyond 14:00": replaced("_offsets", every_offset),
    "an offset that does not count": replaced("_offsets", no_offset),
    "ten digits of a second": loosened("ts", r"\d{1,9}", r"\d{1,10}"),
    "two blanks before the offset": loosened("ts", "(?: ?(?:", "(?: *(?:"),
    "other blanks between tokens": replaced("BLANKS", r"[ \t\x{b}\x{c}\x{a0}]*"),
    "a place of any form": replaced("PLACE", plain_line.PLACE.replace(r'"_date":', r'"_date":[ \t]*')),
    "something behind the end": replaced("PLACE", plain_line.PLACE + ".*"),
}


@pytest.mark.parametrize("weaken", WEAKENED.values(), ids=WEAKENED)
def test_a_weakened_pattern_is_caught(weaken: Callable[[pytest.MonkeyPatch], None]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        weaken(patch)
        plain_line.pattern.cache_clear()
        found = any(disagreements(batch) for batch in fuzzed())
    plain_line.pattern.cache_clear()
    assert found


def test_the_oracles_items_are_read_alike() -> None:
    rng = Random(5)
    lines = [
        landed_line(Item(text, canonical(text)), place_of(DAY, 1), number)
        for _ in range(100)
        for number, text in enumerate(random_items(rng, random_plans(rng, "c-", DAY, DAY), DAY), start=1)
    ]
    assert len(lines) > 300
    by_order: dict[plain_line.Order, list[str]] = {}
    for line in lines:
        by_order.setdefault(member_order([line]), []).append(line)
    for alike in by_order.values():
        assert disagreements(judged(alike)) == []
    assert sum(plain_count(alike) for alike in by_order.values()) > len(lines) / 4


def test_no_malformed_item_is_plain() -> None:
    lines = [landed_line(Item(text, canonical(text)), place_of(DAY, 1), 1) for text in malformed_items(4000, seed=3)]
    batch = judged(lines)
    assert disagreements(batch) == []
    assert plain_count(lines) == 0


def test_a_line_in_another_order_than_the_first_is_left_to_the_parser() -> None:
    members = ['"company_id":"a"', '"active_users":1', '"events":2', '"ts":"2025-01-01"']
    place = ',"_date":"2025-01-01","_page":1,"_item":1}'
    one, other = f"{{{','.join(members)}{place}", f"{{{','.join(reversed(members))}{place}"
    assert list(read_plain_lines(pa.array([one, other])).is_plain) == [True, False]
    assert list(read_plain_lines(pa.array(["{}", other, one])).is_plain) == [False, True, False]


def test_a_batch_without_a_line_is_none() -> None:
    found = read_lines(pa.array([], pa.string()), every_raw=True)
    assert {name: column.type for name, column in found.items()} == TYPES
    assert {len(column) for column in found.values()} == {0}
    assert member_order([]) == plain_line.USUAL_ORDER


def test_large_strings_are_read_as_strings_are() -> None:
    """Spark hands them over where `spark.sql.execution.arrow.useLargeVarTypes` is on."""
    plain = '{"company_id":"a","active_users":3,"events":9,"ts":"2025-01-01","_date":"2025-01-01","_page":1,"_item":2}'
    for lines in ([plain], [plain, plain.replace("9", "-9")]):
        found = read_lines(pa.array(lines, pa.large_string()), every_raw=False)
        assert {name: column.type for name, column in found.items()} == TYPES
        assert found == read_lines(pa.array(lines), every_raw=False)
