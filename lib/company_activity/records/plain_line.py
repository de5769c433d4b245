r"""Landed lines of the plain form, a batch at a time: a pattern proves them, Arrow makes their columns.

Nearly every line of a feed looks like its neighbours: the four members of the contract, each once, in one order,
and nothing odd in them. For such a line the pattern holds from its start to its end, and what it captures needs no
JSON parser. A line that is not proved plain may still be a good record: `parse_line` reads it. So the pattern is
narrow wherever it would be hard to be right:

- between the tokens stand only blanks and tabs;
- a company id holds no `"`, no `\`, no control and no invisible character; only blanks are trimmed;
- a count is written in the digits of 0 to 10⁹, without sign, fraction or exponent;
- the time is in the grammar of `fields.TIMESTAMP`, on a real day, and inside the line's date;
- our own place at the end is as `landed_line` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from company_activity.dates import MICROS_PER_DAY, day_number
from company_activity.records import fields
from company_activity.records.arrow_arrays import (
    Flags,
    Integers,
    flag_array,
    flags_of,
    integer_array,
    integers_of,
)

Order = tuple[str, ...]
Texts = dict[str, pa.Array]

USUAL_ORDER: Order = ("company_id", "active_users", "events", "ts")
FIRST_LINES = 20  # of a batch, in which the order of the members is looked for
NO_DAY = np.iinfo(np.int64).min  # no instant is in it

BLANKS = r"[ \t]*"
COUNT = "0|[1-9][0-9]{0,8}|1000000000"
PLACE_NUMBER = "0|[1-9][0-9]{0,17}"  # it fits 64 bits
PLACE = (
    r',"_date":"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"'
    rf',"_page":(?P<page>{PLACE_NUMBER}),"_item":(?P<item>{PLACE_NUMBER})\}}'
)
NOT_IN_AN_ID = (
    *fields.CONTROLS,
    *fields.SPACES[1:],
    *fields.FORMATS,
    *fields.LINES,
    *fields.SURROGATES,
)


class PlainLines(NamedTuple):
    """Which lines of a batch are plain, and the fields of those alone."""

    is_plain: Flags
    page: pa.Array
    item: pa.Array
    company_id: pa.Array
    active_users: pa.Array
    events: pa.Array
    ts: pa.Array


def read_plain_lines(lines: pa.Array) -> PlainLines:
    """Find the plain lines and read them: good records, all of them, with no member beyond the contract.

    >>> place = ',"_date":"2025-01-01","_page":1,"_item":2}'
    >>> plain = '{"ts":"2025-01-01","company_id":" a ","active_users":3,"events":1' + place
    >>> found = read_plain_lines(pa.array([plain, plain.replace("3", "-0"), plain + " "]))
    >>> found.is_plain.tolist(), found.company_id.to_pylist(), found.active_users.to_pylist()
    ([True, False, False], ['a'], [3])
    """
    order = member_order(lines[:FIRST_LINES].to_pylist())
    found = pc.extract_regex(lines, pattern(order))
    is_match = found.is_valid()
    texts = _captured(found.filter(is_match))

    company_id = pc.utf8_trim(texts["company_id"], characters=" ")
    ts, is_time = _instants(texts)
    is_in_date = ts // MICROS_PER_DAY == _dates(texts["date"])
    fits = _is_id(company_id) & is_time & is_in_date

    is_plain = flags_of(is_match)
    is_plain[is_plain] = fits
    columns = (
        texts["page"].cast(pa.int64()),
        texts["item"].cast(pa.int64()),
        company_id,
        texts["active_users"].cast(pa.int64()),
        texts["events"].cast(pa.int64()),
        integer_array(ts),
    )
    kept = flag_array(fits)
    return PlainLines(is_plain, *(column.filter(kept) for column in columns))


def member_order(lines: Iterable[str]) -> Order:
    """The order of the members in the first line that has the four of the contract and no other.

    >>> member_order(["[1]", '{"ts":1,"events":2,"active_users":3,"company_id":4,"_page":5}'])
    ('ts', 'events', 'active_users', 'company_id')
    """
    for line in lines:
        order = tuple(name for name in _members(line) if name not in ("_date", "_page", "_item"))
        if sorted(order) == sorted(USUAL_ORDER):
            return order
    return USUAL_ORDER


def _members(line: str) -> Iterator[str]:
    try:
        content = json.loads(line, parse_int=str)
    except (ValueError, RecursionError):
        return
    if isinstance(content, dict):
        yield from content


@lru_cache
def pattern(order: Order) -> str:
    """What a plain line with its members in this order matches, in the syntax of RE2."""
    members = [f'"{name}"{BLANKS}:{BLANKS}{VALUES[name]}{BLANKS}' for name in order]
    listed = f",{BLANKS}".join(members)
    return rf"\A\{{{BLANKS}{listed}{PLACE}\z"


def _none_of(ranges: Iterable[tuple[int, int]]) -> str:
    """What a JSON string holds as it is, without the characters of these ranges."""
    excluded = "".join(rf"\x{{{first:x}}}-\x{{{last:x}}}" for first, last in ranges)
    return rf'[^"\\{excluded}]'


VALUES = {
    "company_id": f'"(?P<company_id>{_none_of(NOT_IN_AN_ID)}+)"',
    "active_users": f"(?P<active_users>{COUNT})",
    "events": f"(?P<events>{COUNT})",
    "ts": f'"{fields.TIMESTAMP.pattern}"',
}


def _captured(found: pa.StructArray) -> Texts:
    """What each group of the pattern captured; empty where the group took no part."""
    names = [field.name for field in found.type]
    return dict(zip(names, found.flatten(), strict=True))


def _is_id(company_id: pa.Array) -> Flags:
    length = integers_of(pc.utf8_length(company_id))
    return (length >= 1) & (length <= fields.MAX_ID)


def _instants(texts: Texts) -> tuple[Integers, Flags]:
    """Microseconds since 1970 of the captured times, and whether there is such a time."""
    days, is_day = _days(texts)
    offsets, is_offset = _offsets(texts)
    minutes = days * 24 * 60 + _number(texts["hour"]) * 60 + _number(texts["minute"]) - offsets
    seconds = minutes * 60 + _number(texts["second"])
    fraction = pc.utf8_rpad(texts["fraction"], width=6, padding="0")
    micros = _number(pc.utf8_slice_codeunits(fraction, start=0, stop=6))
    return seconds * 1_000_000 + micros, is_day & is_offset


def _days(texts: Texts) -> tuple[Integers, Flags]:
    """Days since 1970-01-01, and whether the calendar has such a day, in a year from 1900 to 2999."""
    year = _number(texts["year"])
    month = _number(texts["month"])
    day = _number(texts["day"])
    months = (year - 1970) * 12 + month - 1
    first = _first_days(months)
    length = _first_days(months + 1) - first
    is_day = (
        (year >= fields.FIRST_YEAR)
        & (year <= fields.LAST_YEAR)
        & (month >= 1)
        & (month <= 12)
        & (day >= 1)
        & (day <= length)
    )
    return first + day - 1, is_day


def _first_days(months: Integers) -> Integers:
    """The day number of the first day of months that are counted from January 1970.

    >>> _first_days(np.array([0, 1, -1])).tolist()
    [0, 31, -31]
    """
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _offsets(texts: Texts) -> tuple[Integers, Flags]:
    """Minutes by which the captured clock is ahead of UTC, and whether a clock may be that far off."""
    size = _number(texts["hours"]) * 60 + _number(texts["minutes"])
    is_behind = flags_of(pc.match_substring(texts["sign"], "-"))
    return np.where(is_behind, -size, size), size <= fields.WIDEST_OFFSET_MINUTES


def _dates(texts: pa.Array) -> Integers:
    """The day number of each date; batches hold few different ones."""
    encoded = texts.dictionary_encode()
    numbers = [_date(text) for text in encoded.dictionary.to_pylist()]
    return np.array(numbers, np.int64)[integers_of(encoded.indices)]


def _date(text: str) -> int:
    try:
        return day_number(date.fromisoformat(text))
    except ValueError:
        return int(NO_DAY)


def _number(texts: pa.Array) -> Integers:
    """The numbers that these digits write; no digits are 0."""
    return integers_of(pc.utf8_lpad(texts, width=1, padding="0").cast(pa.int64()))
