"""The content hash of a table's dates: the same rows in any order, on any plan and engine, give the same text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

if TYPE_CHECKING:
    from company_activity.schemas import Table


def content_hash(table: Table) -> Column:
    """The hash of a group's rows, for `groupBy(date).agg(…)`: how many they are and the sum of their hashes.

    Run ids and row times do not enter. `xxhash64` passes over NULLs and array borders, so a bitmap of the NULLs
    and the arrays' lengths enter too.
    """
    hashed = [c for c in table.columns if c.name not in table.unhashed]
    values = [F.round(c.name, 9) if c.type == "double" else F.col(c.name) for c in hashed]
    nulls = F.concat(*(F.when(F.col(c.name).isNull(), "1").otherwise("0") for c in hashed))
    lengths = [F.size(c.name) for c in hashed if c.type.startswith("array")]
    row_hash = F.xxhash64(*values, nulls, *lengths).cast("decimal(38,0)")
    return F.concat_ws(":", F.count("*").cast("string"), F.sum(row_hash).cast("string"))
