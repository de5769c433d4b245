"""The SQL of publishing, as text: staging, a scope's delete and insert, the figures that both sides must show."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from company_activity.io.warehouse.engines.base import Dialect
from company_activity.io.warehouse.served import ServedColumn, ServedTable

IS_GONE = "is_gone"  # 1 in staging marks a key that left the lake: it is deleted and not inserted


def text_list(values: Iterable[str]) -> str:
    """Text literals, comma-separated.

    >>> text_list(["a", "b's"])
    "'a', 'b''s'"
    """
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def date_list(days: Iterable[date]) -> str:
    """Date literals that every engine reads alike, in order."""
    return ", ".join(f"CAST('{day.isoformat()}' AS DATE)" for day in sorted(days))


def create_stage(dialect: Dialect, table: ServedTable, stage: str) -> str:
    """DDL of the table that executors append to."""
    columns = {column.name: dialect.staged_type(column) for column in table.columns}
    return dialect.create_stage(stage, columns | ({} if table.dated else {IS_GONE: "BIGINT"}))


def delete_dates(table: ServedTable, days: Iterable[date]) -> str:
    """Delete these days of a dated table."""
    return f"DELETE FROM {table.name} WHERE {table.dated} IN ({date_list(days)})"


def delete_staged_keys(dialect: Dialect, table: ServedTable, stage: str) -> str:
    """Delete the rows whose key is staged.

    By IN where the engine knows it of several columns: H2 looks such a key up, and would go through the stage for each
    served row that EXISTS asks of.
    """
    columns = [column for column in table.columns if column.name in table.key]
    if len(columns) == 1 or dialect.has_row_values:
        key = ", ".join(column.name for column in columns)
        staged = ", ".join(_staged(dialect, column) for column in columns)
        row = key if len(columns) == 1 else f"({key})"
        return f"DELETE FROM {table.name} WHERE {row} IN (SELECT {staged} FROM {stage} s)"
    is_same = " AND ".join(f"{_staged(dialect, c)} = {table.name}.{c.name}" for c in columns)
    return f"DELETE FROM {table.name} WHERE EXISTS (SELECT 1 FROM {stage} s WHERE {is_same})"


def _staged(dialect: Dialect, column: ServedColumn) -> str:
    """A staged column as the served table has it."""
    name = f"s.{column.name}"
    return dialect.parsed(name, dialect.type_of(column)) if column.is_staged_as_text else name


def delete_all(table: ServedTable) -> str:
    """Delete every row; readers go on seeing them until the commit."""
    return f"DELETE FROM {table.name}"


def insert_staged(
    dialect: Dialect, table: ServedTable, stage: str, days: Iterable[date] | None, *, distinct: bool
) -> str:
    """Insert what is staged: of these days where the table is dated, else what is not gone.

    `distinct` drops the copies that a retried Spark task left. They are equal rows: what a task writes is a
    function of the Delta version alone.
    """
    values = ", ".join(
        f"{_staged(dialect, c)} AS {c.name}" if c.is_staged_as_text else _staged(dialect, c)
        for c in table.columns
    )
    wanted = text_list(day.isoformat() for day in sorted(days or ()))  # staged dates are text
    where = f"s.{table.dated} IN ({wanted})" if table.dated else f"s.{IS_GONE} = 0"
    head = f"INSERT INTO {table.name} ({', '.join(table.column_names)})"
    return f"{head} SELECT {'DISTINCT ' if distinct else ''}{values} FROM {stage} s WHERE {where}"


def staged_figures(table: ServedTable, stage: str) -> str:
    """Rows and sums per staged day (as text), or per `is_gone`."""
    group = table.dated or IS_GONE
    return f"SELECT {group}, {_counted(table)} FROM {stage} GROUP BY {group}"


def served_figures(table: ServedTable, days: Iterable[date] | None) -> str:
    """Rows and sums per served day; of a table without dates a single row, led by 0."""
    if table.dated is None:
        return f"SELECT 0, {_counted(table)} FROM {table.name}"
    where = f"{table.dated} IN ({date_list(days or ())})"
    return f"SELECT {table.dated}, {_counted(table)} FROM {table.name} WHERE {where} GROUP BY {table.dated}"


def _counted(table: ServedTable) -> str:
    return ", ".join(["COUNT(*)", *(f"SUM(CAST({m} AS DECIMAL(38, 0)))" for m in table.measures)])


def doubled_keys(table: ServedTable, days: Collection[date] | None) -> str:
    """How many keys stand in more than one served row."""
    key = ", ".join(table.key)
    where = f" WHERE {table.dated} IN ({date_list(days or ())})" if table.dated else ""
    doubled = f"SELECT {key} FROM {table.name}{where} GROUP BY {key} HAVING COUNT(*) > 1"
    return f"SELECT COUNT(*) FROM ({doubled}) doubled"
