"""Statements and literals of Spark SQL for our tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from company_activity.schemas import Table

# Named when a table is made: a pool's defaults for new tables may say otherwise.
MADE_WITHOUT = {
    "delta.columnMapping.mode": "none",
    "delta.enableChangeDataFeed": "false",
}


def create_statement(table: Table, uri: str) -> str:
    """SQL that makes a table as `schemas` declares it. What a pool gives to new tables, ours are made without."""
    columns = []
    for column in table.columns:
        null = "" if column.nullable else " NOT NULL"
        columns.append(f"`{column.name}` {column.type}{null} COMMENT {sql_text(column.comment)}")
    properties = {**MADE_WITHOUT, **table.properties}
    listed = ", ".join(f"{sql_text(key)} = {sql_text(value)}" for key, value in properties.items())
    partitions = ", ".join(f"`{name}`" for name in table.partition_by)
    return (
        f"CREATE TABLE IF NOT EXISTS delta.`{uri}` ({', '.join(columns)}) USING delta"
        + (f" PARTITIONED BY ({partitions})" if partitions else "")
        + f" TBLPROPERTIES ({listed})"
    )


def sql_text(text: str) -> str:
    """A text literal of Spark SQL.

    >>> print(sql_text("it's"))
    'it\\'s'
    """
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
