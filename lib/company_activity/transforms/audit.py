"""Figures of rows about to be written, for their gates: keys and NULLs, of activity rows also sums and content hash."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from functools import reduce
from itertools import accumulate
from operator import or_
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.schemas import COMPANY_ACTIVITY_DAILY, Table
from company_activity.transforms.hashing import content_hash

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def audited(candidate: DataFrame) -> DataFrame:
    """`activity_date, rows, keys, active_users, events, unknown, nulls, content_hash`, a row per date; one pass.

    `unknown` are the companies that the CRM does not know, `nulls` the rows with a NULL where the table allows none.
    """
    return candidate.groupBy("activity_date").agg(
        F.count("*").alias("rows"),
        F.count_distinct("company_id").alias("keys"),
        F.sum("active_users").alias("active_users"),
        F.sum("events").alias("events"),
        F.count_if(F.col("source") == "product_api").alias("unknown"),
        nulls(COMPANY_ACTIVITY_DAILY),
        content_hash(COMPANY_ACTIVITY_DAILY).alias("content_hash"),
    )


def nulls(table: Table) -> Column:
    """How many rows have a NULL where the table allows none, but for what is stamped on them as they are written."""
    required = [c.name for c in table.columns if not c.nullable and c.name not in table.unhashed]
    return F.count_if(reduce(or_, (F.col(name).isNull() for name in required))).alias("nulls")


def keys_of(rows: DataFrame, table: Table) -> DataFrame:
    """One row: `rows`, `keys` (how many different ones), `nulls`."""
    return rows.agg(F.count("*").alias("rows"), F.count_distinct(*table.key).alias("keys"), nulls(table))


def rows_of_the_spine(companies: DataFrame, dates: Iterable[date]) -> dict[date, int]:
    """How many rows each date must have: the companies first seen by then, counted from the dimension alone."""
    first_seen = sorted(tuple(row) for row in companies.groupBy("first_seen_date").count().collect())
    days, known = [day for day, _ in first_seen], [0, *accumulate(count for _, count in first_seen)]
    return {day: known[bisect_right(days, day)] for day in dates}
