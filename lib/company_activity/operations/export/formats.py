"""Rows as the bytes of a file: CSV, NDJSON or Parquet. The same rows always give the same bytes.

Executors import this: it needs Arrow, and no Spark.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from company_activity.operations.export.guard import guarded
from company_activity.schemas import LIST_SEPARATOR

if TYPE_CHECKING:
    import pyarrow as pa

ENCODED = "rows bigint, guarded bigint, content binary"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
END = "\r\n"  # of a CSV record, by RFC 4180
# Characters that a reader may take for the end of a line, though JSON lets them stand as they are.
ENDS_OF_LINES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "\x85\u2028\u2029"}


@dataclass(frozen=True)
class ExportColumn:
    """A column as it is exported: its name, and its type as Spark DDL."""

    name: str
    type: str

    @property
    def is_list(self) -> bool:
        return self.type.startswith("array<")


Columns = Sequence[ExportColumn]


@dataclass(frozen=True)
class Encoded:
    """The bytes of a file, its rows, and how many of its texts were guarded."""

    content: bytes
    rows: int
    guarded: int = 0


def as_csv(rows: pa.Table, columns: Columns) -> Encoded:
    """RFC 4180 in UTF-8 without a byte order mark, with a header; lists as one text, as SQL has them.

    Every text stands in quotes, so an empty one (`""`) is told from NULL, which is nothing at all.

    >>> import pyarrow as pa
    >>> rows = pa.table({"name": ["=1", "", None], "users": [-3, 0, None]})
    >>> as_csv(rows, [ExportColumn("name", "string"), ExportColumn("users", "bigint")]).content.decode().split(END)
    ['name,users', '"\\'=1",-3', '"",0', ',', '']
    """
    texts = Texts()
    cells = [_cells(rows.column(column.name), column, CSV, texts) for column in columns]
    header = ",".join(column.name for column in columns)
    lines = [header, *map(",".join, zip(*cells, strict=True))]
    return Encoded((END.join(lines) + END).encode(), rows.num_rows, texts.guarded)


def as_ndjson(rows: pa.Table, columns: Columns) -> Encoded:
    """One JSON object a line in UTF-8; lists as arrays, numbers with all their digits, NULL as null.

    >>> import pyarrow as pa
    >>> as_ndjson(pa.table({"name": ["=1"], "n": [3]}), [ExportColumn("name", "string"), ExportColumn("n", "bigint")])
    Encoded(content=b'{"name": "=1", "n": 3}\\n', rows=1, guarded=0)
    """
    cells = [_cells(rows.column(column.name), column, JSON, Texts()) for column in columns]
    names = (json.dumps(column.name).replace("%", "%%") for column in columns)
    line = f"{{{', '.join(f'{name}: %s' for name in names)}}}\n"
    lines = [line % row for row in zip(*cells, strict=True)]
    return Encoded("".join(lines).encode(), rows.num_rows)


def as_parquet(rows: pa.Table, columns: Columns) -> Encoded:
    """A Parquet file that any reader opens: lists are lists, times have their zone, nothing of Delta is in it."""
    import pyarrow as pa
    from pyarrow import parquet

    sink = pa.BufferOutputStream()
    plain = rows.select([column.name for column in columns]).replace_schema_metadata(None)
    parquet.write_table(plain.combine_chunks(), sink)
    return Encoded(sink.getvalue().to_pybytes(), rows.num_rows)


FORMATS: dict[str, Callable[[pa.Table, Columns], Encoded]] = {
    "csv": as_csv,
    "ndjson": as_ndjson,
    "parquet": as_parquet,
}


def encoder(
    format_: str, columns: Columns, rows_per_file: int
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """For `mapInArrow`: the rows of a partition as files of at most so many rows.

    Shape: the columns in; `ENCODED` out, a row for each file.
    """

    def encode(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for rows in tables_of(batches, rows_per_file):
            found = FORMATS[format_](rows, columns)
            values = [[found.rows], [found.guarded], [found.content]]
            kinds = [pa.int64(), pa.int64(), pa.binary()]
            arrays = [pa.array(value, kind) for value, kind in zip(values, kinds, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, names=["rows", "guarded", "content"])

    return encode


def tables_of(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.Table]:
    """The rows of the batches in tables of `size` rows, the last with what is left; none without rows."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        left = batch
        while count + left.num_rows >= size:
            fitting = size - count
            yield pa.Table.from_batches([*waiting, left.slice(0, fitting)])
            left = left.slice(fitting)
            waiting = []
            count = 0
        if left.num_rows:
            waiting.append(left)
            count += left.num_rows
    if waiting:
        yield pa.Table.from_batches(waiting)


class Texts:
    """Texts of a CSV file; `guarded` counts those that it made harmless."""

    def __init__(self) -> None:
        self.guarded = 0

    def cell(self, text: str, times: int = 1) -> str:
        """A text that stands in so many cells: in quotes, harmless to a spreadsheet.

        U+0000, which databases refuse, becomes U+FFFD.
        """
        harmless = guarded(text)
        if harmless != text:
            self.guarded += times
        quoted = harmless.replace('"', '""').replace("\0", "\ufffd")
        return f'"{quoted}"'


@dataclass(frozen=True)
class Dialect:
    """How a format writes a NULL, a text, a list, and what it has no form of its own for (dates and times).

    A text or a list is given with the number of cells that hold it.
    """

    null: str
    text: Callable[[str, int, Texts], str]
    list: Callable[[Sequence[str], int, Texts], str]
    moment: Callable[[str], str]


def _json_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).translate(ENDS_OF_LINES)


CSV = Dialect(
    null="",
    text=lambda text, times, texts: texts.cell(text, times),
    list=lambda words, times, texts: texts.cell(LIST_SEPARATOR.join(words), times),
    moment=str,
)
JSON = Dialect(
    null="null",
    text=lambda text, _times, _texts: _json_text(text),
    list=lambda words, _times, _texts: f"[{', '.join(map(_json_text, words))}]",
    moment=lambda text: f'"{text}"',
)


def _cells(values: Any, column: ExportColumn, dialect: Dialect, texts: Texts) -> list[str]:
    """A column's values as the dialect writes them; what comes often is written once."""
    if column.type == "double":
        return [dialect.null if value is None else _number(value) for value in values.to_pylist()]
    import pyarrow as pa

    if column.type in ("bigint", "int"):
        digits = values.cast(pa.string()).fill_null(dialect.null)
        plain: list[str] = digits.to_pylist()
        return plain
    if column.type == "timestamp":
        values = values.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    found = values.to_pylist()
    if column.is_list:
        found = [None if words is None else tuple(words) for words in found]
    write = _writer(column, dialect, texts)
    written = {
        value: dialect.null if value is None else write(value, times)
        for value, times in Counter(found).items()
    }
    return [written[value] for value in found]


def _writer(column: ExportColumn, dialect: Dialect, texts: Texts) -> Callable[[Any, int], str]:
    """How a value of this column is written that stands in so many cells."""
    if column.is_list:
        return lambda words, times: dialect.list(words, times, texts)
    if column.type.startswith("decimal("):
        return lambda value, _: f"{value:f}"
    writers: dict[str, Callable[[Any, int], str]] = {
        "string": lambda text, times: dialect.text(text, times, texts),
        "boolean": lambda value, _: "true" if value else "false",
        "date": lambda day, _: dialect.moment(day.isoformat()),
        "timestamp": lambda micros, _: dialect.moment(iso(micros)),
    }
    return writers[column.type]


def _number(value: float) -> str:
    """The shortest digits that give the same double again.

    >>> _number(0.1), _number(-2.5e-7)
    ('0.1', '-2.5e-07')
    """
    text = repr(value)
    if text.endswith(("n", "f")):  # nan, inf
        raise ValueError(f"{text} is no number that CSV and JSON have")
    return text


def iso(micros: int) -> str:
    """An instant, in microseconds since 1970, as ISO 8601 in UTC; always with six digits behind the second.

    >>> iso(1_735_689_600_000_001)
    '2025-01-01T00:00:00.000001Z'
    """
    instant = (EPOCH + micros * MICROSECOND).replace(tzinfo=None)
    return f"{instant.isoformat(timespec='microseconds')}Z"
