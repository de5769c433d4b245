"""Rows as dictionaries → DataFrames of a declared table, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.schemas import Table

from oracle.model import Item, LandedDate

FETCHED = datetime(2026, 1, 1, tzinfo=UTC)
LINES = "value string, date date, generation bigint, src_file_name string, src_ingested_at timestamp"


def frame(spark: SparkSession, table: Table, rows: Iterable[Mapping[str, Any]], **given: Any) -> DataFrame:
    """A DataFrame of `table` from dictionaries; `given` fills columns that the rows lack, the rest is NULL."""
    struct = table.struct
    for field in struct.fields:
        field.nullable = True
    tuples = [tuple(row.get(name, given.get(name)) for name in table.column_names) for row in rows]
    return spark.createDataFrame(tuples, struct, verifySchema=False)


def dictionaries(rows: DataFrame) -> list[dict[str, Any]]:
    """Collect rows as dictionaries, timestamps as microseconds since 1970: Python's zone must not leak in."""
    plain = [F.unix_micros(name).alias(name) if kind == "timestamp" else F.col(name) for name, kind in rows.dtypes]
    return [row.asDict(recursive=True) for row in rows.select(*plain).collect()]


def usage_lines(spark: SparkSession, landed: Iterable[LandedDate]) -> DataFrame:
    """Landed dates of the oracle as the lines that ingest would land, with their place."""
    rows = [
        (landed_line(item, day.date), day.date, day.generation, "part", FETCHED)
        for day in landed
        for item in day.items or ()
    ]
    return spark.createDataFrame(rows, LINES)


def landed_line(item: Item, day: date) -> str:
    """The item's text with its place before the closing brace; a non-object wrapped as `_raw`."""
    place = f'"_date":"{day}","_page":{item.page},"_item":{item.item}}}'
    try:
        is_object = isinstance(json.loads(item.text), dict)
    except (ValueError, RecursionError):
        is_object = False
    if not is_object:
        return f'{{"_raw":{item.text},{place}'
    body = item.text.strip().removesuffix("}").rstrip().replace("\n", " ")
    return f"{body}{'' if body == '{' else ','}{place}"
