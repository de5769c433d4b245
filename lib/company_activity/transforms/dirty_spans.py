"""Two versions of the dimension and its history → the spans of dates whose rows change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from company_activity.dates import HORIZON_DAYS
from company_activity.transforms.history import (
    ATTRIBUTES,
    BACKDATED,
    NEVER_BACKDATED,
    reaches,
    with_reach,
)

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

FIRST_DAYS = ("first_seen_date", "first_active_date")


def spans_of_moved_companies(before: DataFrame, after: DataFrame) -> DataFrame:
    """The dates whose rows see another first day; `last` is NULL where the span has no end.

    A company that appears or goes has rows from its first day seen on. A first day that moves from
    x to y is seen by the dates from the earlier of both to 59 days after the later. Attributes do
    not count here: the dates read them from the history.

    Shape: two versions of `dim.companies` in; `first, last`, one row per distinct span, out.

    >>> columns = "AS t(company_id, first_seen_date, first_active_date)"
    >>> before = spark.sql(f"VALUES ('a', DATE'2025-03-09', DATE(NULL)) {columns}")
    >>> after = spark.sql(
    ...     "VALUES ('a', DATE'2025-03-01', DATE(NULL)), ('b', DATE'2025-03-05', DATE(NULL))"
    ...     f" {columns}"
    ... )
    >>> spans = spans_of_moved_companies(before, after)
    >>> sorted((str(row.first), str(row.last)) for row in spans.collect())
    [('2025-03-01', '2025-05-07'), ('2025-03-05', 'None')]
    """
    old = before.select("company_id", *(F.col(day).alias(f"old_{day}") for day in FIRST_DAYS))
    both = after.select("company_id", *FIRST_DAYS).join(old, "company_id", "full")
    is_in_one = F.col("first_seen_date").isNull() | F.col("old_first_seen_date").isNull()
    moved_days = [*_where_moved("first_seen_date"), *_where_moved("first_active_date")]
    first_row = F.least("first_seen_date", "old_first_seen_date")
    first = F.when(is_in_one, first_row).otherwise(F.least(*moved_days))
    last = F.when(~is_in_one, F.date_add(F.greatest(*moved_days), HORIZON_DAYS - 1))
    moved = both.where(is_in_one | _has_moved("first_seen_date") | _has_moved("first_active_date"))
    return moved.select(first.alias("first"), last.alias("last")).distinct()


def _has_moved(day: str) -> Column:
    """A first day is not the same in both versions; NULL equals NULL."""
    return ~F.col(day).eqNullSafe(F.col(f"old_{day}"))


def _where_moved(day: str) -> tuple[Column, Column]:
    """The new and the old first day; NULL where it is the same in both versions."""
    has_moved = _has_moved(day)
    return F.when(has_moved, F.col(day)), F.when(has_moved, F.col(f"old_{day}"))


def spans_of_moved_attributes(
    before: DataFrame,
    after: DataFrame,
    companies: DataFrame,
) -> DataFrame:
    """The dates that see other attributes; `last` is NULL where the span has no end.

    The calendar of each changed company is cut where either version has an edge. Between two edges
    both versions say one thing each; the stretches where these differ are the spans. A first period
    is seen by the 60 days before it, without its contact, from the company's first day seen on.
    Which file brought a period makes no difference.

    Shape: two versions of `dim.companies_history`, and the `dim.companies` of `after`, in;
    `first, last`, one row per distinct span, out.

    >>> before = spark.sql(
    ...     "SELECT 'a' AS company_id, 'Old' AS name, 'DE' AS country, 'it' AS industry_tag,"
    ...     " NULL AS last_contact_at, DATE'2025-03-09' AS valid_from, DATE(NULL) AS valid_to"
    ... ).select("*", *(F.lit(None).alias(name) for name in ATTRIBUTES[4:]))
    >>> companies = spark.sql("SELECT 'a' AS company_id, DATE'2025-03-01' AS first_seen_date")
    >>> renamed = before.withColumn("name", F.lit("New"))
    >>> spans = spans_of_moved_attributes(before, renamed, companies)
    >>> sorted((str(row.first), str(row.last)) for row in spans.collect())
    [('2025-03-01', '2025-03-08'), ('2025-03-09', 'None')]
    """
    old, new = _changed_only(_periods(before), _periods(after))
    seen = _stretches(old.unionAll(new)).transform(_with_seen, old, "then")
    compared = seen.transform(_with_seen, new, "now")
    differs = ~F.col("then").eqNullSafe(F.col("now"))
    first_rows = companies.select("company_id", "first_seen_date")
    # an inner join: the dates of a company that is gone are spans of moved companies
    moved = compared.where(differs).join(first_rows, "company_id")
    first = F.greatest("edge", "first_seen_date")
    last = F.date_sub("next", 1)
    spans = moved.select(first.alias("first"), last.alias("last"))
    return spans.where("last IS NULL OR first <= last").distinct()


def _periods(history: DataFrame) -> DataFrame:
    """Periods with their reach, without the file that brought them."""
    columns = ["company_id", *ATTRIBUTES, "valid_from", "valid_to", "reaches_from"]
    return with_reach(history).select(*columns)


def _changed_only(old: DataFrame, new: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Of both versions, the companies that have a period in only one of them."""
    unpaired = old.exceptAll(new).unionAll(new.exceptAll(old))
    changed = unpaired.select("company_id").distinct()
    changed_old = old.join(changed, "company_id", "left_semi")
    changed_new = new.join(changed, "company_id", "left_semi")
    return changed_old, changed_new


def _stretches(periods: DataFrame) -> DataFrame:
    """`company_id, edge, next`: the stretches between two edges of periods; `next` is exclusive."""
    by_edge = W.partitionBy("company_id").orderBy("edge")
    edge = F.explode(F.array("reaches_from", "valid_from", "valid_to"))
    edges = periods.select("company_id", edge.alias("edge"))
    distinct = edges.where("edge IS NOT NULL").distinct()
    return distinct.withColumn("next", F.lead("edge").over(by_edge))


def _with_seen(stretches: DataFrame, periods: DataFrame, name: str) -> DataFrame:
    """Add what a version says on the first day of each stretch; NULL where it says nothing.

    That is a struct of the attributes and whether they are backdated; those that never are, are NULL then.
    """
    renamed = periods.withColumnRenamed("company_id", "period_company_id")
    is_same_company = F.col("company_id") == F.col("period_company_id")
    joined = stretches.join(renamed, is_same_company & reaches("edge"), "left")
    return joined.select(*stretches.columns, _seen_attributes().alias(name))


def _seen_attributes() -> Column:
    is_backdated = F.col("edge") < F.col("valid_from")
    own = (F.when(~is_backdated, F.col(name)).alias(name) for name in NEVER_BACKDATED)
    seen = F.struct(*BACKDATED, *own, is_backdated.alias("is_backdated"))
    return F.when(F.col("period_company_id").isNotNull(), seen)
