"""How the dimension's tables lie in files, and what a change of some companies replaces of them.

A company's rows lie in the file of its bucket. Buckets are those of Spark's own hash partitioning,
so that one task writes one bucket and one bucket is one file. A change replaces the buckets that it
touches: the commit's predicate holds their numbers, and no company.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ROWS_PER_FILE = 32_768


@dataclass(frozen=True)
class Replacement:
    """In `table`, `fresh` rows replace those of the `touched` companies (`company_id`, each once).

    Their rows beyond `reach` (SQL; None: there are none) stay as they are.
    """

    table: DataFrame
    fresh: DataFrame
    touched: DataFrame
    reach: str | None = None

    def predicate(self, buckets: Collection[int], count: int) -> str | None:
        """SQL that selects what has to be rewritten; None for the whole table."""
        in_some_buckets = buckets_predicate(buckets, count) if len(buckets) < count else None
        parts = [part for part in (self.reach, in_some_buckets) if part]
        return " AND ".join(parts) or None

    def rows(self, predicate: str | None) -> DataFrame:
        """What the table should hold of what `predicate` selects.

        The predicate has to select all rows that are replaced.

        >>> table = spark.sql("VALUES ('a', 1), ('b', 1) AS t(company_id, n)")
        >>> fresh = spark.sql("VALUES ('a', 2) AS t(company_id, n)")
        >>> replacement = Replacement(table, fresh, fresh.select("company_id"))
        >>> sorted(tuple(row) for row in replacement.rows(None).collect())
        [('a', 2), ('b', 1)]
        """
        columns = self.table.columns
        selected = self.table if predicate is None else self.table.where(predicate)
        touched = self.touched.withColumn("is_touched", F.lit(True))
        is_replaced = F.col("is_touched").isNotNull() & F.expr(self.reach or "true")
        kept = selected.join(touched, "company_id", "left").where(~is_replaced)
        return kept.select(*columns).unionByName(self.fresh.select(*columns))


def bucket_count(rows: int) -> int:
    """How many buckets a table of so many companies has.

    It is a power of two, so that growth splits buckets in halves.

    >>> [bucket_count(rows) for rows in (0, 32_767, 32_768, 200_000, 1_000_000)]
    [1, 1, 2, 8, 32]
    """
    return 1 << (rows // ROWS_PER_FILE).bit_length()


def bucket(count: int) -> Column:
    """The bucket of a row's company: its partition after `repartition(count, "company_id")`."""
    return F.pmod(F.hash("company_id"), F.lit(count))


def buckets_predicate(buckets: Collection[int], count: int) -> str:
    """SQL that selects the companies of these buckets.

    >>> buckets_predicate([7, 2], 8)
    'pmod(hash(company_id), 8) IN (2, 7)'
    """
    numbers = ", ".join(map(str, sorted(buckets)))
    return f"pmod(hash(company_id), {count}) IN ({numbers})"


def in_buckets(rows: DataFrame, count: int) -> DataFrame:
    """The rows as they should be written: a bucket is one partition, and so one file.

    >>> companies = spark.sql("VALUES ('a'), ('b'), ('c') AS t(company_id)")
    >>> laid = in_buckets(companies, 2).select(F.spark_partition_id(), bucket(2))
    >>> all(partition == bucket for partition, bucket in laid.collect())
    True
    """
    return rows.repartition(count, "company_id")


def with_ended_apart(periods: DataFrame, count: int, end: str = "valid_to") -> DataFrame:
    """Periods as they should be written: current ones in buckets, ended ones apart by their end.

    Delta then knows from a file's statistics that all its periods ended before a date, and does not
    open it.

    >>> periods = spark.sql("VALUES (1, DATE'2025-03-01'), (2, NULL) AS t(company_id, valid_to)")
    >>> laid = with_ended_apart(periods, 1).select("company_id", F.spark_partition_id())
    >>> partition = dict(tuple(row) for row in laid.collect())
    >>> partition[1] == partition[2]
    False
    """
    # Two ranges at least: Spark 4.1 unites two inputs of one partition each into one partition.
    ranges = max(count, 2)
    ended = periods.where(F.col(end).isNotNull()).repartitionByRange(ranges, end)
    current = periods.where(F.col(end).isNull())
    return in_buckets(current, count).unionByName(ended)
