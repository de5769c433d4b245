"""How the dimension's tables lie in files: a company's rows in the file of its bucket.

Buckets are those of Spark's own hash partitioning, so that one task writes one bucket and one bucket is one file. A
change rewrites the buckets that it touches; their numbers, and no company, stand in the commit's predicate.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ROWS_PER_FILE = 32_768


def bucket_count(rows: int) -> int:
    """How many buckets a table of so many rows has: a power of two, so that growth splits buckets and mixes none.

    >>> [bucket_count(rows) for rows in (0, 32_767, 32_768, 200_000, 1_000_000)]
    [1, 1, 2, 8, 32]
    """
    return 1 << (rows // ROWS_PER_FILE).bit_length()


def bucket(count: int) -> Column:
    """The bucket of a row's company: the partition that `repartition(count, "company_id")` puts it into."""
    return F.pmod(F.hash("company_id"), F.lit(count))


def buckets_predicate(buckets: Iterable[int], count: int) -> str:
    """SQL that selects the companies of these buckets.

    >>> buckets_predicate([7, 2], 8)
    'pmod(hash(company_id), 8) IN (2, 7)'
    """
    return f"pmod(hash(company_id), {count}) IN ({', '.join(map(str, sorted(buckets)))})"


def in_buckets(rows: DataFrame, count: int) -> DataFrame:
    """The rows as they should be written: one partition, and so one file, a bucket."""
    return rows.repartition(count, "company_id")


def with_ended_apart(periods: DataFrame, count: int) -> DataFrame:
    """Periods as they should be written: those that stand in their buckets, the ended ones by their end.

    Delta then knows from a file's statistics that all its periods ended before a date, and need not open it.
    """
    standing = in_buckets(periods.where("valid_to IS NULL"), count)
    return standing.unionByName(
        periods.where("valid_to IS NOT NULL").repartitionByRange(count, "valid_to", "company_id")
    )
