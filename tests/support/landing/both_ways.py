"""Landed lines read by the pattern and by the parser."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from company_activity.errors import LandingCorrupt
from company_activity.records.plain_line import read_plain_lines
from company_activity.records.usage import UsageRecord, parse_line
from company_activity.records.usage_columns import TYPES, columns_of, read_lines


class Judged(NamedTuple):
    """Lines, and what the parser says of each: None where it refuses the line."""

    lines: list[str]
    records: list[UsageRecord | None]


def judged(lines: list[str]) -> Judged:
    return Judged(lines, [record_of(line) for line in lines])


def record_of(line: str) -> UsageRecord | None:
    try:
        return parse_line(line)
    except LandingCorrupt:
        return None


def disagreements(batch: Judged) -> list[str]:
    """The lines of a batch that are read otherwise than the parser reads them."""
    is_plain = read_plain_lines(pa.array(batch.lines)).is_plain
    pairs = list(zip(batch.lines, batch.records, strict=True))
    wrong = [line for (line, record), plain in zip(pairs, is_plain, strict=True) if plain and record is None]
    readable = [(line, record) for line, record in pairs if record is not None]
    for every_raw in (False, True):
        found = read_lines(pa.array([line for line, _ in readable]), every_raw=every_raw)
        expected = columns_of([record for _, record in readable], every_raw=every_raw)
        if list(found.items()) != list(expected.items()):
            rows = zip(*(found[name].to_pylist() for name in TYPES), strict=True)
            due = zip(*(expected[name].to_pylist() for name in TYPES), strict=True)
            wrong += [line for (line, _), row, one in zip(readable, rows, due, strict=True) if row != one]
    return wrong


def plain_count(lines: Iterable[str]) -> int:
    return int(np.count_nonzero(read_plain_lines(pa.array(list(lines))).is_plain))
