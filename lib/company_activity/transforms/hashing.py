"""The content hash of a table's dates: the same rows in any order, on any plan and engine, give the same text."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

if TYPE_CHECKING:
    from company_activity.schemas import Column as Declared
    from company_activity.schemas import Table


def content_hash(table: Table) -> Column:
    """The hash of a group's rows, for `groupBy(date).agg(…)`: how many they are and the sum of their hashes.

    Run ids and row times do not enter. `xxhash64` passes over NULLs and array borders, so behind each value that may
    be NULL stands the column's name, where it is not, and behind an array its length. A column that is new, and NULL
    in every row of a date, leaves the date's hash as it was.
    """
    inputs: list[Column] = []
    for column in table.columns:
        if column.name not in table.unhashed:
            inputs += _inputs(column)
    row_hash = F.xxhash64(*inputs).cast("decimal(38,0)")
    return F.concat_ws(":", F.count("*").cast("string"), F.sum(row_hash).cast("string"))


def _inputs(declared: Declared) -> list[Column]:
    """What a column gives to its row's hash."""
    value = F.col(declared.name)
    found = [F.round(value, 9) if declared.type == "double" else value]
    if declared.nullable:
        found.append(F.when(value.isNotNull(), F.lit(zlib.crc32(declared.name.encode()))))
    if declared.type.startswith("array"):
        found.append(F.when(value.isNotNull(), F.size(value)))
    return found
