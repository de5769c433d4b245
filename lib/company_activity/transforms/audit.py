"""Figures of rows about to be written, for their gates: keys, NULLs, sums and content hashes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from functools import reduce
from itertools import accumulate
from operator import or_
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.schemas import COMPANY_ACTIVITY_DAILY, Table
from company_activity.transforms.figures import totals
from company_activity.transforms.hashing import content_hash

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def audited(candidate: DataFrame) -> DataFrame:
    """The figures of each date of the activity table, in one pass.

    `unknown_companies` are those that the CRM does not know, `nulls` the rows with a NULL where the
    table allows none.

    Shape: `analytics.company_activity_daily` in; `activity_date, rows, keys, unknown_companies, nulls,
    content_hash` and `totals` out, key activity_date.

    >>> rows = spark.sql(
    ...     "VALUES ('a', 3L, 'merged'), ('b', 4L, 'product_api') AS t(id, users, source)"
    ... )
    >>> given = {"company_id": "id", "active_users": "users", "source": "source"}
    >>> columns = [
    ...     F.col(given[column.name]).alias(column.name) if column.name in given
    ...     else F.lit(None).cast(column.type).alias(column.name)
    ...     for column in COMPANY_ACTIVITY_DAILY.columns
    ... ]
    >>> figures = audited(rows.select(*columns))
    >>> figures.select("rows", "keys", "active_users", "unknown_companies").first()[:]
    (2, 2, 7, 1)
    """
    is_unknown = F.col("source") == "product_api"
    return candidate.groupBy("activity_date").agg(
        F.count("*").alias("rows"),
        F.count_distinct("company_id").alias("keys"),
        F.count_if(is_unknown).alias("unknown_companies"),
        nulls(COMPANY_ACTIVITY_DAILY),
        content_hash(COMPANY_ACTIVITY_DAILY).alias("content_hash"),
        *totals(),
    )


def nulls(table: Table) -> Column:
    """How many rows have a NULL where the table allows none.

    Columns that the step stamps on the rows as it writes them do not count.
    """
    stamped = table.unhashed
    required = [c.name for c in table.columns if not c.nullable and c.name not in stamped]
    has_null = reduce(or_, [F.col(name).isNull() for name in required])
    return F.count_if(has_null).alias("nulls")


def keys_of(rows: DataFrame, table: Table) -> DataFrame:
    """How many rows, different keys and rows with a forbidden NULL there are.

    Shape: one row, `rows, keys, nulls`.

    >>> from company_activity.schemas import COMPANIES_HISTORY
    >>> rows = spark.sql(
    ...     "VALUES ('a', 1, 'f'), ('a', 1, NULL) AS t(company_id, valid_from, src_file_name)"
    ... )
    >>> keys_of(rows, COMPANIES_HISTORY).first()[:]
    (2, 1, 1)
    """
    return rows.agg(
        F.count("*").alias("rows"),
        F.count_distinct(*table.key).alias("keys"),
        nulls(table),
    )


def first_seen(companies: DataFrame) -> DataFrame:
    """How many companies were first seen on each date.

    Shape: `dim.companies` in; `first_seen_date, companies` out, key first_seen_date.

    >>> companies = spark.sql("VALUES (DATE'2025-03-01'), (DATE'2025-03-03') AS t(first_seen_date)")
    >>> sorted(row.companies for row in first_seen(companies).collect())
    [1, 1]
    """
    return companies.groupBy("first_seen_date").agg(F.count("*").alias("companies"))


def rows_of_the_spine(first_seen: Mapping[date, int], dates: Iterable[date]) -> dict[date, int]:
    """How many rows each date must have: the companies first seen by then.

    It is counted from the dimension alone.

    >>> days = [date(2025, 3, day) for day in (1, 2, 3)]
    >>> list(rows_of_the_spine({days[0]: 1, days[2]: 1}, days).values())
    [1, 1, 2]
    """
    days = sorted(first_seen)
    known = [0, *accumulate(first_seen[day] for day in days)]
    return {day: known[bisect_right(days, day)] for day in dates}
