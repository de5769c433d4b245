"""PostgreSQL's binary rows, value by value, against `struct` of the standard library."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company_activity.io.warehouse.pg_binary import as_binary_rows


def numeric(value: Decimal, whole: int, fraction: int, scale: int) -> bytes:
    """NUMERIC: number of groups, weight of the first, sign, digits shown behind the point, and the groups of four."""
    digits = f"{value:f}".removeprefix("-").partition(".")
    text = digits[0].rjust(4 * whole, "0") + digits[2].ljust(4 * fraction, "0")
    groups = [int(text[at : at + 4]) for at in range(0, len(text), 4)]
    return struct.pack(f">hhHh{len(groups)}h", len(groups), whole - 1, 0x4000 if value < 0 else 0, scale, *groups)


KINDS: dict[pa.DataType, tuple[st.SearchStrategy[Any], Callable[[Any], bytes]]] = {
    pa.string(): (st.text(max_size=5), lambda v: v.encode()),
    pa.int64(): (st.integers(-(2**63), 2**63 - 1), lambda v: struct.pack(">q", v)),
    pa.float64(): (st.floats(), lambda v: struct.pack(">d", v)),
    pa.decimal128(18, 2): (
        st.decimals(-(10**16) + 1, 10**16 - 1, places=2),
        lambda v: numeric(v, 4, 1, 2),
    ),
    pa.decimal128(38, 0): (st.integers(-(10**38) + 1, 10**38 - 1).map(Decimal), lambda v: numeric(v, 10, 0, 0)),
    pa.bool_(): (st.booleans(), lambda v: struct.pack("?", v)),
    pa.date32(): (st.dates(), lambda v: struct.pack(">i", (v - date(2000, 1, 1)).days)),
    pa.timestamp("us", "UTC"): (
        st.datetimes().map(lambda v: v.replace(tzinfo=UTC)),
        lambda v: struct.pack(">q", (v - datetime(2000, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)),
    ),
}


def row_of(values: Sequence[Any], kinds: Sequence[pa.DataType]) -> bytes:
    """A row as the format's description has it."""
    fields = [b"" if v is None else KINDS[k][1](v) for v, k in zip(values, kinds, strict=True)]
    lengths = [-1 if v is None else len(f) for v, f in zip(values, fields, strict=True)]
    body = b"".join(struct.pack(">i", n) + f for n, f in zip(lengths, fields, strict=True))
    return struct.pack(">h", len(values)) + body


@settings(deadline=None)  # its first case loads pandas
@given(st.data())
def test_any_rows_are_as_the_format_has_them(data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=7))
    values = [st.none() | KINDS[kind][0] for kind in kinds]
    rows = data.draw(st.lists(st.tuples(*values), min_size=1, max_size=6))
    columns = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)]
    batch = pa.RecordBatch.from_arrays(columns, names=[str(n) for n in range(len(kinds))])
    assert as_binary_rows(batch) == b"".join(row_of(row, kinds) for row in rows)


def test_a_part_of_a_batch_is_only_that_part() -> None:
    batch = pa.RecordBatch.from_pydict({"text": ["a", "bb", None, "d"], "number": [1, None, 3, 4]})
    whole = pa.RecordBatch.from_pydict({"text": ["bb", None], "number": [None, 3]})
    assert as_binary_rows(batch.slice(1, 2)) == as_binary_rows(whole)


def test_a_type_without_a_binary_form_is_refused() -> None:
    with pytest.raises(TypeError, match="int8"):
        as_binary_rows(pa.RecordBatch.from_arrays([pa.array([1], pa.int8())], names=["n"]))
