"""How the dimension's tables lie in files, and what a change of some companies replaces of them.

A company's rows lie in the file of its bucket. Buckets are those of Spark's own hash partitioning, so that one task
writes one bucket and one bucket is one file. A change replaces the buckets that it touches: their numbers, and no
company, stand in the commit's predicate.
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
    """In `table`, the rows of the `touched` companies (`company_id`, each once) give way to `fresh` ones.

    Their rows beyond `reach` (SQL; None: there are none) stay as they are.
    """

    table: DataFrame
    fresh: DataFrame
    touched: DataFrame
    reach: str | None = None

    def predicate(self, buckets: Collection[int], count: int) -> str | None:
        """SQL that selects what has to be rewritten; None for the whole table."""
        some = buckets_predicate(buckets, count) if len(buckets) < count else None
        return " AND ".join(part for part in (self.reach, some) if part) or None

    def rows(self, predicate: str | None) -> DataFrame:
        """What the table should hold of what `predicate` selects; it selects all rows that give way."""
        selected = self.table if predicate is None else self.table.where(predicate)
        gives_way = F.col("is_touched").isNotNull() & F.expr(self.reach or "true")
        marked = selected.join(self.touched.withColumn("is_touched", F.lit(True)), "company_id", "left")
        return marked.where(~gives_way).select(*self.table.columns).unionByName(self.fresh.select(*self.table.columns))


def bucket_count(rows: int) -> int:
    """How many buckets a table of so many companies has: a power of two, so that growth splits them in halves.

    >>> [bucket_count(rows) for rows in (0, 32_767, 32_768, 200_000, 1_000_000)]
    [1, 1, 2, 8, 32]
    """
    return 1 << (rows // ROWS_PER_FILE).bit_length()


def bucket(count: int) -> Column:
    """The bucket of a row's company: the partition that `repartition(count, "company_id")` puts it into."""
    return F.pmod(F.hash("company_id"), F.lit(count))


def buckets_predicate(buckets: Collection[int], count: int) -> str:
    """SQL that selects the companies of these buckets.

    >>> buckets_predicate([7, 2], 8)
    'pmod(hash(company_id), 8) IN (2, 7)'
    """
    return f"pmod(hash(company_id), {count}) IN ({', '.join(map(str, sorted(buckets)))})"


def in_buckets(rows: DataFrame, count: int) -> DataFrame:
    """The rows as they should be written: a partition, and so a file, a bucket."""
    return rows.repartition(count, "company_id")


def with_ended_apart(periods: DataFrame, count: int) -> DataFrame:
    """Periods as they should be written: those that stand in their buckets, the ended ones by their end.

    Delta then knows from a file's statistics that all its periods ended before a date, and does not open it.
    """
    ended = periods.where("valid_to IS NOT NULL").repartitionByRange(count, "valid_to")
    return in_buckets(periods.where("valid_to IS NULL"), count).unionByName(ended)
