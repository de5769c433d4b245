"""The content hash of a table's dates: equal rows, in any order, give the same text."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

if TYPE_CHECKING:
    from company_activity.schemas import Column as Declared
    from company_activity.schemas import Table


def content_hash(table: Table) -> Column:
    """The hash of a group's rows, for `agg(…)`: their number and the sum of their hashes.

    Run ids and row times do not enter. `xxhash64` skips NULLs and array borders. So behind each
    value that may be NULL and is not stands a hash of the column's name, and behind an array its
    length. A column that is new, and NULL in every row of a date, leaves the date's hash as it was.
    So does the text of a list: the list is hashed, its text is not.

    >>> from company_activity.schemas import Column, Table
    >>> columns = (Column("id", "string", "", nullable=False), Column("n", "bigint", ""))
    >>> table = Table("t", columns, key=("id",))
    >>> rows = spark.sql("VALUES ('a', 1L), ('b', NULL) AS t(id, n)")
    >>> swapped = spark.sql("VALUES ('b', NULL), ('a', 1L) AS t(id, n)")
    >>> rows.agg(content_hash(table)).first() == swapped.agg(content_hash(table)).first()
    True
    """
    inputs: list[Column] = []
    for column in table.columns:
        if column.name not in table.unhashed and not column.text_of:
            inputs += _inputs(column)
    row_hash = F.xxhash64(*inputs).cast("decimal(38,0)")
    rows = F.count("*").cast("string")
    return F.concat_ws(":", rows, F.sum(row_hash).cast("string"))


def _inputs(declared: Declared) -> list[Column]:
    """What a column gives to its row's hash."""
    value = F.col(declared.name)
    is_known = value.isNotNull()
    found = [F.round(value, 9) if declared.type == "double" else value]
    if declared.nullable:
        name_hash = zlib.crc32(declared.name.encode())
        found.append(F.when(is_known, F.lit(name_hash)))
    if declared.type.startswith("array"):
        found.append(F.when(is_known, F.size(value)))
    return found
