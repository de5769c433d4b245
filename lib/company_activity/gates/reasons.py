"""Rules on rows: a row carries the names of the rules it broke, and is accepted or quarantined by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def is_accepted() -> Column:
    """No rule is broken."""
    return F.size("reasons") == 0


def split_by_reasons(records: DataFrame) -> tuple[DataFrame, DataFrame]:
    """The records without a broken rule, and those with one."""
    return records.where(is_accepted()), records.where(~is_accepted())
