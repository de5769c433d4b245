"""Changes of `dim.companies_history` that follow from changed snapshots, without a full rebuild."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F

from company_activity.schemas import COMPANIES_HISTORY
from company_activity.transforms.history import ATTRIBUTES, build_history, is_valid_on

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.planning.staging_change import StagingChange


def in_reach(since: date) -> str:
    """SQL that selects the periods which a snapshot of `since` or later can change.

    These are all periods but those that ended before `since`.

    >>> in_reach(date(2025, 3, 1))
    "(valid_to IS NULL OR valid_to >= DATE'2025-03-01')"
    """
    return f"(valid_to IS NULL OR valid_to >= DATE'{since}')"


def companies_with_changed_periods(
    snapshots: DataFrame,
    periods: DataFrame,
    change: StagingChange,
) -> DataFrame:
    """The companies whose periods change, because a changed snapshot contradicts the history.

    A company is left out where each changed snapshot repeats what the history says as of its date.
    It is left out too where it is not in the snapshot and owes no period to it. With or without
    such a row, the same attributes follow on one another.

    Shape: `stg.crm_companies` (each date the union of its paths) and the `dim.companies_history` in
    reach of the changed dates in; `company_id`, each once, out.

    >>> from company_activity.planning.staging_change import StagingChange
    >>> staged = spark.sql("VALUES ('same', 'S'), ('renamed', 'New') AS t(company_id, name)")
    >>> known = spark.sql("VALUES ('same', 'S'), ('renamed', 'Old') AS t(company_id, name)")
    >>> others = [f"NULL AS {name}" for name in ATTRIBUTES[1:]]
    >>> others += ["'f' AS src_file_name"]
    >>> snapshots = staged.selectExpr("*", *others, "DATE'2025-03-09' AS file_date")
    >>> periods = known.selectExpr(
    ...     "*", *others, "DATE'2025-03-01' AS valid_from", "DATE(NULL) AS valid_to"
    ... )
    >>> change = StagingChange(added=frozenset([date(2025, 3, 9)]), removed=frozenset())
    >>> companies_with_changed_periods(snapshots, periods, change).collect()
    [Row(company_id='renamed')]
    """
    changed = snapshots.where(F.col("file_date").isin(list(change.dates)))
    opened = periods.where(F.col("valid_from").isin(list(change.removed)))
    orphaned = opened.select("company_id", F.col("valid_from").alias("file_date")).join(
        changed, ["company_id", "file_date"], "left_anti"
    )
    contradicted = _contradicted(changed, periods)
    return contradicted.union(orphaned.select("company_id")).distinct()


def _contradicted(snapshots: DataFrame, periods: DataFrame) -> DataFrame:
    """`company_id` of each snapshot row that is unknown to the history, or not as it says."""
    known = periods.select(
        F.col("company_id").alias("known_id"),
        F.struct(*ATTRIBUTES).alias("known"),
        F.col("src_file_name").alias("known_from"),
        "valid_from",
        "valid_to",
    )
    is_same_company = F.col("company_id") == F.col("known_id")
    is_unknown = F.col("known_id").isNull()
    compared = snapshots.join(known, is_same_company & is_valid_on("file_date"), "left")
    return compared.where(is_unknown | ~_is_repeated()).select("company_id")


def _is_repeated() -> Column:
    """The snapshot says what the period says; the one that opened it is of the same file."""
    is_equal = F.struct(*ATTRIBUTES).eqNullSafe(F.col("known"))
    is_opening = F.col("valid_from") == F.col("file_date")
    is_same_file = F.col("src_file_name") == F.col("known_from")
    return is_equal & (~is_opening | is_same_file)


def rebuilt_periods(
    companies: DataFrame,
    snapshots: DataFrame,
    periods: DataFrame,
    since: date,
) -> DataFrame:
    """The periods of `companies` in reach of `since`, built from the snapshots since then.

    The period that held just before `since` sums up all earlier snapshots: it is read as one
    snapshot, and they are not read.

    Shape: `dim.companies_history`, key company_id, valid_from.

    >>> others = [f"NULL AS {name}" for name in ATTRIBUTES[1:]]
    >>> companies = spark.sql("VALUES ('a') AS t(company_id)")
    >>> periods = companies.selectExpr("*", "'Old' AS name", "DATE'2025-03-01' AS valid_from")
    >>> staged = companies.selectExpr("*", "'New' AS name", "DATE'2025-03-09' AS file_date")
    >>> rebuilt = rebuilt_periods(
    ...     companies,
    ...     staged.selectExpr("*", *others, "'new.csv' AS src_file_name"),
    ...     periods.selectExpr("*", *others, "'old.csv' AS src_file_name"),
    ...     since=date(2025, 3, 9),
    ... )
    >>> sorted((row.name, row.valid_from.day, str(row.valid_to)) for row in rebuilt.collect())
    [('New', 9, 'None'), ('Old', 1, '2025-03-09')]
    """
    columns = ["company_id", *ATTRIBUTES, "file_date", "src_file_name"]
    earlier = periods.where(F.col("valid_from") < F.lit(since))
    summed_up = earlier.withColumnRenamed("valid_from", "file_date").select(*columns)
    later = snapshots.where(F.col("file_date") >= F.lit(since)).select(*columns)
    theirs = summed_up.unionByName(later).join(companies, "company_id", "left_semi")
    return build_history(theirs)


def companies_that_differ(before: DataFrame, after: DataFrame) -> DataFrame:
    """The companies whose periods are not the same in both; NULL equals NULL.

    Shape: two versions of `dim.companies_history` in; `company_id`, each once, out.

    >>> before = spark.sql(
    ...     "SELECT 'a' AS company_id, 'Acme' AS name, NULL AS country, NULL AS industry_tag,"
    ...     " NULL AS last_contact_at, DATE'2025-03-01' AS valid_from, DATE(NULL) AS valid_to,"
    ...     " 'f' AS src_file_name"
    ... ).select("*", *(F.lit(None).alias(name) for name in ATTRIBUTES[4:]))
    >>> companies_that_differ(before, before.withColumn("country", F.lit("DE"))).collect()
    [Row(company_id='a')]
    """
    old = before.withColumn("side", F.lit(-1))
    new = after.withColumn("side", F.lit(1))
    both = old.unionByName(new)
    unpaired = both.groupBy(*COMPANIES_HISTORY.column_names).agg(F.sum("side").alias("side"))
    return unpaired.where("side <> 0").select("company_id").distinct()
