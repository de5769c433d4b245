"""Rules on rows: a row carries the names of the rules it broke; they accept or quarantine it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def is_accepted() -> Column:
    """No rule is broken."""
    return F.size("reasons") == 0


def split_by_reasons(records: DataFrame) -> tuple[DataFrame, DataFrame]:
    """The records without a broken rule, and those with one.

    >>> records = spark.sql("VALUES (1, array()), (2, array('NEGATIVE')) AS t(item, reasons)")
    >>> accepted, broken = split_by_reasons(records)
    >>> [row.item for row in accepted.collect()], [row.item for row in broken.collect()]
    ([1], [2])
    """
    accepted = records.where(is_accepted())
    broken = records.where(~is_accepted())
    return accepted, broken
