"""Rows in the binary format of PostgreSQL's COPY: whole columns at a time, no Python per row.

A stream is `SIGNATURE`, the rows, `TRAILER`. A row is its number of fields, and per field its length in bytes
(`NULL_LENGTH`: it is NULL) and its value, big-endian: https://www.postgresql.org/docs/current/sql-copy.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # no flags, no header extension
TRAILER = b"\xff\xff"
NULL_LENGTH = -1
CHUNKS = "chunk binary, start int, length int"
GROUP_DIGITS, GROUP = 4, 10_000  # of a NUMERIC
NEGATIVE = 0x4000
EPOCH_DAY = 10_957  # 2000-01-01, from which PostgreSQL counts days
EPOCH_MICROS = EPOCH_DAY * 86_400_000_000


def as_chunks(rows: DataFrame) -> DataFrame:
    """The rows as pieces of a stream, one per Arrow batch.

    Shape: columns of text, BIGINT, DOUBLE, DECIMAL, BOOLEAN, DATE and TIMESTAMP in; `chunk`, `start` (0) and `length`
    (of the chunk, in bytes) out.
    """
    return rows.mapInArrow(_as_chunks, CHUNKS)


def _as_chunks(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for batch in batches:
        if batch.num_rows:
            chunk = as_binary_rows(batch)
            columns = [
                pa.array([chunk], pa.binary()),
                pa.array([0], pa.int32()),
                pa.array([len(chunk)], pa.int32()),
            ]
            yield pa.RecordBatch.from_arrays(columns, names=["chunk", "start", "length"])


def as_binary_rows(batch: pa.RecordBatch) -> bytes:
    """The rows of a batch, one after the other, as COPY wants them.

    >>> import pyarrow as pa
    >>> as_binary_rows(pa.RecordBatch.from_pydict({"n": pa.array([258, None])})).hex(" ", 2)
    '0001 0000 0008 0000 0000 0000 0102 0001 ffff ffff'
    """
    rows = _Rows(batch.num_rows)
    rows.add(">i2", batch.num_columns)
    for column in batch.columns:
        _add(rows, column)
    return rows.joined()


@dataclass
class _Rows:
    """Rows under construction: what has one width for all of them is laid side by side, the rest lies between."""

    count: int
    block: list[tuple[Any, Any]] = field(default_factory=list)
    pieces: list[pa.Array] = field(default_factory=list)

    def add(self, kind: Any, values: Any) -> None:
        """Append a value of numpy type `kind` to every row."""
        self.block.append((kind, values))

    def add_varying(self, piece: pa.Array) -> None:
        """Append bytes to every row, to each as many as it has."""
        self._close_block()
        self.pieces.append(piece)

    def joined(self) -> bytes:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        self._close_block()
        joined = pc.binary_join_element_wise(*self.pieces, pa.scalar(b""))
        _, offsets, data = joined.buffers()
        return bytes(data.slice(0, int(np.frombuffer(offsets, "i4")[self.count])))

    def _close_block(self) -> None:
        import numpy as np

        if not self.block:
            return
        rows = np.empty(
            self.count, np.dtype([(str(n), kind) for n, (kind, _) in enumerate(self.block)])
        )
        for n, (_, values) in enumerate(self.block):
            rows[str(n)] = values
        offsets = np.arange(self.count + 1, dtype="i4") * np.int32(rows.itemsize)
        self.pieces.append(_as_binary(offsets, rows))
        self.block = []


def _add(rows: _Rows, column: pa.Array) -> None:
    """Append a column's lengths and values."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type):
        rows.add(
            ">i4",
            pc.fill_null(pc.binary_length(column), NULL_LENGTH).to_numpy(zero_copy_only=False),
        )
        rows.add_varying(pc.fill_null(column.cast(pa.binary()), b""))
        return
    kind, values = _as_numbers(column)
    size = np.dtype(kind).itemsize
    if not column.null_count:
        rows.add(">i4", size)
        rows.add(kind, values)
        return
    is_there = column.is_valid().to_numpy(zero_copy_only=False)
    rows.add(">i4", np.where(is_there, size, NULL_LENGTH))
    offsets = np.zeros(len(column) + 1, "i4")
    np.cumsum(is_there * size, out=offsets[1:])
    rows.add_varying(_as_binary(offsets, values.astype(kind)))


def _as_numbers(column: pa.Array) -> tuple[Any, Any]:
    """The numpy type in which the column travels, and its values but for NULLs."""
    import pyarrow as pa

    there = column.drop_null()
    kind = column.type
    if pa.types.is_int64(kind):
        return ">i8", there.to_numpy()
    if pa.types.is_float64(kind):
        return ">f8", there.to_numpy()
    if pa.types.is_boolean(kind):
        return "u1", there.cast(pa.uint8()).to_numpy()
    if pa.types.is_date32(kind):
        return ">i4", there.cast(pa.int32()).to_numpy() - EPOCH_DAY
    if pa.types.is_timestamp(kind):
        return ">i8", there.cast(pa.timestamp("us", kind.tz)).cast(
            pa.int64()
        ).to_numpy() - EPOCH_MICROS
    if pa.types.is_decimal(kind):
        return _as_numeric(there, kind.precision, kind.scale)
    raise TypeError(f"{kind} has no binary form here")


def _as_numeric(there: pa.Array, precision: int, scale: int) -> tuple[Any, Any]:
    """PostgreSQL's NUMERIC: four digits to a group, as many groups for all; the server takes leading zeros off.

    >>> import pyarrow as pa
    >>> from decimal import Decimal
    >>> column = pa.array([Decimal("-10234.50")], pa.decimal128(18, 2))
    >>> as_binary_rows(pa.RecordBatch.from_pydict({"n": column})).hex(" ", 2)
    '0001 0000 0012 0005 0003 4000 0002 0000 0000 0001 00ea 1388'
    """
    import numpy as np

    whole, fraction = -(-(precision - scale) // GROUP_DIGITS), -(-scale // GROUP_DIGITS)
    kind = np.dtype(
        [(name, ">i2") for name in ("groups", "weight", "sign", "scale")]
        + [("digits", ">i2", (whole + fraction,))]
    )
    # As Python's whole numbers: 38 digits do not fit the machine's.
    shift = fraction * GROUP_DIGITS - scale
    rest = np.array(
        [int(f"{value:f}".replace(".", "")) * 10**shift for value in there.to_pylist()], object
    )
    found = np.zeros(len(rest), kind)
    found["groups"], found["weight"], found["scale"] = whole + fraction, whole - 1, scale
    found["sign"] = np.where(rest < 0, NEGATIVE, 0)
    rest = abs(rest)
    for place in reversed(range(whole + fraction)):
        found["digits"][:, place] = rest % GROUP
        rest = rest // GROUP
    return kind, found


def _as_binary(offsets: Any, data: Any) -> pa.Array:
    """An Arrow column over bytes that lie there already."""
    import pyarrow as pa

    return pa.Array.from_buffers(
        pa.binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )
