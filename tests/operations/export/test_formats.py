"""Hostile texts and every type, as CSV, NDJSON and Parquet: what is read back is what was written."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from company_activity.io.warehouse.served import SERVED_TABLES, ServedTable
from company_activity.operations.export.formats import (
    FORMATS,
    Encoded,
    ExportColumn,
    as_csv,
    as_ndjson,
    as_parquet,
    encoder,
    tables_of,
)
from company_activity.operations.export.guard import guarded, unguarded
from company_activity.operations.export.table_writer import exported_columns

from support.export.hostile import FORMULAS, HOSTILE
from support.warehouse.postgres import Cluster, postgres

__all__ = ["postgres"]  # a fixture: found by its name

DANGEROUS = set("=+-@\t\r\n＝＋－＠")
ARROW = {
    "string": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "array<string>": pa.list_(pa.string()),
    "decimal(18,2)": pa.decimal128(18, 2),
    "decimal(28,2)": pa.decimal128(28, 2),
}
COLUMNS = [ExportColumn(name, kind) for name, kind in zip("abcdefghi", ARROW, strict=True)]
MOMENT = datetime(2025, 3, 30, 1, 59, 59, 123456, UTC)
MOST = 2**63 - 1
VALUES: dict[str, list[Any]] = {
    "string": HOSTILE,
    "bigint": [0, -1, MOST, -MOST - 1],
    "double": [0.0, -0.25, 0.1, 1e300, 5e-324, -2.5e-7, 1e16],
    "boolean": [True, False],
    "date": [date(1, 1, 1), date(2025, 2, 28), date(9999, 12, 31)],
    "timestamp": [MOMENT, datetime(1, 1, 1, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)],
    "array<string>": [[], ["=A"], ["DECLINING", "SILENT"]],
    "decimal(28,2)": [Decimal("0.00"), Decimal("-0.01"), Decimal("9" * 26 + ".99")],
    "decimal(18,2)": [Decimal("0.00"), Decimal("-0.01"), Decimal("9999999999999999.99")],
}


def rows_of(count: int, seed: int = 3) -> list[dict[str, Any]]:
    """Rows of every type: each hostile text once at least, and NULL in each column."""
    random = Random(seed)
    rows = []
    for number in range(count):
        row = {}
        for column in COLUMNS:
            values = VALUES[column.type]
            is_null = random.random() < 0.2 and column.name != "a"
            row[column.name] = None if is_null else values[number % len(values)]
        rows.append(row)
    return [*rows, dict.fromkeys("abcdefghi")]


ROWS = rows_of(2 * len(HOSTILE))


def table(rows: list[dict[str, Any]], columns: list[ExportColumn] | None = None) -> pa.Table:
    columns = COLUMNS if columns is None else columns
    arrays = [pa.array([row[column.name] for row in rows], ARROW[column.type]) for column in columns]
    return pa.table(arrays, names=[column.name for column in columns])


def test_there_are_a_hundred_hostile_texts_and_each_is_one_of_its_own() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 100


def test_no_cell_of_text_begins_as_a_formula_does() -> None:
    found = as_csv(table(ROWS), COLUMNS)
    cells = list(csv.DictReader(StringIO(found.content.decode(), newline="")))
    assert len(cells) == len(ROWS)
    for column in COLUMNS:
        if column.type in ("string", "array<string>"):
            assert [row[column.name] for row in cells if row[column.name][:1] in DANGEROUS] == []
    numbers = [row["b"] for row in cells]
    assert "-1" in numbers
    assert found.guarded > len(FORMULAS)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_behind_marks_and_blanks_is_one(text: str) -> None:
    behind = guarded(text).lstrip("'").strip(" \u00a0\u200b\ufeff")
    assert guarded(text) != text or behind[:1] not in DANGEROUS


@given(st.text(alphabet=st.sampled_from("'=+-@\t\r\n \u00a0\u200b＝ax0"), max_size=6) | st.text())
def test_what_was_guarded_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in DANGEROUS


def read_csv(content: bytes) -> list[dict[str, str]]:
    text = content.decode()
    assert text.endswith("\r\n")
    return list(csv.DictReader(StringIO(text, newline=""), strict=True))


def as_in_csv(value: Any) -> str:
    """What a reader of CSV that knows no types gets of a value."""
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, list):
        return guarded(",".join(value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y").zfill(4) + value.strftime("-%m-%dT%H:%M:%S.%fZ")
    return str(value)


def test_csv_is_read_back_by_python() -> None:
    found = read_csv(as_csv(table(ROWS), COLUMNS).content)
    for row, cells in zip(ROWS, found, strict=True):
        for name, value in row.items():
            cell = cells[name]
            assert float(cell) == value if isinstance(value, float) else cell == as_in_csv(value), (name, value)


def test_null_and_an_empty_text_are_two_things_in_csv() -> None:
    rows: list[dict[str, Any]] = [{"a": "", "b": None}, {"a": None, "b": 1}]
    columns = COLUMNS[:2]
    assert as_csv(table(rows, columns), columns).content == b'a,b\r\n"",\r\n,1\r\n'


def test_ndjson_is_read_back_by_python_with_all_digits() -> None:
    content = as_ndjson(table(ROWS), COLUMNS).content.decode()
    lines = content.splitlines()  # at whatever Python takes for the end of a line
    assert len(lines) == len(ROWS)
    for row, line in zip(ROWS, lines, strict=True):
        found = json.loads(line, parse_float=Decimal)
        for name, value in row.items():
            said = found[name]
            if isinstance(value, float):
                said = float(said)
            if isinstance(value, (date, datetime)):
                value = as_in_csv(value) if isinstance(value, datetime) else value.isoformat()
            if isinstance(value, Decimal):
                said = Decimal(said)
                assert str(said) == str(value)
            assert said == value, (name, value)


def test_a_decimal_is_a_number_of_json_with_its_digits() -> None:
    columns = [ExportColumn("h", "decimal(18,2)")]
    content = as_ndjson(table([{"h": Decimal("9999999999999999.90")}], columns), columns).content
    assert content == b'{"h": 9999999999999999.90}\n'


def test_parquet_is_read_back_by_arrow_and_by_pandas() -> None:
    content = as_parquet(table(ROWS), COLUMNS).content
    found = parquet.read_table(BytesIO(content))
    assert found.to_pylist() == ROWS
    assert found.schema.types == list(ARROW.values())
    assert found.schema.metadata is None
    modern = [row for row in ROWS if row["f"] is None or row["f"].year > 1700]
    read = pd.read_parquet(BytesIO(as_parquet(table(modern), COLUMNS).content))
    assert [None if value is None else str(value) for value in read["a"]] == [row["a"] for row in modern]


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_rows_give_the_same_bytes_however_they_arrive(format_: str) -> None:
    """In files of seven rows; an export that is started again writes the same ones."""

    def files(batch: int) -> list[Encoded]:
        batches = table(ROWS).to_batches(max_chunksize=batch)
        found = encoder(format_, COLUMNS, 7)(batches)
        return [Encoded(row["content"], row["rows"], row["guarded"]) for one in found for row in one.to_pylist()]

    assert files(1) == files(5) == files(1000)
    counts = [file.rows for file in files(5)]
    assert sum(counts) == len(ROWS)
    assert set(counts[:-1]) == {7}
    assert 0 < counts[-1] <= 7


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(1, 7))
def test_files_are_full_but_for_the_last(sizes: list[int], size: int) -> None:
    batches = [pa.RecordBatch.from_pydict({"n": list(range(count))}) for count in sizes]
    found = list(tables_of(batches, size))
    assert [n for one in found for n in one.column("n").to_pylist()] == [n for count in sizes for n in range(count)]
    assert all(one.num_rows == size for one in found[:-1])


@pytest.mark.parametrize("served", SERVED_TABLES, ids=lambda table: table.name)
@pytest.mark.parametrize("format_", FORMATS)
def test_every_served_column_has_a_form_in_every_format(served: ServedTable, format_: str) -> None:
    columns = exported_columns(served)
    assert [column.name for column in columns] == served.column_names
    row = {column.name: VALUES[column.type][0] for column in columns}
    empty = dict.fromkeys(served.column_names)
    assert FORMATS[format_](table([row, empty], columns), columns).rows == 2


def test_a_number_that_json_has_not_is_no_number() -> None:
    columns = [ExportColumn("c", "double")]
    with pytest.raises(ValueError, match="nan is no number that CSV and JSON have"):
        as_ndjson(table([{"c": float("nan")}], columns), columns)


DDL = "a text, b bigint, c float8, d boolean, e date, f timestamptz, g text, h numeric(18,2), i numeric(28,2)"


@pytest.mark.integration
def test_postgresql_copies_the_file_in(postgres: Cluster, tmp_path: Path) -> None:
    """Another reader of CSV, with types: hostile texts, NULL and '', numbers to their last digit."""
    # Before its release 18 PostgreSQL takes a line of \\. for the end of the file, within quotes too.
    rows = [row for row in ROWS if "\n\\.\n" not in (row["a"] or "")]
    file = tmp_path / "part-00000.csv"
    file.write_bytes(as_csv(table(rows), COLUMNS).content)
    database = postgres.new_database().rpartition("/")[2]
    postgres.sql(f"CREATE TABLE t (n serial, {DDL})", database)
    copied = f"\\copy t (a, b, c, d, e, f, g, h, i) FROM '{file}' WITH (FORMAT csv, HEADER)"
    postgres.sql(copied, database)
    columns = "encode(convert_to(a, 'UTF8'), 'hex') AS a, b, c, d, e, f, g, h, i"  # psql prints no U+10FFFF
    told = postgres.sql(f"SELECT json_agg(to_json(x) ORDER BY n) FROM (SELECT n, {columns} FROM t) x", database)
    found = json.loads(told, parse_float=Decimal)
    assert len(found) == len(rows)
    for row, read in zip(rows, found, strict=True):
        assert (read["a"] is None) == (row["a"] is None)
        assert row["a"] is None or unguarded(bytes.fromhex(read["a"]).decode()) == row["a"]
        assert (read["b"], read["d"]) == (row["b"], row["d"])
        assert read["c"] is None if row["c"] is None else float(read["c"]) == row["c"]
        assert read["e"] == (row["e"] and row["e"].isoformat())
        assert read["g"] == (None if row["g"] is None else guarded(",".join(row["g"])))
        for name in "hi":
            assert read[name] is None if row[name] is None else Decimal(read[name]) == row[name]
    moments = [datetime.fromisoformat(read["f"]) for read in found if str(read["f"]).startswith("2025")]
    assert moments
    assert set(moments) == {MOMENT}


@pytest.mark.integration
def test_sqlite_imports_the_file(tmp_path: Path) -> None:
    sqlite = shutil.which("sqlite3")
    if sqlite is None:
        pytest.skip("NO SQLITE3: its import is NOT tested; install it with: apt-get install sqlite3")
    file = tmp_path / "part-00000.csv"
    file.write_bytes(as_csv(table(ROWS), COLUMNS).content)
    commands = [".mode csv", f".import {file} t", ".mode list", "SELECT hex(a) FROM t;"]
    asked = subprocess.run([sqlite, ":memory:", *commands], check=True, capture_output=True, text=True)
    texts = [guarded(row["a"] or "").encode().hex().upper() for row in ROWS]
    assert asked.stdout.splitlines() == texts


def test_no_column_is_named_before_spark_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The session of a suite hides it: in a process of its own, the rows are what starts Spark."""
    from pyspark import SparkContext

    from company_activity.operations.export.rows import Layout, files_of

    class Asked(Exception):
        """The rows were asked for."""

    def rows() -> Any:
        raise Asked

    monkeypatch.setattr(SparkContext, "_active_spark_context", None)
    with pytest.raises(Asked):
        list(files_of(rows, SERVED_TABLES[0], exported_columns(SERVED_TABLES[0]), Layout("csv", 9)))
