"""Landed usage lines → columns: the plain lines by a pattern, every other line by `parse_line`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from company_activity.records.arrow_arrays import (
    Flags,
    empty_lists,
    flag_array,
    integer_array,
    optional_integers,
    optional_texts,
    word_lists,
)
from company_activity.records.landed_line import split_line
from company_activity.records.plain_line import PlainLines, read_plain_lines
from company_activity.records.usage import UsageRecord, parse_line

Columns = dict[str, pa.Array]

WORDS = pa.list_(pa.string())
TYPES = {
    "page": pa.int64(),
    "item": pa.int64(),
    "raw": pa.string(),
    "company_id": pa.string(),
    "active_users": pa.int64(),
    "events": pa.int64(),
    "ts": pa.int64(),
    "extras": WORDS,
    "reasons": WORDS,
}
ARRAY_OF: dict[pa.DataType, Callable[[list[Any]], pa.Array]] = {
    pa.int64(): optional_integers,
    pa.string(): optional_texts,
    WORDS: word_lists,
}


def read_lines(lines: pa.Array, *, every_raw: bool) -> Columns:
    """The fields of `UsageRecord`, a row a line, in the order of the lines.

    `raw` stands where somebody will ask for it: where a rule is broken, and where there are members
    beyond the contract. With `every_raw` it stands everywhere.

    >>> place = '"_date":"2025-01-01","_page":1,"_item":2}'
    >>> plain = '{"company_id":"a","active_users":3,"events":9,"ts":"2025-01-01",' + place
    >>> found = read_lines(pa.array([plain.replace("9", "null"), plain]), every_raw=False)
    >>> found["events"].to_pylist(), found["reasons"].to_pylist(), found["raw"].is_null().to_pylist()
    ([None, 9], [['MISSING_FIELD'], []], [False, True])

    Raises:
        LandingCorrupt: if a line has no place at its end.
    """
    lines = lines.cast(pa.string())  # a pool may hand over large strings: `useLargeVarTypes`
    plain = read_plain_lines(lines)
    plain_lines = lines.filter(flag_array(plain.is_plain))
    other_lines = lines.filter(flag_array(~plain.is_plain))
    of_plain = _plain_columns(plain, plain_lines, every_raw=every_raw)
    if not len(other_lines):
        return of_plain
    records = [parse_line(line) for line in other_lines.to_pylist()]
    of_others = columns_of(records, every_raw=every_raw)
    places = _places(plain.is_plain)
    return {
        name: pa.concat_arrays([of_plain[name], of_others[name]]).take(places) for name in TYPES
    }


def columns_of(records: Iterable[UsageRecord], *, every_raw: bool) -> Columns:
    """Parsed records as columns."""
    rows = list(records)
    columns = {name: [getattr(row, name) for row in rows] for name in TYPES}
    if not every_raw:
        columns["raw"] = [row.raw if row.reasons or row.extras else None for row in rows]
    return {name: ARRAY_OF[TYPES[name]](values) for name, values in columns.items()}


def _plain_columns(plain: PlainLines, lines: pa.Array, *, every_raw: bool) -> Columns:
    count = len(lines)
    raw = pa.nulls(count, pa.string())
    if every_raw:
        raw = optional_texts([split_line(line).text for line in lines.to_pylist()])
    none = empty_lists(count)
    return {
        "page": plain.page,
        "item": plain.item,
        "raw": raw,
        "company_id": plain.company_id,
        "active_users": plain.active_users,
        "events": plain.events,
        "ts": plain.ts,
        "extras": none,
        "reasons": none,
    }


def _places(is_plain: Flags) -> pa.Array:
    """Where each line's row stands when the plain rows come first and the others behind them.

    >>> _places(np.array([True, False, True])).to_pylist()
    [0, 2, 1]
    """
    places = np.empty(len(is_plain), np.int64)
    plain_count = np.count_nonzero(is_plain)
    places[is_plain] = np.arange(plain_count)
    places[~is_plain] = np.arange(plain_count, len(is_plain))
    return integer_array(places)
