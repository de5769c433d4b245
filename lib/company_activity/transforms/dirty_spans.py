"""Two versions of the dimension and its history → the spans of dates that what moved between them touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from company_activity.dates import BACKDATED_DAYS, HORIZON_DAYS
from company_activity.transforms.history import ATTRIBUTES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def spans_of_moved_companies(before: DataFrame, after: DataFrame) -> DataFrame:
    """`first, last`: the dates whose rows see another first day, one row per distinct span; `last` NULL is for ever.

    A company that appears or goes has rows from its first day seen on. A first day that moves from x to y is seen
    by the dates from the earlier of both to 59 days after the later. Attributes do not count here: the dates read
    them from the history.
    """
    days = ("first_seen_date", "first_active_date")
    old = before.select("company_id", *(F.col(day).alias(f"old_{day}") for day in days))
    both = after.select("company_id", *days).join(old, "company_id", "full")
    is_one_sided = F.col("first_seen_date").isNull() | F.col("old_first_seen_date").isNull()
    seen_moved = F.col("first_seen_date") != F.col("old_first_seen_date")
    active_moved = ~F.col("first_active_date").eqNullSafe(F.col("old_first_active_date"))
    moved = [F.when(seen_moved, F.col(name)) for name in ("first_seen_date", "old_first_seen_date")]
    moved += [F.when(active_moved, F.col(name)) for name in ("first_active_date", "old_first_active_date")]
    either = F.least("first_seen_date", "old_first_seen_date")
    last = F.date_add(F.greatest(*moved), HORIZON_DAYS - 1)
    spans = both.where(is_one_sided | seen_moved | active_moved).select(
        F.when(is_one_sided, either).otherwise(F.least(*moved)).alias("first"),
        F.when(~is_one_sided, last).alias("last"),
    )
    return spans.distinct()


def spans_of_moved_attributes(before: DataFrame, after: DataFrame, companies: DataFrame) -> DataFrame:
    """`first, last`: the dates that see other attributes, one row per distinct span; `last` NULL is for ever.

    The calendar of each touched company is cut where either version has an edge; between two edges both versions
    say one thing each, and the stretches where these differ are the spans. A first period is seen by the 60 days
    before it, without its contact, as far as the company has rows there: from its first day seen in `companies`, the
    dimension of `after`, on. Which file brought a period is not seen.
    """
    old, new = _periods(before), _periods(after)
    touched = old.exceptAll(new).unionAll(new.exceptAll(old)).select("company_id").distinct()
    old, new = (version.join(touched, "company_id", "left_semi") for version in (old, new))
    edges = old.unionAll(new).select("company_id", F.explode(F.array("first", "valid_from", "valid_to")).alias("edge"))
    by_edge = W.partitionBy("company_id").orderBy("edge")
    stretches = edges.where("edge IS NOT NULL").distinct().withColumn("next", F.lead("edge").over(by_edge))
    seen = stretches.transform(_with_seen, old, "then").transform(_with_seen, new, "now")
    differs = ~F.col("then").eqNullSafe(F.col("now"))
    rows_from = companies.select("company_id", "first_seen_date")
    moved = seen.where(differs).join(rows_from, "company_id")  # a company that is gone has moved as a company
    spans = moved.select(F.greatest("edge", "first_seen_date").alias("first"), F.date_sub("next", 1).alias("last"))
    return spans.where("last IS NULL OR first <= last").distinct()


def _with_seen(stretches: DataFrame, periods: DataFrame, name: str) -> DataFrame:
    """Add what a version says on the first day of each stretch: attributes and whether backdated; NULL for nothing."""
    said = F.struct(*ATTRIBUTES, (F.col("edge") < F.col("valid_from")).alias("is_backdated"))
    holds = (F.col("edge") >= F.col("first")) & (F.col("valid_to").isNull() | (F.col("edge") < F.col("valid_to")))
    renamed = periods.withColumnRenamed("company_id", "period_company_id")
    joined = stretches.join(renamed, (F.col("company_id") == F.col("period_company_id")) & holds, "left")
    known = F.when(F.col("period_company_id").isNotNull(), said)
    return joined.select(*stretches.columns, known.alias(name))


def _periods(history: DataFrame) -> DataFrame:
    is_first = F.row_number().over(W.partitionBy("company_id").orderBy("valid_from")) == 1
    reach = F.when(is_first, F.date_sub("valid_from", BACKDATED_DAYS)).otherwise(F.col("valid_from"))
    return history.select("company_id", *ATTRIBUTES, "valid_from", "valid_to", reach.alias("first"))
